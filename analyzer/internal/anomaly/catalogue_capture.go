package anomaly

import "tcptrace/analyzer/internal/conn"

var captureKinds = []*AnomalyKind{
	{
		ID: "capture-duplicates", Severity: SeverityNote,
		Summary: "the same frame was captured more than once",
		Meaning: "Some frames are in the capture twice, although they were on the wire once. The copies are counted as packets and otherwise ignored: " +
			"they are no retransmissions and no duplicate ACKs.",
		Causes: "A mirror port that copies both the incoming and the outgoing side of a switch; a capture on several interfaces that the frame passed " +
			"(a bridge and its members, \"any\"); captures of two taps that were merged. Rarely the network itself sends a packet twice.",
		Next:  "Mirror one direction only, or capture on one interface. editcap -d removes copies from a file.",
		needs: trigger(conn.IncidentDuplicate), detect: detectDuplicates, detail: detailDuplicates,
	},
	{
		ID: "capture-reordered", Severity: SeverityNote,
		Summary: "frames are not in the order in which they were on the wire",
		Meaning: "An ACK stands before the data that it acknowledges, or a SYN-ACK before its SYN. No network does that: the capture put them in this order. " +
			"Round trips measured around these frames are not to be trusted.",
		Causes: "Two taps or two queues of a network card that were merged by time stamps that disagree; a mirror port that buffers one direction.",
		Next:   "Look at how the capture was made: one queue, or hardware time stamps. reordercap sorts by time, which does not help if the times are wrong.",
		needs:  trigger(conn.IncidentReordered) | triggerSYNACKFirst, detect: detectReordered, detail: detailReordered,
	},
	{
		ID: "capture-loss", Severity: SeverityWarning,
		Summary: "bytes were acknowledged that the tap never saw",
		RFC:     "RFC 9293 3.4",
		Meaning: "The receiver has bytes that are not in the capture. They were on the wire, so the capture is incomplete; the connection itself is fine.",
		Causes:  "The capturing machine or the mirror port was too slow; a second path that does not pass the tap; the frames passed before the capture began.",
		Next: "Look for drops in the summary. Capture fewer bytes of each frame (-s 96), use a larger buffer (-B), filter earlier. " +
			"Do not conclude anything from what is missing here.",
		Missing: true, needs: trigger(conn.IncidentUnseen), detect: detectLoss, detail: detailLoss,
	},
	{
		ID: "clock-backwards", Severity: SeverityNote,
		Summary: "a frame's time is before an earlier frame's",
		Meaning: "Time went backwards between two frames of this connection. Durations that span the step are wrong by as much.",
		Causes:  "The clock of the capturing machine was set (NTP stepped it); frames of several interfaces or queues, each with its own clock.",
		Next:    "Let the clock be slewed, not stepped, while capturing. Compare with capture-reordered.",
		needs:   trigger(conn.IncidentClock), detect: detectClock, detail: detailClock,
	},
	{
		ID: "one-sided", Severity: SeverityNote,
		Summary: "the tap sees one direction only",
		Meaning: "Only one endpoint's segments are in the capture; what the other did is inferred from what this one acknowledges, and is marked as assumed.",
		Causes:  "Asymmetric routing; a mirror port that copies one direction; a capture filter that names only one of the two.",
		Next:    "Capture where both directions pass, such as on one of the endpoints.",
		Missing: true, needs: triggerUnseen, detect: detectOneSided, detail: detailOneSided,
	},
	{
		ID: "truncated-header", Severity: SeverityNote,
		Summary: "the snap length cut TCP headers",
		Meaning: "Of some segments the TCP options were cut off. Window scale, timestamps and selective acknowledgments that stood there are not known.",
		Causes:  "A snap length below about 100 bytes, or many encapsulations before the TCP header.",
		Next:    "Capture at least 128 bytes of each frame (-s 128), more with tunnels.",
		needs:   trigger(conn.IncidentCutOptions), detect: detectCutOptions, detail: detailCutOptions,
	},
	{
		ID: "bad-checksum", Severity: SeverityWarning,
		Summary: "a wrong checksum that is not the sender's offloading",
		RFC:     "RFC 9293 3.1",
		Meaning: "A segment with SYN, FIN or RST has a wrong TCP checksum, although its sender gets others right. Its receiver drops it, so it is not " +
			"taken into account. Or none of a sender's is right, and its peer takes none: unless it leaves them to its network card, that is why. What is dropped for that the network has not lost. " +
			"Other segments are not checked.",
		Causes: "Damage on the way by a device that recomputes the link's checksum; somebody who sends segments meant for listeners, not for the receiver " +
			"(a forged RST with a wrong checksum deceives many of them).",
		Next:  "Compare the segment's TTL and IP ID with its neighbours'. Look at the error counters of the devices on the way.",
		needs: trigger(conn.IncidentBadSum), detect: detectBadSum, detail: detailBadSum,
	},
}
