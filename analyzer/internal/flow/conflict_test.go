package flow

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestDiffers: a payload conflicts with another one in its place, of the same connection and direction.
func TestDiffers(t *testing.T) {
	type sent struct {
		slot, gen uint32
		dir       uint8
		seq, len  uint32
		sum       uint16
	}
	first := sent{slot: 3, gen: 1, seq: 1000, len: 100, sum: 0x1234}
	for _, test := range []struct {
		why  string
		edit func(*sent)
		want bool
	}{
		{"the same once more", func(*sent) {}, false},
		{"other bytes", func(s *sent) { s.sum++ }, true},
		{"from another number", func(s *sent) { s.sum++; s.seq++ }, false},
		{"another length", func(s *sent) { s.sum++; s.len++ }, false},
		{"of the peer", func(s *sent) { s.sum++; s.dir = 1 }, false},
		{"of another connection on these sockets", func(s *sent) { s.sum++; s.slot = 4 }, false},
		{"of a later one in its slot", func(s *sent) { s.sum++; s.gen = 3 }, false},
	} {
		tracker := NewTracker(Options{}, nil)
		enter := func(s sent) bool {
			c := tracker.Slab.At(s.slot)
			c.Gen = s.gen
			_, found := tracker.payloads.differs(s.slot, c, &wire.Segment{Key: pair(7), Dir: s.dir, Seq: s.seq, Len: s.len, Sum: s.sum, Bits: wire.FewOptions, Frame: 1})
			return found
		}
		for range 5 {
			tracker.Slab.alloc()
		}
		again := first
		test.edit(&again)
		if enter(first) {
			t.Errorf("%s: the first conflicts", test.why)
		}
		if got := enter(again); got != test.want {
			t.Errorf("%s: conflicts %v, want %v", test.why, got, test.want)
		}
	}
}
