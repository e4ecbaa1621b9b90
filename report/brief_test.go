package report_test

import (
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// TestBrief: what is known of both sides, and no more.
func TestBrief(t *testing.T) {
	var c analyzer.Conversation
	var j analyzer.Judgment
	c.Sent[0].DataPackets, c.Sent[0].Lost, c.Sent[1].SYNs = 4, 1, 1
	c.Sent[0].HandshakeRTT = 20 * time.Millisecond
	if b := report.NewBrief(&c, &j); b.Lost != 1 || b.Sent != 5 || b.RoundTrip != 0 || b.Ended != "" || b.Cause != "" || b.Worst != nil {
		t.Errorf("%+v", b)
	}
	c.Sent[1].HandshakeRTT = 5 * time.Millisecond
	if b := report.NewBrief(&c, &j); b.RoundTrip != 25*time.Millisecond {
		t.Errorf("round trip %v", b.RoundTrip)
	}
	c.Quick = true
	if b := report.NewBrief(&c, &j); b.Sent != 0 {
		t.Errorf("%d segments, though none was read", b.Sent)
	}
}
