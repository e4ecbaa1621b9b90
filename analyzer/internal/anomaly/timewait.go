package anomaly

import "tcptrace/analyzer/internal/conn"

// succeeds is the incident that says which connection had the sockets before.
func (s *pass) succeeds() (m *conn.Incident, was conn.Predecessor) {
	m, _ = s.both(conn.IncidentSucceeds)
	return m, conn.Predecessor(m.Count)
}
