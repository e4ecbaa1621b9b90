// Package report renders what the analyzer found: a table for people, and JSON,
// CSV and Zeek's conn.log for programs.
//
// Every renderer is an independent consumer of the analyzer's conversations: it
// takes them one by one through [analyzer.Sink], holds as little as its format
// allows, and writes what is left when Finish hands it the summary. Renderers
// compose: [Filter] passes on what an expression selects, [Sorted] puts what it
// passes on in order.
//
// Renderers are not safe for concurrent use.
//
// Not its job: reading captures, deciding anything about TCP, parsing command lines, or
// knowing about terminals: widths and colour are options.
package report

import (
	"tcptrace/analyzer"
)

// Report consumes the conversations of one analysis. Finish is called once, after
// the last conversation; it writes what is still held and returns the first
// error of the writer. After an error nothing more is written.
type Report interface {
	analyzer.Sink
	Finish(s *analyzer.Summary) error
}

// selectable is a renderer whose output says what was selected. Filter tells
// it before Finish.
type selectable interface {
	selected(s Selection)
}
