package ends

import (
	"net/netip"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// TestEarly: what is told before the conversation begins waits for that, but not for long.
func TestEarly(t *testing.T) {
	r := newRun()
	e := endpoint(namespace, client, server, fsm.SynSent)
	r.kernel.next = []kernel.Change{change(e, 0)}
	r.expect(t)
	e.State = fsm.Established
	r.kernel.next = []kernel.Change{change(e, 0)}
	r.expect(t)
	r.kernel.known = map[kernel.Key]kernel.Endpoint{e.Key: e}
	r.opened(1)
	r.expect(t, "1 client SYN_SENT", "1 client ESTABLISHED")

	for ago, want := range map[time.Duration]int{patience - time.Second: 1, patience + time.Second: 0} {
		r := newRun()
		r.kernel.next = []kernel.Change{change(e, ago)}
		if r.expect(t); len(r.early) != want {
			t.Errorf("%d wait since %v, want %d", len(r.early), ago, want)
		}
	}
}

// TestRoom: there is room for so many that wait.
func TestRoom(t *testing.T) {
	r := newRun()
	for n := range mostEarly + 1 {
		remote := netip.AddrPortFrom(server.Addr(), uint16(n))
		r.kernel.next = append(r.kernel.next, change(endpoint(namespace, client, remote, fsm.SynSent), 0))
	}
	if r.expect(t); len(r.early) != mostEarly {
		t.Errorf("%d wait", len(r.early))
	}
}

// TestEarlyAnother: of two connections that are told of before either conversation begins, each has its own words.
func TestEarlyAnother(t *testing.T) {
	r := newRun()
	for range 2 {
		for _, state := range []fsm.State{fsm.SynSent, fsm.Established, fsm.Closed} {
			r.kernel.next = append(r.kernel.next, change(endpoint(namespace, client, server, state), 0))
		}
	}
	last := r.kernel.next[5]
	r.kernel.next = r.kernel.next[:5]
	r.expect(t)
	r.opened(1)
	r.expect(t, "1 client SYN_SENT", "1 client ESTABLISHED", "1 client CLOSED")
	r.kernel.next = []kernel.Change{last}
	r.expect(t)
	r.opened(2)
	r.expect(t, "2 client SYN_SENT", "2 client ESTABLISHED", "2 client CLOSED")
}

// TestEarlyMany: so many changes wait for a conversation; the oldest connections of the same sockets make room for the newest, and a connection that
// changes without end for its own.
func TestEarlyMany(t *testing.T) {
	states := []fsm.State{fsm.SynSent, fsm.Established, fsm.CloseWait, fsm.Closed}
	for n, want := range map[int]int{mostWords - 1: mostWords - 1, mostWords: mostWords, mostWords + 1: mostWords - 3, 100*mostWords + 1: mostWords - 3} {
		r := newRun()
		for i := range n {
			r.kernel.next = append(r.kernel.next, change(endpoint(namespace, client, server, states[i%len(states)]), 0))
		}
		r.expect(t)
		k := r.key(talk(1).Addr, analyzer.Client)
		if got := r.early[k]; len(got) != want || got[0].State != fsm.SynSent || got[want-1].State != states[(n-1)%len(states)] {
			t.Errorf("%d of %d changes wait, from %v, want %d", len(got), n, got[0].State, want)
		}
	}
	r := newRun()
	for range 3 * mostWords {
		r.kernel.next = append(r.kernel.next, change(endpoint(namespace, client, server, fsm.Established), 0))
	}
	if r.expect(t); len(r.early[r.key(talk(1).Addr, analyzer.Client)]) != mostWords {
		t.Errorf("%d changes of one connection wait", len(r.early[r.key(talk(1).Addr, analyzer.Client)]))
	}
}
