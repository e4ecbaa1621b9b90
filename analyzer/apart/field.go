package apart

import "tcptrace/internal/wire"

// A segment is packed as what it differs in from what is expected of it, mostly the same as in the one before it in its direction: a mask of the fields
// that do, and by how much. Its TCP checksum is left out if it is the one of a segment without payload, which can be computed.

// field is a field of a segment as it is packed.
type field struct {
	from func(t *state, s, last *wire.Segment) uint64 // 0: as expected
	to   func(t *state, s, last *wire.Segment, v uint64)

	column column // where the number is
	steady bool   // what is expected is the field of the segment before
}

// differing is a field of 32 bits of which something is expected.
func differing(f func(s *wire.Segment) *uint32, expected func(t *state, s, last *wire.Segment) uint32) field {
	return field{
		from: func(t *state, s, last *wire.Segment) uint64 {
			return zigzag(int64(int32(*f(s) - expected(t, s, last))))
		},
		to: func(t *state, s, last *wire.Segment, v uint64) { *f(s) = expected(t, s, last) + uint32(unzigzag(v)) },
	}
}

// delta is a field that counts up or down, of 32 bits.
func delta(f func(s *wire.Segment) *uint32) field {
	d := differing(f, func(_ *state, _, last *wire.Segment) uint32 { return *f(last) })
	d.steady = true
	return d
}

// number is a field of any type that seldom changes.
func number[T uint8 | uint16 | uint32 | wire.Flags | wire.Bits](f func(s *wire.Segment) *T) field {
	return field{
		from:   func(_ *state, s, last *wire.Segment) uint64 { return uint64(*f(s) ^ *f(last)) },
		to:     func(_ *state, s, last *wire.Segment, v uint64) { *f(s) = *f(last) ^ T(v) },
		steady: true,
	}
}

// between is a field that differs from another one by what it did before.
func between(f, base func(s *wire.Segment) *uint32) field {
	return differing(f, func(_ *state, s, last *wire.Segment) uint32 { return *base(s) + (*f(last) - *base(last)) })
}

func length(s *wire.Segment) *uint32 { return &s.Len }

// in is f with its number in a column.
func (f field) in(c column) field {
	f.column = c
	return f
}

// fields are those of a segment but for its key, direction, times, frame, checksum and SACK blocks, those first that differ often. What is expected of one
// may depend on those before it.
var fields = []field{
	differing(func(s *wire.Segment) *uint32 { return &s.Seq }, func(_ *state, _, last *wire.Segment) uint32 { return last.Seq + last.SeqLen() }),
	differing(func(s *wire.Segment) *uint32 { return &s.Ack }, (*state).end),
	delta(length).in(columnLength),
	delta(func(s *wire.Segment) *uint32 { return &s.TSval }),
	delta(func(s *wire.Segment) *uint32 { return &s.TSecr }),
	number(func(s *wire.Segment) *wire.Flags { return &s.Flags }),
	number(func(s *wire.Segment) *uint16 { return &s.Window }),
	{
		from: func(t *state, s, last *wire.Segment) uint64 {
			return zigzag(int64(int16(s.IPID - last.IPID - t.step[s.Dir&1])))
		},
		to: func(t *state, s, last *wire.Segment, v uint64) {
			s.IPID = last.IPID + t.step[s.Dir&1] + uint16(unzigzag(v))
		},
	},
	number(func(s *wire.Segment) *wire.Bits { return &s.Bits }),
	delta(func(s *wire.Segment) *uint32 { return &s.PayloadOff }),
	differing(func(s *wire.Segment) *uint32 { return &s.PayloadCap }, (*state).captured),
	between(func(s *wire.Segment) *uint32 { return &s.IPLen }, length),
	between(func(s *wire.Segment) *uint32 { return &s.WireLen }, func(s *wire.Segment) *uint32 { return &s.IPLen }),
	number(func(s *wire.Segment) *uint8 { return &s.NSack }), // rareFrom
	number(func(s *wire.Segment) *uint8 { return &s.TTL }),
	number(func(s *wire.Segment) *uint8 { return &s.TOS }),
	number(func(s *wire.Segment) *uint16 { return &s.MSS }),
	number(func(s *wire.Segment) *uint8 { return &s.WScale }),
	number(func(s *wire.Segment) *uint16 { return &s.Urgent }),
	number(func(s *wire.Segment) *uint16 { return &s.Iface }),
	number(func(s *wire.Segment) *uint32 { return &s.Net }),
	number(func(s *wire.Segment) *uint16 { return &s.VLAN[0] }),
	number(func(s *wire.Segment) *uint16 { return &s.VLAN[1] }),
	{
		from:   func(_ *state, s, last *wire.Segment) uint64 { return boolean(s.V4DF != last.V4DF) },
		to:     func(_ *state, s, last *wire.Segment, v uint64) { s.V4DF = last.V4DF != (v != 0) },
		steady: true,
	},
}

