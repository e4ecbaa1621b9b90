package apart

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"tcptrace/internal/wire"
)

// packed is what is packed of segments, each with what is known of it.
func packed(span Span, list []wire.Segment, of []knownPayload) *Columns {
	t := newState(span)
	var c Columns
	for i := range list {
		t.append(&c, &list[i], 0, of[i])
	}
	return &c
}

// Whatever fields of segments are, they are read as they were packed.
func TestSegmentsAsTheyWere(t *testing.T) {
	key := wire.Key{A: wire.Addr{Lo: 1}, B: wire.Addr{Lo: 2}, PortA: 3, PortB: 4}
	for round := range uint64(200) {
		r := rand.New(rand.NewPCG(round, 1))
		list, of := make([]wire.Segment, 50), make([]knownPayload, 50)
		var last [2]wire.Segment
		span := Span{r.Int64() >> r.IntN(64), r.Int64() >> r.IntN(64), r.Uint64() >> r.IntN(64)}
		for i := range list {
			dir := uint8(r.IntN(2))
			s := last[dir]
			s.Key, s.Dir, s.Frame, s.Time = key, dir, uint64(i*3), r.Int64N(1e12)
			fields := reflect.ValueOf(&s).Elem()
			for f := range fields.NumField() {
				name := fields.Type().Field(f).Name
				if name == "Key" || name == "Dir" || name == "Frame" || name == "Time" || name == "Clock" || name == "Sack" || name == "_" || r.IntN(4) > 0 {
					continue
				}
				switch v := fields.Field(f); v.Kind() {
				case reflect.Bool:
					v.SetBool(!v.Bool())
				case reflect.Array:
					v.Index(r.IntN(v.Len())).SetUint(r.Uint64() & 0xffff)
				default:
					v.SetUint(r.Uint64() >> (r.IntN(8) * 8) & (1<<v.Type().Bits() - 1))
				}
			}
			s.Sack = [4][2]uint32{}
			for k := range hasSack(&s) {
				s.Sack[k] = [2]uint32{r.Uint32(), r.Uint32()}
			}
			if s.Clock = s.Time; r.IntN(3) == 0 {
				s.Clock += r.Int64N(1e6)
			}
			if r.IntN(3) > 0 {
				s.Sum = s.EmptySum()
			}
			last[dir], list[i], of[i] = s, s, knownPayload(r.IntN(int(knownBefore)+1))
		}
		st := newState(span)
		in := newReader(packed(span, list, of))
		for i := range list {
			var got wire.Segment
			flags := in[columnKind].Byte()
			if of2 := st.read(&in, &key, flags, &got); got != list[i] || of2 != of[i] || in.bad() {
				t.Fatalf("round %d, segment %d: %+v, %d\nwant %+v, %d", round, i, got, of2, list[i], of[i])
			}
		}
		if !in.done() {
			t.Fatal("there is more")
		}
	}
}

