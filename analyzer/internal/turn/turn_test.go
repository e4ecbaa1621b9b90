package turn

import (
	"slices"
	"testing"

	"tcptrace/analyzer/internal/conn"
)

const ms conn.Time = 1e6

// poll is a question that was asked at once behind the answer before, and the answer to it.
func poll(waited conn.Time) Answer { return Answer{Waited: waited, Asked: 300, Said: 90, AtOnce: true} }

// beat is a heartbeat that answers another of the same size.
func beat(size uint32) Answer { return Answer{Waited: 23 * second, Asked: size, Said: size} }

// said and asked are a with other sizes, and later is a question that was asked only after a while.
func (a Answer) said(bytes uint32) Answer  { a.Said = bytes; return a }
func (a Answer) asked(bytes uint32) Answer { a.Asked = bytes; return a }
func (a Answer) later() Answer             { a.AtOnce = false; return a }

// times is an answer again and again.
func times(n int, a Answer) []Answer { return slices.Repeat([]Answer{a}, n) }

// noneDue reports whether none of the answers of one side was due.
func noneDue(answers []Answer) bool {
	var m conn.Incident
	for _, a := range answers {
		m.Count++ // as conn.Note does
		a.Note(&m)
	}
	return NoneDue(&m)
}

// TestHeld: a question whose answer comes again and again after the same whole number of seconds is held until there is news.
func TestHeld(t *testing.T) {
	const half = 30 * second
	for _, test := range []struct {
		why     string
		answers []Answer
		want    bool
	}{
		{"once shows nothing", times(1, poll(half)), false},
		{"twice does", times(2, poll(half)), true},

		{"held for 7 seconds in all", times(7, poll(second)), false},
		{"held for 8", times(8, poll(second)), true},

		{"a timer fires 10 ms early", []Answer{poll(half), poll(half - 10*ms)}, true},
		{"but no earlier", []Answer{poll(half), poll(half - 10*ms - 1)}, false},
		{"or up to 120 ms late", []Answer{poll(half), poll(half + 120*ms)}, true},
		{"but no later", []Answer{poll(half), poll(half + 120*ms + 1)}, false},

		{"news comes before the timer", append(times(2, poll(half)), poll(half/2).said(9000)), true},
		{"an answer that took longer was held by no timer", append(times(2, poll(half)), poll(half+second/2)), false},
		{"the first few were news", append([]Answer{poll(4 * second), poll(7 * second)}, times(2, poll(half))...), true},
		{"and one took half a second more than some", append([]Answer{poll(second / 2), poll(3 * second / 2)}, times(2, poll(half))...), true},

		{"the answers differ", []Answer{poll(half), poll(half).said(91)}, false},
		{"the questions differ", []Answer{poll(half), poll(half).asked(301)}, false},
		{"no news is said in 1,024 bytes at most", times(2, poll(half).said(1024)), true},
		{"and not in more", times(2, poll(half).said(1025)), false},

		{"half of the questions came at once", []Answer{poll(half).later(), poll(half)}, true},
		{"fewer than half did", []Answer{poll(half).later(), poll(half), poll(half).later()}, false},
		{"128 of the first 255 did, and none since", append(times(128, poll(half)), times(500, poll(half).later())...), true},
		{"127 did", append(times(127, poll(half)), times(500, poll(half).later())...), false},
		{"127 did, and the 256th", append(append(times(127, poll(half)), times(128, poll(half).later())...), poll(half)), false},
		{"all of them did, of many", times(1000, poll(half)), true},
	} {
		if got := noneDue(test.answers); got != test.want {
			t.Errorf("%s: none due %v, want %v", test.why, got, test.want)
		}
	}
}

// TestHeartbeats: few bytes that answer as many are heartbeats of both sides.
func TestHeartbeats(t *testing.T) {
	for _, test := range []struct {
		why     string
		answers []Answer
		want    bool
	}{
		{"one may be chance", times(1, beat(19)), false},
		{"two are not", times(2, beat(19)), true},
		{"of 64 bytes", times(2, beat(64)), true},
		{"of 65", times(2, beat(65)), false},
		{"the answer is longer", append(times(2, beat(19)), beat(19).said(20)), false},
		{"of many, 256 were something else", append(times(2, beat(19)), times(256, beat(65))...), false}, // the counter is full, not empty again
	} {
		if got := noneDue(test.answers); got != test.want {
			t.Errorf("%s: none due %v, want %v", test.why, got, test.want)
		}
	}
}
