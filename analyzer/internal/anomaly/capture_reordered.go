package anomaly

import "tcptrace/analyzer/internal/conn"

var _ = register(inCapture, "capture-duplicates", &AnomalyKind{
	ID: "capture-reordered", Severity: SeverityNote,
	Summary: "frames are not in the order in which they were on the wire",
	Meaning: "An ACK stands before the data that it acknowledges, or a SYN-ACK before its SYN. No network does that: the capture put them in this order. " +
		"Round trips measured around these frames are not to be trusted.",
	Causes: "Two taps or two queues of a network card that were merged by time stamps that disagree; a mirror port that buffers one direction.",
	Next:   "Look at how the capture was made: one queue, or hardware time stamps. reordercap sorts by time, which does not help if the times are wrong.",
	needs:  trigger(conn.IncidentReordered) | triggerSYNACKFirst, detect: detectReordered, detail: detailReordered,
})

func detectReordered(s *pass) {
	if m, n := s.both(conn.IncidentReordered); m != nil {
		s.raiseIncident(m, args{n})
		return
	}
	for dir := range uint8(2) {
		syn := s.Find(dir, 0, conn.IsSYN)
		if syn == nil {
			continue
		}
		answer := s.Find(1-dir, 0, func(f *conn.Fact) bool { return conn.IsSYNACK(f) && f.Covers(syn.Seq) && f.Ahead < syn.Ahead })
		if answer != nil && syn.Time-answer.Time <= conn.CaptureSkew {
			s.raiseFact(syn, args{0, int64(syn.Time - answer.Time)})
			return
		}
	}
}

func detailReordered(a *Anomaly) string {
	if a.args[0] > 0 {
		return "data captured behind its ACK " + times(a.args[0])
	}
	return "the SYN-ACK was captured " + duration(a.args[1]) + " before the SYN that it answers"
}
