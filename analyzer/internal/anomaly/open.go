package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// What provoked a challenge ACK.
const (
	byRST int64 = iota
	bySYN
	bySYNACK
	byOldACK
)

// provocation is the segment that a challenge ACK of dir answers, nil if it is not known.
func (s *pass) provocation(dir uint8) (f *conn.Fact, what int64) {
	m := s.Incident(conn.IncidentChallenge, dir)
	if m == nil {
		return nil, 0
	}
	for i := range s.Facts {
		g := &s.Facts[i]
		if g.Dir() == dir || g.Ahead > m.Ahead || m.Time-g.Time > 2*s.Sides[dir].Distance+50e6 {
			continue
		}
		switch {
		case conn.IsRST(g) && g.Bits.Has(conn.FactOutside):
			f, what = g, byRST
		case g.Bits.Has(conn.FactForeign) && g.Any(wire.ACK):
			f, what = g, bySYNACK
		case g.Bits.Has(conn.FactForeign):
			f, what = g, bySYN
		}
	}
	return f, what
}

func detectChallenge(s *pass) {
	for dir := range uint8(2) {
		if _, rst := s.discovery(dir); rst != nil {
			continue
		}
		m := s.Incident(conn.IncidentChallenge, dir)
		if f, what := s.provocation(dir); f != nil {
			s.raiseIncident(m, args{what, int64(m.Time - f.Time), int64(m.Count)}).onSide(s.Side(dir))
		} else if old := s.Incident(conn.IncidentOldACK, 1-dir); m != nil && old != nil {
			s.raiseIncident(m, args{byOldACK, int64(m.Time - old.Time), int64(m.Count)}).onSide(s.Side(dir))
		}
	}
}

func detailChallenge(a *Anomaly) string {
	what := [...]string{byRST: "an RST", bySYN: "a SYN", bySYNACK: "a SYN-ACK", byOldACK: "an ACK of what it had acknowledged long ago"}[a.args[0]]
	text := "the " + a.Side.String() + " answered " + what + " by an ACK of what it expects, " + duration(a.args[1]) + " later"
	if n := a.args[2]; n > 1 {
		text += "; " + times(n) + " in all"
	}
	return text
}

// detectRSTNotAccepted looks for RSTs that left their receiver in a state in which one would have ended it.
func detectRSTNotAccepted(s *pass) {
	for dir := range uint8(2) {
		peer := s.Side(1 - dir)
		var first *conn.Fact
		n := int64(0)
		for i := range s.Facts {
			f := &s.Facts[i]
			if f.Dir() != dir || !conn.IsRST(f) || s.survived(peer, f) == survivedNot {
				continue
			}
			if n++; first == nil {
				first = f
			}
		}
		if first != nil {
			s.raise(peer, first, args{n, int64(s.survived(peer, first)), s.liveAfter(peer, first)})
		}
	}
}

type survival uint8

const (
	survivedNot     survival = iota // the RST ended it, or came when it was over
	survivedOutside                 // the RST's number was not the one expected
	survivedLater                   // it went on as if the RST had not come
	survivedDialing                 // the RST does not acknowledge the SYN
)

// survived says why an RST did not end the connection for an endpoint.
func (s *pass) survived(side conn.Side, rst *conn.Fact) survival {
	state := s.StateBefore(side, rst)
	steps := s.J.Trajectory[side]
	if state == fsm.SynSent {
		if rst.Bits.Has(conn.FactAccepted) {
			return survivedNot // refused; it may try again
		}
		return survivedDialing
	}
	if state == fsm.Unknown || state == fsm.Closed || state == fsm.Listen || state == fsm.TimeWait {
		return survivedNot // there was nothing left to end
	}
	for i := range steps {
		if steps[i].Frame == s.Frame(rst) {
			return survivedNot
		}
	}
	if rst.Bits.Has(conn.FactOutside) {
		return survivedOutside
	}
	if s.Of(side).Last > rst.Time+s.Of(side).Distance*11/10 {
		return survivedLater
	}
	return survivedNot
}

// liveAfter is for how long an endpoint goes on after an RST.
func (s *pass) liveAfter(side conn.Side, rst *conn.Fact) int64 {
	return int64(max(0, s.Of(side).Last-rst.Time))
}

func detailRSTNotAccepted(a *Anomaly) string {
	text := "the " + a.Side.String() + " did not get the RST, or did not take it"
	if survival(a.args[1]) == survivedOutside {
		text = "the " + a.Side.String() + " did not take the RST: its number is not the one expected"
	} else if survival(a.args[1]) == survivedDialing {
		text = "the " + a.Side.String() + " did not take the RST: it does not acknowledge the SYN"
	}
	if a.args[2] > 0 {
		text += "; it went on for " + duration(a.args[2])
	}
	if n := a.args[0]; n > 1 {
		text += "; " + number(n) + " such RSTs"
	}
	return text
}

func detectSYNInConnection(s *pass) {
	for dir := range uint8(2) {
		if _, rst := s.discovery(1 - dir); rst != nil {
			continue
		}
		into := func(f *conn.Fact) bool {
			return f.Bits.Has(conn.FactForeign) && isSYNOnly(f) && state.Synchronized(s.StateBefore(s.Side(1-dir), f))
		}
		if syns := s.copies(dir, into); syns.n > 0 {
			s.raise(s.Side(1-dir), syns.first, args{int64(syns.n), int64(int32(syns.first.Seq - s.Sides[dir].ISN))})
		}
	}
}

func detailSYNInConnection(a *Anomaly) string {
	which := "a SYN with another ISN"
	if a.args[1] == 0 {
		which = "the SYN of the connection, once more,"
	}
	text := which + " came into the open connection, as if from the " + a.Side.Peer().String()
	if n := a.args[0]; n > 1 {
		text += "; " + times(n)
	}
	return text
}
