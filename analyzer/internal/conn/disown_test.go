package conn

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestDisownFIN: what an endpoint sends behind a FIN in its name, and the least of it that shows that it did not send that.
func TestDisownFIN(t *testing.T) {
	ended := func(c *Conn, p *FactPool, last *wire.Segment) string {
		c.DisownFIN(p, last)
		return map[bool]string{true: "ended", false: "goes on"}[c.Half[0].Flags.Has(SentFIN)]
	}
	checkEdges(t, []edge{
		{"data at the FIN's number", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 101:101(0) ack 101
+1ms > P. @ ack 101`, ended, []string{"101:102(1)", "ended", "101:103(2)", "goes on", "102:152(50)", "ended", "91:101(10)", "ended", "91:102(11)", "goes on"}},
		{"the peer has acknowledged the FIN", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 101:101(0) ack 101
+1ms < .  101:101(0) ack @
+1ms > P. 101:151(50) ack 101`, ended, []string{"101", "goes on", "102", "ended"}},
		{"a FIN in front of a FIN ahead of missing bytes", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 151:151(0) ack 101
+1ms > F. @ ack 101`, ended, []string{"100:100(0)", "ended", "101:101(0)", "goes on", "151:151(0)", "ended"}},
		{"turns in front of a FIN ahead of missing bytes", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 1101:1101(0) ack 101
+1ms > P. 101:111(10) ack 101
+1ms < P. 101:111(10) ack 111
+1ms > P. 111:121(10) ack 111
+1ms < P. 111:121(10) ack @
+1ms > P. 121:131(10) ack 121`, ended, []string{"111", "ended", "121", "goes on"}},
		{"answers, of which one is a duplicate ACK", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 1101:1101(0) ack 101
+1ms < .  101:101(0) ack 101
+1ms > P. 101:111(10) ack 101
+1ms < .  101:101(0) ack 111
+1ms > P. 111:121(10) ack 101
+1ms < P. @ ack 121
+1ms > P. 121:131(10)`, ended, []string{"101:101(0)", "ended", "101:102(1)", "ended"}},
		{"answers that bring nothing", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 1101:1101(0) ack 101
+1ms > P. 101:111(10) ack 101
+1ms < .  101:101(0) ack 111
+1ms > P. 111:121(10) ack 101
+1ms < .  101:101(0) ack @
+1ms > P. 121:131(10) ack 101`, ended, []string{"111", "ended", "121", "goes on"}},
		{"a FIN that the window does not allow", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101 win 1000
+1ms > F. @ ack 101
+1ms > P. 101:111(10) ack 101`, ended, []string{"1101:1101(0)", "ended", "101000:101000(0)", "goes on"}},
		{"a pure ACK of what came behind the FIN", opened + `
+1ms > P. 1:101(100) ack 1
+20ms < P. 1:101(100) ack 101
+1ms > F. 101:101(0) ack 101
+1ms < P. 101:201(100) ack 101
+20ms > . @`, ended, []string{"101:101(0) ack 101", "ended", "101:101(0) ack 201", "goes on", "102:102(0) ack 201", "ended"}},
		{"a socket that is connected to itself", "client 10.0.0.1:40000\nserver @\n" + opened + `
+1ms > F. 1:1(0) ack 1
+1ms > P. 1:51(50) ack 1`, ended, []string{"10.0.0.1:40001", "goes on", "10.0.0.1:40000", "ended"}},
	})
}
