package analyzer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/testutil/scripts"
)

// overflown judges a conversation whose server says that its listening socket had no room, and what else it says.
type overflown struct {
	after time.Duration // the first packet it says so
	words []host.Word   // times since then
	lines []string
}

func (o *overflown) Conversation(c *analyzer.Conversation) error {
	end := &host.End{All: true, Overflow: &host.Overflow{Time: int64(c.Start.Add(o.after)), Dropped: 3, Queue: 2, Backlog: 1}}
	for _, w := range o.words {
		w.Time += int64(c.Start)
		end.Words = append(end.Words, w)
	}
	c.Hosts[analyzer.Server] = end
	var j analyzer.Judgment
	j.Judge(c)
	first := len(j.Anomalies)
	j.Hear(c) // says nothing new
	for i := range j.Anomalies {
		a := &j.Anomalies[i]
		o.lines = append(o.lines, fmt.Sprintf("%s %v %d %v", a.Kind.ID, a.Side, a.Frame, a.Kernel))
	}
	if len(j.Anomalies) != first {
		o.lines = append(o.lines, "twice")
	}
	return nil
}

func (*overflown) Finish(*analyzer.Summary) error { return nil }

// TestOverflow: that a listening socket had no room is an anomaly of the connections of which something had come, a while ago, and was not taken, when it said so.
func TestOverflow(t *testing.T) {
	const (
		full   = "accept-queue-overflow server %d true"
		minRTO = 200 * time.Millisecond
		late   = "+1s < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
	)
	const came = 20*time.Millisecond + 50*time.Microsecond // the ACK
	again := synack + "+50us > . 1:1(0) ack 1 win 502\n+1.0 < S. 0:0(0) ack 1 <mss 1460>\n+50us > . 1:1(0) ack 1 win 502\n+2.0 < S. 0:0(0) ack 1 <mss 1460>\n+50us > . 1:1(0) ack 1 win 502\n"
	at := func(d time.Duration) []host.Word {
		return []host.Word{{State: fsm.SynRcvd, Time: 1}, {State: fsm.Established, Time: int64(d)}}
	}
	for _, c := range []struct {
		what, script string
		after        time.Duration
		words        []host.Word
		want         []string
	}{
		{"the SYN was dropped", syn, minRTO, nil, []string{fmt.Sprintf(full, 1)}},
		{"it came just before", syn, minRTO - 1, nil, nil},
		{"it came later", syn, -1, nil, nil},
		{"it was answered before", syn + late, time.Second, nil, nil},
		{"it was answered later", syn + late, time.Second - 1, nil, []string{fmt.Sprintf(full, 1)}},
		{"the ACK was dropped", syn + synack + lastACK, came + minRTO, at(time.Second), []string{fmt.Sprintf(full, 3)}},
		{"the ACK came just before", syn + synack + lastACK, came + minRTO - 1, at(time.Second), nil},
		{"the ACK was taken", syn + synack + lastACK, came + minRTO, at(came + minRTO), nil},
		{"the ACK was taken later", syn + synack + lastACK, came + minRTO, at(came + minRTO + 1), []string{fmt.Sprintf(full, 3)}},
		{"packets show it, too", syn + again, 4 * time.Second, at(5 * time.Second), []string{"syn-ack-retransmit server 4 false", "accept-queue-overflow server 4 true"}},
	} {
		o := &overflown{after: c.after, words: c.words}
		a := analyzer.New(analyzer.Options{}, o)
		scripts.Feed(t, a, scripts.Frames(t, c.script))
		if _, err := a.Close(); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(o.lines, func(line string) bool {
			return line == "slow-handshake client 4 false" || line == "slow-handshake client 6 false"
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
