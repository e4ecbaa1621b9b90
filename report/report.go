// Package report renders what the analyzer found: a table for people, and JSON,
// CSV and Zeek's conn.log for programs.
//
// Every renderer is an independent consumer of the analyzer's conversations: it
// takes them one by one through [analyzer.Sink], holds as little as its format
// allows, and writes what is left when Finish hands it the summary. Renderers
// compose: [Filter] passes on what an expression selects, [Sorted] puts what it
// passes on in order.
//
// The package does not read captures, decide anything about TCP, parse command
// lines or know about terminals: widths and colour are options. Its renderers are
// not safe for concurrent use.
package report

import (
	"io"

	"tcptrace/analyzer"
)

// Report consumes the conversations of one analysis. Finish is called once, after
// the last conversation; it writes what is still held and returns the first
// error of the writer. After an error nothing more is written.
type Report interface {
	analyzer.Sink
	Finish(s *analyzer.Summary) error
}

// Format is one way to write a report.
type Format struct {
	Help string // one line for people
	// Streams is true when conversations are written as they come, all of them.
	// Such a format needs [Sorted] to be in order or to be limited.
	Streams bool
	// People is true when people read it: they want a few conversations, in order.
	People bool
	// New makes the renderer. Formats that stream ignore the options.
	New func(w io.Writer, o TableOptions) Report
}

// Formats are the formats by the name that --format takes.
var Formats = map[string]Format{
	"table": {
		Help: "for people: a table and a summary", People: true,
		New: func(w io.Writer, o TableOptions) Report { return NewTable(w, o) },
	},
	"json": {
		Help: "one JSON document: conversations and summary", Streams: true,
		New: func(w io.Writer, _ TableOptions) Report { return NewJSON(w) },
	},
	"ndjson": {
		Help: "a JSON record a line", Streams: true,
		New: func(w io.Writer, _ TableOptions) Report { return NewNDJSON(w) },
	},
	"long": {
		Help: "for people: every statistic of a conversation, client and server side by side", Streams: true, People: true,
		New: func(w io.Writer, _ TableOptions) Report { return NewLong(w) },
	},
	"csv": {
		Help: "comma-separated values with a header", Streams: true,
		New: func(w io.Writer, _ TableOptions) Report { return NewCSV(w) },
	},
	"zeek": {
		Help: "Zeek's conn.log", Streams: true,
		New: func(w io.Writer, _ TableOptions) Report { return NewZeek(w) },
	},
}

// FormatNames are the names of Formats in the order in which help shows them.
var FormatNames = []string{"table", "long", "json", "ndjson", "csv", "zeek"}

// Selection is how many conversations an expression selected.
type Selection struct {
	Active         bool // there was an expression
	Matched, Total uint64
}

// selectable is a renderer whose output says what was selected. Filter tells
// it before Finish.
type selectable interface {
	selected(s Selection)
}
