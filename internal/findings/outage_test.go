package findings_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What stalls at the same time is one finding, on both sides of what makes an outage of it: so many, in so short a time, and of more than one kind. Where
// segments are lost all the time, it is none. What it selects is held against the records, as are the findings of the rest.
func TestOutage(t *testing.T) {
	const noOpening = "+0 > S 0:0(0) win 64240 <mss 1460>\n+1 > S 0:0(0) win 64240 <mss 1460>\n+2 > S 0:0(0) win 64240 <mss 1460>\n"
	running := open + "+20ms < . 1:501(500) ack 201\n+50us > . 201:201(0) ack 501\n" + stopped
	lost := open + "+20ms < . 1:1461(1460) ack 201\n+10us < P. 1461:2001(540) ack 201\n+60us > . 201:201(0) ack 1461\n+300ms < P. 1461:2001(540) ack 201\n+60us > . 201:201(0) ack 2001\n" + closed
	for _, test := range []struct {
		why    string
		bodies []string
		apart  time.Duration
		want   string
	}{
		{"four", []string{running, running, noOpening, noOpening}, 2 * time.Second, "outage"},
		{"three", []string{running, running, noOpening}, 2 * time.Second, "loss no-answer"},
		{"data on the way only", []string{running, running, running, running}, 2 * time.Second, "loss"},
		{"openings only", []string{noOpening, noOpening, noOpening, noOpening}, 2 * time.Second, "no-answer"},
		{"over a tenth of the capture", []string{running, running, noOpening, noOpening}, 60 * time.Second, "outage"},
		{"over more", []string{running, running, noOpening, noOpening}, 66 * time.Second, "loss no-answer"},
		{"over all of it", []string{running, running, noOpening, noOpening}, 400 * time.Second, "loss no-answer"},
		{"as many that lose all the time", []string{running, running, noOpening, noOpening, lost, lost, lost, lost}, 2 * time.Second, "loss outage"},
		{"more that lose all the time", []string{running, running, noOpening, noOpening, lost, lost, lost, lost, lost}, 2 * time.Second, "loss no-answer"},
		{"another, elsewhere", []string{running, running, noOpening, noOpening, running}, 2 * time.Second, "loss outage"},
	} {
		p := newPlanted(t)
		p.addHealthy()
		for i, body := range test.bodies {
			at := 10*time.Minute + time.Duration(i)*test.apart
			if i >= 4 {
				at = time.Duration(i*5-15) * time.Minute
			}
			p.add(at, p.client(), p.service(), body)
		}
		s := look(t, p.capture())
		s.check(t)
		var ids []string
		for i := range s.found.Findings {
			f := &s.found.Findings[i]
			ids = append(ids, f.ID)
			if f.ID == "outage" && (f.Since == nil || f.Until == nil || !strings.Contains(f.Text, "stalled or failed at once, only from 09:4")) {
				t.Errorf("%s: %s", test.why, f.Text)
			}
		}
		slices.Sort(ids)
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.why, got, test.want)
		}
	}
}

// An outage is not what nearly all met in one way, as the SYNs of a NAT that has no port left: a fifth stalled in others, at least.
func TestOutageInSeveralWays(t *testing.T) {
	const noOpening = "+0 > S 0:0(0) win 64240 <mss 1460>\n+1 > S 0:0(0) win 64240 <mss 1460>\n+2 > S 0:0(0) win 64240 <mss 1460>\n"
	running := open + "+20ms < . 1:501(500) ack 201\n+50us > . 201:201(0) ack 501\n" + stopped
	for unopened, want := range map[int]string{4: "outage", 5: "no-answer"} {
		p := newPlanted(t)
		p.addHealthy()
		p.add(10*time.Minute, p.client(), p.service(), running)
		for i := range unopened {
			p.add(10*time.Minute+time.Duration(i)*time.Second, "10.9.6.1", p.service(), noOpening)
		}
		s := look(t, p.capture())
		s.check(t)
		if f := &s.found.Findings[0]; f.ID != want {
			t.Errorf("%d that did not open, and one that stalled: %s", unopened, f.Text)
		}
	}
}

// What selects an outage does not name the kinds of which it is, unless something else stalled at the same time that is told as something else: a
// connection with a full accept queue. Of one that did so at another time nothing need be said.
func TestOutageIsSelectedShortly(t *testing.T) {
	const noOpening = "+0 > S 0:0(0) win 64240 <mss 1460>\n+1 > S 0:0(0) win 64240 <mss 1460>\n+2 > S 0:0(0) win 64240 <mss 1460>\n"
	running := open + "+20ms < . 1:501(500) ack 201\n+50us > . 201:201(0) ack 501\n" + stopped
	for _, test := range []struct {
		why   string
		at    time.Duration // since the outage; 0: nothing else
		short bool
	}{{"nothing else", 0, true}, {"something else then", time.Second, false}, {"something else earlier", -5 * time.Minute, true}} {
		p := newPlanted(t)
		p.addHealthy()
		for i, body := range []string{running, running, noOpening, noOpening} {
			p.add(10*time.Minute+time.Duration(i)*2*time.Second, p.client(), p.service(), body)
		}
		if test.at != 0 {
			p.add(10*time.Minute+test.at, p.client(), "10.20.0.9:8080", acceptQueueFull)
		}
		s := look(t, p.capture())
		s.check(t)
		for i := range s.found.Findings {
			if f := &s.found.Findings[i]; f.ID == "outage" && (len(f.Where) < 320) != test.short {
				t.Errorf("%s: %d characters: %s", test.why, len(f.Where), f.Where)
			}
		}
	}
}
