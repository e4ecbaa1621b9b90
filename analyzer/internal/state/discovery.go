package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// Discovery is the RST by which an endpoint that forgot the connection ends it: its SYN, at the
// time syn, was answered by an ACK of what its peer, dir, still held.
func (s *View) Discovery(dir uint8) (syn conn.Time, rst *conn.Fact) {
	m, next := s.Incident(conn.IncidentChallenge, dir), s.Incident(conn.IncidentSucceeded, 1-dir)
	if m == nil && next != nil {
		return next.Time, s.resetsBehind(next)
	}
	if m == nil || s.J.Close.Kind == CloseGraceful {
		return s.discoveryOfUnseen(dir)
	}
	blind := s.Find(1-dir, 0, func(f *conn.Fact) bool { return f.Bits.Has(conn.FactForeign) && IsSYNOnly(f) && f.Time <= m.Last })
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
func (s *View) resetsBehind(m *conn.Incident) *conn.Fact {
	if s.Find(1-m.Dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Ahead > m.Ahead }) != nil {
		return nil // that is what it answers
	}
	return s.Find(m.Dir, 0, func(f *conn.Fact) bool {
		return conn.IsPlainRST(f) && f.Ahead > m.Ahead && f.Time-m.Time <= conn.RoundTrip && !f.Bits.Has(conn.FactOutside|conn.FactForeign)
	})
}

// discoveryOfUnseen is Discovery where the capture does not hold the old connection: the
// first answer to the SYN acknowledges something else.
func (s *View) discoveryOfUnseen(dir uint8) (syn conn.Time, rst *conn.Fact) {
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

// IsSYNOnly reports whether a fact is a SYN without ACK.
func IsSYNOnly(f *conn.Fact) bool { return f.Any(wire.SYN) && !f.Any(wire.ACK|wire.RST) }
