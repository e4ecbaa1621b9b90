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

// overflowingDownload is as queuedDownload, of a sender that does not slow down; every so many segments the queue drops one.
func overflowingDownload(segments int, each time.Duration, most, drop int) string {
	const way = 20 * time.Millisecond
	var b strings.Builder
	b.WriteString("+0 > S 0:0(0) win 65535 <mss 1460,sackOK,nop,wscale 9>\n+100us < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>\n" +
		"+20ms > . 1:1(0) ack 1 win 4000\n+100us > P. 1:201(200) ack 1\n+100us < . 1:1(0) ack 201\n")
	type arrival struct {
		at  time.Duration
		seg int
	}
	var arrivals []arrival
	got := make([]bool, segments+1)
	next, acked, again, high, now, before, free := 0, 0, -1, 0, 21*time.Millisecond, 21*time.Millisecond, time.Duration(0)
	say := func(format string, args ...any) {
		fmt.Fprintf(&b, "+%v "+format+"\n", append([]any{now - before}, args...)...)
		before = now
	}
	send := func(seg int, lost bool) {
		say("< . %d:%d(1460) ack 201", 1+1460*seg, 1+1460*(seg+1))
		if now += 10 * time.Microsecond; !lost {
			free = max(free, now) + each
			arrivals = append(arrivals, arrival{free + way, seg})
		}
	}
	for acked < segments {
		for ; next < segments && next-acked < most; next++ {
			send(next, next%drop == drop-1 && next < segments-10)
		}
		a := arrivals[0]
		arrivals, now = arrivals[1:], max(now, a.at)
		got[a.seg] = true
		for got[acked] {
			acked++
		}
		sack := ""
		if high = max(high, a.seg); high > acked {
			sack = fmt.Sprintf(" <nop,nop,sack %d:%d>", 1+1460*(acked+1), 1+1460*(high+1))
		}
		if say("> . 201:201(0) ack %d%s", 1+1460*acked, sack); high >= acked+3 && again != acked {
			again = acked
			send(acked, false)
		}
	}
	end := 1 + 1460*segments
	fmt.Fprintf(&b, "+3ms < F. %d:%d(0) ack 201\n+20ms > F. 201:201(0) ack %d\n+100us < . %d:%d(0) ack 202\n", end, end, end+1, end+1, end+1)
	return b.String()
}

// TestOverflow: what a full queue drops is the queue's, where half of the round trips are three times the shortest and 50 ms more; else it is loss.
func TestOverflow(t *testing.T) {
	for _, c := range []struct {
		name string
		each time.Duration
		most int
		want string
	}{
		{"a queue of 0.2 s", 4 * time.Millisecond, 50, "full-queue-to-client"},
		{"a queue of twice the shortest round trip", 4 * time.Millisecond, 17, "full-queue-to-client"},
		{"a queue as long as that", 4 * time.Millisecond, 11, "loss"},
		{"none", 4 * time.Millisecond, 5, "loss"},
	} {
		p := newPlanted(t)
		p.addHealthy()
		some(5, "10.3.9.", "10.20.0.1:443", overflowingDownload(900, c.each, c.most, 80))(p)
		if got := look(t, p.capture()).ids(t); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
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
