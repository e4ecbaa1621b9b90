package dimension

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/testutil/scripts"
)

// What an RST acknowledges was delivered, as anything that is acknowledged: who closes by one at once, before an ACK was due, lost nothing.
func TestResetAcknowledges(t *testing.T) {
	const script = `
client 10.0.0.1:40000
server 10.0.0.2:80
+0     > S  0:0(0) win 64240 <mss 1460>
+20ms  < S. 0:0(0) ack 1 win 65160 <mss 1460>
+60us  > .  1:1(0) ack 1
+90us  > P. 1:201(200) ack 1
+20ms  < P. 1:501(500) ack 201
@
`
	scripts.Edge(t, "an RST just behind an answer", script, []string{
		"+2ms > R. 201:201(0) ack 501 win 0", "",
		"+2ms > R. 201:201(0) ack 500 win 0", "undelivered",
		"+2ms > R 201:201(0) win 0", "cut",
		"+1ms < F. 501:501(0) ack 201\n+1ms > R. 201:201(0) ack 502 win 0", "",
		"+1ms < F. 501:501(0) ack 201\n+1ms > R. 201:201(0) ack 501 win 0", "",
		"+1ms < F. 501:501(0) ack 201\n+1ms > R. 201:201(0) ack 500 win 0", "undelivered",
	}, func(t *testing.T, script string) string {
		got := ""
		a := analyzer.New(analyzer.Options{}, &judged{take: func(c *analyzer.Conversation, j *analyzer.Judgment) {
			got = Failed(c, j).String()
			if n := c.Sent[analyzer.Server].Unacknowledged; n != c.Unacknowledged(analyzer.Server) {
				t.Errorf("%d bytes of the record are not acknowledged, %d of the conversation", n, c.Unacknowledged(analyzer.Server))
			}
		}})
		scripts.Feed(t, a, scripts.Frames(t, script))
		if _, err := a.Close(); err != nil {
			t.Fatal(err)
		}
		return got
	})
}
