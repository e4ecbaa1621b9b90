package analyzer_test

import (
	"slices"
	"testing"

	"tcptrace/analyzer"
)

// TestDyingConnection: a SYN or SYN-ACK with another number into a connection that is not over yet.
func TestDyingConnection(t *testing.T) {
	const (
		lastACK  = "+10ms > F.\n+10ms < .\n+10ms < F.\n"             // the server is in LAST_ACK
		closing  = "+10ms > F. 1:1(0) ack 1\n+0 < F. 1:1(0) ack 1\n" // both are in CLOSING
		waiting  = "+10ms < F.\n+10ms > F.\n+10ms < .\n"             // the server is in TIME_WAIT
		waitingC = "+10ms > F.\n+10ms < F.\n+10ms > .\n"             // the client is
	)
	for _, test := range []struct {
		name, script string
		want         []string
	}{
		{"SYN into LAST_ACK, challenged", on("", open, lastACK) + "+1ms again> S\n+0 < . 2:2(0) ack 2\n+10ms > . 2:2(0) ack 2\n", []string{"0 closed 9"}},
		{"SYN-FIN into LAST_ACK, challenged", on("", open, lastACK) + "+1ms again> SF\n+0 < . 2:2(0) ack 2\n+10ms > . 2:2(0) ack 2\n", []string{"0 closed 9"}},
		{"SYN into LAST_ACK, challenged, nothing more", on("", open, lastACK) + "+1ms again> S\n+0 < . 2:2(0) ack 2\n", []string{"0 closing 8"}},
		{"SYN into LAST_ACK, no answer", on("", open, lastACK) + "+1ms again> S\n", []string{"0 closing 6", "1 unanswered 1"}},
		{"SYN into LAST_ACK, challenged, reset", on("", open, lastACK) + "+1ms again> S\n+0 < . 2:2(0) ack 2\n+10ms > R 2:2(0)\n", []string{"0 reset 8", "1 unanswered 1"}},
		{"SYN into LAST_ACK, challenged, repeated", on("", open, lastACK) + "+1ms again> S\n+0 < . 2:2(0) ack 2\n+1 again> S 0:0(0)\n", []string{"0 closing 7", "1 unanswered 2"}},
		{"SYN into LAST_ACK, accepted", on("", open, lastACK) + "+1 again> S\n+0 again< S.\n+0 again> .\n", []string{"0 closing 6", "1 open 3"}},
		{"SYN-ACK into LAST_ACK, challenged", on("", open, lastACK) + "+1ms again> S. 0:0(0) raw ack 7\n+0 < . 2:2(0) ack 2\n+10ms > . 2:2(0) ack 2\n", []string{"0 closed 9"}},
		{"SYN into CLOSING, challenged", on("", open, closing) + "+1ms again> S\n+0 < . 2:2(0) ack 1\n+10ms > . 2:2(0) ack 2\n+0 < . 2:2(0) ack 2\n", []string{"0 closed 9"}},
		{"SYN into TIME_WAIT, challenged", on("", open, waiting) + "+1 again> S\n+0 < . 2:2(0) ack 2\n", []string{"0 closed 8"}},
		{"SYN into TIME_WAIT, challenged, reset", on("", open, waiting) + "+1 again> S\n+0 < . 2:2(0) ack 2\n+0 > R 2:2(0)\n", []string{"0 closed 8", "1 unanswered 1"}},
		{"SYN into TIME_WAIT, no answer", on("", open, waiting) + "+1 again> S\n", []string{"0 closed 6", "1 unanswered 1"}},
		{"two SYNs into TIME_WAIT, no answer", on("", open, waiting) + "+1 again> S\n+1 third> S\n", []string{"0 closed 6", "1 unanswered 1", "2 unanswered 1"}},
		{"SYN into TIME_WAIT, no answer, an hour", on("", open, waiting) + "+1 again> S\n+3600 other> S\n", []string{"0 closed 6", "1 unanswered 1", "2 unanswered 1"}},
		{"SYN-ACK into TIME_WAIT, challenged", on("", open, waitingC) + "+1 again< S. raw 5:5(0) ack 9\n+0 > . 2:2(0) ack 2\n", []string{"0 closed 8"}},
		{"old SYN is let in after the close", on("", open, waitingC) + "+1 again> S\n+0 again< S.\n+0 again> R\n", []string{"0 closed 6", "1 reset 3"}},
		{"SYN into TIME_WAIT, refused", on("", open, waiting) + "+1 again> S\n+0 again< R. raw 0:0(0)\n", []string{"0 closed 6", "1 refused 2"}},
		{"SYN after the close, answer not captured", on("", open, waiting) + "+1 again> S\n+10ms again< S. unseen\n+0 again> .\n+0 again> P. (10)\n", []string{"0 closed 6", "1 open 3"}},

		{"SYN-ACK with a wrong ACK", "+0 > S\n+10ms < S. raw 77:77(0) ack -4\n+0 > R -4:-4(0)\n+10ms < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n", []string{"0 open 5"}},
		{"SYN-ACK with a wrong ACK, nothing more", "+0 > S\n+10ms < S. raw 77:77(0) ack -4\n+0 > R -4:-4(0)\n+1 > S 0:0(0)\n", []string{"0 unanswered 4"}},
		{"SYN-ACK with a wrong ACK, alone", "+0 > S\n+10ms < S. raw 77:77(0) ack 100\n", []string{"0 unanswered 2"}},

		{"two SYNs, the first is answered", "+0 > S\n+1 again> S\n+0 < S. ack 1\n+0 > R 1:1(0)\n+1 again> S 0:0(0)\n+0 again< S.\n+0 again> .\n", []string{"0 reset 3", "1 open 4"}},
		{"three SYNs, the first is answered", "+0 > S\n+1 again> S\n+1 third> S\n+0 < S. ack 1\n+0 > . 1:1(0) ack 1\n", []string{"0 open 3", "1 unanswered 1", "2 unanswered 1"}},
		{"two SYNs, the second is answered", "+0 > S\n+1 again> S\n+0 again< S.\n+0 again> .\n", []string{"0 unanswered 1", "1 open 3"}},
		{"two SYNs, the first again", "+0 > S\n+1 again> S\n+1 > S 0:0(0)\n+0 < S. ack 1\n+0 > .\n", []string{"0 open 4", "1 unanswered 1"}},

		{"a reboot with the same number", on("", open, exchange) + "+0 < R.\n+1 > S 0:0(0)\n+0 < S. raw 118273651:118273651(0) ack 1\n+0 > . 1:1(0) raw ack 118273652\n", []string{"0 reset 7", "1 open 3"}},
		{"a reboot with the same numbers", on("", open, exchange) + "+0 > R.\n+1 > S 0:0(0)\n+0 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n", []string{"0 reset 7", "1 open 3"}},
		{"a reboot with the same numbers, the SYN not captured", on("", open, exchange) + "+0 > R.\n+1 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n", []string{"0 reset 7", "1 open 2"}},
		{"a reboot with the same numbers, the SYN-ACK not captured", on("", open, exchange) + "+0 > R.\n+1 > S 0:0(0)\n+0 > . 1:1(0) ack 1\n", []string{"0 reset 7", "1 open 2"}},
		{"a reboot with the same numbers, begun in mid-connection", "+0 > P. 1:101(100) ack 1\n+0 > R.\n+1 > S 0:0(0)\n+0 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n", []string{"0 reset 2 inferred", "1 open 3"}},
		{"an old SYN-ACK after the reset", on("", open, exchange) + "+0 > R.\n+1 < S. 0:0(0) ack 1\n+0 > R 1:1(0)\n", []string{"0 reset 9"}},
		{"the SYN-ACK again, the ACK of it and the RST were lost", on("", open) + "+0 > R.\n+1 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n", []string{"0 open 6"}},
		{"an old SYN after the reset", on("", open, exchange) + "+0 > R.\n+1 > S 0:0(0)\n", []string{"0 reset 8"}},
		{"an old SYN after the reset, refused", on("", open, exchange) + "+0 > R.\n+1 > S 0:0(0)\n+0 < R. raw 0:0(0)\n", []string{"0 reset 9"}},

		{"numbers far off, one segment", on("", exchange) + "+1 < P. 1500000201:1500000301(100) ack 101 forged\n" + on("", exchange), []string{"0 open 7 inferred"}},
		{"numbers far off, on both sides", on("", exchange) + "+1 third> P. (100)\n+0 third< P. (200)\n+0 third> .\n", []string{"0 open 3 inferred", "1 open 3 inferred"}},
		{"numbers far off, one side only", on("", exchange) + "+1 third> P. (100)\n+0 third> P. (200)\n+0 third> P. (100)\n", []string{"0 open 6 inferred"}},

		{"SYN-FIN", "+0 > SF\n+0 < S. 0:0(0) ack 1\n+0 > R 1:1(0)\n", []string{"0 reset 3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _ := analyze(t, analyzer.Options{}, test.script)
			slices.Sort(got.list)
			if !slices.Equal(got.list, test.want) {
				t.Errorf("got  %q\nwant %q", got.list, test.want)
			}
		})
	}
}
