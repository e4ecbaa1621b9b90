package view

import (
	"slices"

	"tcptrace/analyzer"
)

// history is a quantity over the last minute, for a line of bars.
type history []float64

const (
	historySpan  = analyzer.Time(2e9) // of one bar
	historyParts = 30
)

// add adds what was measured over the newest span.
func (h *history) add(v float64) {
	if len(*h) == historyParts {
		*h = slices.Delete(*h, 0, 1)
	}
	*h = append(*h, v)
}

var bars = []rune(" ▁▂▃▄▅▆▇█")

// last draws the newest n values, or all if there are fewer.
func (h history) last(n int) string { return h[max(0, len(h)-n):].String() }

// String draws a bar for each value, the largest at full height. What is more than nothing is seen.
func (h history) String() string {
	if len(h) == 0 {
		return ""
	}
	most := slices.Max(h)
	line := make([]rune, len(h))
	for i, v := range h {
		level := 0
		if v > 0 {
			level = 1 + int(v/most*float64(len(bars)-2))
		}
		line[i] = bars[level]
	}
	return string(line)
}
