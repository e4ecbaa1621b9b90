package state

import (
	"encoding/binary"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// View is a conversation as what follows from its trajectories is worked out: facts, incidents, and the trajectories
// inferred from them.
type View struct {
	*Inference
	C *conn.Conversation
	J *Course
}

func (s *View) Dir(side conn.Side) uint8 { return uint8(side) ^ s.C.ClientDir }

func (s *View) Side(dir uint8) conn.Side { return conn.Side(dir ^ s.C.ClientDir) }

func (s *View) sender(f *conn.Fact) conn.Side { return s.Side(f.Dir()) }

// Lasts is how long the capture goes on after t, or until another conversation takes over the sockets: no endpoint waits for this one any more.
func (s *View) Lasts(t conn.Time) int64 {
	end := s.Now
	if s.successor != nil {
		end = min(end, s.successor.Time)
	}
	return int64(max(0, end-t))
}

func (s *View) Of(side conn.Side) *conn.Endpoint { return &s.Sides[s.Dir(side)] }

// Incident is the incident of a kind and a direction, nil if there is none.
func (s *View) Incident(k conn.IncidentKind, dir uint8) *conn.Incident {
	for i := range s.C.Incidents {
		if m := &s.C.Incidents[i]; m.Kind == k && m.Dir == dir {
			return m
		}
	}
	return nil
}

// Find returns the first captured fact of a direction from index i on for which ok holds, or nil.
func (s *View) Find(dir uint8, i int, ok func(*conn.Fact) bool) *conn.Fact {
	if i = s.first(dir, i, func(f *conn.Fact) bool { return !f.Bits.Has(conn.FactStandIn) && ok(f) }); i < 0 {
		return nil
	}
	return &s.Facts[i]
}

// Either reports whether there is a captured fact, of either direction, for which ok holds.
func (s *View) Either(ok func(*conn.Fact) bool) bool {
	return s.Find(0, 0, ok) != nil || s.Find(1, 0, ok) != nil
}

// Opened reports whether a side was ESTABLISHED.
func (s *View) Opened() bool {
	return s.Step(conn.Client, fsm.Established) != nil || s.Step(conn.Server, fsm.Established) != nil
}

// Step is the first step of an endpoint into a state, nil if it never was in it.
func (s *View) Step(side conn.Side, state fsm.State) *Step {
	for i := range s.J.Trajectory[side] {
		if st := &s.J.Trajectory[side][i]; st.State == state {
			return st
		}
	}
	return nil
}

// StateBefore is the state in which an endpoint was when f passed, by its trajectory: the one before the step
// that f made, if it made one, else the last that an earlier frame shows.
func (s *View) StateBefore(side conn.Side, f *conn.Fact) fsm.State {
	state, last := fsm.Unknown, fsm.Unknown
	for i := range s.J.Trajectory[side] {
		st := &s.J.Trajectory[side][i]
		if st.Frame == s.Frame(f) && s.madeBy(st, f) {
			return last
		}
		last = st.State
		if st.Frame < s.Frame(f) && (st.Frame != 0 || st.Time < f.Time) {
			state = st.State
		}
	}
	return state
}

// madeBy reports whether f is of the kind that makes a step like st.
func (s *View) madeBy(st *Step, f *conn.Fact) bool {
	switch st.Cause {
	case fsm.SendRST, fsm.RecvRST, fsm.ReturnToListen:
		return conn.IsRST(f)
	case fsm.SendFIN:
		return conn.IsFIN(f)
	}
	return false
}

// Synchronized reports whether both sides know each other's ISN (RFC 9293 3.3.2).
func Synchronized(st fsm.State) bool { return st >= fsm.Established }

// FinWait2 is since when the sender of an RST had waited in FIN_WAIT_2.
func (s *View) FinWait2(c *Close) (waited conn.Time, ok bool) {
	st := s.Step(c.By, fsm.FinWait2)
	if st == nil || st.Frame >= c.Frame {
		return 0, false
	}
	return c.Time - st.Time, true
}

// GivesUp reports whether f is an RST by which its sender takes back its own SYN, having heard of its peer's: it acknowledges that.
// Who has heard nothing has no number to acknowledge.
func (s *View) GivesUp(f *conn.Fact) bool {
	me := &s.Sides[f.Dir()]
	return conn.IsRST(f) && f.Has(wire.ACK) && f.Ack != 0 && me.KnowsISN && f.Seq == me.ISN+1 && s.Find(f.Dir(), 0, conn.IsSYN) != nil
}

// resetText is the text that an RST carried, escaped, empty if it had none.
func (s *View) resetText(rst *conn.Fact) string {
	m := s.Incident(conn.IncidentResetText, rst.Dir())
	if m == nil || m.Ahead != rst.Ahead {
		return ""
	}
	b := make([]byte, 0, conn.ShortText)
	for _, word := range [...]int64{int64(m.Run.Since), int64(m.Run.Total), int64(m.Run.Longest), int64(m.Hole.From)} {
		b = binary.BigEndian.AppendUint64(b, uint64(word))
	}
	return conn.EscapeText(b[:m.TTL], int(m.Amount))
}
