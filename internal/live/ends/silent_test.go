package ends

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// newSilent is Ends of a host that serves port 80 and has two connections, and what it tells of those that stay silent.
func newSilent(t *testing.T, may func(client, server netip.AddrPort) bool) (r *run, told *[]string, open [2]kernel.Endpoint) {
	t.Helper()
	r, told = newRun(), &[]string{}
	other := netip.MustParseAddrPort("10.0.0.9:80")
	inside := netip.AddrPortFrom(client.Addr(), 80)
	open = [2]kernel.Endpoint{endpoint(namespace, client, other, fsm.Established), endpoint(namespace, inside, server, fsm.CloseWait)}
	open[0].Socket, open[1].Socket = true, true
	listening := endpoint(namespace, netip.MustParseAddrPort("0.0.0.0:80"), netip.MustParseAddrPort("0.0.0.0:0"), fsm.Listen)
	away := endpoint(namespace+1, client, netip.MustParseAddrPort("10.0.0.8:80"), fsm.Established)
	over := endpoint(namespace, client, netip.MustParseAddrPort("10.0.0.7:80"), fsm.TimeWait)
	r.kernel.known = map[kernel.Key]kernel.Endpoint{}
	for _, e := range []kernel.Endpoint{open[0], open[1], listening, away, over} {
		r.kernel.known[e.Key] = e
	}
	if more := r.Silents(may, func(s *Silent) {
		*told = append(*told, fmt.Sprint(s.Conversation.Addr[0], " ", s.Conversation.Addr[1], " ", s.Side, " ", s.State))
	}); more != 0 {
		t.Errorf("%d too many", more)
	}
	return r, told, open
}

// passes has silent connections have begun so much earlier.
func (r *run) passes(d time.Duration) {
	for i := range r.silent.begun {
		r.silent.begun[i].at = r.silent.begun[i].at.Add(-d)
	}
}

func all(_, _ netip.AddrPort) bool { return true }

func expectSilent(t *testing.T, r *run, told *[]string, want ...string) {
	t.Helper()
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(*told, want) {
		t.Errorf("told %q, want %q", *told, want)
	}
	*told = nil
}

// TestSilent: what was open and stays silent is told, and what becomes of it; who listens is the server.
func TestSilent(t *testing.T) {
	r, told, open := newSilent(t, all)
	expectSilent(t, r, told) // too early
	if list := r.StillSilent(); len(list) > 0 {
		t.Errorf("%d are listed early", len(list))
	}
	r.passes(silence)
	expectSilent(t, r, told, "10.0.0.1:1000 10.0.0.9:80 client ESTABLISHED", "10.0.0.2:80 10.0.0.1:80 server CLOSE_WAIT")
	expectSilent(t, r, told)
	list := r.StillSilent()
	if len(list) != 2 || list[0].Hosts[analyzer.Client].Words[0].State != fsm.Established || list[0].Hosts[analyzer.Server] != nil || list[0].Stream < noStream || list[0].Outcome != analyzer.Open {
		t.Errorf("listed: %+v", list)
	}
	open[0].State = fsm.FinWait1
	r.kernel.next = []kernel.Change{change(open[0], 0)}
	expectSilent(t, r, told) // a packet may show it
	r.kernel.next = []kernel.Change{change(open[1], holdBack)}
	r.silent.late[0].Time = time.Now().Add(-holdBack)
	r.kernel.next[0].State = fsm.Closed
	expectSilent(t, r, told, "10.0.0.1:1000 10.0.0.9:80 client FIN_WAIT_1", "10.0.0.2:80 10.0.0.1:80 server CLOSED")
	if list := r.StillSilent(); len(list) != 1 {
		t.Errorf("%d are listed, one is over", len(list))
	}
}

// TestHeard: of which a packet comes, whoever seems to be the client then, is a conversation, and what was held back is told of that alone.
func TestHeard(t *testing.T) {
	r, told, open := newSilent(t, all)
	r.passes(silence)
	open[0].State = fsm.FinWait1
	r.kernel.next = []kernel.Change{change(open[0], 0)}
	expectSilent(t, r, told, "10.0.0.1:1000 10.0.0.9:80 client ESTABLISHED", "10.0.0.2:80 10.0.0.1:80 server CLOSE_WAIT")
	c := talk(3)
	c.Addr = [2]netip.AddrPort{open[0].Remote, open[0].Local}
	r.event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: c})
	r.silent.late[0].Time = time.Now().Add(-holdBack)
	expectSilent(t, r, told)
	if list := r.StillSilent(); len(list) != 1 {
		t.Errorf("%d are listed", len(list))
	}
}

