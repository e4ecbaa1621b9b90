package anomaly

import "tcptrace/analyzer/internal/conn"

// Detectors of what incidents say of data under way: retransmissions, reordering, acknowledgments.

// eachIncident calls f with the incidents of a kind whose sender's peer was captured: what was not captured may have
// answered.
func (s *pass) eachIncident(k conn.IncidentKind, f func(m *conn.Incident, side conn.Side)) {
	for dir := range uint8(2) {
		if m := s.Incident(k, dir); m != nil && !s.Sides[1-dir].Unseen {
			f(m, s.Side(dir))
		}
	}
}

// lasted is the longest of the times that an incident is about; one that was not over lasts to the conversation's last frame.
func (s *pass) lasted(m *conn.Incident) (longest, total conn.Time, open bool) {
	longest, total = m.Run.Longest, m.Run.Total
	if m.Run.Since != 0 {
		d := max(s.C.End-m.Run.Since, 0)
		longest, total, open = max(longest, d), total+d, true
	}
	return longest, total, open
}

// lostPatience is the longest that a stack waits before it repeats something once more (Linux: 120 s), and some more.
const lostPatience conn.Time = 150e9

// doubled is how long a timer waits at most that doubles and fired from since to last.
func doubled(since, last conn.Time) conn.Time { return min(lostPatience, (last-since)/4*5) }

// gaveUp reports whether an endpoint gave up what it repeated until last without an answer: it sent an RST, or it
// is silent for longer than its timer waits.
func (s *pass) gaveUp(dir uint8, last, timer conn.Time) (rst, silent bool) {
	if s.Find(dir, 0, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Time >= last }) != nil {
		return true, false
	}
	return false, s.Sides[dir].Last <= last && s.Now-last > timer
}
