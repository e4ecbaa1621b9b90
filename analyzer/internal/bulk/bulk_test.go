package bulk

import (
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/timing"
	"tcptrace/reassembly"
)

const (
	ms   = conn.Time(1e6)
	full = 1000
	trip = 100 * ms
)

// round is a round trip as its sender makes it: some segments, a time apart.
type round struct {
	segments int
	apart    conn.Time
	longer   conn.Time // by which it takes longer than trip
	size     uint32    // of every segment, that of a full one if it is 0
	first    Signs     // of its first segment
	last     Signs     // of its last segment
	held     Held      // in it
}

// pass has a transfer of round trips pass. The window that is offered and some signs are those of every segment.
func pass(window uint32, signs Signs, rounds []round) (t Transfer, end conn.Time, held Held) {
	end = 1
	pos := reassembly.Pos(1 << 32)
	for _, r := range rounds {
		una := pos
		for i := range r.segments {
			s := Segment{Now: end + conn.Time(i)*r.apart, Pos: pos, Una: una, Loop: trip, Size: r.size, Full: full, Window: window, Signs: signs, Held: held}
			if r.size == 0 {
				s.Size = full
			}
			if i == 0 {
				s.Signs |= r.first
			}
			if i == r.segments-1 {
				s.Signs |= r.last
			}
			t.Send(&s)
			pos += reassembly.Pos(s.Size)
		}
		end += trip + r.longer
		held.Window, held.Recovery = held.Window+r.held.Window, held.Recovery+r.held.Recovery
	}
	return t, end, held
}

// same are n round trips alike.
func same(n int, r round) (list []round) {
	for range n {
		list = append(list, r)
	}
	return list
}

// TestFactors holds each rule on both sides of its boundary: what is said of the last round trip but one, behind those that some cases
// have in common.
func TestFactors(t *testing.T) {
	burst := round{segments: 8, apart: ms}
	lossy, filled, queued := burst, burst, burst
	lossy.last, filled.last, queued.longer = Lossy, Full, 28*ms
	stuck, longer, small := burst, burst, burst
	stuck.last, stuck.held = Full|Lossy, Held{Window: 1, Recovery: 1}
	longer.last, longer.held = Full|Lossy, Held{Window: 2, Recovery: 1}
	small.size = full - 1
	less, paused, short := queued, burst, round{segments: 7, apart: ms}
	less.longer, paused.first = 27*ms, Paused
	for _, test := range []struct {
		why    string
		window uint32
		signs  Signs
		rounds []round
		want   timing.Factor
	}{
		{"a gap of a quarter", 1e6, 0, same(6, round{segments: 16, apart: 5 * ms}), timing.SendBuffer},
		{"a smaller one", 1e6, 0, same(6, round{segments: 16, apart: 5*ms + ms/10}), timing.PathRate},
		{"a gap of twice what a slow path makes", 1e6, 0, same(6, round{segments: 4, apart: 16 * ms}), timing.SendBuffer},
		{"a smaller one of few segments", 1e6, 0, same(6, round{segments: 4, apart: 17 * ms}), timing.PathRate},
		{"a quarter less than the most", 1e6, 0, slices.Concat(same(3, burst), same(4, round{segments: 6, apart: ms})), timing.SendBuffer},
		{"less than that", 1e6, 0, slices.Concat(same(3, burst), same(4, round{segments: 5, apart: ms})), timing.SlowStart},
		{"less than a quarter more in the same time", 1e6, 0, []round{{segments: 2, apart: ms}, {segments: 4, apart: ms, longer: 28 * ms}, {segments: 7, apart: ms, longer: 92 * ms}, burst}, timing.PathRate},
		{"a quarter more in it", 1e6, 0, []round{{segments: 2, apart: ms}, {segments: 4, apart: ms, longer: 28 * ms}, {segments: 8, apart: ms, longer: 92 * ms}, burst}, timing.SlowStart},
		{"for the first time", 1e6, 0, []round{{segments: 2, apart: ms}, {segments: 4, apart: ms, longer: 27 * ms}, {segments: 7, apart: ms, longer: 92 * ms}, burst}, timing.SlowStart},
		{"not the same often enough", 1e6, 0, slices.Concat(same(1, short), same(3, burst)), timing.SlowStart},
		{"often enough", 1e6, 0, slices.Concat(same(1, short), same(4, burst)), timing.SendBuffer},
		{"a quarter more", 1e6, 0, slices.Concat(same(4, burst), []round{{segments: 10, apart: ms}, burst}), timing.SlowStart},
		{"a window with no room for another segment", 8999, 0, same(6, burst), timing.ReceiveWindow},
		{"one that has room", 9000, 0, same(6, burst), timing.SendBuffer},
		{"a window whose scale is not known", 8999, Unscaled, same(6, burst), timing.Unclear},
		{"a distance that is not known", 1e6, Unplumbed, same(6, burst), timing.Unclear},
		{"a filled window", 1e6, 0, []round{burst, burst, filled, burst}, timing.ReceiveWindow},
		{"a loss", 1e6, 0, []round{burst, burst, lossy, burst}, timing.Congestion},
		{"a loss into a window that held it up for longer", 1e6, 0, []round{burst, burst, longer, burst}, timing.ReceiveWindow},
		{"for as long as that", 1e6, 0, []round{burst, burst, stuck, burst}, timing.Congestion},
		{"less than before the loss", 1e6, 0, slices.Concat([]round{burst, burst, lossy}, same(4, short)), timing.Congestion},
		{"as much as before the loss", 1e6, 0, slices.Concat([]round{burst, burst, lossy}, same(4, burst)), timing.SendBuffer},
		{"not the same often enough since a loss", 1e6, 0, []round{short, lossy, round{segments: 9, apart: ms}, burst}, timing.Congestion},
		{"a queue", 1e6, 0, slices.Concat(same(4, burst), []round{queued, burst}), timing.PathRate},
		{"hardly any", 1e6, 0, slices.Concat(same(4, burst), []round{less, burst}), timing.SendBuffer},
		{"most segments are small", 1e6, 0, same(6, small), timing.Application},
		{"a pause", 1e6, 0, slices.Concat(same(4, burst), []round{paused}), timing.Application},
		{"the segment behind a pause", 1e6, 0, slices.Concat(same(4, burst), []round{paused, burst}), timing.SendBuffer},
	} {
		if got, _, _ := pass(test.window, test.signs, test.rounds); got.latest != test.want {
			t.Errorf("%s: %q, want %q", test.why, got.latest, test.want)
		}
	}
}

