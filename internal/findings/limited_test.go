package findings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/internal/testutil/scripts"
)

// TestLimited: a window that limits a transfer is told from a second on, or from a quarter of one if that is half of the time; a buffer from a second on, if that
// is half of the time.
func TestLimited(t *testing.T) {
	for _, c := range []struct {
		trips, window int
		pause         string // behind the transfer
		want          string
	}{
		{40, 6000, "", "limited-by-client"},
		{12, 6000, "", "limited-by-client"},
		{6, 6000, "", "limited-by-client"},
		{2, 6000, "", ""},
		{6, 6000, "2", ""},
		{13, 6000, "5", "limited-by-client"},
		{40, 65000, "", "limited-by-server-buffer"},
		{22, 65000, "", "limited-by-server-buffer"},
		{10, 65000, "", ""},
		{22, 65000, "3", ""},
	} {
		script := limitedTransfer(c.trips, c.window)
		if c.pause != "" {
			script = strings.Replace(script, "+3ms < F.", "+"+c.pause+" < F.", 1)
		}
		s := look(t, scripts.Frames(t, "client 10.0.0.1:40000\nserver 10.0.0.2:80\n"+script))
		s.check(t)
		if got := ids(s); got != c.want {
			sent := &s.records[0].Endpoints.Server.Sent
			t.Errorf("%v: %q, want %q: window %f s, buffer %f s", c, got, c.want, sent.LimitedReceiveWindowS, sent.LimitedSendBufferS)
		}
	}
}

// ids are those of what was found.
func ids(s *seen) string {
	var list []string
	for i := range s.found.Findings {
		list = append(list, s.found.Findings[i].ID)
	}
	return strings.Join(list, " ")
}

// sentTwice is so many requests each of which comes again, that late, just before the ACK of the first comes.
func sentTwice(requests int, late time.Duration) string {
	var b strings.Builder
	b.WriteString(strings.Join(strings.Split(strings.TrimSpace(open), "\n")[:3], "\n"))
	for i := range requests {
		from, to, answered := 1+200*i, 201+200*i, 1+100*i
		segment := fmt.Sprintf("> P. %d:%d(200) ack %d", from, to, answered)
		fmt.Fprintf(&b, "\n+30ms %s\n+%v %[1]s\n+10us < . %[3]d:%[3]d(0) ack %[4]d\n", segment, late, answered, to)
		fmt.Fprintf(&b, "+9ms < P. %d:%d(100) ack %d\n+60us > . %[3]d:%[3]d(0) ack %[2]d\n", answered, answered+100, to)
	}
	return b.String()
}

// TestTwice: who sends segments twice, at once, is told of if that is so of two, a quarter of what it sends, sooner than any timer.
func TestTwice(t *testing.T) {
	plain := func(script string, requests, more int) string { // so many requests that come once, behind these
		var b strings.Builder
		b.WriteString(script)
		for i := range more {
			from, answered := 1+200*(requests+i), 1+100*(requests+i)
			fmt.Fprintf(&b, "+30ms > P. %d:%d(200) ack %d\n+10us < . %[3]d:%[3]d(0) ack %[2]d\n", from, from+200, answered)
			fmt.Fprintf(&b, "+9ms < P. %d:%d(100) ack %d\n+60us > . %[3]d:%[3]d(0) ack %[2]d\n", answered, answered+100, from+200)
		}
		return b.String()
	}
	const soon = 100 * time.Microsecond
	for _, c := range []struct {
		twice int
		late  time.Duration
		once  int
		want  string
	}{
		{2, soon, 0, "sent-twice-by-client"}, {1, soon, 0, ""}, {2, soon, 4, "sent-twice-by-client"}, {2, soon, 5, ""}, {3, soon, 6, "sent-twice-by-client"}, {3, soon, 7, ""},
		{2, 9999 * time.Microsecond, 0, "sent-twice-by-client"}, {2, 10 * time.Millisecond, 0, ""}, {2, 240 * time.Millisecond, 0, ""},
	} {
		script := "client 10.0.0.1:40000\nserver 10.0.0.2:80\n" + plain(sentTwice(c.twice, c.late), c.twice, c.once)
		s := look(t, scripts.Frames(t, script))
		s.check(t)
		if got := ids(s); got != c.want {
			sent := &s.records[0].Endpoints.Client.Sent
			t.Errorf("%v: %q, want %q: %d of %d", c, got, c.want, sent.RetransmittedTailProbePackets, sent.DataPackets)
		}
		if c.want == "" {
			continue
		}
		s = look(t, scripts.Frames(t, strings.ReplaceAll(script, "+10us < .", "+20ms < ."))) // nothing proves that the first arrived
		s.check(t)
		if got := ids(s); got != c.want {
			t.Errorf("%v, acknowledged late: %q, want %q", c, got, c.want)
		}
	}
}
