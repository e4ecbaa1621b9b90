// Package wording has numbers, times and lists of them in words, as anomalies say them.
//
// Not its job: sentences, and what the numbers mean.
package wording

import "strconv"

// Duration is ns for people: "3.0 s", "20.1 ms", "60 us". Where the clock went back between two segments nothing is known of the time between them: "0 us".
func Duration(ns int64) string {
	switch ns = max(ns, 0); {
	case ns >= 100e9:
		return strconv.FormatInt((ns+5e8)/1e9, 10) + " s"
	case ns >= 999_950_000:
		return strconv.FormatFloat(float64(ns)/1e9, 'f', 1, 64) + " s"
	case ns >= 999_500:
		return strconv.FormatFloat(float64(ns)/1e6, 'f', 1, 64) + " ms"
	}
	return strconv.FormatInt((ns+500)/1000, 10) + " us"
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

// OrMore is a bit of a number of times that may have been more.
const OrMore = 1 << 31

// Counted is the number of times in what, where OrMore may be among other bits, and "twice" or "at least twice".
func Counted(what int64) (n int64, text string) {
	n = what & (OrMore - 1)
	if what&OrMore != 0 {
		return n, "at least " + Times(n)
	}
	return n, Times(n)
}

// Count is "1 frame" or "2 frames".
func Count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Number(n) + " " + what + "s"
}
