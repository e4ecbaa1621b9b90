package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inClosing, "data-after-fin", &AnomalyKind{
	ID: "time-wait-reuse", Severity: SeverityNote,
	Summary: "the pair of sockets was used again while one side was in TIME_WAIT, legally",
	RFC:     "RFC 1122 4.2.2.13, RFC 6191",
	Meaning: "A SYN came less than 2 MSL after the old connection had ended. Its sequence number is larger, or its timestamp later, than all of the old one: nothing " +
		"can be confused, and TIME_WAIT may be cut short.",
	Causes: "A client that opens many connections to one server (tcp_tw_reuse); a fixed source port; a NAT with few ports.",
	Next:   "Nothing. If ports run short, keep connections open for longer.",
	needs:  trigger(conn.IncidentSucceeds), detect: detectTimeWaitReuse, detail: detailTimeWaitReuse,
})

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
