package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inOpen, "packet-loss", &AnomalyKind{
	ID: "retransmission-timeout", Severity: SeverityWarning,
	Summary: "a retransmission timer fired",
	RFC:     "RFC 6298",
	Meaning: "Nothing was acknowledged for so long that the sender started over, slowly. Users notice these pauses. What it sends again right after that, and tail loss probes, are not counted; SYNs and FINs have anomalies of their own.",
	Causes:  "Loss of the last segments of a burst, of a retransmission, or of everything for a while; a peer that is gone, where nothing came back since.",
	Next:    "How long did nothing move, and how many times did the timer back off? Capture at the other end to see which way the loss is.",
	Absence: true,
	needs:   trigger(conn.IncidentTimer), detect: detectTimeout, detail: detailTimeout,
})

func detectTimeout(s *pass) {
	s.eachIncident(conn.IncidentTimer, func(m *conn.Incident, side conn.Side) {
		longest, _, _ := s.lasted(m)
		most := int64(m.Run.Most)
		if s.isSilent(m) {
			most |= silentSince
		}
		s.raiseIncident(m, args{int64(m.Count), int64(longest), most, int64(m.Run.Times)}).onSide(side)
	})
}

// silentSince is that nothing came back to the end, in args[2].
const silentSince = 1 << 32

// isSilent reports whether the peer of who sends again and again has not said anything since, to the end of what was captured: it is gone, or
// the path to it or back is, or the capture ends in the middle of a long loss. Which, a tap cannot know. Who gave up has an anomaly of its own.
func (s *pass) isSilent(m *conn.Incident) bool {
	peer := &s.Sides[1-m.Dir]
	if m.Unanswered() <= state.Enough || peer.Unseen || peer.Last > m.Run.Since {
		return false
	}
	rst, gaveUp := s.gaveUp(m.Dir, m.Last, doubled(m.Run.Since, m.Last))
	return !rst && !gaveUp
}

func detailTimeout(a *Anomaly) string {
	fired, longest, most, pauses := a.args[0], a.args[1], a.args[2]&(silentSince-1), a.args[3]
	text := "nothing of the " + a.Side.String() + "'s was acknowledged for " + duration(longest)
	if pauses > 1 {
		text += " at most, in " + number(pauses) + " such pauses"
	}
	text += "; its timer fired " + times(fired)
	switch {
	case most < 2:
	case pauses > 1:
		text += ", at most " + times(most) + " in a row, backing off"
	default:
		text += ", backing off " + times(most-1)
	}
	if a.args[2]&silentSince != 0 {
		text += "; nothing came back since: the " + a.Side.Peer().String() + " or the path may be gone"
	}
	return text
}
