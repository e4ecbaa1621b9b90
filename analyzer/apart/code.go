package apart

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"tcptrace/internal/wire"
)

// kinds of entries, in the low bits of their first byte; the others are flags of a segment.
const (
	entrySegment = iota
	entryName
	entryICMP
	entrySegmentLast // and in the file no segment with a payload is behind it that has its place (latest.PayloadPlace)
	entryKind        = 3

	flagDir   = 1 << 2
	flagSame  = 1 << 3 // the latest with its place (latest.PlaceOf) is of the same sockets: it may be a copy of that
	flagFirst = 1 << 4 // there is none with its place before it in the file
	flagLast  = 1 << 5 // there is none behind it
	flagSum   = 1 << 6 // its checksum is not the computed one
	flagClock = 1 << 7 // its time is not the latest so far
)

// knownPayload is what is known of the payload that the latest segment with one had that has the same place (latest.PayloadPlace).
type knownPayload uint8

const (
	knownNothing knownPayload = iota // that was of other sockets, or in another place of the stream
	knownHere                        // that is of these, in the file
	knownBefore                      // there is none in the file
)

// Bits of a mask: what is known is among those of fields that differ often.
const (
	maskBefore = 1 << 0
	maskFields = 1 // so many bits before those of fields
)

// maskHere is behind those of fields.
var maskHere = uint64(1) << (maskFields + len(fields))

// state is what packing and unpacking have in common: the segments before the one at hand.
type state struct {
	last  [2]wire.Segment // by direction
	step  [2]uint16       // by direction: from an IPID to the next
	cut   uint32          // where the latest frame ends that is not captured to the end of its payload; 0: there is none
	time  int64           // of the entry before, or the beginning of the file
	frame uint64
	span  Span // of the file
}

// Span is the time that a file lasts, and how many frames it has. A frame's time tells about which number it has.
type Span struct {
	Start, End int64
	Frames     uint64
}

// Span is that of a file.
func (o *Outline) Span() Span { return Span{o.Start, o.End, o.Frames} }

func newState(s Span) state { return state{time: s.Start, span: s} }

// pace is how many frames come in a time, in the mean.
func (s *Span) pace(d int64) uint64 {
	if d <= 0 || s.End <= s.Start {
		return 0
	}
	high, low := bits.Mul64(s.Frames, uint64(d))
	if all := uint64(s.End - s.Start); high < all {
		n, _ := bits.Div64(high, low, all)
		return n
	}
	return 0
}

// hasSack is how many SACK blocks of a segment mean something.
func hasSack(s *wire.Segment) int {
	if s.Bits&wire.HasText != 0 {
		return len(s.Sack)
	}
	return min(int(s.NSack), len(s.Sack))
}

// append appends s.
func (t *state) append(c *Columns, s *wire.Segment, flags uint8, known knownPayload) {
	last := &t.last[s.Dir&1]
	if s.Sum != s.EmptySum() {
		flags |= flagSum
		c[columnSum] = binary.BigEndian.AppendUint16(c[columnSum], s.Sum)
	}
	if s.Clock != s.Time {
		flags |= flagClock
		c[columnRest] = binary.AppendUvarint(c[columnRest], uint64(s.Clock-s.Time))
	}
	c[columnKind] = append(c[columnKind], entrySegment|flags|s.Dir&1*flagDir)
	t.stamp(c, s.Time, s.Frame)
	changed := t.changed(s, last)
	for left := changed; left != 0; left &= left - 1 {
		f := &fields[bits.TrailingZeros64(left)]
		c[f.column] = binary.AppendUvarint(c[f.column], t.number(bits.TrailingZeros64(left), s, last))
	}
	mask := changed << maskFields
	switch known {
	case knownBefore:
		mask |= maskBefore
	case knownHere:
		mask |= maskHere
	}
	c[columnMask] = binary.AppendUvarint(c[columnMask], mask)
	for _, block := range s.Sack[:hasSack(s)] {
		c[columnRest] = binary.AppendVarint(c[columnRest], int64(int32(block[0]-s.Ack)))
		c[columnRest] = binary.AppendVarint(c[columnRest], int64(int32(block[1]-block[0])))
	}
	t.note(s)
}

// microsecond is the resolution that most captures have; one bit says whether a time has it. The low octet of the time since the entry before is in a
// column of its own: it is as good as random, and the rest is not.
const microsecond = 1000

// stamp appends the time and the frame of an entry.
func (t *state) stamp(c *Columns, time int64, frame uint64) {
	d, fine := time-t.time, uint64(0)
	if d%microsecond == 0 {
		d /= microsecond
	} else {
		fine = 1
	}
	v := zigzag(d)
	c[columnTime] = binary.AppendUvarint(c[columnTime], v>>9<<2|v&1<<1|fine)
	c[columnTimeLow] = append(c[columnTimeLow], byte(v>>1))
	c[columnFrame] = binary.AppendVarint(c[columnFrame], int64(frame-t.frame-t.span.pace(time-t.time)))
	t.time, t.frame = time, frame
}

// errPart is an error in what was packed.
var errPart = errors.New("what was packed of a conversation is damaged")

// unstamp reads the time and the frame of an entry.
func (t *state) unstamp(r *reader) {
	v := r[columnTime].Uvarint()
	d := unzigzag(v>>2<<9 | uint64(r[columnTimeLow].Byte())<<1 | v>>1&1)
	if v&1 == 0 {
		d *= microsecond
	}
	t.time += d
	t.frame += t.span.pace(d) + uint64(r[columnFrame].Varint())
}

// read reads a segment of which the kind was read, and what is known of the payload before.
func (t *state) read(r *reader, key *wire.Key, flags uint8, s *wire.Segment) knownPayload {
	dir, rest := flags&flagDir/flagDir, &r[columnRest]
	last := &t.last[dir]
	*s = *last
	s.Key, s.Dir, s.Sack = *key, dir, [4][2]uint32{}
	clock := uint64(0)
	if flags&flagClock != 0 {
		clock = rest.Uvarint()
	}
	t.unstamp(r)
	s.Time, s.Clock, s.Frame = t.time, t.time+int64(clock), t.frame
	mask := r[columnMask].Uvarint()
	changed := mask & (maskHere - 1) >> maskFields
	for left := changed | unsteady; left != 0; left &= left - 1 {
		i := bits.TrailingZeros64(left)
		if changed>>i&1 == 0 {
			t.expect(i, s, last)
			continue
		}
		f := &fields[i]
		f.to(t, s, last, r[f.column].Uvarint())
	}
	for i := range hasSack(s) {
		s.Sack[i][0] = s.Ack + uint32(rest.Varint())
		s.Sack[i][1] = s.Sack[i][0] + uint32(rest.Varint())
	}
	if s.Sum = s.EmptySum(); flags&flagSum != 0 {
		s.Sum = uint16(r[columnSum].Byte())<<8 | uint16(r[columnSum].Byte())
	}
	t.note(s)
	switch {
	case mask&maskBefore != 0:
		return knownBefore
	case mask&maskHere != 0:
		return knownHere
	}
	return knownNothing
}
