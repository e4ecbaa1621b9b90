package recent

import (
	"slices"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/wire"
)

// aReading is one as a tracker has it.
func aReading() *analyzer.Reading {
	return &analyzer.Reading{First: 1, Kind: analyzer.KindData, Seq: 1, Ack: 1, Window: 64240, Scaled: true, Segment: &wire.Segment{Len: 100, Flags: wire.ACK}}
}

// TestPacketAllocations: what happens for every packet allocates nothing, whether its conversation is watched or not.
func TestPacketAllocations(t *testing.T) {
	for _, wanted := range []uint64{0, 1} {
		g, r := New(), aReading()
		g.Want(wanted)
		if n := testing.AllocsPerRun(20_000, func() { r.Segment.Frame++; g.Read(r) }); n != 0 {
			t.Errorf("%v allocations for a reading, with %d watched", n, wanted)
		}
	}
}

// BenchmarkRing is what a ring adds to every packet, alone.
func BenchmarkRing(b *testing.B) {
	for _, c := range []struct {
		name   string
		wanted uint64
	}{{"other", 0}, {"watched", 1}} {
		b.Run(c.name, func(b *testing.B) {
			g, r := New(), aReading()
			g.Want(c.wanted)
			b.ReportAllocs()
			for b.Loop() {
				r.Segment.Frame++
				g.Read(r)
			}
		})
	}
}

// TestAmendments are applied to the retransmissions that they are about, and late ones put in their place.
func TestAmendments(t *testing.T) {
	list := Settle([]Entry{
		{frame: 1}, {frame: 5, kind: analyzer.KindRetransmission, cause: analyzer.CauseFast}, {frame: 3},
		{frame: 5, kind: analyzer.KindRetransmission, cause: analyzer.CauseTimeout, bits: entrySpurious | entryAmends}, {frame: 9},
	})
	var frames []uint64
	for _, e := range list {
		frames = append(frames, e.frame)
		if (e.bits&entrySpurious != 0) != (e.frame == 5) || e.frame == 5 && e.cause != analyzer.CauseTimeout {
			t.Errorf("frame %d: cause %s, bits %x", e.frame, e.cause, e.bits)
		}
	}
	if !slices.Equal(frames, []uint64{1, 3, 5, 9}) {
		t.Errorf("frames %v", frames)
	}
}

// TestSeveral: conversations are watched apart, those that are not wanted any more forgotten, and each has its latest segments.
func TestSeveral(t *testing.T) {
	g, r := New(), aReading()
	say := func(first, frame uint64) {
		r.First, r.Segment.Frame = first, frame
		g.Read(r)
	}
	frames := func(first uint64) (list []uint64) {
		for _, e := range g.CopyTo(nil, first) {
			list = append(list, e.Frame())
		}
		return list
	}
	say(1, 1)
	say(2, 2)
	g.Want(1, 2)
	say(1, 3)
	say(3, 4)
	if a, b := frames(1), frames(2); !slices.Equal(a, []uint64{1, 3}) || !slices.Equal(b, []uint64{2}) || frames(3) != nil {
		t.Errorf("%v, %v, %v", a, b, frames(3))
	}
	g.Want(2, 3)
	say(2, 5)
	if a, b, c := frames(1), frames(2), frames(3); a != nil || !slices.Equal(b, []uint64{2, 5}) || !slices.Equal(c, []uint64{4}) {
		t.Errorf("then %v, %v, %v", a, b, c)
	}
	for i := range uint64(3 * Most) {
		say(2, 6+i)
	}
	if list := frames(2); len(list) != Most || list[0] != 6+2*Most || list[Most-1] != 5+3*Most {
		t.Errorf("%d of %d segments", len(list), 3*Most)
	}
	g.Want()
	if g.Wants(2) || frames(2) != nil {
		t.Error("still watched")
	}
}
