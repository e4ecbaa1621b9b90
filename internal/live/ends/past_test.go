package ends

import (
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// TestPast: the end of what is left of a connection is not that of the next one with the same sockets.
func TestPast(t *testing.T) {
	for before, want := range map[fsm.State]int{fsm.TimeWait: 0, fsm.FinWait2: 0, fsm.SynRcvd: 1} {
		r := newRun()
		r.opened(1)
		c := change(endpoint(namespace, client, server, fsm.Closed), 0)
		c.Before = before
		r.kernel.next = []kernel.Change{c}
		_ = r.Flush()
		if len(r.told) != want {
			t.Errorf("from %v: told %q", before, r.told)
		}
	}
}

// TestPastEarly: nor is it if that one had been forgotten already. Of a connection that was open, it may be what a conversation begins with.
func TestPastEarly(t *testing.T) {
	next := []string{"2 client SYN_SENT", "2 client ESTABLISHED"}
	for before, want := range map[fsm.State][]string{fsm.TimeWait: next, fsm.FinWait2: next, fsm.Established: {"2 client CLOSED"}} {
		r := newRun()
		c := change(endpoint(namespace, client, server, fsm.Closed), 0)
		c.Before = before
		r.kernel.next = []kernel.Change{c}
		r.expect(t)
		for _, state := range []fsm.State{fsm.SynSent, fsm.Established} {
			r.kernel.next = append(r.kernel.next, change(endpoint(namespace, client, server, state), 0))
		}
		r.expect(t)
		r.opened(2)
		r.expect(t, want...)
	}
}

// TestLookup: what the kernel says of sockets now is about the conversation that has them last, also while an earlier one is remembered.
func TestLookup(t *testing.T) {
	r := newRun()
	e := endpoint(namespace, client, server, fsm.Established)
	r.kernel.known = map[kernel.Key]kernel.Endpoint{e.Key: e}
	r.opened(1)
	if _, ok := r.Lookup(talk(1), analyzer.Client); !ok {
		t.Error("the only conversation is not looked up")
	}
	r.opened(2)
	_, first := r.Lookup(talk(1), analyzer.Client)
	_, second := r.Lookup(talk(2), analyzer.Client)
	if first || !second {
		t.Errorf("the first %t, the second %t", first, second)
	}
}
