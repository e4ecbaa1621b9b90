package apart

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"tcptrace/internal/octets"
	"tcptrace/internal/wire"
)

// A segment is packed as what it differs in from the one before it in its direction, if there is one: a mask of the fields that do, and by how much. Its
// TCP checksum is left out if it is the one of a segment without payload, which can be computed.

// field is a field of a segment as it is packed. Of those in common with the segment before there is nothing.
type field struct {
	from func(s, last *wire.Segment) uint64 // 0: as expected
	to   func(s, last *wire.Segment, v uint64)
}

// delta is a field that counts up or down, of 32 bits.
func delta(f func(s *wire.Segment) *uint32) field {
	return field{
		func(s, last *wire.Segment) uint64 { return zigzag(int64(int32(*f(s) - *f(last)))) },
		func(s, last *wire.Segment, v uint64) { *f(s) = *f(last) + uint32(unzigzag(v)) },
	}
}

// number is a field of any type that seldom changes.
func number[T uint8 | uint16 | uint32 | wire.Flags | wire.Bits](f func(s *wire.Segment) *T) field {
	return field{
		func(s, last *wire.Segment) uint64 { return uint64(*f(s) ^ *f(last)) },
		func(s, last *wire.Segment, v uint64) { *f(s) = *f(last) ^ T(v) },
	}
}

// between is a field that differs from another one by what it did before.
func between(f, base func(s *wire.Segment) *uint32) field {
	expected := func(s, last *wire.Segment) uint32 { return *base(s) + (*f(last) - *base(last)) }
	return field{
		func(s, last *wire.Segment) uint64 { return zigzag(int64(int32(*f(s) - expected(s, last)))) },
		func(s, last *wire.Segment, v uint64) { *f(s) = expected(s, last) + uint32(unzigzag(v)) },
	}
}

func length(s *wire.Segment) *uint32 { return &s.Len }

// fields are those of a segment but for its key, direction, times, frame, checksum and SACK blocks. An earlier one does not depend on a later one.
var fields = []field{
	{
		func(s, last *wire.Segment) uint64 { return zigzag(int64(int32(s.Seq - last.Seq - last.SeqLen()))) },
		func(s, last *wire.Segment, v uint64) { s.Seq = last.Seq + last.SeqLen() + uint32(unzigzag(v)) },
	},
	delta(func(s *wire.Segment) *uint32 { return &s.Ack }),
	{
		func(s, last *wire.Segment) uint64 { return zigzag(int64(int16(s.IPID - last.IPID))) },
		func(s, last *wire.Segment, v uint64) { s.IPID = last.IPID + uint16(unzigzag(v)) },
	},
	delta(func(s *wire.Segment) *uint32 { return &s.TSval }),
	delta(func(s *wire.Segment) *uint32 { return &s.TSecr }),
	delta(length),
	number(func(s *wire.Segment) *uint16 { return &s.Window }),
	number(func(s *wire.Segment) *wire.Flags { return &s.Flags }),
	number(func(s *wire.Segment) *wire.Bits { return &s.Bits }),
	between(func(s *wire.Segment) *uint32 { return &s.IPLen }, length),
	between(func(s *wire.Segment) *uint32 { return &s.WireLen }, func(s *wire.Segment) *uint32 { return &s.IPLen }),
	between(func(s *wire.Segment) *uint32 { return &s.PayloadCap }, length),
	delta(func(s *wire.Segment) *uint32 { return &s.PayloadOff }),
	number(func(s *wire.Segment) *uint8 { return &s.NSack }),
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
		func(s, last *wire.Segment) uint64 { return boolean(s.V4DF != last.V4DF) },
		func(s, last *wire.Segment, v uint64) { s.V4DF = last.V4DF != (v != 0) },
	},
}

// kinds of entries, in the low bits of their first byte; the others are flags of a segment.
const (
	entrySegment = iota
	entryName
	entryICMP
	entrySegmentLast // and in the file no segment with a payload is behind it that has its place (flow.PayloadPlace)
	entryKind        = 3

	flagDir   = 1 << 2
	flagSame  = 1 << 3 // the latest with its place (flow.PlaceOf) is of the same sockets: it may be a copy of that
	flagFirst = 1 << 4 // there is none with its place before it in the file
	flagLast  = 1 << 5 // there is none behind it
	flagSum   = 1 << 6 // its checksum is not the computed one
	flagClock = 1 << 7 // its time is not the latest so far
)

