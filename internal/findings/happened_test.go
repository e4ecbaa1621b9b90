package findings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/internal/findings"
)

// TestHappened: a process ends, which resets what is open to it, whenever that began, and refuses from then on until it is back. When the connections that
// are reset began says nothing.
func TestHappened(t *testing.T) {
	const end = 20 * time.Minute
	for name, c := range map[string]struct {
		apart time.Duration // between one RST and the next
		want  string        // when they came
		why   string
	}{
		"at once":    {time.Millisecond, ", all within 10.5 ms from 09:50:00.000", "what was open was reset, and new connections were refused"},
		"one by one": {time.Minute, "", "left data unread"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlanted(t)
			p.addHealthy()
			for i := range 8 {
				start := time.Duration(1+2*i) * time.Minute
				reset := end + time.Duration(i)*c.apart*3/2
				body := fmt.Sprintf("%s+20ms < P. 1:501(500) ack 201\n+60us > . 201:201(0) ack 501\n+%v < R. 501:501(0) ack 201 win 0\n",
					open, reset-start-40*time.Millisecond-210*time.Microsecond)
				p.add(start, p.client(), "10.20.0.9:8080", body)
			}
			for i := range 12 {
				p.add(end+time.Second+time.Duration(i)*time.Second, p.client(), "10.20.0.9:8080", "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")
			}
			for i := range 30 {
				at := time.Duration(i) * 30 * time.Second
				if i >= 20 {
					at = end + time.Minute + time.Duration(i)*10*time.Second
				}
				p.add(at, p.client(), "10.20.0.9:8080", p.exchange())
			}
			s := look(t, p.capture())
			s.check(t)
			var resets *findings.Finding
			for i := range s.found.Findings {
				if f := &s.found.Findings[i]; f.ID == "reset-by-server" {
					resets = f
				}
			}
			if resets == nil || resets.Conversations != 8 {
				t.Fatalf("%+v", s.found.Findings)
			}
			if resets.Happened != (c.want != "") || !strings.Contains(resets.Text, c.want) || !strings.Contains(resets.Why, c.why) {
				t.Errorf("%s: %s", resets.Text, resets.Why)
			}
		})
	}
}
