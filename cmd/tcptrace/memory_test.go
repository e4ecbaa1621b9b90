package main

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// What must be sorted is bounded and counted; what is written as it comes, and what a limit asks for, is not.
func TestRows(t *testing.T) {
	for _, test := range []struct {
		format, sort string
		limit        int
		rows         int
		hidden       uint64 // of mostRows()+1
	}{
		{"table", "start", noLimit, defaultTableLimit, 0},
		{"table", "start", 0, mostRows(), 1},
		{"csv", "start", noLimit, 0, 0},
		{"csv", "start", 0, 0, 0},
		{"csv", "-bytes", noLimit, mostRows(), 1},
		{"csv", "-bytes", 0, mostRows(), 1},
		{"csv", "-bytes", mostRows() + 7, mostRows() + 7, 0},
		{"csv", "-bytes", mostRows(), mostRows(), 0},
	} {
		o := analyzeOptions{formats: report.Formats, format: test.format, sort: test.sort, sorted: test.sort != "start", limit: test.limit}
		if got := o.rows(); got != test.rows {
			t.Errorf("%+v: %d rows", test, got)
		}
		if got := o.beyondMemory(&analyzer.Summary{Conversations: uint64(mostRows()) + 1}, nil); got != test.hidden {
			t.Errorf("%+v: %d are not shown", test, got)
		}
		if got := o.beyondMemory(&analyzer.Summary{Conversations: uint64(mostRows())}, nil); got != 0 {
			t.Errorf("%+v: %d of as many as there is room for", test, got)
		}
	}
}
