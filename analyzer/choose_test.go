package analyzer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// lines is a sink that keeps a line for each conversation:
// "stream outcome packets" and, if only inferred who the client is, "inferred".
type lines struct {
	list   []string
	client []string
}

func (l *lines) Conversation(c *analyzer.Conversation) error {
	s := fmt.Sprintf("%d %s %d", c.Stream, c.Outcome, c.Packets())
	if c.Roles == analyzer.RolesInferred {
		s += " inferred"
	}
	if c.Evicted {
		s += " evicted"
	}
	l.list = append(l.list, s)
	l.client = append(l.client, c.Addr[analyzer.Client].String())
	return nil
}

const preamble = "# A test.\nclient 10.0.0.1:40000\nserver 10.0.0.2:80\n" +
	"conn again isn 3301957201 118273651\nconn third isn 77 4000000000\nconn other client 10.0.0.1:40001 server 10.0.0.3:80\n"

// analyze feeds the frames of a lab script.
func analyze(t *testing.T, o analyzer.Options, script string) (*lines, analyzer.Summary) {
	t.Helper()
	s, err := lab.Parse("script", []byte(preamble+script))
	if err != nil {
		t.Fatal(err)
	}
	frames, err := s.Frames()
	if err != nil {
		t.Fatal(err)
	}
	var l lines
	a := analyzer.New(o, invariant.Sink(t, &l, report.Story))
	for _, f := range frames {
		ci := gopacket.CaptureInfo{Timestamp: analyzer.Time(f.Time).Time(), CaptureLength: len(f.Data), Length: f.WireLen}
		if err := a.Frame(layers.LinkType(f.Link), ci, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := a.Close()
	if err != nil {
		t.Fatal(err)
	}
	return &l, sum
}

// Pieces of scripts; %s is the connection's name.
const (
	open     = "+10ms %[1]s> S win 64240\n+10ms %[1]s< S. win 65160\n+10ms %[1]s> .\n"
	exchange = "+10ms %[1]s> P. (100)\n+10ms %[1]s< P. (200)\n+10ms %[1]s> .\n"
	finish   = "+10ms %[1]s> F.\n+10ms %[1]s< F.\n+10ms %[1]s> .\n"
)

func on(name string, parts ...string) string {
	return fmt.Sprintf(strings.Join(parts, ""), name)
}

// far is an exchange at other sequence numbers: those of the client and of the server.
func far(client, server int) string {
	return fmt.Sprintf("+1 > P. %d:%d(100) ack %d\n+10ms < P. %[3]d:%[4]d(100) ack %[2]d\n+0 > . %[2]d:%[2]d(0) ack %[4]d\n", client, client+100, server, server+100)
}

// TestWhichConversation: one conversation per connection, not per pair of sockets.
func TestWhichConversation(t *testing.T) {
	for _, test := range []struct {
		name, script string
		want         []string // in order of stream
	}{
		{"retransmitted SYN", "+0 > S\n+1 > S 0:0(0)\n+2 > S 0:0(0)\n", []string{"0 unanswered 3"}},
		{"retransmitted SYN, answered", "+0 > S\n+1 > S 0:0(0)\n+10ms < S.\n+0 < S. 0:0(0)\n+0 > .\n", []string{"0 open 5"}},
		{"retransmitted FIN", on("", open, finish) + "+1 < F. 1:1(0)\n+0 > .\n", []string{"0 closed 8"}},
		{"the SYN again after the close", on("", open, finish) + "+1 > S 0:0(0)\n", []string{"0 closed 7"}},

		{"a handshake with its number after the close", on("", open, finish) + "+9 > S 0:0(0)\n+10ms < S. 5000:5000(0) ack 1\n+0 > . 1:1(0) ack 5001\n+0 > P. 1:9(8) ack 5001\n",
			[]string{"0 closed 6", "1 open 4"}},
		{"an old SYN after the close, answered in vain", on("", open, finish) + "+9 > S 0:0(0)\n+10ms < S. 5000:5000(0) ack 1\n+0 > . 2:2(0) ack 2\n+0 < R. 2:2(0) ack 2\n",
			[]string{"0 closed 10"}},
		{"an old SYN after the close, the opener gone", on("", open, finish) + "+9 > S 0:0(0)\n+10ms < S. 5000:5000(0) ack 1\n+0 > R 1:1(0)\n", []string{"0 closed 9"}},
		{"an old SYN-ACK after the close", on("", open, finish) + "+9 < S. 0:0(0) ack 1\n+0 > . 2:2(0) ack 2\n", []string{"0 closed 8"}},

		{"blind SYN and challenge ACK", on("", open) + "+1 again> S 0:0(0)\n+0 < . \n" + on("", exchange, finish) + on("other", open),
			[]string{"0 closed 11", "2 open 3"}},
		{"blind SYN first", "+0 again> S\n+0 < . 1:1(0) ack 1\n" + on("", exchange, finish), []string{"0 closed 8 inferred"}},
		{"blind SYN first, nothing but its answer", "+0 again> S\n+0 < . 1:1(0) ack 1\n", []string{"0 open 2"}},
		{"SYN with FIN first", "+0 again> SF\n+0 < . 1:1(0) ack 1\n" + on("", exchange, finish), []string{"0 closed 8 inferred"}},
		{"SYN first, then what may follow it", "+0 > S\n+0 < . 1:1(0) ack 101\n+0 > P. 101:201(100) ack 1\n", []string{"0 open 3"}},
		{"SYN of a peer that forgot the connection", "+0 again> S\n+0 < . 1:1(0) ack 1\n+0 > R 1:1(0)\n+1 again> S 0:0(0)\n+0 again< S.\n+0 again> .\n", []string{"0 open 6"}},
		{"SYN answered by an old ACK, let in", "+0 again> S\n+0 < . 1:1(0) ack 1\n+1 again< S.\n+0 again> .\n", []string{"0 open 4"}},
		{"blind SYN, nothing more", on("", open) + "+1 again> S\n", []string{"0 open 4"}},
		{"blind SYN many times", on("", open) + strings.Repeat("+1 again> S 0:0(0)\n", 20) + on("", exchange), []string{"0 open 26"}},
		{"two blind SYNs", on("", open) + "+1 again> S\n+1 third> S\n" + on("", exchange), []string{"0 open 8"}},
		{"blind SYN in mid-connection", on("", exchange) + "+1 again> S\n" + on("", exchange), []string{"0 open 7 inferred"}},

		{"reuse after FIN", on("", open, finish) + on("again", open, exchange), []string{"0 closed 6", "1 open 6"}},
		{"reuse after FIN, of which the answer is a window behind", on("", open, finish) + "+1 again> S\n+1ms again< . 1:1(0) ack 1048577\n", []string{"0 closed 6", "1 open 2"}},
		{"reuse after FIN, of which the answer is farther", on("", open, finish) + "+1 again> S\n+1ms again< . 1:1(0) ack 1048578\n", []string{"0 closed 7", "1 unanswered 1"}},
		{"reuse after FIN, of which the beginning is missing", on("", open, finish) + "+1 again> S\n+1ms again> P. 101:201(100) ack 51\n", []string{"0 closed 6", "1 open 2"}},
		{"reuse after FIN, two minutes later", on("", open, finish) + "+120 again> S\n+10ms again< S.\n", []string{"0 closed 6", "1 half-open 2"}},
		{"reuse after RST by the client", on("", open) + "+0 > R.\n" + on("again", open), []string{"0 reset 4", "1 open 3"}},
		{"reuse after RST by the server", on("", open) + "+0 < R\n" + on("again", open), []string{"0 reset 4", "1 open 3"}},
		{"the same ISN behind an RST of numbers that skip what is not captured", "+0 > S\n+0 < S.\n+5 > R. 13:13(0) ack 30\n+8 > S 0:0(0)\n+20ms < S. 0:0(0) ack 1\n+1ms > . 1:1(0) ack 1\n", []string{"0 reset 3", "1 open 3"}},
		{"the same ISN behind an RST of which the peer's number skips nothing", "+0 > S\n+0 < S.\n+5 > R. 13:13(0) ack 1\n+8 > S 0:0(0)\n+20ms < S. 0:0(0) ack 1\n+1ms > . 1:1(0) ack 1\n", []string{"0 open 6"}},
		{"reuse after a refusal", "+0 > S\n+0 < R. raw 0:0(0)\n+1 again> S\n+0 again< R. raw 0:0(0)\n", []string{"0 refused 2", "1 refused 2"}},
		{"reuse never answered", "+0 > S\n+1 again> S\n+1 third> S\n+0 third< S.\n", []string{"0 unanswered 1", "1 unanswered 1", "2 half-open 2"}},
		{"reuse of a connection that died silently", on("", open, exchange) + "+3600 again> S\n+0 again< S.\n+0 again> .\n",
			[]string{"0 open 6", "1 open 3"}},
		{"reuse, the SYN repeated before the answer", on("", open) + "+1 again> S\n+1 again> S 0:0(0)\n+1 again> S 0:0(0)\n+0 again< S.\n+0 again> .\n",
			[]string{"0 open 3", "1 open 5"}},
		{"reuse, refused", on("", open) + "+1 again> S\n+0 again< R. raw 0:0(0)\n", []string{"0 open 3", "1 refused 2"}},
		{"reuse, the answer was not captured", on("", open) + "+1 again> S\n+10ms again< S. unseen\n+0 again> .\n+0 again> P. (10)\n",
			[]string{"0 open 3", "1 open 3"}},
		{"reuse after a reboot", on("", open, exchange) + "+9 again> S\n+0 < .\n+0 > R 101:101(0)\n+1 again> S 0:0(0)\n+0 again< S.\n+0 again> .\n",
			[]string{"0 reset 8", "1 open 4"}},
		{"reuse of a reuse", on("", open, finish) + on("again", open, finish) + on("third", open, finish), []string{"0 closed 6", "1 closed 6", "2 closed 6"}},
		{"reuse seen from the server alone", "+0 < S. 0:0(0) ack 1\n+0 < P. (100)\n+0 < F.\n+0 < .\n+120 again< S. 0:0(0) ack 1\n+0 again< P. (50)\n",
			[]string{"0 closing 4", "1 open 2"}},
		{"reuse seen from the client alone", "+0 > S\n+0 > . ack 1\n+0 > F. ack 1\n+120 again> S\n+0 again> . ack 1\n", []string{"0 closing 3", "1 open 2"}},

		{"late packets of the old connection", on("", open, exchange, finish) + on("again", open) + "+0 < F. 201:201(0) ack 102\n+0 > . ack 202\n" + on("again", exchange),
			[]string{"0 closed 11", "1 open 6"}},
		{"an idle hour", on("", open) + "+3600 > P. (1)\n" + on("", exchange), []string{"0 open 7"}},
		{"SYN-ACK first", "+0 < S. 0:0(0) ack 1\n+0 > S 0:0(0)\n+0 > . 1:1(0) ack 1\n", []string{"0 open 3"}},
		{"SYN-ACK alone", "+0 < S. 0:0(0) ack 1\n", []string{"0 half-open 1"}},
		{"ACK first", "+0 > . 1:1(0) ack 1\n+0 > S 0:0(0)\n+0 < S. 0:0(0) ack 1\n", []string{"0 open 3"}},
		{"simultaneous open", "+0 > S 0:0(0)\n+0 < S 0:0(0)\n+0 > S. 0:0(0) ack 1\n+0 < S. 0:0(0) ack 1\n+0 > .\n+0 < .\n", []string{"0 open 6"}},
		{"old SYN-ACK in a living connection", on("", open) + "+0 again< S. ack 5\n", []string{"0 open 4"}},
		{"numbers beyond the windows that were offered", on("", open) + far(1113738, 1112818), []string{"0 open 3", "1 open 3 inferred"}},
		{"one of them not", on("", open) + far(1113637, 1112818), []string{"0 open 6"}},
		{"the other not", on("", open) + far(1113738, 1112817), []string{"0 open 6"}},
		{"numbers before the ISNs", on("", open) + far(-1100000, -1100000), []string{"0 open 3", "1 open 3 inferred"}},
		{"that nobody answers", on("", open) + "+1 > P. 1113738:1113838(100) ack 1112818\n", []string{"0 open 4"}},
		{"where the scale is not known", "+0 > S win 64240 <mss 1460,nop,wscale 7>\n+10ms > .\n" + far(1113738, 1112818), []string{"0 open 5"}},
		{"in mid-connection", on("", exchange, finish), []string{"0 closed 6 inferred"}},

		{"an RST with SYN answers a probe", "+0 > F 1:1(0)\n+1ms < SR. raw 0:0(0) ack 2\n", []string{"0 refused 2 inferred"}},
		{"a SYN-ACK does not", "+0 > F 1:1(0)\n+1ms < S. raw 0:0(0) ack 2\n", []string{"0 open 2 inferred"}},
		{"an RST with SYN is an RST", on("", open) + "+1 < SR. 5000:5000(0) ack 1\n", []string{"0 reset 4"}},
		{"a SYN-ACK with the same number is an old one", on("", open) + "+1 < S. 5000:5000(0) ack 1\n", []string{"0 open 4"}},
		{"refused, tried again with the same SYN", "+0 > S\n+0 < R. raw 0:0(0)\n+500ms > S 0:0(0)\n+0 < R. raw 0:0(0)\n", []string{"0 refused 4"}},
		{"refused, then let in", "+0 > S\n+0 < R. raw 0:0(0)\n+500ms > S 0:0(0)\n+0 < S.\n+0 > .\n" + on("", exchange), []string{"0 open 8"}},
		{"Fast Open, unanswered", "+0 > S 0:100(100)\n+1 > S 0:100(100)\n", []string{"0 unanswered 2"}},

		{"numbers in the order of first frames", "+0 > S\n+0 other> S\n" + on("other", exchange) + "+0 < S.\n+0 > R.\n" + on("again", open),
			[]string{"0 reset 3", "1 open 4", "2 open 3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, sum := analyze(t, analyzer.Options{}, test.script)
			slices.Sort(got.list)
			if !slices.Equal(got.list, test.want) {
				t.Errorf("got  %q\nwant %q", got.list, test.want)
			}
			for _, c := range got.client {
				if !strings.HasPrefix(c, "10.0.0.1:") {
					t.Errorf("%s is taken for the client", c)
				}
			}
			if sum.Conversations != uint64(len(test.want)) {
				t.Errorf("the summary counts %d conversations", sum.Conversations)
			}
		})
	}
}
