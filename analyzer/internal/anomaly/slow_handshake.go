package anomaly

import (
	"slices"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

var _ = register(inOpening, "accept-queue-overflow", &AnomalyKind{
	ID: "slow-handshake", Severity: SeverityWarning, Varies: true,
	Summary:  "the handshake took much longer than the connection's round trip",
	RFC:      "RFC 9293 3.5, RFC 6298 5.7",
	Meaning:  "Client and server needed a retry to open the connection, or the SYN was answered much later than what came behind it: by four round trips and 100 ms at least. A note; a warning from a second on.",
	Causes:   "A SYN or SYN-ACK that was lost; a server, or a proxy before it, that is busy or asks somebody else before it answers; a listen queue that is full.",
	Next:     "The text says whether it was the network or the server, as far as the tap can tell. nstat TcpExtListenDrops and TcpExtListenOverflows at the server.",
	Absence:  true,
	Subsumes: "syn-retransmit",
	needs:    triggerSYNAgain | triggerSYNACKAgain | triggerSlowOpening, detect: detectSlowHandshake, detail: detailSlowHandshake,
})

// slowNoticed is when people notice.
const slowNoticed = time.Second

// What made a handshake slow.
const (
	slowServer  int64 = iota // the answer took long
	slowPath                 // the SYN-ACK, or the ACK of it, was lost on its way
	slowEither               // no answer to the first SYN: it was lost, or its answer, or the server dropped it
	slowRefused              // the SYN was refused before
	slowForeign              // what came back answered something else
	slowDamaged              // the checksum of the SYN or SYN-ACK was wrong
)

// detectSlowHandshake tells of what opened after all.
func detectSlowHandshake(s *pass) {
	client, server := s.Step(conn.Client, fsm.Established), s.Step(conn.Server, fsm.Established)
	dir := s.Dir(conn.Client)
	syns, synacks := s.copies(dir, conn.IsSYN), s.copies(1-dir, conn.IsSYNACK)
	if client == nil || server == nil || syns.n == 0 || synacks.n == 0 || s.retriedFor(dir) {
		return
	}
	at := synacks.last
	if again := s.copies(dir, conn.IsSYNACK); again.n > synacks.n { // the SYNs crossed
		synacks = again
	}
	own := s.RoundTrip()
	took := max(client.Time, server.Time).Sub(syns.first.Time)
	retries := syns.n + synacks.n - 2
	if retries == 0 {
		took = time.Duration(s.C.Sent[conn.Client].HandshakeRTT)
		own = s.C.Sent[conn.Client].RTT.Min
	}
	if !tooSlow(took, own) {
		return
	}
	why := slowPath
	switch {
	case s.Find(1-dir, 0, func(f *conn.Fact) bool { return refuses(f, syns.first) && f.Ahead < at.Ahead }) != nil:
		why = slowRefused
	case retries == 0:
		why = slowServer
	case syns.n > 1 && s.dropped(syns.first), synacks.n > 1 && s.dropped(synacks.first):
		why = slowDamaged
	case syns.n > 1 && s.Find(1-dir, 0, func(f *conn.Fact) bool { return f.Ahead < syns.second.Ahead && !conn.IsSYN(f) }) == nil:
		why = slowEither
	case syns.n > 1 && s.answer(syns.first, syns.second) == nil:
		why = slowForeign
	}
	a := s.raiseFact(at, args{int64(took), int64(own), why, int64(syns.n)<<32 | int64(synacks.n)})
	a.onSide(conn.Client)
	a.as(SeverityNote)
	if took >= slowNoticed {
		a.as(SeverityWarning)
	}
}

// retriedFor reports whether an anomaly of its own says why the handshake was tried again: the server did not take the client's ACK, or
// the SYN met another connection.
func (s *pass) retriedFor(dir uint8) bool {
	if s.raised("accept-queue-overflow") {
		return true
	}
	if _, rst := s.Discovery(1 - dir); rst != nil {
		return true
	}
	m := s.Incident(conn.IncidentSucceeds, dir)
	return m != nil && (m.Amount == 0 || conn.Predecessor(m.Count).Has(conn.Waiting) || !conn.Predecessor(m.Count).Has(conn.PriorClosed|conn.PriorReset|conn.PriorUnanswered))
}

func detailSlowHandshake(a *Anomaly) string {
	took, own := duration(a.args[0]), duration(a.args[1])
	text := "the handshake took " + took
	if a.args[1] > 0 {
		text += "; a round trip takes " + own
	}
	syns, synacks := a.args[3]>>32, a.args[3]&(1<<32-1)
	switch a.args[2] {
	case slowServer:
		return "the SYN was answered after " + took + "; what followed, after " + own + ": the server, or what answers for it, took long"
	case slowRefused:
		return text + "; SYN sent " + times(syns) + ": the server had refused before"
	case slowDamaged:
		return text + "; SYN sent " + times(syns) + ", SYN-ACK " + times(synacks) + ": the first has a wrong checksum"
	case slowForeign:
		return text + "; SYN sent " + times(syns) + ": what came back before does not answer it"
	case slowEither:
		return text + "; SYN sent " + times(syns) + " before anything came back: the network lost it or its answer, or the server dropped it"
	}
	return text + "; SYN sent " + times(syns) + ", SYN-ACK " + times(synacks) + ": the network lost the SYN-ACK, or the ACK of it"
}

// raised reports whether an anomaly of that kind was raised, by a detector before this.
func (s *pass) raised(id string) bool {
	return slices.ContainsFunc(s.anomalies, func(a Anomaly) bool { return a.Kind.ID == id })
}
