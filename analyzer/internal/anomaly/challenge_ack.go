package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

var _ = register(inOpen, "", &AnomalyKind{
	ID: "challenge-ack", Severity: SeverityNote,
	Summary: "an RST, SYN or ACK that is not accepted was answered by a challenge ACK",
	RFC:     "RFC 5961 3.2, 4.2, 5.2",
	Meaning: "The endpoint got something that would end or confuse the connection and that may be forged. It answered with an ACK of what it really expects; " +
		"an honest peer answers that with an exact RST, a forger never sees it.",
	Causes: "A forged RST or SYN; a peer that restarted and takes the same port; a firewall that resets with a number that it guessed.",
	Next:   "Look at TTL and IP ID of the segment that provoked it: are they the peer's? nstat TcpExtTCPChallengeACK counts these at the endpoint.",
	needs:  trigger(conn.IncidentChallenge), detect: detectChallenge, detail: detailChallenge,
})

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
		if _, rst := s.Discovery(dir); rst != nil {
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
