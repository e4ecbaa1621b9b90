package analyzer

import (
	"cmp"
	"slices"

	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// signs are what can be seen at a glance of a conversation. A connection that was opened and closed
// in good order has none, so that no detector runs for it.
type signs uint64

// The lower bits are marks.
const (
	signSYNACKFirst signs = 1 << (iota + numMarkKinds) // a SYN-ACK stands before its SYN
	signSYNAgain
	signSYNACKAgain
	signFINAgain
	signForeign // a SYN or SYN-ACK with another ISN
	signBothSYN // SYNs without ACK in both directions
	signSplit   // the SYN was not answered by a SYN-ACK
	signSYNData
	signRST
	signUnseen // a direction was not captured
	signOpening
	signClosing // an endpoint was left in the middle of it
	signCloseWait
	signSlowOpening // the SYN was answered later than what followed
	signMissing     // segments were lost and not repaired
	signProbe       // a segment without SYN, ACK and RST
	signBothFIN     // each sent its FIN without having the other's
)

func sign(k markKind) signs { return 1 << k }

// scene is a conversation as detectors see it: facts, marks, and the trajectories
// inferred from them. A detector raises the kind that it is called for.
type scene struct {
	*mind
	c         *Conversation
	j         *Judgment
	kind      *AnomalyKind
	signs     signs
	anomalies []Anomaly
}

// detect lists the anomalies, in order of their frames.
func (s *scene) detect() {
	s.anomalies = s.anomalies[:0]
	s.look()
	if s.signs == 0 {
		return
	}
	for _, section := range catalogue {
		for _, k := range section.Kinds {
			if k.needs&s.signs != 0 {
				s.kind = k
				k.detect(s)
			}
		}
	}
	slices.SortStableFunc(s.anomalies, func(a, b Anomaly) int { return cmp.Compare(a.Frame, b.Frame) })
	if s.c.Self() {
		s.uniteAnomalies()
	}
}

// look finds the signs.
func (s *scene) look() {
	s.signs = 0
	for i := range s.c.marks {
		s.signs |= sign(s.c.marks[i].kind)
	}
	if s.c.Sent[Client].Unrepaired+s.c.Sent[Server].Unrepaired > 0 {
		s.signs |= signMissing
	}
	var syns, synacks, fins [2]int
	for i := range s.facts {
		f := &s.facts[i]
		d := f.dir()
		if f.bits.has(factStandIn) {
			continue
		}
		if isProbe(f) {
			s.signs |= signProbe
		}
		switch {
		case isRST(f):
			s.signs |= signRST
		case f.bits.has(factForeign):
			s.signs |= signForeign
		case isSYN(f):
			if syns[d]++; syns[d] > 1 {
				s.signs |= signSYNAgain
			}
			if f.len > 0 {
				s.signs |= signSYNData
			}
			if synacks[1-d] > 0 && syns[d] == 1 {
				s.signs |= signSYNACKFirst
			}
		case isSYNACK(f):
			if synacks[d]++; synacks[d] > 1 {
				s.signs |= signSYNACKAgain
			}
		case isOwnFIN(f):
			if fins[d]++; fins[d] > 1 || s.sentBehind(d, f) != nil {
				s.signs |= signFINAgain
			}
		}
	}
	if syns[0] > 0 && syns[1] > 0 {
		s.signs |= signBothSYN | signSplit
	}
	if synacks[0]+synacks[1] > 0 && s.answeredLate() {
		s.signs |= signSlowOpening
	}
	s.lookAtStates()
}

// sentBehind is a segment of the FIN's sender that lies behind it and was captured
// before it: an earlier copy of the FIN was lost before the tap.
func (s *scene) sentBehind(dir uint8, fin *fact) *fact {
	seq := fin.seq + uint32(fin.len)
	return s.find(dir, 0, func(f *fact) bool {
		return f.ahead < fin.ahead && f.has(wire.ACK) && ordinary(f) && int32(f.seq-seq) > 0
	})
}

func (s *scene) lookAtStates() {
	for side, steps := range s.j.Trajectory {
		for i := range steps {
			switch steps[i].State {
			case fsm.CloseWait:
				if s.waited(Side(side), i) >= lingers {
					s.signs |= signCloseWait
				}
			case fsm.Closing:
				s.signs |= signBothFIN
			}
		}
		switch s.j.State[side] {
		case fsm.SynSent, fsm.SynRcvd:
			s.signs |= signOpening
		case fsm.FinWait1, fsm.Closing, fsm.LastAck:
			s.signs |= signClosing
		}
		if s.sides[s.dir(Side(side))].unseen {
			s.signs |= signUnseen
		}
	}
}

func (s *scene) dir(side Side) uint8 { return uint8(side) ^ s.c.clientDir }
func (s *scene) side(dir uint8) Side { return Side(dir ^ s.c.clientDir) }
func (s *scene) sender(f *fact) Side { return s.side(f.dir()) }
func (s *scene) lasts(t Time) int64  { return int64(max(0, s.now-t)) } // how long the capture goes on after t
func (s *scene) of(side Side) *side  { return &s.sides[s.dir(side)] }

// raise adds an anomaly that happened to side and that f shows.
func (s *scene) raise(side Side, f *fact, a args) { s.raiseFact(f, a).onSide(side) }

// raiseFact adds one that f shows; about neither endpoint, unless onSide says which.
func (s *scene) raiseFact(f *fact, a args) *Anomaly { return s.raiseAt(f.ahead, f.time, a) }

// raiseMark adds one that a mark shows.
func (s *scene) raiseMark(m *mark, a args) *Anomaly { return s.raiseAt(m.ahead, m.time, a) }

func (s *scene) raiseAt(ahead uint32, t Time, a args) *Anomaly {
	s.anomalies = append(s.anomalies, Anomaly{Kind: s.kind, Frame: s.firstFrame + uint64(ahead), Time: t, args: a})
	return &s.anomalies[len(s.anomalies)-1]
}

// raised reports whether an anomaly of that kind was raised, by a detector before this.
func (s *scene) raised(id string) bool {
	return slices.ContainsFunc(s.anomalies, func(a Anomaly) bool { return a.Kind.ID == id })
}

func (a *Anomaly) onSide(side Side) { a.Side, a.HasSide = side, true }

// marked is the mark of a kind and a direction, nil if there is none.
func (s *scene) marked(k markKind, dir uint8) *mark {
	for i := range s.c.marks {
		if m := &s.c.marks[i]; m.kind == k && m.dir == dir {
			return m
		}
	}
	return nil
}

// find returns the first captured fact of a direction from index i on for which ok holds, or nil.
func (s *scene) find(dir uint8, i int, ok func(*fact) bool) *fact {
	if i = s.first(dir, i, func(f *fact) bool { return !f.bits.has(factStandIn) && ok(f) }); i < 0 {
		return nil
	}
	return &s.facts[i]
}

// either reports whether there is a captured fact, of either direction, for which ok holds.
func (s *scene) either(ok func(*fact) bool) bool {
	return s.find(0, 0, ok) != nil || s.find(1, 0, ok) != nil
}

// step is the first step of an endpoint into a state, nil if it never was in it.
func (s *scene) step(side Side, state fsm.State) *Step {
	for i := range s.j.Trajectory[side] {
		if st := &s.j.Trajectory[side][i]; st.State == state {
			return st
		}
	}
	return nil
}

// stateBefore is the state in which an endpoint was when f passed, by its trajectory: the one before the step
// that f made, if it made one, else the last that an earlier frame shows.
func (s *scene) stateBefore(side Side, f *fact) fsm.State {
	state, last := fsm.Unknown, fsm.Unknown
	for i := range s.j.Trajectory[side] {
		st := &s.j.Trajectory[side][i]
		if st.Frame == s.frame(f) && s.madeBy(st, f) {
			return last
		}
		last = st.State
		if st.Frame < s.frame(f) && (st.Frame != 0 || st.Time < f.time) {
			state = st.State
		}
	}
	return state
}

// madeBy reports whether f is of the kind that makes a step like st.
func (s *scene) madeBy(st *Step, f *fact) bool {
	switch st.Cause {
	case fsm.SendRST, fsm.RecvRST, fsm.ReturnToListen:
		return isRST(f)
	case fsm.SendFIN:
		return isFIN(f)
	}
	return false
}

// synchronized reports whether both sides know each other's ISN (RFC 9293 3.3.2).
func synchronized(st fsm.State) bool { return st >= fsm.Established }

// copies are the captured segments of one kind that a direction sent.
type copies struct {
	first, second, last *fact
	n                   int
	gaps                gaps
}

func (s *scene) copies(dir uint8, is func(*fact) bool) (c copies) {
	for i := range s.facts {
		f := &s.facts[i]
		if f.dir() != dir || f.bits.has(factStandIn) || !is(f) {
			continue
		}
		switch c.n++; c.n {
		case 1:
			c.first = f
		case 2:
			c.second = f
		}
		if c.n > 1 {
			c.gaps.add(c.n-2, f.time-c.last.time)
		}
		c.last = f
	}
	return c
}

// span is the time from the first to the last.
func (c *copies) span() int64 {
	if c.n == 0 {
		return 0
	}
	return int64(c.last.time - c.first.time)
}

// covering tells ordinary segments that acknowledge the octet at seq.
func covering(seq uint32) func(*fact) bool {
	return func(f *fact) bool { return ordinary(f) && f.covers(seq) }
}

func isPlainRST(f *fact) bool { return f.any(wire.RST) && !f.has(wire.ACK) }
