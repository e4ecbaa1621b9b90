package pipeline

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/internal/wire"
)

// lone are the chosen conversations that had their sockets for themselves. Of a partition in which all of them did, a second pass tracks the
// segments of these and no others, if the first one (Read) knows that this makes no difference.
type lone struct {
	spans     map[wire.Key][]span
	n         int
	mixed     []bool // by partition: others were chosen, too
	conflicts map[uint64]flow.Conflict
	apart     bool // trackers did not have to choose between conversations
}

// span is from a conversation's first frame to its last.
type span struct{ first, last uint64 }

// mostLone is how many conversations are kept: with more of them there is little to leave out.
const mostLone = 1 << 14

// take adds a conversation that was chosen, of the partition of so many.
func (l *lone) take(v *conn.Conversation, partition, of int) {
	if l.mixed == nil {
		l.mixed, l.spans = make([]bool, of), map[wire.Key][]span{}
	}
	switch {
	case l.n > mostLone || l.mixed[partition]:
	case !flow.IsAlone(v):
		l.mixed[partition] = true
	case l.n == mostLone:
		l.n, l.spans = l.n+1, nil
	default:
		l.n++
		key := v.Key()
		l.spans[key] = append(l.spans[key], span{v.FirstFrame, v.LastFrame})
	}
}

// learn takes what trackers found in a first pass.
func (l *lone) learn(trackers []*flow.Tracker) {
	l.apart, l.conflicts = true, map[uint64]flow.Conflict{}
	for _, t := range trackers {
		l.apart = l.apart && !t.Crowded()
		for _, c := range t.Conflicts() {
			l.conflicts[c.Frame] = c
		}
	}
}

// filter is the lone conversations as a second pass looks for them. The zero value looks for none.
type filter struct {
	*lone
	by    []bool   // by partition: only they are tracked
	marks []uint64 // a bit for each hash of a key that may be one of theirs
}

// newFilter prepares trackers.
func (l *lone) newFilter(trackers []*flow.Tracker) filter {
	f := filter{lone: l, by: make([]bool, len(trackers))}
	if !l.apart || l.spans == nil {
		return f
	}
	for i, t := range trackers {
		if f.by[i] = !l.mixed[i]; f.by[i] {
			t.StayAlone(l.conflicts)
		}
	}
	size := 64
	for size < 32*l.n {
		size *= 2
	}
	f.marks = make([]uint64, size/64)
	for key := range l.spans {
		word, bit := f.place(flow.Hash(&key))
		f.marks[word] |= bit
	}
	return f
}

func (f *filter) place(hash uint32) (word int, bit uint64) {
	hash &= uint32(len(f.marks)*64 - 1)
	return int(hash / 64), 1 << (hash % 64)
}

// find is the conversation to which a segment belongs, of which hash is that of its key; ok is false if it belongs to none of them.
func (f *filter) find(s *wire.Segment, hash uint32) (of span, ok bool) {
	if word, bit := f.place(hash); f.marks[word]&bit == 0 {
		return of, false
	}
	for _, of = range f.spans[s.Key] {
		if s.Frame >= of.first && s.Frame <= of.last {
			return of, true
		}
	}
	return of, false
}
