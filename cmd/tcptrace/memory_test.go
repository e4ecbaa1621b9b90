package main

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/machine"
	"tcptrace/report"
)

func TestFlowsIn(t *testing.T) {
	const mb, gb = 1 << 20, 1 << 30
	for _, test := range []struct {
		memory uint64
		want   uint64 // bytes of the budget
	}{
		{24 * gb, gb}, {4 * gb, gb}, {4*gb - 1, 600 * mb}, {2 * gb, 600 * mb}, {1200 * mb, 600 * mb}, {1000 * mb, 500 * mb}, {200 * mb, 100 * mb},
	} {
		for _, cost := range []flowCost{flowRead, flowQuick, flowFirst, flowLive} {
			n := uint64(flowsIn(test.memory, cost))
			if took := baseMemory + n*uint64(cost); took > test.want || took+uint64(cost) <= test.want {
				t.Errorf("%d MB: %d conversations of %d bytes take %d MB, want %d", test.memory/mb, n, cost, took/mb, test.want/mb)
			}
		}
	}
	if n := flowsIn(0, flowRead); n != 1<<12 {
		t.Errorf("without memory: %d", n)
	}
}

func TestFlowsOr(t *testing.T) {
	if n := flowsOr(7_000_000, flowRead, mostFlows); n != 7_000_000 {
		t.Errorf("of 7,000,000 that were asked for: %d", n)
	}
	if n := flowsOr(asMemoryAllows, 1, mostFlows); n != mostFlows {
		t.Errorf("small ones: %d, want %d", n, mostFlows)
	}
	if m := machine.Memory(); m < 16<<20 {
		t.Errorf("memory: %d bytes", m)
	}
}

// What must be sorted is bounded and counted; what is written as it comes, and what a limit asks for, is not.
func TestRows(t *testing.T) {
	for _, test := range []struct {
		format, sort string
		limit        int
		rows         int
		hidden       uint64 // of report.MostRows+1
	}{
		{"table", "start", noLimit, defaultTableLimit, 0},
		{"table", "start", 0, report.MostRows, 1},
		{"csv", "start", noLimit, 0, 0},
		{"csv", "start", 0, 0, 0},
		{"csv", "-bytes", noLimit, report.MostRows, 1},
		{"csv", "-bytes", 0, report.MostRows, 1},
		{"csv", "-bytes", report.MostRows + 7, report.MostRows + 7, 0},
		{"csv", "-bytes", report.MostRows, report.MostRows, 0},
	} {
		o := analyzeOptions{formats: report.Formats, format: test.format, sort: test.sort, sorted: test.sort != "start", limit: test.limit}
		if got := o.rows(); got != test.rows {
			t.Errorf("%+v: %d rows", test, got)
		}
		if got := o.beyondMemory(&analyzer.Summary{Conversations: report.MostRows + 1}, nil); got != test.hidden {
			t.Errorf("%+v: %d are not shown", test, got)
		}
		if got := o.beyondMemory(&analyzer.Summary{Conversations: report.MostRows}, nil); got != 0 {
			t.Errorf("%+v: %d of as many as there is room for", test, got)
		}
	}
}
