// Package phrase puts numbers into words for the details of anomalies: durations, counts, and the times between copies of a segment.
//
// Not its job: what is said of an anomaly (package anomaly), and how other output for people shows numbers (report).
package phrase

import (
	"strconv"
	"strings"

	"tcptrace/analyzer/internal/conn"
)

// Gaps are the times between the copies of a segment in ms, the first six of them, 21 bits each.
type Gaps [2]int64

const (
	gapBits   = 21
	gapsAWord = 3
	maxGaps   = 2 * gapsAWord
)

// Add takes the time between copies i and i+1.
func (g *Gaps) Add(i int, t conn.Time) {
	if i < maxGaps {
		ms := min(max(int64(t+5e5)/1e6, 0), 1<<gapBits-1)
		g[i/gapsAWord] |= ms << (gapBits * (i % gapsAWord))
	}
}

// Text is "1.0 s and 2.0 s apart" for n gaps.
func (g Gaps) Text(n int64) string {
	parts := make([]string, 0, maxGaps)
	for i := range min(n, maxGaps) {
		ms := g[i/gapsAWord] >> (gapBits * (i % gapsAWord)) & (1<<gapBits - 1)
		parts = append(parts, Duration(ms*1e6))
	}
	switch {
	case len(parts) == 0:
		return ""
	case n > maxGaps:
		return strings.Join(parts, ", ") + " ... apart"
	case n == 1:
		return parts[0] + " apart"
	}
	return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1] + " apart"
}

// Duration is ns for people: "3.0 s", "20.1 ms", "60 µs". Where the clock went back between two segments nothing is known of the time between them: "0 µs".
func Duration(ns int64) string {
	switch ns = max(ns, 0); {
	case ns >= 100e9:
		return strconv.FormatInt((ns+5e8)/1e9, 10) + " s"
	case ns >= 999_950_000:
		return strconv.FormatFloat(float64(ns)/1e9, 'f', 1, 64) + " s"
	case ns >= 999_500:
		return strconv.FormatFloat(float64(ns)/1e6, 'f', 1, 64) + " ms"
	}
	return strconv.FormatInt((ns+500)/1000, 10) + " µs"
}

// Number is n with commas between thousands.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Times is "once", "twice" or "3 times".
func Times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Number(n) + " times"
}

// Count is "1 frame" or "2 frames".
func Count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Number(n) + " " + what + "s"
}