// TestUnsent: a connection whose SYN is not captured is told after a second, and that it is over; one of which a packet comes, that is over by then, is answered, or
// takes another interface, is not.
func TestUnsent(t *testing.T) {
	for _, c := range []struct {
		name      string
		may       bool
		then      func(r *run, e *kernel.Endpoint)
		after     time.Duration
		want, end []string
	}{
		{"nothing comes", true, nil, silence, []string{"10.0.0.1:1000 10.0.0.2:80 client SYN_SENT"}, []string{"10.0.0.1:1000 10.0.0.2:80 client CLOSED"}},
		{"nothing comes so far", true, nil, silence - 100*time.Millisecond, nil, nil},
		{"takes another interface", false, nil, silence, nil, nil},
		{"a packet comes", true, func(r *run, _ *kernel.Endpoint) { r.opened(3) }, silence, nil, nil},
		{"of which it seems to be the server", true, func(r *run, _ *kernel.Endpoint) {
			c := talk(3)
			c.Addr = [2]netip.AddrPort{server, client}
			r.event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: c})
		}, silence, nil, nil},
		{"over by then", true, func(_ *run, e *kernel.Endpoint) { e.State = fsm.Closed }, silence, nil, nil},
		{"answered elsewhere", true, func(_ *run, e *kernel.Endpoint) { e.State = fsm.Established }, silence, nil, nil},
	} {
		r, told := newRun(), []string{}
		r.kernel.known = map[kernel.Key]kernel.Endpoint{}
		var times []time.Time
		r.Silents(func(_, _ netip.AddrPort) bool { return c.may }, func(s *Silent) {
			told, times = append(told, fmt.Sprint(s.Conversation.Addr[0], " ", s.Conversation.Addr[1], " ", s.Side, " ", s.State)), append(times, s.Time)
		})
		e := endpoint(namespace, client, server, fsm.SynSent)
		e.Socket, e.Since = true, time.Now().Add(-10*time.Millisecond)
		r.kernel.next = []kernel.Change{change(e, 10*time.Millisecond)}
		expectSilent(t, r, &told)
		if c.then != nil {
			c.then(r, &e)
		}
		r.kernel.known[e.Key] = e
		r.passes(c.after)
		expectSilent(t, r, &told, c.want...)
		list := r.StillSilent()
		if len(list) != len(c.want) || len(list) == 1 && (list[0].Start != analyzer.Time(e.Since.UnixNano()) || list[0].Stream < noStream || list[0].Outcome != analyzer.Unanswered) {
			t.Errorf("%s: listed %+v", c.name, list)
		}
		e.State, e.Socket = fsm.Closed, false
		r.kernel.next = []kernel.Change{change(e, holdBack)}
		r.kernel.next[0].Before = fsm.SynSent
		if expectSilent(t, r, &told, c.end...); len(r.StillSilent()) > 0 {
			t.Errorf("%s: it is over, and listed", c.name)
		}
		for _, at := range times {
			if time.Since(at) > time.Second/2 {
				t.Errorf("%s: told %v ago", c.name, time.Since(at))
			}
		}
	}
}

// TestUnsentOverload: where the kernel's word is read late, the conversation is told after that, and the connection is not taken for silent.
func TestUnsentOverload(t *testing.T) {
	for _, begins := range []bool{true, false} {
		r, told, _ := newSilent(t, all)
		clear(r.silent.all)
		r.silent.begun = nil
		e := endpoint(namespace, client, server, fsm.SynSent)
		e.Socket = true
		r.kernel.known[e.Key] = e
		r.kernel.next = []kernel.Change{change(e, 3*silence)}
		expectSilent(t, r, told)
		var want []string
		if begins {
			r.opened(3)
		} else {
			want = []string{"10.0.0.1:1000 10.0.0.2:80 client SYN_SENT"}
		}
		r.passes(silence)
		expectSilent(t, r, told, want...)
	}
}

// TestSilentRoom: only so much of what becomes of silent connections is held back; one of which there is more is no longer told, rather than said to be open for ever.
func TestSilentRoom(t *testing.T) {
	for _, more := range []int{0, 1} {
		r := newRun()
		r.kernel.known = map[kernel.Key]kernel.Endpoint{}
		r.Silents(all, func(*Silent) {})
		var list []kernel.Change
		for n := range 2 {
			e := endpoint(namespace, netip.AddrPortFrom(client.Addr(), uint16(1000+n)), server, fsm.Established)
			r.kernel.known[e.Key] = e
			c := r.silent.add(pair{e.Local, e.Remote}, time.Now())
			say(c, analyzer.Client, &e, time.Now())
			list = append(list, change(e, 0))
		}
		for range mostSilent - 1 + more {
			r.kernel.next = append(r.kernel.next, list[0])
		}
		list[1].State = fsm.Closed
		r.kernel.next = append(r.kernel.next, list[1])
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		if len(r.silent.late) != mostSilent || len(r.silent.all) != 2-more || r.SilentsLeftOut() != more {
			t.Errorf("%d too many: %d held back, %d silent, %d left out", more, len(r.silent.late), len(r.silent.all), r.SilentsLeftOut())
		}
	}
}

// TestNotCaptured: what takes another interface is not told, and of too many only some.
func TestNotCaptured(t *testing.T) {
	r, told, _ := newSilent(t, func(_, server netip.AddrPort) bool { return server.Addr() == client.Addr() })
	r.passes(silence)
	expectSilent(t, r, told, "10.0.0.2:80 10.0.0.1:80 server CLOSE_WAIT")
	for n := range mostSilent + 1 {
		e := endpoint(namespace, client, netip.AddrPortFrom(server.Addr(), uint16(n)), fsm.Established)
		e.Socket = true
		r.kernel.known[e.Key] = e
	}
	if more := r.Silents(func(_, server netip.AddrPort) bool {
		return server.Addr() != client.Addr() && server.Port() != 80 || server.Addr() == client.Addr()
	}, nil); more != 1 {
		t.Errorf("%d too many", more)
	}
}
