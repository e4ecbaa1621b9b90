package findings

import (
	"encoding/binary"
	"iter"
	"math/bits"

	"tcptrace/internal/octets"
)

// kindSet is a set of kinds, by index.
type kindSet [2]uint64

// mostKinds is how many kinds there may be.
const mostKinds = 128

// kindsThat are the kinds of which is is true.
func kindsThat(is func(*kind) bool) (set kindSet) {
	for i := range kinds {
		if is(&kinds[i]) {
			set.add(i)
		}
	}
	return set
}

func (s kindSet) has(kind int) bool { return s[kind/64]>>(kind%64)&1 != 0 }

func (s kindSet) empty() bool { return s == kindSet{} }

func (s *kindSet) add(kind int) { s[kind/64] |= 1 << (kind % 64) }

// join adds all of o.
func (s *kindSet) join(o kindSet) { s[0], s[1] = s[0]|o[0], s[1]|o[1] }

// and is what is in both.
func (s kindSet) and(o kindSet) kindSet { return kindSet{s[0] & o[0], s[1] & o[1]} }

// below is how many of s come before a kind.
func (s kindSet) below(kind int) int {
	first := bits.OnesCount64(s[0])
	if kind < 64 {
		return bits.OnesCount64(s[0] & (1<<kind - 1))
	}
	return first + bits.OnesCount64(s[1]&(1<<(kind-64)-1))
}

// each gives the kinds in order.
func (s kindSet) each() iter.Seq[int] {
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

func (s kindSet) append(b []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, s[0]), s[1])
}

func readKindSet(r *octets.Reader) kindSet { return kindSet{r.Uvarint(), r.Uvarint()} }
