package ends

import (
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// TestTurned: when the client turns out to be the server, what the kernel said of each stays with its socket, what it says next is told of the right side, and
// nothing is left of either when it is over.
func TestTurned(t *testing.T) {
	for _, opened := range []bool{true, false} {
		r := newRun()
		if r.hosts(1); opened {
			r.opened(1)
		}
		r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.Established), holdBack-100*time.Millisecond)}
		if r.Flush() != nil || opened != (len(r.told) == 1) {
			t.Errorf("told %q", r.told)
		}
		turned := talk(1)
		slices.Reverse(turned.Addr[:])
		if hosts, _ := r.Hosts(turned); hosts[analyzer.Server] == nil || hosts[analyzer.Client] != nil {
			t.Errorf("of the ends %v", hosts)
		}
		r.event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: turned})
		time.Sleep(100 * time.Millisecond)
		r.told = r.told[:0:0]
		r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.CloseWait), 0)}
		r.expect(t, "1 server CLOSE_WAIT")
		if hosts, _ := r.Hosts(turned); len(hosts[analyzer.Server].Words) != 1 {
			t.Errorf("words %v", hosts[analyzer.Server].Words)
		}
		r.event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver + 1, Conversation: turned})
		r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.Closed), 0)}
		if r.expect(t); len(r.all)+len(r.streams) > 0 {
			t.Errorf("%d conversations and %d pairs of sockets are left", len(r.all), len(r.streams))
		}
	}
}

// TestTurnedMeanwhile: what was told of an end is of the right side, however long it waits to be written.
func TestTurnedMeanwhile(t *testing.T) {
	for _, ago := range []time.Duration{0, holdBack, time.Minute} {
		for _, turns := range []bool{false, true} {
			r := newRun()
			var waiting *Told
			r.tell = func(told *Told) { waiting = told }
			r.opened(1)
			r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.Established), ago)}
			if err := r.Flush(); err != nil {
				t.Fatal(err)
			}
			now, side := talk(1), analyzer.Client
			if turns {
				slices.Reverse(now.Addr[:])
				side = analyzer.Server
			}
			r.Hosts(now)
			if waiting.Side() != side || *waiting.Between != now.Addr {
				t.Errorf("told %v ago, turned %t: of the %v, between %v", ago, turns, waiting.Side(), *waiting.Between)
			}
		}
	}
}

// TestSelf: what the kernel says of a socket that is connected to itself is told once, and is of both sides of the conversation.
func TestSelf(t *testing.T) {
	r := newRun()
	r.kernel.next = []kernel.Change{change(endpoint(namespace, client, client, fsm.Established), 2*holdBack)}
	r.expect(t)
	self := talk(1)
	self.Addr[analyzer.Server] = client
	r.event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: self})
	r.expect(t, "1 client ESTABLISHED")
	hosts, _ := r.Hosts(self)
	if hosts[analyzer.Client] == nil || hosts[analyzer.Server] != hosts[analyzer.Client] || len(hosts[analyzer.Client].Words) != 1 {
		t.Errorf("of the ends %v", hosts)
	}
}
