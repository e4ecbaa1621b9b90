// Package bitset keeps sets of small numbers in a value that can be compared and copied.
//
// Not its job: what the numbers stand for.
package bitset

import (
	"encoding/binary"
	"iter"
	"math/bits"

	"tcptrace/internal/octets"
)

// Set is a set of numbers below Most.
type Set [2]uint64

// Most is how many numbers there are.
const Most = 128

// Has reports whether a number is in the set.
func (s Set) Has(n int) bool { return s[n/64]>>(n%64)&1 != 0 }

// Empty reports whether none is.
func (s Set) Empty() bool { return s == Set{} }

// Add adds a number.
func (s *Set) Add(n int) { s[n/64] |= 1 << (n % 64) }

// Join adds all of o.
func (s *Set) Join(o Set) { s[0], s[1] = s[0]|o[0], s[1]|o[1] }

// And is what is in both.
func (s Set) And(o Set) Set { return Set{s[0] & o[0], s[1] & o[1]} }

// Below is how many of s come before a number.
func (s Set) Below(n int) int {
	first := bits.OnesCount64(s[0])
	if n < 64 {
		return bits.OnesCount64(s[0] & (1<<n - 1))
	}
	return first + bits.OnesCount64(s[1]&(1<<(n-64)-1))
}

// Each gives the numbers in order.
func (s Set) Each() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range s {
			for rest := s[i]; rest != 0; rest &= rest - 1 {
				if !yield(64*i + bits.TrailingZeros64(rest)) {
					return
				}
			}
		}
	}
}

// Append appends s, for Read.
func (s Set) Append(b []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, s[0]), s[1])
}

// Read reads what Append appended.
func Read(r *octets.Reader) Set { return Set{r.Uvarint(), r.Uvarint()} }
