// Package topk keeps the first values of many in an order, without holding the rest.
//
// It allocates only for the values that it keeps. A value that is not kept costs only the caller's comparison with Last.
//
// Not its job: the order.
package topk

import "slices"

// Top is the first values in an order of those it was offered. It is not safe for concurrent use.
type Top[T any] struct {
	limit   int
	compare func(a, b T) int
	kept    []T // with a limit: a heap, the last in order on top
}

// New returns a Top of at most limit values in the order of compare, which is as for [slices.SortFunc]; 0 keeps all.
func New[T any](limit int, compare func(a, b T) int) Top[T] {
	return Top[T]{limit: max(limit, 0), compare: compare}
}

// Len is how many values are kept.
func (t *Top[T]) Len() int { return len(t.kept) }

// Full reports whether another value only gets in for the last.
func (t *Top[T]) Full() bool { return t.limit > 0 && len(t.kept) == t.limit }

// Last is the last in order of those that are kept. There must be a limit, and at least one value.
func (t *Top[T]) Last() T { return t.kept[0] }

// Admits reports whether v is among the first so far.
func (t *Top[T]) Admits(v T) bool { return !t.Full() || t.compare(v, t.kept[0]) < 0 }

// Put keeps v, in the place of Last if it is full. That v is admitted is up to the caller.
func (t *Top[T]) Put(v T) {
	switch {
	case t.limit == 0:
		t.kept = append(t.kept, v)
	case len(t.kept) < t.limit:
		t.kept = append(t.kept, v)
		t.rise(len(t.kept) - 1)
	default:
		t.kept[0] = v
		t.sink(0)
	}
}

// rise moves the value at i to its place above.
func (t *Top[T]) rise(i int) {
	for i > 0 {
		above := (i - 1) / 2
		if t.compare(t.kept[i], t.kept[above]) <= 0 {
			return
		}
		t.kept[i], t.kept[above] = t.kept[above], t.kept[i]
		i = above
	}
}

// sink moves the value at i to its place below.
func (t *Top[T]) sink(i int) {
	for {
		below := 2*i + 1
		if below+1 < len(t.kept) && t.compare(t.kept[below+1], t.kept[below]) > 0 {
			below++
		}
		if below >= len(t.kept) || t.compare(t.kept[below], t.kept[i]) <= 0 {
			return
		}
		t.kept[i], t.kept[below] = t.kept[below], t.kept[i]
		i = below
	}
}

// Sorted is what is kept, in order. Nothing can be put behind it but after Reset.
func (t *Top[T]) Sorted() []T {
	slices.SortFunc(t.kept, t.compare)
	return t.kept
}

// Reset forgets all values and keeps their memory.
func (t *Top[T]) Reset() { t.kept = t.kept[:0] }
