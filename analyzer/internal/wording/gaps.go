package wording

import (
	"strings"
	"time"
)

// Gaps are the times between the copies of a segment in ms, the first six of them, 21 bits each.
type Gaps [2]int64

const (
	gapBits   = 21
	gapsAWord = 3
	maxGaps   = 2 * gapsAWord
)

// Add adds the i-th.
func (g *Gaps) Add(i int, d time.Duration) {
	if i < maxGaps {
		ms := min(max(int64(d+5e5)/1e6, 0), 1<<gapBits-1)
		g[i/gapsAWord] |= ms << (gapBits * (i % gapsAWord))
	}
}

// Text is "1.0 s and 2.0 s apart" for n gaps. Those that are alike, three or more in a row, are counted: "1.0 s (5 times) and 2.0 s apart".
func (g Gaps) Text(n int64) string {
	var parts []string
	known := min(n, maxGaps)
	for i := int64(0); i < known; {
		one, times := g.at(i), int64(1)
		for i+times < known && g.at(i+times) == one {
			times++
		}
		i += times
		switch {
		case times == n && n > 1:
			return one + " apart each time"
		case times > 2:
			parts = append(parts, one+" ("+Times(times)+")")
		default:
			for range times {
				parts = append(parts, one)
			}
		}
	}
	last := len(parts) - 1
	switch {
	case last < 0:
		return ""
	case n > maxGaps:
		return strings.Join(parts, ", ") + " ... apart"
	case last == 0:
		return parts[0] + " apart"
	}
	return strings.Join(parts[:last], ", ") + " and " + parts[last] + " apart"
}

// at is the i-th in words.
func (g Gaps) at(i int64) string {
	ms := g[i/gapsAWord] >> (gapBits * (i % gapsAWord)) & (1<<gapBits - 1)
	if ms == 0 {
		return "less than 1 ms"
	}
	return Duration(ms * 1e6)
}
