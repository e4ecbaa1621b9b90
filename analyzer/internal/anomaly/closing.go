package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

// lingers is for how long an endpoint must be silent in CLOSE_WAIT until that is worth a
// word: applications that mean to close do so within milliseconds.
const lingers conn.Time = 1e9

// patience is for how long the sender of a FIN waits for its ACK before the silence means something: as long as one took before, or
// until it would repeat the FIN.
func (s *pass) patience(side conn.Side) conn.Time {
	return max(conn.MinRTO, 2*(s.Of(side).Distance+s.Of(side.Peer()).Distance))
}

// finCopies are the FINs of a direction, and how many of them reached a peer in TIME_WAIT.
func (s *pass) finCopies(dir uint8) (fins copies, waiting copies) {
	peer := s.Side(1 - dir)
	entered := s.Step(peer, fsm.TimeWait)
	late := func(f *conn.Fact) bool { return entered != nil && s.Frame(f) > entered.Frame && f.Time > entered.Time }
	seen := 0
	fins = s.copies(dir, func(f *conn.Fact) bool {
		if !state.IsOwnFIN(f) {
			return false
		}
		seen++
		return seen == 1 || !late(f)
	})
	seen = 0
	waiting = s.copies(dir, func(f *conn.Fact) bool {
		if !state.IsOwnFIN(f) {
			return false
		}
		seen++
		return seen > 1 && late(f)
	})
	return fins, waiting
}

// waited is for how long an endpoint was silent in CLOSE_WAIT, its step i.
func (s *pass) waited(side conn.Side, i int) conn.Time {
	steps := s.J.Trajectory[side]
	since := steps[i].Time
	until := since + conn.Time(s.Lasts(since))
	if i+1 < len(steps) {
		until = steps[i+1].Time
	}
	if m := s.Incident(conn.IncidentUnsolicited, s.Dir(side)); m != nil {
		since = max(since, m.Last)
	}
	return until - since
}

// endUnseen reports whether the last of what a direction sent was acknowledged and not captured: its FIN may be among that.
func (s *pass) endUnseen(dir uint8) bool {
	m := s.Incident(conn.IncidentUnseen, dir)
	return m != nil && m.Amount > 0 && m.Hole.To >= s.Sides[dir].End && !s.Sides[dir].KnowsFIN
}
