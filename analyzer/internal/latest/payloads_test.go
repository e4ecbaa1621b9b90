package latest

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
		var p Payloads
		enter := func(s sent) bool {
			segment := wire.Segment{Key: wire.Key{PortA: 7, PortB: 80}, Dir: s.dir, Seq: s.seq, Len: s.len, Sum: s.sum, Bits: wire.FewOptions, Frame: 1}
			p.Come(&segment)
			_, found := p.Differs(Owner{s.slot, s.gen}, &segment)
			return found
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

// TestDisplaced: what is remembered of a payload goes when another segment with a payload comes into its place, whatever becomes of that; but a copy of its own
// frame leaves it there.
func TestDisplaced(t *testing.T) {
	at := func(ports uint16, frame uint64) *wire.Segment {
		return &wire.Segment{Key: wire.Key{PortA: ports, PortB: 80}, Seq: 1000, Len: 100, Sum: 0x1234, Bits: wire.FewOptions, Frame: frame}
	}
	place, _ := PayloadPlace(at(1, 1))
	near, far := uint16(0), uint16(0) // ports whose segments come into the same place, and into another
	for port := uint16(2); near == 0 || far == 0; port++ {
		if other, _ := PayloadPlace(at(port, 1)); other == place {
			near = port
		} else {
			far = port
		}
	}
	with := func(s *wire.Segment, f func(*wire.Segment)) *wire.Segment { f(s); return s }
	for _, x := range []struct {
		why     string
		between *wire.Segment
		copied  bool
		want    bool
	}{
		{"nothing came", nil, false, true},
		{"in another place", at(far, 2), false, true},
		{"in its place", at(near, 2), false, false},
		{"in its place, with a wrong checksum", with(at(near, 2), func(s *wire.Segment) { s.Bits |= wire.BadSum }), false, false},
		{"in its place, without a payload", with(at(near, 2), func(s *wire.Segment) { s.Len = 0 }), false, true},
		{"in its place, a SYN", with(at(near, 2), func(s *wire.Segment) { s.Flags = wire.SYN }), false, true},
		{"a copy of it", at(1, 2), true, true},
		{"a copy of it that is not known as one", at(1, 2), false, false},
		{"a copy of another in its place", at(near, 2), true, false},
	} {
		var p Payloads
		owner := func(s *wire.Segment) Owner {
			if s.Key.PortA == 1 {
				return Owner{Slot: 1}
			}
			return Owner{Slot: 2}
		}
		came := func(s *wire.Segment) bool {
			p.Come(s)
			_, found := p.Differs(owner(s), s)
			return found
		}
		came(at(1, 1))
		if s := x.between; s != nil {
			p.Come(s)
			if x.copied {
				p.Copied(owner(s), s)
			}
		}
		if got := came(with(at(1, 3), func(s *wire.Segment) { s.Sum++ })); got != x.want {
			t.Errorf("%s: other bytes are seen %v, not %v", x.why, got, x.want)
		}
	}
}
