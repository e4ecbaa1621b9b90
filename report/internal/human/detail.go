package human

import "tcptrace/analyzer"

// Detail says in plain words what happened, and that the capture lost packets meanwhile if that may be all there is to it.
func Detail(c *analyzer.Conversation, a *analyzer.Anomaly) string { return DetailAcross(c.Dropped, a) }

// DetailAcross is Detail of a conversation during which the capture lost so many packets.
func DetailAcross(dropped uint64, a *analyzer.Anomaly) string {
	if dropped == 0 || !a.Kind.Absence {
		return a.Detail()
	}
	return a.Detail() + "; the capture lost " + Counted(dropped, "packet") + " meanwhile, which may be why"
}
