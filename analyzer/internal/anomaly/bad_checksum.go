package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

var _ = register(inCapture, "truncated-header", &AnomalyKind{
	ID: "bad-checksum", Severity: SeverityWarning,
	Summary: "a wrong checksum that is not the sender's offloading",
	RFC:     "RFC 9293 3.1",
	Meaning: "A segment with SYN, FIN or RST has a wrong TCP or IPv4 header checksum, although its sender gets others right. Its receiver drops it, so it is not " +
		"taken into account. Or none of a sender's is right, and its peer takes none: unless it leaves them to its network card, that is why. What is dropped for that the network has not lost. " +
		"Other segments are not checked.",
	Causes: "Damage on the way by a device that recomputes the link's checksum; somebody who sends segments meant for listeners, not for the receiver " +
		"(a forged RST with a wrong checksum deceives many of them).",
	Next:     "Compare the segment's TTL and IP ID with its neighbours'. Look at the error counters of the devices on the way.",
	Explains: []string{"no-answer", "syn-retransmit", "syn-ack-retransmit", "handshake-incomplete", "slow-handshake", "packet-loss", "retransmission-timeout", "retries-exhausted", "fin-retransmit", "missing-final-ack"},
	needs:    trigger(conn.IncidentBadSum), detect: detectBadSum, detail: detailBadSum,
})

func detectBadSum(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentBadSum, dir)
		switch {
		case m == nil:
		case s.Sides[dir].GoodSum:
			s.raiseIncident(m, args{int64(m.Count), m.Amount}).onSide(s.Side(dir))
		case m.Amount > 0:
			s.raiseIncident(m, args{m.Amount, m.Amount}).onSide(s.Side(dir))
		case s.taken(m):
		case s.damaged(m):
			s.raiseIncident(m, args{0}).onSide(s.Side(dir))
		case s.C.Outcome == conn.Unanswered && (m.Count > 1 || s.Lasts(m.Time) >= int64(patience)):
			s.raiseIncident(m, args{-1}).onSide(s.Side(dir))
		}
	}
}

// damaged reports whether wrong checksums of a sender that never had a right one are not left to its network card: routers forwarded the
// first, so that it was on the wire as it is, or its peer goes on as if none had come.
func (s *pass) damaged(m *conn.Incident) bool {
	again := s.Find(1-m.Dir, 0, func(f *conn.Fact) bool { return f.Any(wire.SYN) && f.Time > m.Time })
	return !initialTTL(m.TTL) || again != nil
}

// initialTTL reports whether it is one that hosts send with: no router has forwarded the packet.
func initialTTL(ttl uint8) bool { return ttl == 32 || ttl == 64 || ttl == 128 || ttl == 255 }

func detailBadSum(a *Anomaly) string {
	switch a.args[0] {
	case -1:
		return "no segment of the " + a.Side.String() + " has a right checksum: they are damaged, or it leaves that to its network card; the " +
			a.Side.Peer().String() + " answers none"
	case 0:
		return "the " + a.Side.String() + "'s segments have wrong checksums, and the " + a.Side.Peer().String() + " does not take them"
	}
	what := "a wrong checksum"
	if a.args[1] == a.args[0] {
		what = "a wrong checksum in the IP header"
	}
	return count(a.args[0], "segment") + " of the " + a.Side.String() + " with " + what + "; other checksums of its are right"
}
