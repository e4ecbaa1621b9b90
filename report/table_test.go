package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tcptrace/analyzer"
)

func tableOf(t *testing.T, o TableOptions, cs []analyzer.Conversation) string {
	t.Helper()
	var out bytes.Buffer
	write(t, NewTable(&out, o), cs, sampleSummary())
	return out.String()
}

// grid is the table without the summary.
func gridOf(s string) string {
	grid, _, _ := strings.Cut(s, "\n\n")
	return grid + "\n"
}

func TestTableFitsEveryWidth(t *testing.T) {
	var all bytes.Buffer
	for width := minWidth; width <= 160; width++ {
		grid := gridOf(tableOf(t, TableOptions{Width: width}, sample()))
		lines := strings.Split(strings.TrimSuffix(grid, "\n"), "\n")
		if len(lines) != 1+len(sample())+1 {
			t.Errorf("width %d: %d lines\n%s", width, len(lines), grid)
		}
		for _, line := range lines[:len(lines)-1] {
			if len(line) > width || line != strings.TrimRight(line, " ") {
				t.Errorf("width %d: a line of %d: %q", width, len(line), line)
			}
		}
		if width%20 == 0 {
			fmt.Fprintf(&all, "width %d\n%s\n", width, grid)
		}
	}
	golden(t, "widths.txt", all.Bytes())
}

func TestTableOfIPv4Fits80(t *testing.T) {
	cs := sample()[:1]
	golden(t, "width80.txt", []byte(gridOf(tableOf(t, TableOptions{Width: 80}, cs))))
}

func TestTableRelative(t *testing.T) {
	var out bytes.Buffer
	cs := sample()[:3]
	write(t, NewTable(&out, TableOptions{Relative: true}), cs, &analyzer.Summary{Packets: 3, TCP: 3, Start: cs[0].Start})
	golden(t, "relative.txt", []byte(gridOf(out.String())))
}

var ansi = regexp.MustCompile("\x1b\\[[0-9]*m")

// Colour changes neither text nor layout, and is there only when asked for.
func TestTableColor(t *testing.T) {
	for _, width := range []int{0, 60, 100} {
		without := tableOf(t, TableOptions{Width: width}, sample())
		with := tableOf(t, TableOptions{Width: width, Color: true}, sample())
		if ansi.MatchString(without) || !strings.Contains(with, red+"refused"+plain) {
			t.Errorf("width %d: colour is wrong:\n%q", width, with)
		}
		stripped := regexp.MustCompile(` +\n`).ReplaceAllString(ansi.ReplaceAllString(with, ""), "\n")
		if stripped != without {
			t.Errorf("width %d: text differs:\n%s\n%s", width, stripped, without)
		}
	}
}

func TestTableLimit(t *testing.T) {
	key, _ := ParseKey("-bytes")
	grid := gridOf(tableOf(t, TableOptions{Limit: 1, Sort: key}, sample()))
	if !strings.Contains(grid, "3 more conversations: --limit 0 shows all, --format ndjson gives them to scripts\n") ||
		!strings.Contains(grid, "192.168.100.200:65535") || strings.Contains(grid, "10.0.0.1") {
		t.Error(grid)
	}
}

func TestTableOfOneDayLeavesTheDateToTheSummary(t *testing.T) {
	s := tableOf(t, TableOptions{}, sample()[:3])
	if grid := gridOf(s); strings.Contains(grid, "11-21") || !strings.Contains(s, "2026-11-21 03:02:03.999 UTC (") {
		t.Error(s)
	}
}

func TestSummaryText(t *testing.T) {
	var out bytes.Buffer
	for _, test := range []struct {
		name    string
		summary *analyzer.Summary
		counts  []analyzer.Count
		sel     Selection
	}{
		{"everything", sampleSummary(), sampleNotAnalyzed, Selection{true, 1, 4}},
		{"nothing remarkable", &analyzer.Summary{Packets: 1, Bytes: 60, TCP: 1, Conversations: 1,
			Start: at("2026-11-21T01:02:03Z"), End: at("2026-11-21T01:02:03Z"), Outcomes: [analyzer.NumOutcomes]uint64{analyzer.Unanswered: 1}}, nil, Selection{}},
		{"no packet", &analyzer.Summary{}, nil, Selection{}},
		{"no TCP", &analyzer.Summary{Packets: 1940, Bytes: 9_999}, sampleNotAnalyzed[:2], Selection{}},
		{"all filtered", &analyzer.Summary{Packets: 5, Filtered: 5}, nil, Selection{}},
		{"none selected", &analyzer.Summary{Packets: 5, TCP: 5, Conversations: 1}, nil, Selection{true, 0, 1}},
	} {
		fmt.Fprintf(&out, "== %s\n%s", test.name, summaryText(test.summary, test.counts, test.sel))
		for _, note := range notes(test.summary, test.counts) {
			fmt.Fprintf(&out, "note: %s\n", note)
		}
	}
	golden(t, "summaries.txt", out.Bytes())
	if got := Notes(&analyzer.Summary{Packets: 5, TCP: 5}); got != nil {
		t.Errorf("notes about nothing: %q", got)
	}
	if err := WriteSummary(&fullWriter{}, sampleSummary(), Selection{}); err != errFull {
		t.Errorf("WriteSummary: %v", err)
	}
}
