package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
)

var _ = register(inOpening, "", &AnomalyKind{
	ID: "rst-in-handshake", Severity: SeverityError, Varies: true,
	Summary: "an RST ended the connection before it was established",
	RFC:     "RFC 9293 3.5.2, 3.10.7.3",
	Meaning: "One side reset the connection before both had reached ESTABLISHED. The detail says which kind: the server refused; the server took it back after " +
		"its SYN-ACK; the client gave up while it connected, only wanted to know whether the port is open, or did not know the connection any more. It is a note beside connection-refused, which tells of the same failure.",
	Causes: "Nobody listens; a firewall or a load balancer that rejects; a client with a short connect timeout; a port scan; a connection pool that races " +
		"IPv4 against IPv6 and drops the slower one.",
	Next:    "See who sent the RST and how long after the SYN. From the server: is the service up, is there a rule that rejects? From the client: its connect timeout.",
	Absence: true,
	needs:   triggerRST, detect: detectResetInHandshake, detail: detailResetInHandshake,
})

func detectResetInHandshake(s *pass) {
	c := &s.J.Close
	if c.Kind != state.CloseReset || !c.InHandshake || s.C.Outcome == conn.Unanswered {
		return
	}
	// Who resets a SYN-ACK without having sent its SYN, as far as the capture shows, has lost nothing: the SYN was an old one, or not its own.
	if s.Find(s.Dir(c.By), 0, conn.IsSYN) != nil || s.Find(s.Dir(c.By.Peer()), 0, conn.IsSYN) != nil || !conn.IsPlainRST(&c.Rst) {
		s.raise(c.By.Peer(), &c.Rst, args{int64(c.Cause), int64(c.Time - s.C.Start)})
	}
}

func detailResetInHandshake(a *Anomaly) string {
	after := duration(a.args[1]) + " after the first segment"
	switch state.ResetCause(a.args[0]) {
	case state.ResetRefused:
		return "refused: the " + a.Side.Peer().String() + " answered the SYN by an RST " + after
	case state.ResetScan:
		return "half-open scan, or a connect() that was given up: the " + a.Side.Peer().String() + " answered the SYN-ACK by an RST " + after
	case state.ResetAbandoned:
		return "aborted: the " + a.Side.Peer().String() + " reset while it connected, " + after
	case state.ResetDropped:
		return "the " + a.Side.Peer().String() + " reset after its own SYN-ACK, " + after
	}
	return "RST from the " + a.Side.Peer().String() + " " + after + ": " + state.ResetCause(a.args[0]).Text()
}
