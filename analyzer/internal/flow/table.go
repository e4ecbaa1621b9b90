package flow

import (
	"iter"
	"math/rand/v2"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/internal/wire"
)

const (
	noSlot = ^uint32(0)
)

// hashSeed is chosen once a run, so that no capture can be made whose flows
// collide. Nothing that is output depends on it.
var hashSeed = [4]uint64{rand.Uint64() | 1, rand.Uint64() | 1, rand.Uint64() | 1, rand.Uint64() | 1}

// slab holds connections. A slot is a number from 0.
type slab struct {
	pool    pool.Pool[conn.Conn]
	embryos embryos
	Used    int // with embryos
}

// key is that of a connection or an embryo.
func (s *slab) key(slot uint32) *wire.Key {
	if slot&embryoBit != 0 {
		return &s.embryos.at(slot).key
	}
	return &s.At(slot).Key
}

func (s *slab) At(slot uint32) *conn.Conn { return s.pool.At(slot + 1) }

// alloc returns a zeroed connection (but for Gen, which it advances).
func (s *slab) alloc() (uint32, *conn.Conn) {
	slot := s.pool.Get() - 1
	s.Used++
	c := s.At(slot)
	*c = conn.Conn{Gen: c.Gen + 1}
	return slot, c
}

func (s *slab) release(slot uint32) {
	s.At(slot).Gen++
	s.pool.Put(slot + 1)
	s.Used--
}

// All are the slots in use, without embryos.
func (s *slab) All() iter.Seq2[uint32, *conn.Conn] { return s.Part(0, 1) }

// Part is one of n parts of All.
func (s *slab) Part(part, n int) iter.Seq2[uint32, *conn.Conn] {
	used := int(s.pool.Used())
	return func(yield func(uint32, *conn.Conn) bool) {
		for i := used * part / n; i < used*(part+1)/n; i++ {
			slot := uint32(i)
			if c := s.At(slot); c.Gen%2 == 1 && !yield(slot, c) {
				return
			}
		}
	}
}

// index finds the slot of a key: open addressing with linear probing, at most
// half full. An entry is 32 bits of the key's hash beside slot+1; zero is empty.
// The hash's low bits are the entry's home, so that entries move without a look at
// their conversations.
type index struct {
	entries []uint64
	used    int
}

func newIndex() index { return index{entries: make([]uint64, 64)} }

func entry(hash, slot uint32) uint64 { return uint64(hash)<<32 | uint64(slot+1) }

// find returns the slot of the key, or noSlot.
func (x *index) find(s *slab, key *wire.Key, hash uint32) uint32 {
	mask := uint32(len(x.entries) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		e := x.entries[i]
		if e == 0 {
			return noSlot
		}
		if uint32(e>>32) == hash {
			if slot := uint32(e) - 1; same(s.key(slot), key) {
				return slot
			}
		}
	}
}

// put enters a key that is not there yet.
func (x *index) put(hash, slot uint32) {
	x.used++
	if 2*x.used > len(x.entries) {
		old := x.entries
		x.entries = make([]uint64, 2*len(old))
		for _, e := range old {
			if e != 0 {
				x.place(e)
			}
		}
	}
	x.place(entry(hash, slot))
}

func (x *index) place(e uint64) {
	mask := uint32(len(x.entries) - 1)
	i := uint32(e>>32) & mask
	for x.entries[i] != 0 {
		i = (i + 1) & mask
	}
	x.entries[i] = e
}

// replace lets a key that leads to one slot lead to another.
func (x *index) replace(hash, from, to uint32) {
	x.entries[x.locate(hash, from)] = entry(hash, to)
}

func (x *index) locate(hash, slot uint32) uint32 {
	mask := uint32(len(x.entries) - 1)
	i := hash & mask
	for uint32(x.entries[i]) != slot+1 {
		i = (i + 1) & mask
	}
	return i
}

// remove takes an entry out and closes the gap it leaves in probe sequences.
func (x *index) remove(hash, slot uint32) {
	mask := uint32(len(x.entries) - 1)
	hole := x.locate(hash, slot)
	x.used--
	for i := (hole + 1) & mask; x.entries[i] != 0; i = (i + 1) & mask {
		home := uint32(x.entries[i]>>32) & mask
		if (i-home)&mask >= (i-hole)&mask { // its probe sequence passes the hole
			x.entries[hole] = x.entries[i]
			hole = i
		}
	}
	x.entries[hole] = 0
}

// same is ==, without the call that the compiler makes of it.
func same(a, b *wire.Key) bool {
	return (a.A.Lo^b.A.Lo)|(a.B.Lo^b.B.Lo)|(a.A.Hi^b.A.Hi)|(a.B.Hi^b.B.Hi)|
		uint64(a.PortA^b.PortA)|uint64(a.PortB^b.PortB)|uint64(a.V6^b.V6) == 0
}
