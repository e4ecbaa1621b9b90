package findings_test

import (
	"fmt"
	"testing"
)

// TestScanOfFew: what a client that scans met too seldom to be told from chance belongs to its scan, and what others met of the same does not.
func TestScanOfFew(t *testing.T) {
	const open = "+0 > S 0:0(0) win 1024 <mss 1460>\n+9ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+60us > R 1:1(0) win 0\n"
	for others, want := range map[int]string{0: "[scan 62]", 1: "[scan 62 reset-when-answered 1]"} {
		p := newPlanted(t)
		p.addHealthy()
		for i := range 60 {
			p.add(p.start(), "10.4.0.98", fmt.Sprintf("10.20.0.9:%d", 1000+i), "+0 > S 0:0(0) win 1024 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")
		}
		some(2, "10.4.0.98", "", open)(p)
		some(others, "10.1.0.1", "", open)(p)
		s := look(t, p.capture())
		s.check(t)
		var got []string
		for _, f := range s.found.Findings {
			got = append(got, fmt.Sprint(f.ID, " ", f.Conversations))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%d of others: %v, want %s", others, got, want)
		}
	}
}

// TestScanOrServer: refusals of a host that one client alone met are a scan; not if that client does much else, which works.
func TestScanOrServer(t *testing.T) {
	for works, want := range map[int]string{2: "scan client", 40: "refused server"} {
		p := newPlanted(t)
		p.addHealthy()
		for i := range 60 {
			p.add(p.start(), "10.4.0.98", fmt.Sprintf("10.20.0.9:%d", 1000+i), "+0 > S 0:0(0) win 1024 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")
		}
		for range works {
			p.add(p.start(), "10.4.0.98", p.service(), p.exchange())
		}
		s := look(t, p.capture())
		s.check(t)
		f := &s.found.Findings[0]
		if got := f.ID + " " + f.Factor.By; got != want {
			t.Errorf("%d that work: %s, want %s", works, got, want)
		}
	}
}
