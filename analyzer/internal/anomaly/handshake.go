package anomaly

import (
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Detectors of handshakes that took long, or that one side only believes in.

const (
	// slowRounds and slowLeast are what a handshake takes too long by.
	slowRounds = 3
	slowLeast  = 100 * time.Millisecond
)

// tooSlow reports whether what took d should have taken own.
func tooSlow(d, own time.Duration) bool { return d-own >= max(slowLeast, slowRounds*own) }

// answeredLate reports whether the SYN was answered much later than the client's other segments.
func (s *pass) answeredLate() bool {
	sent := &s.C.Sent[conn.Client]
	return sent.RTT.Samples > 1 && tooSlow(sent.HandshakeRTT, sent.RTT.Min)
}

// answers reports whether a segment answers the SYN itself: it acknowledges that, and no more than it has.
func answers(f, syn *conn.Fact) bool { return f.Has(wire.ACK) && f.Ack-syn.Seq-1 <= uint32(syn.Len) }

func refuses(f, syn *conn.Fact) bool {
	return conn.IsRST(f) && f.Bits.Has(conn.FactAccepted) && answers(f, syn)
}

// answer is what answered a SYN before it came again; nil if nothing did.
func (s *pass) answer(syn, again *conn.Fact) *conn.Fact {
	return s.Find(1-syn.Dir(), 0, func(f *conn.Fact) bool {
		return f.Ahead < again.Ahead && answers(f, syn) && (!conn.IsRST(f) || f.Bits.Has(conn.FactAccepted))
	})
}
