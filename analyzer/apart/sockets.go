package apart

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"tcptrace/internal/octets"
)

// Sockets is of which sockets a file has anything, conversations or errors about them: their IDs in order, as differences, and
// about how many packets there are of those that have many. That is 3 bytes for each.
type Sockets []byte

// pair is two sockets, and about how many packets there are of them (amount).
type pair struct {
	id     ID
	amount uint8
}

// amount is n as a number of eight bits, which tells it from one that is a quarter larger; 0: it is few.
func amount(n uint64) uint8 {
	const few = 4 // bits
	if n>>few == 0 {
		return 0
	}
	log := bits.Len64(n)
	return uint8(log-few)<<2 | uint8(n>>(log-3)&3)
}

// socketSet is what Sockets are made of.
type socketSet struct{ list []counted }

type counted struct {
	id      ID
	packets uint64
}

func (s *socketSet) add(id ID, packets uint64) { s.list = append(s.list, counted{id, packets}) }

func (s *socketSet) pack() Sockets {
	slices.SortFunc(s.list, func(a, b counted) int { return cmp.Compare(a.id, b.id) })
	var pairs []pair
	for i := 0; i < len(s.list); {
		at, packets := s.list[i].id, uint64(0)
		for ; i < len(s.list) && s.list[i].id == at; i++ {
			packets += s.list[i].packets
		}
		pairs = append(pairs, pair{at, amount(packets)})
	}
	return packPairs(pairs)
}

// packPairs packs pairs, which are in order. The low bit says that an amount follows.
func packPairs(pairs []pair) Sockets {
	out, last := make(Sockets, 0, 3*len(pairs)), ID(0)
	for _, p := range pairs {
		v := uint64(p.id-last) << 1
		if last = p.id; p.amount == 0 {
			out = binary.AppendUvarint(out, v)
			continue
		}
		out = append(binary.AppendUvarint(out, v|1), p.amount)
	}
	return out
}

// pairs is the inverse of pack. ok is false if s is damaged.
func (s Sockets) pairs() (list []pair, ok bool) {
	list = make([]pair, 0, len(s)/2)
	r, last := octets.Reader{Left: s}, uint64(0)
	for len(r.Left) > 0 {
		v := r.Uvarint()
		p := pair{}
		if v&1 != 0 {
			p.amount = r.Byte()
		}
		if last += v >> 1; last > 1<<32-1 {
			return nil, false
		}
		p.id = ID(last)
		list = append(list, p)
	}
	return list, !r.Bad
}

// Share is what an Outline says of a share of all sockets.
type Share struct {
	Open    []Open
	Sockets Sockets
}

// Shares divides what o says of sockets into so many shares, a power of two. The same sockets are in the same share whatever the file, so that what crosses is
// found out share by share: a Layout of outlines that have one share each knows it of that, and the shares follow one another in the order of IDs.
func (o *Outline) Shares(n int) []Share {
	shift := 32 - bits.Len(uint(n-1))
	shares, open := make([]Share, n), o.Open
	pairs, _ := o.Sockets.pairs() // they are of this file, and as they were made
	for i := range shares {
		here := 0
		for here < len(open) && int(open[here].ID>>shift) == i {
			here++
		}
		shares[i].Open, open = open[:here:here], open[here:]
		here = 0
		for here < len(pairs) && int(pairs[here].id>>shift) == i {
			here++
		}
		shares[i].Sockets, pairs = packPairs(pairs[:here]), pairs[here:]
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

// Append appends s, which is of a file that ends at that time, as it is handed on: 3 bytes for each pair of sockets, and 3 more for what is open.
func (s *Share) Append(b []byte, end int64) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.Sockets)))
	b = append(b, s.Sockets...)
	pairs, _ := s.Sockets.pairs()
	at, last := 0, 0
	for _, x := range s.Open {
		for at < len(pairs)-1 && pairs[at].id < x.ID {
			at++
		}
		over := uint64(notTold)
		switch {
		case x.Told && x.Over == Never:
			over = neverOver
		case x.Told:
			over = overFrom + (uint64(max(x.Over-end, 0))+overUnit-1)/overUnit
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(at-last)), over)
		last = at
	}
	return b
}

// ParseShare is the inverse of Append, but that what is open may be over a little later. Sockets belong to b.
func ParseShare(b []byte, end int64) (s Share, err error) {
	r := octets.Reader{Left: b}
	s.Sockets = r.Bytes(r.Uvarint())
	pairs, ok := s.Sockets.pairs()
	if !ok {
		return Share{}, errPart
	}
	for at := uint64(0); len(r.Left) > 0 && !r.Bad; {
		if at += r.Uvarint(); at >= uint64(len(pairs)) {
			return Share{}, errPart
		}
		x := Open{ID: pairs[at].id, Over: Never, Told: true}
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
