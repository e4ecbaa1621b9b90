package flow

import (
	"slices"

	"tcptrace/analyzer/internal/conn"
)

// Deadline is when a conversation may be let go, unless more of it was seen.
// gen tells whether the slot still holds that conversation.
type Deadline struct {
	At   conn.Time
	Slot uint32
	Gen  uint32
}

// minQueue is how long the queues may be whatever the number of connections.
const minQueue = 256

// Queue holds deadlines in the order in which they were set.
type Queue = FIFO[Deadline]

// queueChunk is how many values a FIFO takes memory for at a time.
const queueChunk = 256

// FIFO is a queue of values without pointers. It takes as much memory as those that are in it.
type FIFO[T any] struct {
	chunks []*[queueChunk]T
	spare  *[queueChunk]T // nil, or room for the next ones
	head   int            // in the first chunk
	N      int

	popped uint32 // how many were, modulo 2^32
}

// Push appends d and returns its serial number.
func (q *FIFO[T]) Push(d T) (serial uint32) {
	if q.head+q.N == len(q.chunks)*queueChunk {
		if q.spare == nil {
			q.spare = new([queueChunk]T)
		}
		q.chunks, q.spare = append(q.chunks, q.spare), nil
	}
	q.N++
	*q.at(q.N - 1) = d
	return q.popped + uint32(q.N) - 1
}

// find is the value with a serial number, or nil if it has been popped.
func (q *FIFO[T]) find(serial uint32) *T {
	i := serial - q.popped
	if i >= uint32(q.N) {
		return nil
	}
	return q.at(int(i))
}

// at is the i-th value; only the first N are valid.
func (q *FIFO[T]) at(i int) *T {
	i += q.head
	return &q.chunks[i/queueChunk][i%queueChunk]
}

func (q *FIFO[T]) Peek() *T { return q.at(0) }

// Last is the value that was pushed last, nil if there is none.
func (q *FIFO[T]) Last() *T {
	if q.N == 0 {
		return nil
	}
	return q.at(q.N - 1)
}

func (q *FIFO[T]) Pop() T {
	d := *q.at(0)
	q.head++
	q.N--
	q.popped++
	if q.head == queueChunk {
		q.spare, q.head = q.chunks[0], 0
		q.chunks = slices.Delete(q.chunks, 0, 1)
	}
	return d
}

// lru finds the conversation that has been silent longest, exactly, without any
// work per packet: a heap by the time each slot was last looked at. What is on
// top and has spoken since moves down to where it belongs.
type lru struct {
	heap []seen // one entry for every slot that was ever used
}

type seen struct {
	at   conn.Time
	slot uint32
}

// add makes a slot eligible. A slot that was freed and is used again still has
// its old entry, which is only too old; the slab hands out new slots in order.
func (l *lru) add(slot uint32, at conn.Time) {
	if int(slot) < len(l.heap) {
		return
	}
	l.heap = append(l.heap, seen{at, slot})
	for i := len(l.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !l.heap[i].before(l.heap[up]) {
			break
		}
		l.heap[i], l.heap[up] = l.heap[up], l.heap[i]
		i = up
	}
}

func (a seen) before(b seen) bool { return a.at < b.at || a.at == b.at && a.slot < b.slot }

// oldest returns the slot that has been silent longest; every slot of s must be in use.
func (l *lru) oldest(s *slab) uint32 {
	for {
		top := &l.heap[0]
		last := s.At(top.slot).Last
		if top.at >= last {
			return top.slot
		}
		top.at = last
		l.sink()
	}
}

func (l *lru) sink() {
	h := l.heap
	for i := 0; ; {
		kid := 2*i + 1
		if kid >= len(h) {
			return
		}
		if kid+1 < len(h) && h[kid+1].before(h[kid]) {
			kid++
		}
		if !h[kid].before(h[i]) {
			return
		}
		h[i], h[kid] = h[kid], h[i]
		i = kid
	}
}
