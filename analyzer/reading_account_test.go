package analyzer_test

import (
	"time"

	"tcptrace/internal/wire"
)

// account is the payload of one direction, by what it was.
type account struct {
	seen, repeated                        map[uint32]bool // sequence numbers of bytes
	unique, again, twice, probes, dropped uint64
	packets, copies                       uint64

	samples, triples uint64 // round trips and third duplicate ACKs that it got
	longest          time.Duration

	syn, spoke bool // a SYN was sent, and something else
	synFIN     bool // the latest SYN had a FIN
	isn        uint32
}

// beginAnew has all bytes so far be another stream's.
func (a *account) beginAnew() {
	*a = account{seen: map[uint32]bool{}, repeated: map[uint32]bool{}, packets: a.packets, copies: a.copies, probes: a.probes, dropped: a.dropped + a.unique + a.again,
		samples: a.samples, triples: a.triples, longest: a.longest, syn: a.syn, synFIN: a.synFIN, spoke: a.spoke, isn: a.isn}
}

// hasSpoken reports whether its sender sent more than a SYN.
func (a *account) hasSpoken() bool { return a.spoke || a.synFIN }

// isOlder reports whether bytes so far do not lie behind a SYN-ACK: they are of an older connection.
func (a *account) isOlder(isn uint32) bool {
	for seq := range a.seen {
		if int32(seq-isn) <= 0 {
			return true
		}
	}
	return false
}

// enter enters bytes that were sent.
func (a *account) enter(s *wire.Segment) {
	first := s.Seq
	if s.Flags.Any(wire.SYN) {
		first++
	}
	for i := range s.Len {
		if a.seen[first+i] {
			a.again++
			if !a.repeated[first+i] {
				a.repeated[first+i] = true
				a.twice++
			}
		} else {
			a.unique++
		}
		a.seen[first+i] = true
	}
}
