package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inOpen, "mtu-black-hole", &AnomalyKind{
	ID: "icmp-too-big", Severity: SeverityWarning, Varies: true,
	Summary: "an ICMP error says that segments are too big for a link",
	RFC:     "RFC 1191, RFC 8201, RFC 5927 7",
	Meaning: "A router dropped a packet that may not be fragmented, since the next link takes less, and told its sender how much. It is a note if the sender heeds that: all that it " +
		"sends from then on is small enough. Else a warning: what is as large will be dropped, too.",
	Causes:   "A tunnel, PPPoE or a VPN on the way. That a sender does not heed it: a firewall in front of it drops ICMP, a load balancer sends the message to another host, or the host ignores it.",
	Next:     "If it is not heeded, look for the message at the sender, and at its route cache (ip route get). Clamp the MSS at the tunnel.",
	Explains: []string{"mtu-black-hole", "packet-loss", "retransmission-timeout", "retries-exhausted"},
	needs:    trigger(conn.IncidentTooBig), detect: detectTooBig, detail: detailTooBig,
})

// What args[3] of icmp-too-big holds above the MTU: how many larger segments followed, or why that is not known.
const (
	laterSegments = 32
	laterMost     = 1<<28 - 1
	heeded        = 1 << 60
	undecided     = 1 << 61
)

func detectTooBig(s *pass) {
	for dir := range uint8(2) {
		m := s.Incident(conn.IncidentTooBig, dir)
		if m == nil {
			continue
		}
		a := s.icmpArgs(m)
		a[3] = m.Amount | int64(min(m.Run.Times, laterMost))<<laterSegments
		severity := SeverityWarning
		switch {
		case m.Run.Times > 0:
		case m.Run.Most > 0:
			a[3] |= undecided
		case m.Run.Longest > 0:
			a[3] |= heeded
			severity = SeverityNote
		}
		t := s.raiseIncident(m, a)
		t.onSide(s.Side(dir))
		t.as(severity)
	}
}

func detailTooBig(a *Anomaly) string {
	text := toldTo(a)
	if mtu := a.args[3] & (1<<32 - 1); mtu > 0 {
		text += ", the next link takes " + count(mtu, "byte")
	}
	switch n := a.args[3] >> laterSegments & laterMost; {
	case n == 1:
		return text + "; it does not heed that: a later segment is larger"
	case n > 1:
		return text + "; it does not heed that: " + number(n) + " later segments are larger"
	case a.args[3]&heeded != 0:
		return text + "; it heeds that: no later segment is larger"
	case a.args[3]&undecided != 0:
		return text + "; whether it heeds that is not known: what makes packets of its segments is behind the tap"
	}
	return text + "; it sent nothing later that shows whether it heeds that"
}
