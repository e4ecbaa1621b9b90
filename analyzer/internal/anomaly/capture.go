package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

func (s *pass) both(k conn.IncidentKind) (first *conn.Incident, n int64) {
	for dir := range uint8(2) {
		if m := s.Incident(k, dir); m != nil {
			n += int64(m.Count)
			if first == nil || m.Ahead < first.Ahead {
				first = m
			}
		}
	}
	return first, n
}

// taken reports whether anybody acknowledged anything of a sender that never had a right checksum.
func (s *pass) taken(m *conn.Incident) bool {
	return s.Find(1-m.Dir, 0, func(f *conn.Fact) bool {
		return f.Has(wire.ACK) && f.Time >= m.Time && (!s.Sides[m.Dir].KnowsISN || f.Covers(s.Sides[m.Dir].ISN))
	}) != nil
}

// dropped reports whether the receiver of a SYN or SYN-ACK dropped it for its checksum: the first that was wrong.
func (s *pass) dropped(f *conn.Fact) bool {
	m := s.Incident(conn.IncidentBadSum, f.Dir())
	return m != nil && m.Ahead == f.Ahead && (s.Sides[m.Dir].GoodSum || m.Amount > 0 || !s.taken(m))
}
