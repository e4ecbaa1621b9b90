package report

import (
	"io"

	"tcptrace/analyzer"
	"tcptrace/report/internal/elastic"
	"tcptrace/report/internal/ladder"
	"tcptrace/report/internal/record"
	"tcptrace/report/internal/states"
	"tcptrace/report/internal/sums"
	"tcptrace/report/internal/transcript"
)

// A format is a file that writes it, and its line here.

// Format is one way to write a report.
type Format struct {
	// Streams is true when conversations are written as they come, all of them.
	// Such a format needs [Sorted] to be in order or to be limited.
	Streams bool
	// People is true when people read it: they want a few conversations, in order.
	People bool
	// Summary is true when the format has a place for the summary. If it has none, [Notes] says what matters of it.
	Summary bool
	// Columns is true when the format has columns that may be chosen.
	Columns bool
	// Binary is true when it is not text: a terminal has no use for it.
	Binary bool
	// New makes the renderer. Formats that stream ignore the options.
	New func(w io.Writer, o TableOptions) Report
}

// Formats are the formats of reports.
var Formats = Choices[Format]{
	{"table", "for people: a table and a summary", Format{
		People: true, Summary: true, Columns: true, New: func(w io.Writer, o TableOptions) Report { return NewTable(w, o) }}},
	{"long", "for people: every statistic of a conversation, client and server side by side", Format{
		Streams: true, People: true, New: func(w io.Writer, o TableOptions) Report { return NewLong(w, o.Times) }}},
	{"json", "one JSON document: conversations and summary", Format{
		Streams: true, Summary: true, New: func(w io.Writer, _ TableOptions) Report { return NewJSON(w) }}},
	{"ndjson", "a JSON record a line", Format{
		Streams: true, New: func(w io.Writer, _ TableOptions) Report { return NewNDJSON(w) }}},
	{"csv", "comma-separated values with a header", Format{
		Streams: true, Columns: true, New: func(w io.Writer, o TableOptions) Report { return NewCSVOf(w, o.Columns) }}},
	{"zeek", "Zeek's conn.log", Format{
		Streams: true, New: func(w io.Writer, _ TableOptions) Report { return NewZeek(w) }}},
	{"parquet", parquetHelp, Format{
		Streams: true, Binary: true, New: func(w io.Writer, _ TableOptions) Report { return NewParquet(w) }}},
	{"elastic", "documents with the names of the Elastic Common Schema, for Elasticsearch's _bulk", Format{
		Streams: true, New: func(w io.Writer, _ TableOptions) Report { return elastic.New(w) }}},
}

// parquetHelp is of all formats of that name.
const parquetHelp = "Apache Parquet: a table with the fields of ndjson, for DuckDB, Spark, ClickHouse and pandas"

// TimelineFormat is one way to show conversations segment by segment. One of its two functions is set.
type TimelineFormat struct {
	// One shows a single conversation to people. It keeps neither c nor j.
	One func(w io.Writer, c *analyzer.Conversation, j *analyzer.Judgment, o TimelineOptions) Timeline
	// All writes records of the segments of all conversations, in the order of the capture.
	All func(w io.Writer) Timeline
	// Binary is true when it is not text.
	Binary bool
}

// TimelineFormats are the formats of timelines.
var TimelineFormats = Choices[TimelineFormat]{
	{"ladder", "for people: a line a segment between the two endpoints, then the story", TimelineFormat{
		One: func(w io.Writer, c *analyzer.Conversation, j *analyzer.Judgment, o TimelineOptions) Timeline {
			return ladder.New(w, c, j, o)
		}}},
	{"mermaid", "a sequence diagram, for a README or an issue", TimelineFormat{
		One: func(w io.Writer, c *analyzer.Conversation, j *analyzer.Judgment, o TimelineOptions) Timeline {
			return ladder.NewMermaid(w, c, j, o)
		}}},
	{"ndjson", "a JSON record a segment", TimelineFormat{
		All: func(w io.Writer) Timeline { return record.NewSegmentsNDJSON(w) }}},
	{"parquet", parquetHelp, TimelineFormat{Binary: true, All: NewSegmentsParquet}},
}

// StatesFormat is one way to write the states of connections: at a moment, and at regular times.
type StatesFormat struct {
	At     func(w io.Writer, s *StatesAt) error
	Series func(w io.Writer, s *StateSeries) error
	Binary bool // it is not text
}

// StatesFormats are the formats of states.
var StatesFormats = Choices[StatesFormat]{
	{"table", "for people: a row a connection, or a sample", StatesFormat{At: states.WriteTable, Series: states.WriteSeriesTable}},
	{"csv", "comma-separated values with a header", StatesFormat{At: states.WriteCSV, Series: states.WriteSeriesCSV}},
	{"ndjson", "a JSON record a line", StatesFormat{At: states.WriteNDJSON, Series: states.WriteSeriesNDJSON}},
	{"json", "one JSON document", StatesFormat{At: states.WriteJSON, Series: states.WriteSeriesJSON}},
	{"parquet", parquetHelp, StatesFormat{states.WriteParquet, states.WriteSeriesParquet, true}},
}

// SumFormats are the formats of sums.
var SumFormats = Choices[func(w io.Writer, s *Sums, o SumOptions) error]{
	{"table", "for people: a row a group, and one of all", sums.WriteTable},
	{"csv", "comma-separated values with a header", sums.WriteCSV},
	{"ndjson", "a JSON record a line", sums.WriteNDJSON},
	{"json", "one JSON document", sums.WriteJSON},
}

// Transcripts are the forms of a transcript.
var Transcripts = Choices[func(w io.Writer, o TranscriptOptions) Transcript]{
	{"text", "text, with what is not printable escaped", transcript.Text},
	{"hex", "a hex dump", transcript.Hex},
	{"raw", "the bytes and nothing else", transcript.Raw},
}
