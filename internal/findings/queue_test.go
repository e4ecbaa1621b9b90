package findings_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// queuedDownload is a transfer of so many segments to a client that is 20 ms away behind a link that takes a segment every few milliseconds, and has a queue. Its
// sender lets so many segments at most be in flight; the tap is at the server.
func queuedDownload(segments int, each time.Duration, most int) string {
	type event struct {
		at   time.Duration
		line string
	}
	var events []event
	const way = 20 * time.Millisecond
	acks := make([]time.Duration, segments) // when that of each segment comes
	var free time.Duration                  // when the link is
	window, sent, acked, now := 10, 0, 0, 40*time.Millisecond
	for acked < segments {
		for ; sent < segments && sent-acked < window; sent++ {
			free = max(free, now) + each
			acks[sent] = free + way
			events = append(events, event{now, fmt.Sprintf("< . %d:%d(1460) ack 201", 1+1460*sent, 1+1460*(sent+1))})
			now += 10 * time.Microsecond
		}
		last := min(acked+2, sent) // an ACK of two
		now = max(now, acks[last-1])
		window = min(most, window+last-acked)
		acked = last
		events = append(events, event{now, fmt.Sprintf("> . 201:201(0) ack %d", 1+1460*acked)})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	var b strings.Builder
	b.WriteString("+0 > S 0:0(0) win 65535 <mss 1460,sackOK,nop,wscale 9>\n+100us < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>\n" +
		"+20ms > . 1:1(0) ack 1 win 4000\n+100us > P. 1:201(200) ack 1\n+100us < . 1:1(0) ack 201\n")
	before := 21 * time.Millisecond
	for _, e := range events {
		fmt.Fprintf(&b, "+%v %s\n", e.at-before, e.line)
		before = e.at
	}
	end := 1 + 1460*segments
	fmt.Fprintf(&b, "+3ms < F. %d:%d(0) ack 201\n+20ms > F. 201:201(0) ack %d\n+100us < . %d:%d(0) ack 202\n", end, end, end+1, end+1, end+1)
	return b.String()
}

// TestQueue: round trips that grow to several times the shortest with what is in flight are told, of those whose transfers fill the queue.
func TestQueue(t *testing.T) {
	for _, c := range []struct {
		name     string
		segments int
		each     time.Duration
		most     int
		want     string
	}{
		{"a queue of 0.8 s", 900, 4 * time.Millisecond, 200, "long-queue-to-client"},
		{"a sender that fills none", 900, 4 * time.Millisecond, 12, ""},
		{"a queue of 0.12 s", 900, 2 * time.Millisecond, 70, ""},
		{"for a short time", 150, 4 * time.Millisecond, 200, ""},
	} {
		p := newPlanted(t)
		p.addHealthy()
		some(5, "10.3.9.", "10.20.0.1:443", queuedDownload(c.segments, c.each, c.most))(p)
		s := look(t, p.capture())
		s.check(t)
		got := ""
		for i := range s.found.Findings {
			f := &s.found.Findings[i]
			got += f.ID
			if f.Factor == nil || f.Factor.Value != "10.3.9.0/24" || f.WaitedS < 1 {
				t.Errorf("%s: %s", c.name, f.Text)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
