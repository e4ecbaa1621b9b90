package analyzer

import (
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
func (s *scene) provocation(dir uint8) (f *fact, what int64) {
	m := s.marked(markChallenge, dir)
	if m == nil {
		return nil, 0
	}
	for i := range s.facts {
		g := &s.facts[i]
		if g.dir() == dir || g.ahead > m.ahead || m.time-g.time > 2*s.sides[dir].distance+50e6 {
			continue
		}
		switch {
		case isRST(g) && g.bits.has(factOutside):
			f, what = g, byRST
		case g.bits.has(factForeign) && g.any(wire.ACK):
			f, what = g, bySYNACK
		case g.bits.has(factForeign):
			f, what = g, bySYN
		}
	}
	return f, what
}

func detectChallenge(s *scene) {
	for dir := range uint8(2) {
		if _, rst := s.discovery(dir); rst != nil {
			continue
		}
		m := s.marked(markChallenge, dir)
		if f, what := s.provocation(dir); f != nil {
			s.raiseMark(m, args{what, int64(m.time - f.time), int64(m.count)}).onSide(s.side(dir))
		} else if old := s.marked(markOldACK, 1-dir); m != nil && old != nil {
			s.raiseMark(m, args{byOldACK, int64(m.time - old.time), int64(m.count)}).onSide(s.side(dir))
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
func detectRSTNotAccepted(s *scene) {
	for dir := range uint8(2) {
		peer := s.side(1 - dir)
		var first *fact
		n := int64(0)
		for i := range s.facts {
			f := &s.facts[i]
			if f.dir() != dir || !isRST(f) || s.survived(peer, f) == survivedNot {
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
func (s *scene) survived(side Side, rst *fact) survival {
	state := s.stateBefore(side, rst)
	steps := s.j.Trajectory[side]
	if state == fsm.SynSent {
		if rst.bits.has(factAccepted) {
			return survivedNot // refused; it may try again
		}
		return survivedDialing
	}
	if state == fsm.Unknown || state == fsm.Closed || state == fsm.Listen || state == fsm.TimeWait {
		return survivedNot // there was nothing left to end
	}
	for i := range steps {
		if steps[i].Frame == s.frame(rst) {
			return survivedNot
		}
	}
	if rst.bits.has(factOutside) {
		return survivedOutside
	}
	if s.of(side).last > rst.time+s.of(side).distance*11/10 {
		return survivedLater
	}
	return survivedNot
}

// liveAfter is for how long an endpoint goes on after an RST.
func (s *scene) liveAfter(side Side, rst *fact) int64 {
	return int64(max(0, s.of(side).last-rst.time))
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

func detectSYNInConnection(s *scene) {
	for dir := range uint8(2) {
		if _, rst := s.discovery(1 - dir); rst != nil {
			continue
		}
		into := func(f *fact) bool {
			return f.bits.has(factForeign) && isSYNOnly(f) && synchronized(s.stateBefore(s.side(1-dir), f))
		}
		if syns := s.copies(dir, into); syns.n > 0 {
			s.raise(s.side(1-dir), syns.first, args{int64(syns.n), int64(int32(syns.first.seq - s.sides[dir].isn))})
		}
	}
}

func detailSYNInConnection(a *Anomaly) string {
	text := "a SYN with another ISN came into the open connection, as if from the " + a.Side.Peer().String()
	if n := a.args[0]; n > 1 {
		text += "; " + times(n)
	}
	return text
}
