package anomaly

import (
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

var _ = register(inOpen, "challenge-ack", &AnomalyKind{
	ID: "rst-not-accepted", Severity: SeverityWarning,
	Summary: "an RST did not reset its receiver",
	RFC:     "RFC 5961 3.2, RFC 9293 3.5.3",
	Meaning: "The RST's sequence number was not exactly the one that the receiver expected next (or did not acknowledge its SYN). It was dropped or challenged, and the connection lives on.",
	Causes:  "A forged RST; a firewall or intrusion prevention system that resets with a number that is out of date; an RST that belongs to an earlier connection.",
	Next:    "Compare TTL and IP ID with the supposed sender's other packets. If that sender goes on as if nothing had happened, it did not send the RST.",
	Beside:  []string{"rst-in-handshake", "connection-refused"},
	needs:   triggerRST, detect: detectRSTNotAccepted, detail: detailRSTNotAccepted,
})

// survival is why an endpoint lived on behind an RST.
type survival uint8

const (
	survivedNot     survival = iota // the RST ended it, or came when it was over
	survivedOutside                 // the RST's number was not the one expected
	survivedLater                   // it went on as if the RST had not come
	survivedDialing                 // the RST does not acknowledge the SYN
)

// detectRSTNotAccepted looks for RSTs that left their receiver in a state in which one would have ended it.
func detectRSTNotAccepted(s *pass) {
	for dir := range uint8(2) {
		peer := s.Side(1 - dir)
		var first *conn.Fact
		n, taken := int64(0), int64(0)
		for i := range s.Facts {
			f := &s.Facts[i]
			if f.Dir() != dir || !conn.IsRST(f) || s.survived(peer, f) == survivedNot {
				continue
			}
			if n++; first == nil {
				first = f
			}
			if s.MayTake(1-dir, f) {
				taken = 1
			}
		}
		if first != nil {
			s.raise(peer, first, args{n, int64(s.survived(peer, first)), s.liveAfter(peer, first), taken})
		}
	}
}

// survived says why an RST did not end the connection for an endpoint.
func (s *pass) survived(side conn.Side, rst *conn.Fact) survival {
	in := s.StateBefore(side, rst)
	steps := s.J.Trajectory[side]
	switch {
	case in != fsm.SynSent:
	case rst.Bits.Has(conn.FactAccepted):
		return survivedNot // refused; it may try again
	case rst.Bits.Has(conn.FactOutside):
		return survivedDialing
	}
	if in == fsm.Unknown || in == fsm.Closed || in == fsm.Listen || in == fsm.TimeWait {
		return survivedNot // there was nothing left to end
	}
	moved := slices.IndexFunc(steps, func(st state.Step) bool { return st.Frame == s.Frame(rst) })
	switch outside := rst.Bits.Has(conn.FactOutside); {
	case moved >= 0 && (!outside || steps[moved].Cause == fsm.ReturnToListen): // to LISTEN also by the number of another SYN-ACK of its own
		return survivedNot
	case outside:
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

// mayHaveEnded reports whether the anomaly is an RST that its receiver may have taken, unseen.
func (a *Anomaly) mayHaveEnded() bool { return a.Kind.ID == "rst-not-accepted" && a.args[3] != 0 }

func detailRSTNotAccepted(a *Anomaly) string {
	text := "the " + a.Side.String() + " did not get the RST, or did not take it"
	if survival(a.args[1]) == survivedOutside && a.args[3] != 0 {
		text = "the RST's number is not the one that the " + a.Side.String() + " expected; whether it took it, as before RFC 5961, is not seen"
	} else if survival(a.args[1]) == survivedOutside {
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
