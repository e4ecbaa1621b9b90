package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

// succeeds is the incident that says which connection had the sockets before.
func (s *pass) succeeds() (m *conn.Incident, was conn.Predecessor) {
	m, _ = s.both(conn.IncidentSucceeds)
	return m, conn.Predecessor(m.Count)
}

func detectPortReused(s *pass) {
	m, was := s.succeeds()
	s.raiseIncident(m, args{m.Amount, int64(was)}).onSide(s.Side(m.Dir))
}

func detailPortReused(a *Anomaly) string {
	text := "the connection before on these sockets was last heard of " + duration(a.args[0]) + " earlier"
	switch was := conn.Predecessor(a.args[1]); {
	case was.Has(conn.PriorClosed):
		return text + ", closed"
	case was.Has(conn.PriorReset):
		return text + ", reset"
	case was.Has(conn.PriorUnanswered):
		return text + ", unanswered"
	}
	return text + ", not closed"
}

// detectTimeWaitReuse wants a SYN that was let in: of one that was not, TIME_WAIT goes on.
func detectTimeWaitReuse(s *pass) {
	m, was := s.succeeds()
	if !was.Has(conn.Waiting) || s.Incident(conn.IncidentOldAnswer, 1-m.Dir) != nil || s.Find(1-m.Dir, 0, conn.IsSYNACK) == nil {
		return
	}
	holder := s.Side(1 - m.Dir)
	if !was.Has(conn.WaitedAtPeer) {
		holder = holder.Peer() // who may do with its own sockets what it likes
	} else if !was.Has(conn.LargerISN | conn.LaterTimestamp) {
		return
	}
	s.raiseIncident(m, args{m.Amount, int64(was), int64(s.TwoMSL)}).onSide(holder)
}

func detailTimeWaitReuse(a *Anomaly) string {
	why := "neither a larger ISN nor a later timestamp, but its own sender held it"
	switch was := conn.Predecessor(a.args[1]); {
	case was&(conn.LargerISN|conn.LaterTimestamp) == conn.LargerISN|conn.LaterTimestamp:
		why = "a larger ISN and a later timestamp"
	case was.Has(conn.LaterTimestamp):
		why = "a later timestamp"
	case was.Has(conn.LargerISN):
		why = "a larger ISN"
	}
	return "the " + a.Side.String() + " held TIME_WAIT for another " + duration(a.args[2]-a.args[0]) + "; the SYN has " + why
}

// detectTimeWaitRefused tells of a SYN that met TIME_WAIT, in the conversation that it was to open.
func detectTimeWaitRefused(s *pass) {
	m, was := s.succeeds()
	answer := s.Incident(conn.IncidentOldAnswer, 1-m.Dir)
	if answer == nil || !was.Has(conn.WaitedAtPeer) {
		return
	}
	in := int64(-1)
	if synack := s.Find(1-m.Dir, 0, conn.IsSYNACK); synack != nil {
		in = int64(max(0, synack.Time-m.Time))
	}
	s.raiseIncident(m, args{int64(max(0, answer.Time-m.Time)), m.Amount, int64(answer.Count), in}).onSide(s.Side(m.Dir))
}

func detailTimeWaitRefused(a *Anomaly) string {
	text := "the " + a.Side.String() + "'s SYN met TIME_WAIT of the connection before, last heard of " + duration(a.args[1]) + " earlier: an ACK of that came back after " +
		duration(a.args[0])
	if a.args[2] > 1 {
		text += " (" + times(a.args[2]) + ")"
	}
	if a.args[3] >= 0 {
		return text + "; a SYN was let in " + duration(a.args[3]) + " after the first"
	}
	return text + "; no SYN was let in"
}

// resetsOldAnswer reports whether the RST is the answer to the ACK by which TIME_WAIT answered a SYN.
func (s *pass) resetsOldAnswer(holder conn.Side, rst *conn.Fact) bool {
	m := s.Incident(conn.IncidentSucceeded, s.Dir(holder.Peer()))
	return m != nil && m.Ahead < rst.Ahead && s.Incident(conn.IncidentChallenge, s.Dir(holder)) != nil
}

func detectAssassination(s *pass) {
	for side := range s.J.Trajectory {
		holder := conn.Side(side)
		st := s.Step(holder, fsm.TimeWait)
		if st == nil || st.Evidence == state.EvidenceAssumed {
			continue // it may not have been in TIME_WAIT at all
		}
		w := s.TimeWait(s.Dir(holder), st.Time, s.Now)
		if w.Cause == fsm.RecvRST && !s.resetsOldAnswer(holder, w.Rst) {
			s.raise(holder, w.Rst, args{int64(w.Rst.Time - st.Time), int64(w.Start + s.TwoMSL - st.Time)})
		}
	}
}

func detailAssassination(a *Anomaly) string {
	return "an RST of the " + a.Side.Peer().String() + " ended the " + a.Side.String() + "'s TIME_WAIT after " + duration(a.args[0]) + " instead of " + duration(a.args[1])
}
