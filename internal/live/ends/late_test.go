package ends

import (
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// TestLate: what the kernel tells is late if it has not come soon; what it is asked for, also where it tells the rest, takes longer.
func TestLate(t *testing.T) {
	for _, c := range []struct {
		state  fsm.State
		socket bool
		want   time.Duration
	}{{fsm.FinWait2, true, lateTold}, {fsm.FinWait2, false, lateAsked}, {fsm.SynRcvd, false, lateAsked}, {fsm.Closed, false, lateTold}} {
		r := newRun()
		r.opened(7)
		e := endpoint(namespace, client, server, c.state)
		e.Socket = c.socket
		r.kernel.next = []kernel.Change{change(e, 0)}
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := r.hosts(7)[analyzer.Client].Late; got != c.want {
			t.Errorf("%v, socket %t: %v", c.state, c.socket, got)
		}
	}
}

// TestClockSetBack: what was said before the clock was set back, and seems to be of later, holds up nothing.
func TestClockSetBack(t *testing.T) {
	for ahead, want := range map[time.Duration]int{holdBack / 2: 0, time.Hour: 2} {
		r := newRun()
		r.opened(7)
		r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.SynSent), -ahead), change(endpoint(namespace, client, server, fsm.Established), holdBack)}
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		if hosts, _ := r.Hosts(talk(7)); len(hosts[analyzer.Client].Words) != want {
			t.Errorf("%v ahead: %v", ahead, hosts[analyzer.Client].Words)
		}
	}
}
