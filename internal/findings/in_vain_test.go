package findings_test

import (
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestInVain: a client that resets after more than a second in which an answer was due waited in vain; one that had its answer, or closes in
// good order, did not, nor one that had waited for less. What a server closed on, and nobody had, was sent in vain as well.
func TestInVain(t *testing.T) {
	asked := open + "+20ms < . 1:1(0) ack 201\n"
	scripts.Edge(t, "for how long", asked+"+@ > R. 201:201(0) ack 1\n", []string{"1s", "reset-by-client", "1001ms", "given-up-waiting"}, idsOf)
	scripts.Edge(t, "by an RST", asked+"+5 > @ 201:201(0) ack 1\n+20ms < F. 1:1(0) ack 202\n+60us > . 202:202(0) ack 2\n", []string{"F.", ""}, idsOf)
	scripts.Edge(t, "without an answer", asked+"@+5 > R. 201:201(0)\n", []string{"", "given-up-waiting", "+10ms < P. 1:501(500) ack 201\n", "reset-by-client"}, idsOf)
	scripts.Edge(t, "in vain", open+"+20ms < P. 1:501(500) ack 201\n+60us > . 201:201(0) ack 501\n@+1ms < F. 501:501(0) ack 201\n+60us > . ack 502\n+19ms < R 502:502(0) win 0\n",
		[]string{"", "", "+1ms > P. 201:401(200) ack 501\n", "write-after-close"}, idsOf)
	greeting := strings.Join(strings.Split(open, "\n")[:4], "\n") + "\n+@ < P. 1:81(80) ack 1\n+60us > . 1:1(0) ack 81\n"
	scripts.Edge(t, "for a greeting", greeting, []string{"1s", "", "1021ms", "slow-server"}, idsOf)
	scripts.Edge(t, "which a close is not", strings.Join(strings.Split(open, "\n")[:4], "\n")+"\n+3s < @\n", []string{
		"F. 1:1(0) ack 1\n+60us > F. 1:1(0) ack 2\n+20ms < . 2:2(0) ack 2", "", "P. 1:81(80) ack 1\n+60us > . 1:1(0) ack 81", "slow-server",
	}, idsOf)
}
