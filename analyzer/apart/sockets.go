package apart

import (
	"encoding/binary"
	"slices"
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
