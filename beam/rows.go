package main

import (
	"io"
	"sync"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/report"
)

// row is the record of a conversation.
type row struct {
	id      apart.ID
	day     int64 // of its first packet, since the Unix epoch, UTC
	outcome uint8
	notes   notes
	data    []byte
}

const day = 24 * time.Hour

func dayOf(c *apart.Conversation) int64 { return int64(c.Start) / int64(day) }

// encoder is what package report has for sinks of several goroutines.
type encoder interface {
	NewJudgedEncoder() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte
	Encoded([]byte) error
	Finish(*analyzer.Summary) error
}

func newReport(format string, w io.Writer) encoder {
	if format == "ndjson" {
		return report.NewNDJSON(w)
	}
	return report.NewParquet(w)
}

// packer is a table that nothing is written to: making one takes more than packing some rows.
var packer = sync.OnceValue(func() encoder { return newReport("parquet", io.Discard) })

func newEncoder(format string) func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	if format == "ndjson" {
		return newReport(format, io.Discard).NewJudgedEncoder()
	}
	return packer().NewJudgedEncoder()
}

// reports makes reports, each in the memory of one that is finished, if there is one.
type reports struct{ spare *report.Parquet }

func (r *reports) begin(format string, w io.Writer) encoder {
	if r.spare == nil {
		return newReport(format, w)
	}
	e := r.spare
	r.spare = nil
	e.Reset(w)
	return e
}

// end is for a report that is finished, without an error.
func (r *reports) end(e encoder) {
	if p, ok := e.(*report.Parquet); ok {
		r.spare = p
	}
}