// unsteady are those of which something else is expected than what was in the segment before, a bit each.
var unsteady = func() (mask uint64) {
	for i := range fields {
		mask |= boolean(!fields[i].steady) << i
	}
	return mask
}()

// changed are the fields of s that are not as expected, a bit each: those for which from is not 0, without a call for each (TestChanged holds that).
func (t *state) changed(s, last *wire.Segment) uint64 {
	mask := boolean(s.Seq != last.Seq+last.SeqLen()) | boolean(s.Ack != t.end(s, last))<<1 | boolean(s.Len != last.Len)<<2 |
		boolean(s.TSval != last.TSval)<<3 | boolean(s.TSecr != last.TSecr)<<4 | boolean(s.Flags != last.Flags)<<5 | boolean(s.Window != last.Window)<<6 |
		boolean(s.IPID != last.IPID+t.step[s.Dir&1])<<7 | boolean(s.Bits != last.Bits)<<8 | boolean(s.PayloadOff != last.PayloadOff)<<9 |
		boolean(s.PayloadCap != t.captured(s, last))<<10 | boolean(s.IPLen-last.IPLen != s.Len-last.Len)<<11 |
		boolean(s.WireLen-last.WireLen != s.IPLen-last.IPLen)<<12
	if !alike(s, last) {
		for i := rareFrom; i < len(fields); i++ {
			mask |= boolean(fields[i].from(t, s, last) != 0) << i
		}
	}
	return mask
}

// number is from of a field, without a call for those that differ most often (TestChanged holds that).
func (t *state) number(i int, s, last *wire.Segment) uint64 {
	d := uint32(0)
	switch i {
	case 0:
		d = s.Seq - last.Seq - last.SeqLen()
	case 1:
		d = s.Ack - t.end(s, last)
	case 2:
		d = s.Len - last.Len
	case 3:
		d = s.TSval - last.TSval
	case 4:
		d = s.TSecr - last.TSecr
	default:
		return fields[i].from(t, s, last)
	}
	return zigzag(int64(int32(d)))
}

// expect is to of a field that is as expected, without a call for those of which that is not what was in the segment before (TestChanged holds that).
func (t *state) expect(i int, s, last *wire.Segment) {
	switch i {
	case 0:
		s.Seq = last.Seq + last.SeqLen()
	case 1:
		s.Ack = t.end(s, last)
	case 7:
		s.IPID = last.IPID + t.step[s.Dir&1]
	case 10:
		s.PayloadCap = t.captured(s, last)
	case 11:
		s.IPLen = s.Len + (last.IPLen - last.Len)
	case 12:
		s.WireLen = s.IPLen + (last.WireLen - last.IPLen)
	default:
		fields[i].to(t, s, last, 0)
	}
}

// rareFrom is the first of the fields that are the same in nearly all segments of a direction, which alike looks at together (TestChanged holds that).
const rareFrom = 13

func alike(s, last *wire.Segment) bool {
	return s.NSack == last.NSack && s.TTL == last.TTL && s.TOS == last.TOS && s.MSS == last.MSS && s.WScale == last.WScale && s.Urgent == last.Urgent &&
		s.Iface == last.Iface && s.Net == last.Net && s.VLAN == last.VLAN && s.V4DF == last.V4DF
}

// end is the acknowledgment number of s if it acknowledges all that was seen of the peer.
func (t *state) end(s, _ *wire.Segment) uint32 {
	peer := &t.last[1-s.Dir&1]
	return peer.Seq + peer.SeqLen()
}

// captured is how many bytes of the payload of s are captured if its frame is cut where one before it was.
func (t *state) captured(s, _ *wire.Segment) uint32 {
	switch {
	case t.cut == 0:
		return s.Len
	case s.PayloadOff >= t.cut:
		return 0
	}
	return min(s.Len, t.cut-s.PayloadOff)
}

// note keeps of s what the next ones are expected to be by.
func (t *state) note(s *wire.Segment) {
	last := &t.last[s.Dir&1]
	t.step[s.Dir&1] = s.IPID - last.IPID
	if s.PayloadCap < s.Len {
		t.cut = s.PayloadOff + s.PayloadCap
	}
	*last = *s
}

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func boolean(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
