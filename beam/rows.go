package main

import (
	"io"
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

func newEncoder(format string) func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	return newReport(format, io.Discard).NewJudgedEncoder()
}