// What is as expected costs nothing but its kind, mask, time and frame; what is next to that costs something.
func TestWhatIsExpected(t *testing.T) {
	base := func(dir uint8, f func(*wire.Segment)) wire.Segment {
		s := wire.Segment{Dir: dir, Seq: 1000, Ack: 5000, Len: 100, PayloadCap: 100, PayloadOff: 54, IPLen: 140, WireLen: 154, Flags: wire.ACK, IPID: 7, Bits: wire.FewOptions}
		if dir == 1 {
			s.Seq, s.Ack = 5000, 1100
		}
		f(&s)
		return s
	}
	as := func(*wire.Segment) {}
	next := func(f func(*wire.Segment)) []wire.Segment { // the second of one side, after one of the other
		return []wire.Segment{base(0, as), base(1, as), base(0, func(s *wire.Segment) {
			s.Seq, s.Ack, s.IPID = 1100, 5100, 14
			f(s)
		})}
	}
	third := func(first, second, third uint16) []wire.Segment {
		at := func(n uint32, id uint16) wire.Segment {
			return base(0, func(s *wire.Segment) { s.Seq, s.IPID, s.Ack = 1000+100*n, id, 0 })
		}
		return []wire.Segment{at(0, first), at(1, second), at(2, third)}
	}
	cut := func(capture func(s *wire.Segment)) []wire.Segment {
		return []wire.Segment{base(0, func(s *wire.Segment) { s.PayloadCap = 40 }), base(1, func(s *wire.Segment) { s.PayloadCap = 40 }), base(0, func(s *wire.Segment) {
			s.Seq, s.Ack, s.IPID, s.Len, s.IPLen, s.WireLen = 1100, 5100, 14, 100, 140, 154
			s.PayloadCap = 40
			capture(s)
		})}
	}
	for _, x := range []struct {
		what string
		list []wire.Segment
		free bool
	}{
		{"next in order, and acknowledges all", next(as), true},
		{"behind a gap", next(func(s *wire.Segment) { s.Seq++ }), false},
		{"acknowledges less", next(func(s *wire.Segment) { s.Ack-- }), false},
		{"another window", next(func(s *wire.Segment) { s.Window++ }), false},
		{"IPIDs in steps of one", third(7, 8, 9), true},
		{"IPIDs in steps of 256", third(7, 263, 519), true},
		{"no IPID", third(0, 0, 0), true},
		{"an IPID next to it", third(7, 8, 10), false},
		{"cut at the same place", cut(as), true},
		{"cut at another place", cut(func(s *wire.Segment) { s.PayloadCap = 41 }), false},
		{"too short to be cut", cut(func(s *wire.Segment) { s.PayloadCap = 100 }), false},
	} {
		for i := range x.list {
			x.list[i].Time, x.list[i].Clock, x.list[i].Frame = int64(i)*1e6, int64(i)*1e6, uint64(i)
		}
		n := len(x.list) - 1
		known := make([]knownPayload, n+1)
		before, with := packed(Span{}, x.list[:n], known[:n]), packed(Span{}, x.list, known)
		more := len(with[columnRest]) + len(with[columnLength]) - len(before[columnRest]) - len(before[columnLength])
		mask := with[columnMask][len(before[columnMask]):]
		if free := more == 0 && len(mask) == 1 && mask[0] == 0; free != x.free {
			t.Errorf("%s: %d bytes more, mask %x", x.what, more, mask)
		}
	}
}

// Frames are expected to come as they do in the mean of their file.
func TestPace(t *testing.T) {
	for _, x := range []struct {
		span Span
		time int64
		want uint64
	}{
		{Span{0, 1000, 50}, 19, 0}, {Span{0, 1000, 50}, 20, 1}, {Span{-500, 500, 50}, 1000, 50}, {Span{0, 1000, 50}, 1019, 50}, {Span{0, 1000, 50}, 1020, 51},
		{Span{0, 1000, 50}, -20, 0}, {Span{7, 7, 50}, 20, 0}, {Span{8, 7, 50}, 20, 0},
		{Span{0, 1 << 40, 1 << 40}, 1<<63 - 1, 1<<63 - 1}, {Span{0, 1 << 40, 1 << 41}, 1<<63 - 1, 1<<64 - 2}, {Span{0, 1 << 40, 1<<41 + 1}, 1<<63 - 1, 0}, // too many for a number
	} {
		if got := x.span.pace(x.time); got != x.want {
			t.Errorf("%+v: %d in %d ns, not %d", x.span, got, x.time, x.want)
		}
	}
}

// Sockets come out as they went in; what is damaged is an error where files are put in order, and in a share.
func TestDamagedSockets(t *testing.T) {
	var s socketSet
	s.add(7, 3)
	s.add(1<<31, 10)
	s.add(1<<31, 20)
	s.add(1<<32-1, 0)
	whole := s.pack()
	want := []pair{{7, 0}, {1 << 31, amount(30)}, {1<<32 - 1, 0}}
	if got, ok := whole.pairs(); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	for _, c := range []struct {
		sockets Sockets
		bad     bool
	}{{whole, false}, {whole[:len(whole)-1], true}, {append(whole[:len(whole):len(whole)], 2), true}} { // one more than there are numbers
		_, err := NewLayout([]File{{Name: "file", Outline: Outline{Packets: 1, Sockets: c.sockets}}})
		share := Share{Sockets: c.sockets}
		_, shared := ParseShare(share.Append(nil, 0), 0)
		if (err != nil) != c.bad || (shared != nil) != c.bad {
			t.Errorf("%x: %v, %v", c.sockets, err, shared)
		}
	}
}