// known is what is known of the payload that the latest segment with one had that has the same place (flow.PayloadPlace).
type known uint8

const (
	knownNothing known = iota // that was of other sockets
	knownHere                 // that is of these, in the file
	knownBefore               // there is none in the file
	knownEnd
)

// payloadField is behind the fields in the mask of a segment: what is known.
var payloadField = len(fields)

// state is what packing and unpacking have in common: the segments before the one at hand.
type state struct {
	last  [2]wire.Segment // by direction
	time  int64           // of the entry before
	frame uint64
}

// hasSack is how many SACK blocks of a segment mean something.
func hasSack(s *wire.Segment) int {
	if s.Bits&wire.HasText != 0 {
		return len(s.Sack)
	}
	return min(int(s.NSack), len(s.Sack))
}

// append appends s.
func (t *state) append(b []byte, s *wire.Segment, flags uint8, known known) []byte {
	last := &t.last[s.Dir&1]
	if s.Sum != s.EmptySum() {
		flags |= flagSum
	}
	if s.Clock != s.Time {
		flags |= flagClock
	}
	b = append(b, entrySegment|flags|s.Dir&1*flagDir)
	b = t.stamp(b, s.Time, s.Frame)
	mask, values := uint64(0), [32]uint64{}
	for i := range fields {
		if values[i] = fields[i].from(s, last); values[i] != 0 {
			mask |= 1 << i
		}
	}
	if values[payloadField] = uint64(known); known != knownNothing {
		mask |= 1 << payloadField
	}
	b = binary.AppendUvarint(b, mask)
	for ; mask != 0; mask &= mask - 1 {
		b = binary.AppendUvarint(b, values[bits.TrailingZeros64(mask)])
	}
	for _, block := range s.Sack[:hasSack(s)] {
		b = binary.AppendVarint(b, int64(int32(block[0]-s.Ack)))
		b = binary.AppendVarint(b, int64(int32(block[1]-block[0])))
	}
	if flags&flagSum != 0 {
		b = binary.BigEndian.AppendUint16(b, s.Sum)
	}
	if flags&flagClock != 0 {
		b = binary.AppendUvarint(b, uint64(s.Clock-s.Time))
	}
	*last = *s
	return b
}

// microsecond is the resolution that most captures have. One more bit says whether a time has it.
const microsecond = 1000

// stamp appends the time and the frame of an entry.
func (t *state) stamp(b []byte, time int64, frame uint64) []byte {
	if d := time - t.time; d%microsecond == 0 {
		b = binary.AppendUvarint(b, zigzag(d/microsecond)<<1)
	} else {
		b = binary.AppendUvarint(append(b, 1), zigzag(d))
	}
	b = binary.AppendUvarint(b, frame-t.frame)
	t.time, t.frame = time, frame
	return b
}

// errPart is an error in what was packed.
var errPart = errors.New("what was packed of a conversation is damaged")

// unstamp reads the time and the frame of an entry.
func (t *state) unstamp(r *octets.Reader) {
	if v := r.Uvarint(); v&1 == 0 {
		t.time += unzigzag(v>>1) * microsecond
	} else {
		t.time += r.Varint()
	}
	t.frame += r.Uvarint()
}

// read reads a segment of which the first byte was read, and what is known of the payload before.
func (t *state) read(r *octets.Reader, key *wire.Key, flags uint8, s *wire.Segment) (of known) {
	dir := flags & flagDir / flagDir
	last := &t.last[dir]
	*s = wire.Segment{Key: *key, Dir: dir}
	t.unstamp(r)
	s.Time, s.Clock, s.Frame = t.time, t.time, t.frame
	mask := r.Uvarint()
	for i := range fields {
		v := uint64(0)
		if mask>>i&1 != 0 {
			v = r.Uvarint()
		}
		fields[i].to(s, last, v)
	}
	if mask>>payloadField&1 != 0 {
		v := r.Uvarint()
		of = known(v)
		r.Bad = r.Bad || v >= uint64(knownEnd)
	}
	for i := range hasSack(s) {
		s.Sack[i][0] = s.Ack + uint32(r.Varint())
		s.Sack[i][1] = s.Sack[i][0] + uint32(r.Varint())
	}
	if s.Sum = s.EmptySum(); flags&flagSum != 0 {
		s.Sum = uint16(r.Byte())<<8 | uint16(r.Byte())
	}
	if flags&flagClock != 0 {
		s.Clock += int64(r.Uvarint())
	}
	*last = *s
	return of
}

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func boolean(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
