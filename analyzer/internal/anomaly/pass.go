package anomaly

import (
	"cmp"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/analyzer/internal/wording"
	"tcptrace/fsm"
)

// triggers are what can be seen at a glance of a conversation. A connection that was opened and closed
// in good order has none, so that no detector runs for it.
type triggers uint64

// The lower bits are kinds of incidents.
const (
	triggerSYNACKFirst triggers = 1 << (iota + conn.NumIncidentKinds) // a SYN-ACK stands before its SYN
	triggerSYNAgain
	triggerSYNACKAgain
	triggerFINAgain
	triggerForeign // a SYN or SYN-ACK with another ISN
	triggerBothSYN // SYNs without ACK in both directions
	triggerSplit   // the SYN was not answered by a SYN-ACK
	triggerSYNData
	triggerRST
	triggerUnseen // a direction was not captured
	triggerOpening
	triggerClosing // an endpoint was left in the middle of it
	triggerCloseWait
	triggerSlowOpening // the SYN was answered later than what followed
	triggerMissing     // segments were lost and not repaired
	triggerProbe       // a segment without SYN, ACK and RST
	triggerBothFIN     // each sent its FIN without having the other's
)

func trigger(k conn.IncidentKind) triggers { return 1 << k }

// pass is a conversation as detectors see it. A detector raises the kind that it is called for.
type pass struct {
	*state.View
	kind      *AnomalyKind
	triggers  triggers
	anomalies []Anomaly
}

// detect lists the anomalies, in order of their frames.
func (s *pass) detect() {
	s.anomalies = s.anomalies[:0]
	s.look()
	if s.triggers == 0 {
		return
	}
	for _, section := range catalogue {
		for _, k := range section.Kinds {
			if k.needs&s.triggers != 0 {
				s.kind = k
				k.detect(s)
			}
		}
	}
	slices.SortStableFunc(s.anomalies, func(a, b Anomaly) int { return cmp.Compare(a.Frame, b.Frame) })
	if s.C.Self() {
		s.uniteAnomalies()
	}
}

// look finds the triggers.
func (s *pass) look() {
	s.triggers = 0
	for i := range s.C.Incidents {
		s.triggers |= trigger(s.C.Incidents[i].Kind)
	}
	if s.C.Sent[conn.Client].Unrepaired+s.C.Sent[conn.Server].Unrepaired > 0 {
		s.triggers |= triggerMissing
	}
	var syns, synacks, fins [2]int
	for i := range s.Facts {
		f := &s.Facts[i]
		d := f.Dir()
		if f.Bits.Has(conn.FactStandIn) {
			continue
		}
		if state.IsProbe(f) {
			s.triggers |= triggerProbe
		}
		switch {
		case conn.IsRST(f):
			s.triggers |= triggerRST
		case f.Bits.Has(conn.FactForeign):
			s.triggers |= triggerForeign
		case conn.IsSYN(f):
			if syns[d]++; syns[d] > 1 {
				s.triggers |= triggerSYNAgain
			}
			if f.Len > 0 {
				s.triggers |= triggerSYNData
			}
			if synacks[1-d] > 0 && syns[d] == 1 {
				s.triggers |= triggerSYNACKFirst
			}
		case conn.IsSYNACK(f):
			if synacks[d]++; synacks[d] > 1 {
				s.triggers |= triggerSYNACKAgain
			}
		case state.IsOwnFIN(f):
			if fins[d]++; fins[d] > 1 || s.sentBehind(d, f) != nil {
				s.triggers |= triggerFINAgain
			}
		}
	}
	if syns[0] > 0 && syns[1] > 0 {
		s.triggers |= triggerBothSYN | triggerSplit
	}
	if synacks[0]+synacks[1] > 0 && s.answeredLate() {
		s.triggers |= triggerSlowOpening
	}
	s.lookAtStates()
}

// sentBehind is a segment of the FIN's sender that lies behind it and was captured
// before it: an earlier copy of the FIN was lost before the tap.
func (s *pass) sentBehind(dir uint8, fin *conn.Fact) *conn.Fact {
	seq := fin.Seq + uint32(fin.Len)
	return s.Find(dir, 0, func(f *conn.Fact) bool {
		return f.Ahead < fin.Ahead && conn.IsOrdinary(f) && !f.Bits.Has(conn.FactForeign) && int32(f.Seq-seq) > 0
	})
}

