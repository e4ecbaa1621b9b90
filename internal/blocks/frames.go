package blocks

import (
	"iter"
	"math/bits"
)

// Frames is a set of packets by number, at a bit for each packet of the capture.
type Frames struct{ words []uint64 }

// Add adds a packet.
func (f *Frames) Add(number uint64) {
	at := number / 64
	if at >= uint64(len(f.words)) {
		f.words = append(f.words, make([]uint64, at+1-uint64(len(f.words)))...)
	}
	f.words[at] |= 1 << (number % 64)
}

// All is the numbers, in order.
func (f *Frames) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i, word := range f.words {
			for ; word != 0; word &= word - 1 {
				if !yield(uint64(i)*64 + uint64(bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}
