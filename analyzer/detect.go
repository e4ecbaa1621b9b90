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

// scene is a conversation as detectors see it. A detector raises the kind that it is called for.
type scene struct {
	*view
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

// uniteAnomalies is the same for anomalies: each is the client's, once.
func (s *scene) uniteAnomalies() {
	list := s.anomalies[:0]
	for _, a := range s.anomalies {
		a.self = true
		if a.HasSide {
			a.Side = Client
		}
		if !slices.ContainsFunc(list, func(b Anomaly) bool { return b.Kind == a.Kind && b.Frame == a.Frame }) {
			list = append(list, a)
		}
	}
	s.anomalies = list
}
