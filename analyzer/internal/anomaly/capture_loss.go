package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inCapture, "capture-reordered", &AnomalyKind{
	ID: "capture-loss", Severity: SeverityWarning,
	Summary: "bytes were acknowledged that the tap never saw",
	RFC:     "RFC 9293 3.4",
	Meaning: "The receiver has bytes that are not in the capture. They were on the wire, so the capture is incomplete; the connection itself is fine.",
	Causes:  "The capturing machine or the mirror port was too slow; a second path that does not pass the tap; the frames passed before the capture began.",
	Next: "Look for drops in the summary. Capture fewer bytes of each frame (-s 96), use a larger buffer (-B), filter earlier. " +
		"Do not conclude anything from what is missing here.",
	Absence: true,
	Missing: true, needs: trigger(conn.IncidentUnseen), detect: detectLoss, detail: detailLoss,
})

func detectLoss(s *pass) {
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentUnseen, dir); m != nil && m.Amount > 0 && !s.Sides[dir].Unseen {
			s.raiseIncident(m, args{m.Amount, int64(m.Count)}).onSide(s.Side(dir))
		}
	}
}

func detailLoss(a *Anomaly) string {
	return bytesOrFIN(a.args[0]) + " of the " + a.Side.String() + " acknowledged but not captured"
}

// bytesOrFIN says what n octets of sequence space were of which nothing is known.
func bytesOrFIN(n int64) string {
	if n == 1 {
		return "1 byte (or a FIN)"
	}
	return count(n, "byte")
}
