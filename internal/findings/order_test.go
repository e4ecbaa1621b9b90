package findings_test

import (
	"strings"
	"testing"
	"time"
)

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
	few := some(4, "", "", lostOne)
	late := func(p *planted) {
		for i := range 10 {
			p.add(50*time.Minute+time.Duration(i)*50*time.Second, p.client(), p.service(), lostOne)
		}
	}
	for _, test := range []struct {
		name  string
		plant []func(*planted)
		first string
	}{
		{"leaks, and 10 of 219 lost something", []func(*planted){leaks, some(10, "", "", lostOne)}, "client-leaks"},
		{"leaks, and 11 of 220 did", []func(*planted){leaks, some(11, "", "", lostOne)}, "loss"},
		{"leaks, and 10 did since a moment", []func(*planted){leaks, late}, "loss"},
		{"leaks, and one service did", []func(*planted){leaks, some(6, "", "10.20.0.9:443", lostOne)}, "loss"},
		{"leaks, and one was refused", []func(*planted){leaks, refused}, "refused"},
		{"a client resets what it is done with, and 4 lost something", []func(*planted){resets, few}, "loss"},
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

// TestMild: what clients reset when they are done with it is told if it sets some apart, or if they are a quarter; else it is counted as what has a warning.
func TestMild(t *testing.T) {
	reset := open + `
+20ms < P. 1:501(500) ack 201
+60us > .  201:201(0) ack 501
+5    > R. 201:201(0) ack 501
`
	lost := strings.Replace(reset, "+5  ", "+60us > P. 201:301(100) ack 501\n+5", 1) // with what it was sent
	for _, test := range []struct {
		name    string
		plant   func(*planted)
		told    uint64 // conversations
		counted uint64
	}{
		{"here and there", some(20, "", "", reset), 0, 20},
		{"one client, always", some(9, "10.1.0.78", "", reset), 9, 0},
		{"one client, always, and as many here and there", func(p *planted) {
			some(9, "10.1.0.78", "", reset)(p)
			some(9, "", "", reset)(p)
		}, 18, 0},
		{"one client, always, and more here and there", func(p *planted) {
			some(9, "10.1.0.78", "", reset)(p)
			some(10, "", "", reset)(p)
		}, 0, 19},
		{"half of one client's", func(p *planted) {
			some(9, "10.1.0.78", "", reset)(p)
			some(9, "10.1.0.78", "", p.exchange())(p)
		}, 9, 0},
		{"less than half", func(p *planted) {
			some(9, "10.1.0.78", "", reset)(p)
			some(10, "10.1.0.78", "", p.exchange())(p)
		}, 0, 9},
		{"less than a quarter", func(p *planted) {
			some(67, "", "", reset)(p)
			some(2, "", "", p.exchange())(p)
		}, 0, 67},
		{"a quarter", func(p *planted) {
			some(67, "", "", reset)(p)
			some(1, "", "", p.exchange())(p)
		}, 67, 0},
		{"one with data on its way", func(p *planted) {
			some(19, "", "", reset)(p)
			some(1, "", "", lost)(p)
		}, 20, 0},
	} {
		p := newPlanted(t)
		p.addHealthy()
		test.plant(p)
		s := look(t, p.capture())
		s.check(t)
		told := uint64(0)
		for i := range s.found.Findings {
			told += s.found.Findings[i].Conversations
		}
		if told != test.told || s.found.Warned != test.counted {
			t.Errorf("%s: %d told, %d with warnings", test.name, told, s.found.Warned)
		}
	}
}
