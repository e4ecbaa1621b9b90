package apart

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"tcptrace/internal/octets"
)

// Sockets is of which sockets a file has anything, conversations or errors about them: the upper halves of their IDs in order, as differences.
// That is 3 bytes for each; others may be taken for one of them, one in some 100,000, which costs time and nothing else.
type Sockets []byte

// socketSet is what Sockets are made of.
type socketSet struct{ halves []uint32 }

func half(id ID) uint32 { return uint32(id >> 32) }

func (s *socketSet) add(id ID) { s.halves = append(s.halves, half(id)) }

func (s *socketSet) pack() Sockets {
	slices.Sort(s.halves)
	s.halves = slices.Compact(s.halves)
	out, last := make(Sockets, 0, 3*len(s.halves)), uint32(0)
	for _, h := range s.halves {
		out, last = binary.AppendUvarint(out, uint64(h-last)), h
	}
	return out
}

// halves is the inverse of pack. What is damaged ends it.
func (s Sockets) halves() []uint32 {
	out, last := make([]uint32, 0, len(s)/2), uint32(0)
	for len(s) > 0 {
		v, n := binary.Uvarint(s)
		if n <= 0 {
			break
		}
		s, last = s[n:], last+uint32(v)
		out = append(out, last)
	}
	return out
}

// Share is what an Outline says of a share of all sockets.
type Share struct {
	Open    []Open
	Sockets Sockets
}

// Shares divides what o says of sockets into so many shares, a power of two. The same sockets are in the same share whatever the file, so that what crosses is
// found out share by share: a Layout of outlines that have one share each knows it of that, and the shares follow one another in the order of IDs.
func (o *Outline) Shares(n int) []Share {
	shift := 64 - bits.Len(uint(n-1))
	shares, open, halves := make([]Share, n), o.Open, o.Sockets.halves()
	for i := range shares {
		here := 0
		for here < len(open) && int(open[here].ID>>shift) == i {
			here++
		}
		shares[i].Open, open = open[:here:here], open[here:]
		of := socketSet{}
		for len(halves) > 0 && int(ID(halves[0])<<32>>shift) == i {
			of.halves, halves = append(of.halves, halves[0]), halves[1:]
		}
		shares[i].Sockets = of.pack()
	}
	return shares
}

// What is open at the end of a file is packed with when it is over: so many of these units later, the last one begun, so that it is 2 bytes for a minute.
const (
	overUnit  = 1 << 24 // 17 ms
	notTold   = 0       // it is Never, and it was not told what becomes of it
	neverOver = 1
	overFrom  = 2 // plus the number of units
)

// Append appends s, which is of a file that ends at that time, as it is handed on: 3 bytes for each pair of sockets, and 4 more for what is open.
func (s *Share) Append(b []byte, end int64) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.Sockets)))
	b = append(b, s.Sockets...)
	halves, at, last := s.Sockets.halves(), 0, 0
	for _, x := range s.Open {
		for at < len(halves)-1 && halves[at] < half(x.ID) {
			at++
		}
		over := uint64(notTold)
		switch {
		case x.Told && x.Over == Never:
			over = neverOver
		case x.Told:
			over = overFrom + (uint64(max(x.Over-end, 0))+overUnit-1)/overUnit
		}
		b = append(binary.AppendUvarint(b, uint64(at-last)), byte(x.ID>>IDShift))
		b = binary.AppendUvarint(b, over)
		last = at
	}
	return b
}

// ParseShare is the inverse of Append, but that what is open may be over a little later. Sockets belong to b.
func ParseShare(b []byte, end int64) (s Share, err error) {
	r := octets.Reader{Left: b}
	s.Sockets = r.Bytes(r.Uvarint())
	halves, at := s.Sockets.halves(), uint64(0)
	for len(r.Left) > 0 && !r.Bad {
		if at += r.Uvarint(); at >= uint64(len(halves)) {
			return Share{}, errPart
		}
		x := Open{ID: ID(halves[at])<<32 | ID(r.Byte())<<IDShift, Over: Never, Told: true}
		switch over := r.Uvarint(); {
		case over == notTold:
			x.Told = false
		case over != neverOver && over-overFrom <= uint64(Never-end)/overUnit:
			x.Over = end + int64(over-overFrom)*overUnit
		}
		s.Open = append(s.Open, x)
	}
	if r.Bad {
		return Share{}, errPart
	}
	return s, nil
}
