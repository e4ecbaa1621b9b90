package human

import "tcptrace/analyzer"

// ofAbsence are the kinds that say that something did not come, or came again because something had not come: the
// tap may just not have seen it. Other kinds rest on what was seen.
var ofAbsence = map[string]bool{
	"capture-loss": true, "one-sided": true,
	"no-answer": true, "rst-in-handshake": true, "syn-retransmit": true, "syn-ack-retransmit": true, "handshake-incomplete": true,
	"slow-handshake": true, "accept-queue-overflow": true, "mtu-black-hole": true,
	"ack-of-unsent": true, "outside-window": true, "retransmission-timeout": true, "retries-exhausted": true, "keep-alive-timeout": true,
	"missing-final-ack": true, "abortive-close": true, "fin-retransmit": true, "fin-retransmit-in-time-wait": true,
	"close-wait-lingering": true, "fin-wait-2-timeout": true,
}

// Detail says in plain words what happened, and that the capture lost packets meanwhile if that may be all there is to it.
func Detail(c *analyzer.Conversation, a *analyzer.Anomaly) string { return DetailAcross(c.Dropped, a) }

// DetailAcross is Detail of a conversation during which the capture lost so many packets.
func DetailAcross(dropped uint64, a *analyzer.Anomaly) string {
	if dropped == 0 || !ofAbsence[a.Kind.ID] {
		return a.Detail()
	}
	return a.Detail() + "; the capture lost " + Counted(dropped, "packet") + " meanwhile, which may be why"
}
