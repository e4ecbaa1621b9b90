package analyzer

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/internal/testutil/scripts"
)

// TestNewsOfConnectionBefore: a segment of a connection may say something of the one before it on the same sockets, which is told at once as well,
// by any number of parts. Here the SYN-ACK shows that TIME_WAIT let the SYN in.
func TestNewsOfConnectionBefore(t *testing.T) {
	const script = `# a story
client 10.0.0.1:40000
server 10.0.0.2:80
+0 > S 0:0(0) win 64240 <mss 1460>
+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>
+50us > . 1:1(0) ack 1
+1ms > F. 1:1(0) ack 1
+20ms < F. 1:1(0) ack 2
+50us > . 2:2(0) ack 2
+1s > S 500000:500000(0) win 64240 <mss 1460>
+20ms < S. 900000:900000(0) ack 500001 win 65160 <mss 1460>
+50us > . 500001:500001(0) ack 900001
`
	frames := scripts.Frames(t, script)
	for _, parts := range []int{1, 2} {
		var told []string
		m := NewMonitor(Options{Workers: parts}, Idle{}, func(e *Event) {
			if e.Kind == EventState && e.Conversation.Stream == 0 {
				told = append(told, fmt.Sprint(e.Side, " ", e.Step.State))
			}
		})
		m.fewest = 1 // the parts track at once
		for i, f := range frames {
			m.Frame(layers.LinkType(f.Link), gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), CaptureLength: len(f.Data), Length: f.WireLen}, f.Data)
			m.Flush(m.Clock())
			if last := told[len(told)-1]; i < 7 == (last == "client CLOSED") {
				t.Errorf("%d parts: after frame %d told %q", parts, i+1, told)
			}
		}
	}
}
