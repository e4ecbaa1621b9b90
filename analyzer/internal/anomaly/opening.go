package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/analyzer/internal/wording"
	"tcptrace/internal/wire"
)

// patience is for how long a capture must go on after a SYN or SYN-ACK before its
// silence means something: the first retry comes after a second (RFC 6298 2.1).
const patience conn.Time = 1e9

// Soonest is how long a capture goes on after a SYN, of which nothing more is seen, before anything can be said of that.
const Soonest = patience

// thenClosed is said of an endpoint that waits no more, by the word of its host.
const thenClosed = "; then its host closed it"

// sentTimes is "client waited 3.0 s: SYN sent 3 times, 1.0 s and 2.0 s apart".
func sentTimes(a *Anomaly, what string, waited int64) string {
	n, howOften := counted(a.args[0])
	text := a.Side.String() + " waited " + duration(waited) + ": " + what + " sent " + howOften
	if n > 1 {
		text += ", " + wording.Gaps(a.args[2:]).Text(n-1)
	}
	return text
}

// What a repeated SYN or SYN-ACK says about the one before: args[0] holds it above the count.
const (
	lostUnknown   int64 = iota << 32
	answerLost          // an answer had passed the tap
	refusedBefore       // that was an RST
	answersAgain        // the SYN came again, too
	tooSoon             // it was not a timer
	wrongSum            // its checksum was wrong
	oldAnswer           // an ACK of the connection before had passed
)

// splitBy is the direction that split the handshake, -1 if none did: it acknowledged the SYN before it sent
// its own, or sent that when it must have had the other, and never a SYN-ACK.
func (s *pass) splitBy(a, b *conn.Fact) int {
	if a.Ahead > b.Ahead {
		a, b = b, a
	}
	d := b.Dir()
	acked := s.Find(d, 0, func(f *conn.Fact) bool { return f.Ahead < b.Ahead && covering(s.Sides[1-d].ISN)(f) })
	r := s.Sides[d].Distance
	late := r > 0 && b.Time-a.Time >= r*9/10
	if acked != nil || late && s.Find(d, 0, conn.IsSYNACK) == nil && s.Find(1-d, 0, conn.IsSYNACK) != nil {
		return int(d)
	}
	return -1
}

// discovery is the RST by which an endpoint that forgot the connection ends it: its SYN, at the
// time syn, was answered by an ACK of what its peer, dir, still held.
func (s *pass) discovery(dir uint8) (syn conn.Time, rst *conn.Fact) {
	m, next := s.Incident(conn.IncidentChallenge, dir), s.Incident(conn.IncidentSucceeded, 1-dir)
	if m == nil && next != nil {
		return next.Time, s.resetsBehind(next)
	}
	if m == nil || s.J.Close.Kind == state.CloseGraceful {
		return s.discoveryOfUnseen(dir)
	}
	blind := s.Find(1-dir, 0, func(f *conn.Fact) bool { return f.Bits.Has(conn.FactForeign) && isSYNOnly(f) && f.Time <= m.Last })
	switch {
	case next != nil && next.Time <= m.Last:
		syn = next.Time
	case blind != nil:
		syn = blind.Time
	default:
		return s.discoveryOfUnseen(dir)
	}
	return syn, s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsPlainRST(f) && f.Time >= m.Time && f.Time >= syn })
}

// resetsBehind is the plain RST, with a number of the old connection, of who sent the SYN of m for the next, soon behind that: SYN_SENT answers so
// an ACK of that connection, be it captured or not (RFC 9293 3.10.7.3). nil if there is none.
func (s *pass) resetsBehind(m *conn.Incident) *conn.Fact {
	if s.Find(1-m.Dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Ahead > m.Ahead }) != nil {
		return nil // that is what it answers
	}
	return s.Find(m.Dir, 0, func(f *conn.Fact) bool {
		return conn.IsPlainRST(f) && f.Ahead > m.Ahead && f.Time-m.Time <= conn.RoundTrip && !f.Bits.Has(conn.FactOutside|conn.FactForeign)
	})
}

// discoveryOfUnseen is discovery where the capture does not hold the old connection: the
// first answer to the SYN acknowledges something else.
func (s *pass) discoveryOfUnseen(dir uint8) (syn conn.Time, rst *conn.Fact) {
	first := s.Find(1-dir, 0, conn.IsSYN)
	if first == nil {
		return 0, nil
	}
	old := s.Find(dir, 0, func(f *conn.Fact) bool {
		return conn.IsOrdinary(f) && f.Has(wire.ACK) && f.Ahead > first.Ahead && f.Ack-first.Seq-1 > uint32(first.Len)
	})
	if old == nil || s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Ahead < old.Ahead }) != nil ||
		s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Ahead < old.Ahead }) != nil {
		return 0, nil
	}
	return first.Time, s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsPlainRST(f) && f.Ahead > old.Ahead && f.Seq == old.Ack })
}

func isSYNOnly(f *conn.Fact) bool { return f.Any(wire.SYN) && !f.Any(wire.ACK|wire.RST) }
