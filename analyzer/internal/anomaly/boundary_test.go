package anomaly_test

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
)

// verdicts is the severity of each anomaly of a script's conversation.
type verdicts map[string]string

func (v verdicts) Conversation(c *analyzer.Conversation) error {
	var j analyzer.Judgment
	j.Judge(c)
	for i := range j.Anomalies {
		v[j.Anomalies[i].Kind.ID] = j.Anomalies[i].Kind.Severity.String()
	}
	return nil
}

func judge(t *testing.T, text string) verdicts {
	t.Helper()
	frames := scripts.Frames(t, text)
	v := verdicts{}
	a := analyzer.New(analyzer.Options{}, v)
	scripts.Feed(t, a, frames)
	if _, err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestLingering holds for how long an endpoint may be silent in CLOSE_WAIT, and wait in FIN_WAIT_2, just inside and just outside.
func TestLingering(t *testing.T) {
	const (
		acked = `
timestamps 1000 9000
+0      > S   0:0(0)   win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms   < S.  0:0(0)   ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+50us   > .   1:1(0)   ack 1 win 502
+1ms    > P.  1:101(100)   ack 1
+20ms   < P.  1:201(200)   ack 101 win 509
+50us   > .   101:101(0)   ack 201
+1ms    > F.  101:101(0)   ack 201
+20ms   < .   201:201(0)   ack 102
`
		midstream = "+0 > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101\n+1ms > F. 101:101(0) ack 1\n+20ms < . 1:1(0) ack 102\n"
		pause     = "+@ frame ffffffffffff02000000000108060001\n" // lets the capture go on
	)
	for _, e := range []struct {
		why, script, id string
		at              []string // time, severity, time, severity
	}{
		{"CLOSE_WAIT to the end of the capture is worth a word after 1 s", acked + pause, "close-wait-lingering",
			[]string{"979999999ns", "no", "980ms", "warning"}},
		{"one that ends with the other FIN after 3 s", acked + "+@ < F. 201:201(0) ack 102\n", "close-wait-lingering",
			[]string{"2979999999ns", "no", "2980ms", "note"}},
		{"it blames nobody for what may have been before the capture", midstream + pause, "close-wait-lingering",
			[]string{"979999us", "no", "980ms", "note"}},
		{"data may meet a FIN_WAIT_2 that timed out after 10 s", acked + "+@ < P. 201:301(100) ack 102\n+50us > R 102:102(0) win 0\n", "fin-wait-2-timeout",
			[]string{"9999949us", "no", "9999950us", "warning"}},
		{"a FIN may after 1 s", acked + "+@ < F. 201:201(0) ack 102\n+50us > R 102:102(0) win 0\n", "fin-wait-2-timeout",
			[]string{"999949us", "no", "999950us", "warning"}},
	} {
		scripts.Edge(t, e.why, e.script, e.at, func(t *testing.T, script string) string {
			if severity, raised := judge(t, script)[e.id]; raised {
				return severity
			}
			return "no"
		})
	}
}