// TestHalfSmall has as many small segments as full ones, and one more.
func TestHalfSmall(t *testing.T) {
	for small, want := range map[int]timing.Factor{4: timing.NoFactor, 5: timing.Application} {
		var of Transfer
		for i := range 8 {
			s := Segment{Now: conn.Time(i + 1), Pos: reassembly.Pos(i) * full, Size: full, Full: full, Loop: trip}
			if i < small {
				s.Size--
			}
			of.Send(&s)
		}
		if got := of.shown(Held{}); got != want {
			t.Errorf("%d of 8 are small: %q, want %q", small, got, want)
		}
	}
}

// TestEnd ends a transfer in the middle of a round trip, and begins another.
func TestEnd(t *testing.T) {
	of, end, held := pass(1e6, 0, []round{{segments: 4, apart: ms}})
	if l := of.Limits(end, held); l[timing.SlowStart] != time.Duration(trip) || l.Total() != time.Duration(trip) {
		t.Errorf("of a single round trip: %v", l)
	}
	of.Lose()
	of.End(end, held)
	of.End(end+trip, held)
	if l := of.Limits(end+trip, held); l[timing.Congestion] != time.Duration(trip) || l.Total() != time.Duration(trip) {
		t.Errorf("with a loss in it: %v", l)
	}
	of, end, held = pass(1e6, 0, append(same(5, round{segments: 8, apart: ms}), round{segments: 1, apart: ms, size: 1}))
	before := of.limited[timing.SendBuffer]
	if l := of.Limits(end, held); l[timing.SendBuffer] != time.Duration(before+trip) {
		t.Errorf("the rest of one: %v, before it %v", l, of.limited)
	}
	of.End(end, held)
	of.Send(&Segment{Now: end + 10*trip, Size: full, Full: full})
	if l := of.Limits(end+11*trip, held); l.Total() != time.Duration(end-1+trip) {
		t.Errorf("two transfers: %v, in all %v", l, l.Total())
	}
}