func (s *pass) lookAtStates() {
	for side, steps := range s.J.Trajectory {
		for i := range steps {
			switch steps[i].State {
			case fsm.CloseWait:
				if s.waited(conn.Side(side), i) >= lingers {
					s.triggers |= triggerCloseWait
				}
			case fsm.Closing:
				s.triggers |= triggerBothFIN
			}
		}
		switch s.J.State[side] {
		case fsm.SynSent, fsm.SynRcvd:
			s.triggers |= triggerOpening
		case fsm.FinWait1, fsm.Closing, fsm.LastAck:
			s.triggers |= triggerClosing
		}
		if s.Sides[s.Dir(conn.Side(side))].Unseen {
			s.triggers |= triggerUnseen
		}
	}
}

// raise adds an anomaly that happened to side and that f shows.
func (s *pass) raise(side conn.Side, f *conn.Fact, a args) *Anomaly {
	return s.raiseFact(f, a).onSide(side)
}

// raiseFact adds one that f shows; about neither endpoint, unless onSide says which.
func (s *pass) raiseFact(f *conn.Fact, a args) *Anomaly { return s.raiseAt(f.Ahead, f.Time, a) }

// raiseIncident adds one that an incident shows.
func (s *pass) raiseIncident(m *conn.Incident, a args) *Anomaly { return s.raiseAt(m.Ahead, m.Time, a) }

// raiseUnanswered raises an anomaly at the first of the timers or probes that nothing answered.
func (s *pass) raiseUnanswered(m *conn.Incident, a args) *Anomaly {
	return s.raiseAt(m.Run.Ahead, m.Run.At, a)
}

func (s *pass) raiseAt(ahead uint32, t conn.Time, a args) *Anomaly {
	s.anomalies = append(s.anomalies, Anomaly{Kind: s.kind, Frame: s.FirstFrame + uint64(ahead), Time: t, args: a})
	return &s.anomalies[len(s.anomalies)-1]
}

func (a *Anomaly) onSide(side conn.Side) *Anomaly {
	a.Side, a.HasSide = side, true
	return a
}

// copies are the captured segments of one kind that a direction sent.
type copies struct {
	first, second, last *conn.Fact
	n                   int
	more                bool // others may not have been kept
	gaps                wording.Gaps
}

// times is how often they were sent, for the arguments of an anomaly.
func (c *copies) times() int64 {
	if c.more {
		return int64(c.n) | wording.OrMore
	}
	return int64(c.n)
}

func (s *pass) copies(dir uint8, is func(*conn.Fact) bool) (c copies) {
	for i := range s.Facts {
		f := &s.Facts[i]
		if f.Dir() != dir || f.Bits.Has(conn.FactStandIn) || !is(f) {
			continue
		}
		switch c.n++; c.n {
		case 1:
			c.first = f
		case 2:
			c.second = f
		}
		if c.n > 1 {
			c.gaps.Add(c.n-2, f.Time.Sub(c.last.Time))
		}
		c.last = f
	}
	c.more = c.n > 1 && len(s.Facts) >= conn.RoomForRepeats
	return c
}

// span is the time from the first to the last.
func (c *copies) span() int64 {
	if c.n == 0 {
		return 0
	}
	return int64(c.last.Time - c.first.Time)
}

// covering tells ordinary segments that acknowledge the octet at seq.
func covering(seq uint32) func(*conn.Fact) bool {
	return func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Covers(seq) }
}

// uniteAnomalies is the same for anomalies: each is the client's, once.
func (s *pass) uniteAnomalies() {
	list := s.anomalies[:0]
	for _, a := range s.anomalies {
		a.self = true
		if a.HasSide {
			a.Side = conn.Client
		}
		if !slices.ContainsFunc(list, func(b Anomaly) bool { return b.Kind == a.Kind && b.Frame == a.Frame }) {
			list = append(list, a)
		}
	}
	s.anomalies = list
}
