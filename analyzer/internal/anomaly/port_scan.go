package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/wire"
)

var _ = register(inOpening, "connection-refused", &AnomalyKind{
	ID: "port-scan", Severity: SeverityWarning,
	Summary: "a segment that begins no connection, such as port scans send",
	RFC:     "RFC 9293 3.10.7.1, 3.10.7.2",
	Meaning: "A segment without SYN, ACK and RST (FIN, NULL and Xmas scans) came to a pair of sockets without a connection. A host where nobody listens on the port answers it by an RST; " +
		"one where somebody does drops it. The outcome is refused or unanswered. Scans by SYNs are rst-in-handshake, connection-refused or no-answer.",
	Causes: "A port scanner (nmap -sF, -sN, -sX), often since firewalls without state look at SYNs only; a broken stack.",
	Next:   "Which ports and hosts does the same sender try? An RST does not prove that the port is closed: some stacks, such as Windows, answer so in any case.",
	needs:  triggerProbe, detect: detectScan, detail: detailScan,
})

func detectScan(s *pass) {
	dir, ok := s.Probed()
	if !ok {
		return
	}
	probe := s.Find(dir, 0, state.IsProbe)
	met, rst := state.ProbeSilence, s.Find(1-dir, 0, conn.IsRST)
	if i := s.AnswerToProbe(dir); i >= 0 {
		met, rst = state.ProbeRefused, &s.Facts[i]
	} else if rst != nil {
		met = state.ProbeOther
	}
	waited := s.Lasts(probe.Time)
	if rst != nil {
		waited = int64(max(0, rst.Time-probe.Time))
	}
	s.raise(s.Side(1-dir), probe, args{int64(probe.Flags), int64(s.C.Sent[s.Side(dir)].Packets), met, waited})
}

func detailScan(a *Anomaly) string {
	text := "the " + a.Side.Peer().String() + " sent "
	if n := a.args[1]; n > 1 {
		text += number(n) + " probes, the first of them "
	}
	text += state.ProbeName(wire.Flags(a.args[0])) + ", as port scanners do: no connection begins with that"
	host, after := a.Side.String(), duration(a.args[3])
	switch a.args[2] {
	case state.ProbeRefused:
		return text + "; the " + host + " answered by an RST after " + after + ", as a port without a listener does (some stacks: any port)"
	case state.ProbeOther:
		return text + "; an RST of the " + host + " came " + after + " later that does not answer it"
	}
	return text + "; nothing came back in " + after + ": somebody listens there, or a firewall drops it"
}
