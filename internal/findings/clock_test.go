package findings_test

import (
	"testing"
	"time"
)

// TestClockSetBack: of a clock that was set back the capture is told first, however few conversations were open then, and whatever else is wrong.
func TestClockSetBack(t *testing.T) {
	p := newPlanted(t)
	p.addHealthy()
	some(12, "", "10.20.0.3:8443", "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")(p)
	for range 2 {
		p.add(span/2-time.Second, "10.1.0.1", "10.20.0.1:443", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+60us > . 1:1(0) ack 1\n"+
			"+90us > P. 1:201(200) ack 1\n+2s < P. 1:501(500) ack 201\n+60us > . 201:201(0) ack 501\n+3s > P. 201:401(200) ack 501\n+20ms < P. 501:901(400) ack 401\n")
	}
	frames := p.capture()
	const back = 7 * time.Second
	for i := range frames {
		if at := frames[i].Time; at >= frames[0].Time-frames[0].Time%int64(time.Hour)+int64(30*time.Minute)+int64(span/2) {
			frames[i].Time = at - int64(back)
		}
	}
	s := look(t, frames)
	s.check(t)
	if len(s.found.Findings) < 2 {
		t.Fatalf("%d findings", len(s.found.Findings))
	}
	if got, want := s.found.Findings[0].Text, "the clock of the capture was set back, as 2 of 214 conversations show"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if f := &s.found.Findings[1]; f.ID != "refused" {
		t.Errorf("then %s", f.Text)
	}
}
