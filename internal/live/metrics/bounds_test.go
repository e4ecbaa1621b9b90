package metrics

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/live"
)

// TestBounds: every bound has a series with what did not fit, from the beginning on, and a line in docs/live.md; and every line there has a series.
func TestBounds(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/live.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for line := range strings.Lines(string(doc)) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			bound, _, _ := strings.Cut(rest, "`")
			told = append(told, bound)
		}
	}
	var counts Counts
	for b := range counts {
		counts[b] = uint64(100 + b)
	}
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{LeftOut: func() Counts { return counts }}, live.Options{}, nil)
	text := ours(t, m)
	var bounds []string
	for b := range NumBounds {
		bounds = append(bounds, b.String())
		if want := fmt.Sprintf("tcptrace_left_out_total{bound=%q} %d\n", b, 100+b); !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	var all analyzer.Summary
	if len(analyzerBounds) != len(all.Bounds) {
		t.Errorf("%d names of %d bounds of the analyzer", len(analyzerBounds), len(all.Bounds))
	}
	for _, b := range analyzerBounds {
		bounds = append(bounds, b)
		if want := fmt.Sprintf("tcptrace_left_out_total{bound=%q} 0\n", b); !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	slices.Sort(bounds)
	slices.Sort(told)
	if !slices.Equal(bounds, told) {
		t.Errorf("docs/live.md tells of\n%q, and there are\n%q", told, bounds)
	}
}
