package flow

import (
	"iter"

	"tcptrace/analyzer/internal/conn"
)

// Tally is what a conversation comes to so far, by direction.
type Tally struct {
	FirstFrame, LastFrame uint64
	Packets, Payload      [2]uint64
}

// Tallies are those of all conversations that are open. A tally is valid until the next one.
func (t *Tracker) Tallies() iter.Seq2[uint32, *Tally] {
	return func(yield func(uint32, *Tally) bool) {
		var sum Tally
		for slot, c := range t.Slab.All() {
			a, b := &c.Half[0], &c.Half[1]
			sum = Tally{c.FirstFrame, c.LastFrame, [2]uint64{a.Packets, b.Packets}, [2]uint64{a.Payload, b.Payload}}
			if !yield(slot, &sum) {
				return
			}
		}
		for slot, e := range t.Slab.embryos.all() {
			n := uint64(e.n) + 1
			sum = Tally{FirstFrame: e.frame, LastFrame: t.Slab.embryos.lastFrame(slot)}
			sum.Packets[e.dir()], sum.Payload[e.dir()] = n, n*uint64(e.len)
			if !yield(slot, &sum) {
				return
			}
		}
	}
}

// Embryos is how many of the conversations that are open are no more than a SYN that waits.
func (t *Tracker) Embryos() (n int) {
	for range t.Slab.embryos.all() {
		n++
	}
	return n
}

// Last is when the conversation in a slot was last heard of.
func (t *Tracker) Last(slot uint32) conn.Time {
	if isEmbryo(slot) {
		return t.Slab.embryos.last(slot)
	}
	return t.Slab.At(slot).Last
}

// Before is the slot of the conversation before that in a slot on the same sockets, if segments may still be of either.
func (t *Tracker) Before(slot uint32) (before uint32, ok bool) {
	if isEmbryo(slot) {
		return noSlot, false
	}
	before = t.before(slot)
	return before, before != noSlot
}

// Slots holds a value for every slot, those of embryos too. It takes memory for many at a time, and what is there stays where it is: to move it
// whenever there are more took a tenth of a flood of SYNs.
type Slots[T any] struct{ conns, embryos [][]T }

const slotsTogether = 1024

// At is the value of a slot; the zero value at first.
func (s *Slots[T]) At(slot uint32) *T {
	chunks, i := &s.conns, int(slot)
	if isEmbryo(slot) {
		chunks, i = &s.embryos, int(slot&^embryoBit)
	}
	for i/slotsTogether >= len(*chunks) {
		*chunks = append(*chunks, make([]T, slotsTogether))
	}
	return &(*chunks)[i/slotsTogether][i%slotsTogether]
}
