package findings_test

import "testing"

// lostOne is a conversation that lost a segment, which costs 3 s.
var lostOne = open + `
+20ms < .  1:1461(1460) ack 201
+10us < P. 1461:2001(540) ack 201
+60us > .  201:201(0) ack 1461
+3    < P. 1461:2001(540) ack 201
+60us > .  201:201(0) ack 2001
` + closed

// TestOrder: what has a place comes before what few met here and there, unless that failed.
func TestOrder(t *testing.T) {
	leaks := some(9, "10.1.0.77", "", open+`
+20ms < P. 1:501(500) ack 201
+60us > .  201:201(0) ack 501
+5    < F. 501:501(0) ack 201
+40ms > .  201:201(0) ack 502
`)
	resets := some(9, "10.1.0.78", "", open+`
+20ms < P. 1:501(500) ack 201
+60us > .  201:201(0) ack 501
+5    > R. 201:201(0) ack 501
`)
	refused := some(1, "", "10.20.0.3:8443", "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")
	for _, test := range []struct {
		name  string
		plant []func(*planted)
		first string
	}{
		{"leaks, and 10 of 219 lost something", []func(*planted){leaks, some(10, "", "", lostOne)}, "client-leaks"},
		{"leaks, and 11 of 220 did", []func(*planted){leaks, some(11, "", "", lostOne)}, "loss"},
		{"leaks, and one service did", []func(*planted){leaks, some(6, "", "10.20.0.9:443", lostOne)}, "loss"},
		{"leaks, and one was refused", []func(*planted){leaks, refused}, "refused"},
		{"a client resets what it is done with, and 4 lost something", []func(*planted){resets, some(4, "", "", lostOne)}, "loss"},
	} {
		p := newPlanted(t)
		p.addHealthy()
		for _, plant := range test.plant {
			plant(p)
		}
		s := look(t, p.capture())
		s.check(t)
		if f := s.found.Findings; len(f) != 2 || f[0].ID != test.first {
			t.Errorf("%s: %d findings, first %s", test.name, len(f), f[0].Text)
		}
	}
}
