package findings_test

import (
	"fmt"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// waitless are conversations in which a side is silent for long, and nobody waits for it.
var waitless = []struct{ name, server, turns string }{
	{"a request, a pause, another", "10.20.5.1:80", "c1/200 s300/900 c8000/200 s200/900 c30000/200 s250/900 cF10 sF0"},
	{"an interactive shell", "10.20.5.1:22", "s20/40 c10/40 s30/900 c10/900 s30/200 c2000/36 s1/36 c180/36 s1/36 c90/36 s1/36 s4000/600 c9000/36 s1/36 s2500/120 c4000/36 s1/36"},
	{"a shell whose server asks whether the client is there", "10.20.5.2:22", "s20/40 c10/40 s30/900 c2000/36 s1/36 s15000/52 c1/36 s15000/52 c1/36 s15000/52 c1/36"},
	{"a WebSocket with pushes", "10.20.5.1:8080", "c1/400 s20/160 s4000/80 c3000/90 c1700/90 s2400/80 s7000/70 c2000/90 s1300/80"},
	{"a WebSocket whose client says something now and then", "10.20.5.1:8081", "c1/400 s20/160 s4000/80 c900/150 s2400/80 s7000/70 s1700/90 c2000/150 s3300/80 s9000/200"},
	{"a subscription", "10.20.5.1:61613", "c1/120 s12/90 c1/110 s7000/300 s3000/310 s4000/290 s11000/300"},
	{"a long poll", "10.20.5.2:443", "c1/300 s30020/150 c12/300 s11300/480 c14/300 s30010/150 c11/300 s30030/150"},
	{"a worker at a queue", "10.20.5.1:6379", "c1/30 s2040/5 c1/30 s2090/5 c1/30 s2010/5 c1/30 s740/80 c300/30 s2070/5 c1/30 s2000/5"},
	{"a database with transactions", "10.20.5.1:5432", "c1/60 s3/300 c2/30 s1/12 c3/90 s8/400 c1500/80 s4/300 c4000/20 s2/12 c60000/30 s1/12"},
	{"IRC with PING and PONG", "10.20.5.1:6667", "c1/60 s40/900 s90000/30 c2/28 s90000/30 c2/28 s41000/90 s49000/30 c2/28 s13000/80"},
	{"MQTT with keep-alives and acknowledgements", "10.20.5.1:1883", "c1/40 s2/4 c1/30 s2/5 s20000/60 c1/4 s8000/60 c1/4 c30000/2 s1/2 s9000/60 c1/4"},
	{"heartbeats of both sides", "10.20.5.1:179", "c1/53 s2/53 c1/19 s1/19 c37000/19 s23000/19 c37000/19 s23000/19 c37000/19 s23000/19"},
	{"an idle HTTP/2 connection that its server closes", "10.20.5.3:443", "c1/517 s10/3000 c1/80 s2/250 c5/300 s40/900 c1/39 s180000/46 sF0 cF1"},
	{"a connection made ahead of need", "10.20.5.4:443", "c1/517 s10/200 c1/51 s60000/31 sF0 cF1"},
	{"one that its server gives up by a word", "10.20.5.1:81", "s20000/212 sF0 cF1"},
}

// slow are conversations whose client waits for the server.
var slowServers = []struct{ name, server, turns string }{
	{"one slow answer", "10.20.6.1:80", "c1/200 s2600/900 c3000/200 s80/900"},
	{"one that closes behind it", "10.20.6.2:80", "c1/200 s4100/300 sF0 cF1"},
	{"a query of several that is slow", "10.20.6.1:5432", "c1/60 s3/300 c2/30 s1/12 c3/90 s8700/400 c2/20 s2/12 c1/90 s4/400"},
	{"a program that asks again at once", "10.20.6.1:9200", "c1/90 s1900/400 c2/90 s3300/380 c2/90 s1200/800 c2/90 s2750/400"},
	{"the same, and all answers alike", "10.20.6.2:9200", "c1/90 s3240/400 c2/90 s3240/400 c2/90 s3240/400 c2/90 s3240/400"},
	{"a person who reads between slow pages", "10.20.6.3:80", "c1/300 s2100/1400 c9000/300 s3600/1400 c12000/300 s1800/1400"},
	{"a greeting that is late", "10.20.6.1:25", "s5005/60 c20/20 s30/90 c10/40 s20/30"},
	{"a handshake of TLS that is late", "10.20.6.4:443", "c1/517 s2800/3000 c1/80 s2/250 c5/300 s40/900"},
	{"an answer that comes in pieces", "10.20.6.5:80", "c1/200 s1600/700 s1200/700 s40/300 c2000/200 s1700/700"},
	{"one behind an acknowledgement of HTTP/2", "10.20.6.6:443", "c1/517 s10/3000 c1/80 s2/250 c5/300 s40/900 c1/39 c7000/120 s3800/900 c1/39 c6000/120 s2200/900"},
	{"one of which the client is told to wait, and answers", "10.20.6.7:21", "c1/20 s30/60 c20/20 s10/40 s3000/40 c2/8 s30/60 c1/20 s20/50 s2000/40 c1/8 s4000/40"},
	{"one that a client gives up by an RST", "10.20.6.8:80", "c1/200 cR7000"},
}

// TestWaitless: nothing is found in conversations in which nobody waits for anybody.
func TestWaitless(t *testing.T) {
	p := newPlanted(t)
	p.addHealthy()
	for _, w := range waitless {
		for range 6 {
			p.add(p.start(), p.client(), w.server, scripts.Talk(t, w.turns))
		}
	}
	s := look(t, p.capture())
	for _, f := range s.found.Findings {
		t.Errorf("found: %s", f.Text)
	}
}

// TestSlowServers: each of them is found among conversations that look alike.
func TestSlowServers(t *testing.T) {
	for _, w := range slowServers {
		p := newPlanted(t)
		p.addHealthy()
		for i := range 6 {
			p.add(p.start(), fmt.Sprintf("10.1.0.%d", 1+i), w.server, scripts.Talk(t, w.turns))
		}
		for _, w := range waitless {
			p.add(p.start(), p.client(), w.server, scripts.Talk(t, w.turns))
		}
		s := look(t, p.capture())
		s.check(t)
		if len(s.found.Findings) != 1 {
			t.Errorf("%s: %d findings", w.name, len(s.found.Findings))
			continue
		}
		want := "slow-server"
		if w.name == "one that a client gives up by an RST" {
			want = "given-up-waiting"
		}
		if f := &s.found.Findings[0]; f.ID != want || f.Conversations != 6 || f.Factor == nil || f.Factor.Value != w.server || f.WaitedS < 6 {
			t.Errorf("%s: %s", w.name, f.Text)
		}
	}
}
