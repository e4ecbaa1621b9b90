package page

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
)

// TestLevels: each level has eight times as many segments as the one before, up to all, as long as there is room for a whole one.
func TestLevels(t *testing.T) {
	const none = 1 << 40
	for _, test := range []struct {
		n, most uint64
		want    string
	}{
		{0, none, "[0]"},
		{mostSegments, none, "[24000]"},
		{mostSegments + 1, none, "[24000 24001]"},
		{mostSegments + 1, 48_001, "[24000 24001]"},
		{mostSegments + 1, 48_000, "[24000]"},
		{1_000_000, none, "[24000 192000 1000000]"},
		{1_000_000, 600_000, "[24000 192000]"},
		{1_000_000, 100, "[100]"},
		{50, 20, "[20]"},
	} {
		if got := fmt.Sprint(levels(test.n, test.most)); got != test.want {
			t.Errorf("%d with room for %d: %s, want %s", test.n, test.most, got, test.want)
		}
	}
	if got := wanted(1_000_000); got != 1_216_000 {
		t.Errorf("a million: %d in all", got)
	}
}

// million is the levels of a conversation of a million segments, all of which stick out in turn, of which some have a mark: those for which marked is
// true. known says how many of these were counted before.
func million(t *testing.T, known uint64, marked func(i uint64) bool) [][]segment {
	t.Helper()
	const n = 1_000_000
	c := long(n)
	c.Sent[0].Retransmissions[0] = known
	var made []thinner
	for _, size := range levels(n, 600_000) {
		made = append(made, newThinner(c, size))
	}
	for i := range uint64(n) {
		s := segment{frame: i + 1, since: time.Duration(i) * time.Microsecond, side: analyzer.Side(i % 2), seq: int64(i * 7919 % 10007), window: i * 31 % 1009, roundTrip: time.Duration(i * 17 % 997), packets: 1}
		s.flight[0] = int64(i * 13 % 991)
		if marked(i) {
			s.mark = special
		}
		for k := range made {
			made[k].add(&s)
		}
	}
	var list [][]segment
	for k := range made {
		list = append(list, made[k].done())
	}
	return list
}

// TestMarksSurvive: at every level there are no more segments than it may have, and all with a mark, wherever they are, if it is known beforehand that
// there is room for them.
func TestMarksSurvive(t *testing.T) {
	for name, marked := range map[string]func(uint64) bool{
		"at the beginning": func(i uint64) bool { return i < 3600 },
		"at the end":       func(i uint64) bool { return i >= 1_000_000-3600 },
		"everywhere":       func(i uint64) bool { return i%278 == 5 },
	} {
		for level, list := range million(t, 3600, marked) {
			if most := []int{mostSegments, mostSegments * levelFactor}[level]; len(list) > most {
				t.Errorf("%s, level %d: %d segments of %d", name, level, len(list), most)
			}
			n := 0
			for i := range list {
				if list[i].mark == special {
					n++
				}
			}
			if n < 3597 {
				t.Errorf("%s, level %d: %d segments with marks of 3,600", name, level, n)
			}
		}
	}
	for level, list := range million(t, 500_000, func(i uint64) bool { return i%2 == 0 }) {
		if most := []int{mostSegments, mostSegments * levelFactor}[level]; len(list) > most {
			t.Errorf("half have marks, level %d: %d segments of %d", level, len(list), most)
		}
	}
}

// TestClockSetBack: time that goes back makes no more stretches.
func TestClockSetBack(t *testing.T) {
	for name, at := range map[string]func(i uint64) time.Duration{
		"to and fro":   func(i uint64) time.Duration { return time.Duration(i%2) * 90 * time.Millisecond },
		"below zero":   func(i uint64) time.Duration { return -time.Duration(i) * time.Second },
		"far too late": func(i uint64) time.Duration { return time.Duration(i) * time.Hour },
	} {
		got := thinned(100_000, 2000, func(i uint64, s *segment) { s.since = at(i) })
		if len(got) > 2000 {
			t.Errorf("%s: %d kept", name, len(got))
		}
	}
}

// TestChunks: the pieces of a level are all of it.
func TestChunks(t *testing.T) {
	made := thinner{all: true}
	for i := range uint64(2*chunkSize + 1) {
		made.add(&segment{frame: i})
	}
	var sizes []int
	for chunk := range made.chunks() {
		sizes = append(sizes, len(chunk))
	}
	if !slices.Equal(sizes, []int{chunkSize, chunkSize, 1}) {
		t.Errorf("pieces of %d", sizes)
	}
}
