package intake

import (
	"slices"

	"tcptrace/internal/wire"
)

// unfinished remembers segments of which there was the first fragment, and not all others so far. If one is acknowledged
// nevertheless, its receiver has what the capture lacks. That is no loss by the capture: a filter by port leaves out all later
// fragments, which have no ports.
type unfinished map[sender][]uint32 // their sequence numbers

// sender is one direction of a flow.
type sender struct {
	key wire.Key
	dir uint8
}

// Bounds of unfinished. What is beyond is forgotten.
const (
	maxUnfinishedSenders  = 4096
	maxUnfinishedSegments = 64 // of one sender
)

// begin notes the first fragment of a segment.
func (u *unfinished) begin(s *wire.Segment) {
	if *u == nil || len(*u) == maxUnfinishedSenders {
		*u = unfinished{}
	}
	at := sender{s.Key, s.Dir}
	if seqs := (*u)[at]; len(seqs) < maxUnfinishedSegments && !slices.Contains(seqs, s.Seq) {
		(*u)[at] = append(seqs, s.Seq)
	}
}

// pass looks at a segment: it may be one of those, whole now, or acknowledge some of them, which is marked in it.
func (u *unfinished) pass(s *wire.Segment) {
	if s.Bits&wire.Reassembled != 0 {
		at := sender{s.Key, s.Dir}
		u.keep(at, func(seq uint32) bool { return seq != s.Seq })
	}
	if !s.Flags.Has(wire.ACK) {
		return
	}
	at := sender{s.Key, 1 - s.Dir}
	if u.keep(at, func(seq uint32) bool { return int32(s.Ack-seq) <= 0 }) {
		s.Bits |= wire.ACKsFragment
	}
}

// keep forgets those of a sender that do not fulfil a condition, and reports whether there were any.
func (u *unfinished) keep(at sender, ok func(seq uint32) bool) (some bool) {
	seqs, found := (*u)[at]
	if !found {
		return false
	}
	left := slices.DeleteFunc(seqs, func(seq uint32) bool { return !ok(seq) })
	if len(left) == 0 {
		delete(*u, at)
	} else {
		(*u)[at] = left
	}
	return len(left) < len(seqs)
}
