package record

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// TestBatch: lines of several streams come in order of time, those of one stream as they were; the last of all stays the last.
func TestBatch(t *testing.T) {
	type line struct {
		text   string
		at     analyzer.Time
		stream uint64
	}
	for _, test := range []struct {
		why   string
		lines []line
		want  string
	}{
		{"in order", []line{{"a", 1, 1}, {"b", 2, 2}}, "ab"},
		{"not in order", []line{{"a", 5, 1}, {"b", 2, 2}, {"c", 3, 3}}, "bca"},
		{"at the same time", []line{{"a", 2, 1}, {"b", 2, 2}, {"c", 1, 3}}, "cab"},
		{"one stream keeps its order", []line{{"a", 5, 1}, {"b", 2, 1}, {"c", 3, 2}}, "cab"},
		{"what is said of all stays behind all", []line{{"a", 5, 1}, {"|", 0, 0}, {"b", 2, 2}}, "ba|"},
		{"nothing", nil, ""},
	} {
		b := newBatch()
		for range 2 { // it is used again
			var text []byte
			for _, l := range test.lines {
				if l.text == "|" {
					b.last(len(text))
				} else {
					b.line(len(text), l.at, l.stream)
				}
				text = append(text, strings.Repeat(l.text, int(l.at)+1)...)
			}
			got := string(b.sort(text))
			for _, l := range test.lines {
				got = strings.Replace(got, strings.Repeat(l.text, int(l.at)+1), l.text, 1)
			}
			if got != test.want {
				t.Errorf("%s: %s, want %s", test.why, got, test.want)
			}
		}
	}
}

// BenchmarkMerge is what it costs a line to be put in order of time where each of several goroutines has told the events of its own conversations,
// in order: an operation is a line of 300 bytes, of which a buffer holds 400.
func BenchmarkMerge(b *testing.B) {
	line := bytes.Repeat([]byte{'x'}, 300)
	for _, parts := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprint("parts=", parts), func(b *testing.B) {
			lines := newBatch()
			text := make([]byte, 0, output.SpillAt+8<<10)
			for b.Loop() {
				text = text[:0]
				for part := range parts {
					for i := range 400 / parts {
						lines.line(len(text), analyzer.Time(i*parts+part), uint64(i/4*parts+part)) // four in a row are of one conversation
						text = append(text, line...)
					}
				}
				text = lines.sort(text)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*(400/parts*parts)), "ns/line")
		})
	}
}
