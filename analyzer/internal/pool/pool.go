// Package pool keeps many small values of one type without a pointer between them: what a tracker remembers of
// its connections. A value is known by its number, so that the garbage collector has nothing to follow, and never
// moves.
//
// Not its job: bounding how many there are (their owners do), and clearing what is handed out again.
package pool

import "unsafe"

const (
	chunkBits = 8
	chunkSize = 1 << chunkBits // values are allocated so many at a time
)

// Pool holds values by their numbers, from 1: 0 is none. The zero Pool is empty. Each value has a link to another one, for lists that
// its owner makes of them. Chunks are slices: before it indexes an array by its pointer the compiler loads its beginning, to see that it is
// there, which costs another cache line.
type Pool[T any] struct {
	values [][]T      // chunks of them: one whose size is a multiple of a cache line begins with one
	links  [][]uint32 // as the values; of one that was given back: to the next of those
	used   uint32     // values that were ever handed out
	free   uint32     // the first of those given back
	idle   uint32     // how many these are
}

// Stock is how much memory there is for something that conversations take pieces of.
type Stock struct {
	All, Idle int // pieces that there is memory for, and of these unused
	Size      int // of a piece, in bytes
}

// Bytes is the memory of s.
func (s Stock) Bytes() int { return s.All * s.Size }

// Stock is that of the pool.
func (p *Pool[T]) Stock() Stock {
	var one T
	return Stock{int(p.used), int(p.idle), int(unsafe.Sizeof(one)) + 4}
}

// Get hands out a value. It is as Put took it, or zero; its link is 0.
func (p *Pool[T]) Get() uint32 {
	if i := p.free; i != 0 {
		next := p.Next(i)
		p.free, *next = *next, 0
		p.idle--
		return i
	}
	if p.used&(chunkSize-1) == 0 {
		c := make([]T, chunkSize)
		if p.used > 0 { // who filled one will fill another
			Populate(c)
		}
		p.values, p.links = append(p.values, c), append(p.links, make([]uint32, chunkSize))
	}
	p.used++
	return p.used
}

// Put takes value i back.
func (p *Pool[T]) Put(i uint32) {
	*p.Next(i), p.free = p.free, i
	p.idle++
}

// PutList takes a list of values back, of which first, if it is not 0, is the first.
func (p *Pool[T]) PutList(first uint32) {
	for first != 0 {
		next := *p.Next(first)
		p.Put(first)
		first = next
	}
}

// At is value i.
func (p *Pool[T]) At(i uint32) *T { return &p.values[(i-1)>>chunkBits][(i-1)&(chunkSize-1)] }

// Next is the link of value i.
func (p *Pool[T]) Next(i uint32) *uint32 {
	return &p.links[(i-1)>>chunkBits][(i-1)&(chunkSize-1)]
}

// Count is how many values a list has, of which first, if it is not 0, is the first.
func (p *Pool[T]) Count(first uint32) (n int) {
	for ; first != 0; first = *p.Next(first) {
		n++
	}
	return n
}

// Used is how many values were ever handed out: the highest number.
func (p *Pool[T]) Used() uint32 { return p.used }

// Populate asks the kernel for the memory of new values at once.
func Populate[T any](values []T) {
	var one T
	populate(unsafe.Pointer(unsafe.SliceData(values)), uintptr(len(values))*unsafe.Sizeof(one))
}
