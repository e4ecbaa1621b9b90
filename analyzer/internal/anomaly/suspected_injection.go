package anomaly

import (
	"strconv"

	"tcptrace/analyzer/internal/conn"
)

var _ = register(inOpen, "syn-in-connection", &AnomalyKind{
	ID: "suspected-injection", Severity: SeverityError,
	Summary: "an RST, FIN or data that betrays another sender",
	RFC:     "RFC 5961, RFC 7323 5",
	Meaning: "The segment claims to come from an endpoint, but two of TTL, IP ID, timestamp and position, one of them the TTL, do not fit that endpoint's other segments; or one of them does not, or it comes too soon, and the endpoint goes on as none does that sent an RST or FIN.",
	Causes:  "A firewall or proxy that resets in an endpoint's name; censorship; an attack.",
	Next:    "The TTL tells how far away the sender is. Capture closer to it.",
	needs:   trigger(conn.IncidentStrange), detect: detectStrange, detail: detailStrange,
})

var betrayals = [...]string{
	"", "its IP ID is out of order", "its timestamp is missing or out of order", "its number is not the one expected", "that one goes on as if it had not sent it",
	"it acknowledges what cannot have reached that one yet", "it is a FIN without ACK",
	"that one's numbers go on without it",
}

func detectStrange(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentStrange, dir)
		if m == nil || !conn.Betrays(m) {
			continue
		}
		s.raiseIncident(m, args{m.Amount, int64(m.TTL)<<8 | int64(m.Usual), int64(m.Count)}).onSide(s.Side(dir))
	}
}

func detailStrange(a *Anomaly) string {
	text := "the segment is hardly from the " + a.Side.String() + ": "
	more := false
	for i, what := range betrayals {
		if a.args[0]&(1<<i) == 0 {
			continue
		}
		if 1<<i == conn.BadTTL {
			what = "its TTL is " + strconv.Itoa(int(a.args[1]>>8)) + ", that one's " + strconv.Itoa(int(a.args[1]&0xff))
		}
		if more {
			text += "; "
		}
		text, more = text+what, true
	}
	if a.args[2] > 1 {
		text += "; " + number(a.args[2]) + " such segments"
	}
	return text
}
