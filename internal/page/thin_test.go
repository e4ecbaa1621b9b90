package page

import (
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
)

// long is a conversation of n segments, one a µs, in turn from either side.
func long(n uint64) *analyzer.Conversation {
	c := &analyzer.Conversation{End: analyzer.Time(n) * 1000}
	c.Sent[0].Packets, c.Sent[1].Packets = (n+1)/2, n/2
	return c
}

func thinned(n, most uint64, change func(i uint64, s *segment)) []segment {
	t := newThinner(long(n), most)
	for i := range n {
		s := segment{frame: i + 1, since: time.Duration(i) * time.Microsecond, side: analyzer.Side(i % 2), len: 10, bytes: 10, packets: 1, seq: int64(i), window: 1000}
		change(i, &s)
		t.add(&s)
	}
	return t.done()
}

func same(uint64, *segment) {}

func TestThinKeepsShort(t *testing.T) {
	if got := thinned(100, 100, same); len(got) != 100 {
		t.Errorf("%d of 100", len(got))
	}
	if got := thinned(1000, 999, same); len(got) >= 999 {
		t.Errorf("%d of 1000, for which there is no room", len(got))
	}
}

// TestThinCounts: every segment is kept or counted in one that is.
func TestThinCounts(t *testing.T) {
	const n = 100_000
	got := thinned(n, 2000, func(i uint64, s *segment) {
		if i%1000 == 7 {
			s.mark = special
		}
	})
	if len(got) > 2000 || len(got) < 400 {
		t.Errorf("%d kept", len(got))
	}
	var packets, bytes uint64
	for _, s := range got {
		packets += uint64(s.packets)
		bytes += s.bytes
	}
	if packets != n || bytes != 10*n {
		t.Errorf("%d packets, %d bytes", packets, bytes)
	}
	if !slices.IsSortedFunc(got, func(a, b segment) int { return int(int64(a.frame) - int64(b.frame)) }) {
		t.Error("not in order")
	}
	if got[0].frame != 1 || got[len(got)-1].frame != n {
		t.Error("the first or the last is missing")
	}
}

// TestThinExtremes: what sticks out is kept.
func TestThinExtremes(t *testing.T) {
	got := thinned(100_000, 2000, func(i uint64, s *segment) {
		switch i {
		case 5001:
			s.window = 1
		case 15_001:
			s.roundTrip = time.Hour
		case 25_001:
			s.flight[0] = 1e9
		case 35_001:
			s.ack = 1e9
		case 45_001:
			s.mark = special
		}
	})
	for _, frame := range []uint64{5002, 15_002, 25_002, 35_002, 45_002} {
		if !slices.ContainsFunc(got, func(s segment) bool { return s.frame == frame }) {
			t.Errorf("frame %d is missing", frame)
		}
	}
}

// TestThinMarks: many segments with marks do not take the room of later ones.
func TestThinMarks(t *testing.T) {
	got := thinned(100_000, 2000, func(_ uint64, s *segment) { s.mark = noted })
	if len(got) > 2000 {
		t.Errorf("%d kept", len(got))
	}
	late := 0
	for _, s := range got {
		if s.frame > 90_000 {
			late++
		}
	}
	if late < 30 {
		t.Errorf("%d of the last tenth", late)
	}
}
