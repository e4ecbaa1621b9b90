package ends

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

const namespace = 5

var (
	client = netip.MustParseAddrPort("10.0.0.1:1000")
	server = netip.MustParseAddrPort("10.0.0.2:80")
)

// made is a kernel that says what it is told to.
type made struct {
	next  []kernel.Change
	known map[kernel.Key]kernel.Endpoint
	asked bool // it does not tell
	want  []kernel.Key
	fresh kernel.Cookies
}

func (m *made) Cookies() kernel.Cookies {
	n := m.fresh
	m.fresh = kernel.Cookies{}
	return n
}

func (m *made) Want(k kernel.Key) { m.want = append(m.want, k) }

func (m *made) Source() kernel.Source {
	if m.asked {
		return kernel.Diag
	}
	return kernel.BPF
}

func (m *made) Namespace() uint32 { return namespace }

func (m *made) Lookup(k kernel.Key) (kernel.Endpoint, bool) {
	e, ok := m.known[k]
	return e, ok
}

func (m *made) Endpoints() iter.Seq[*kernel.Endpoint] {
	return func(yield func(*kernel.Endpoint) bool) {
		for _, e := range m.known {
			if !yield(&e) {
				return
			}
		}
	}
}

func (m *made) Read(f func(kernel.Change)) error {
	for _, c := range m.next {
		f(c)
	}
	m.next = nil
	return nil
}

func endpoint(space uint32, local, remote netip.AddrPort, state fsm.State) kernel.Endpoint {
	return kernel.Endpoint{Key: kernel.Key{Namespace: space, Local: local, Remote: remote}, State: state}
}

func change(e kernel.Endpoint, ago time.Duration) kernel.Change {
	return kernel.Change{Endpoint: e, Time: time.Now().Add(-ago)}
}

// run is Ends beside a made-up kernel, and what it told.
type run struct {
	*Ends
	kernel made
	told   []string
	again  []uint64
}

func newRun() *run {
	r := &run{}
	r.Ends = New(&r.kernel, func(t *Told) { r.told = append(r.told, fmt.Sprint(t.Stream, t.Side(), t.State)) },
		func(stream uint64) { r.again = append(r.again, stream) },
		func(c *kernel.Change) { r.told = append(r.told, fmt.Sprint(c.Local, " full ", c.Drops)) })
	r.here.add(client.Addr())
	return r
}

// event is told as the loop tells it.
func (r *run) event(ev *analyzer.Event) { r.Event(ev, r.tell) }

func (r *run) opened(stream uint64) {
	r.event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: talk(stream)})
}

func talk(stream uint64) *analyzer.Conversation {
	c := &analyzer.Conversation{Stream: stream}
	c.Addr = [2]netip.AddrPort{client, server}
	return c
}

func (r *run) expect(t *testing.T, want ...string) {
	t.Helper()
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.told, want) {
		t.Errorf("told %q, want %q", r.told, want)
	}
	r.told = nil
}

func (r *run) hosts(stream uint64) [2]*host.End {
	hosts, _ := r.Hosts(talk(stream))
	return hosts
}

// words are the kernel's of a side of a conversation, as the analysis gets them.
func (r *run) words(stream uint64, side analyzer.Side) (words []string) {
	end := r.hosts(stream)[side]
	if end == nil {
		return nil
	}
	for _, w := range end.Words {
		words = append(words, w.State.String())
	}
	return words
}

func TestBothSides(t *testing.T) {
	r := newRun()
	r.opened(3)
	r.kernel.next = []kernel.Change{
		change(endpoint(namespace, client, server, fsm.SynSent), 0),
		change(endpoint(namespace, server, client, fsm.SynRcvd), 0),
		change(endpoint(namespace+1, server, client, fsm.Closing), 0), // of another host, as it were
	}
	r.expect(t, "3 client SYN_SENT", "3 server SYN_RCVD")
	r.event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver, Conversation: talk(3)})
	r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.CloseWait), 0)}
	r.expect(t, "3 client CLOSE_WAIT")
	r.opened(4) // the same again; the end of the old one comes late
	r.event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver + 1, Conversation: talk(3)})
	r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.SynSent), 0)}
	r.expect(t, "4 client SYN_SENT")
	r.event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver + 1, Conversation: talk(4)})
	r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.Closed), 0)}
	r.expect(t)
}

// TestKnown: a conversation of which nothing is told begins with what is known.
func TestKnown(t *testing.T) {
	for state, want := range map[fsm.State][]string{fsm.Established: {"1 server ESTABLISHED"}, fsm.Closed: nil, fsm.TimeWait: nil} {
		r := newRun()
		e := endpoint(namespace, server, client, state)
		r.kernel.known = map[kernel.Key]kernel.Endpoint{e.Key: e}
		r.opened(1)
		r.expect(t, want...)
	}
}

// TestWords: the analysis gets what the kernel says when packets have had the time to come, and is told so.
func TestWords(t *testing.T) {
	for ago, want := range map[time.Duration][]string{holdBack - 100*time.Millisecond: nil, holdBack: {"SYN_RCVD", "ESTABLISHED"}} {
		r := newRun()
		r.opened(1)
		c := change(endpoint(namespace, server, client, fsm.Established), ago)
		c.Before, c.Process.PID, c.Socket = fsm.SynRcvd, 7, true
		r.kernel.next = []kernel.Change{c}
		r.expect(t, "1 server ESTABLISHED")
		if got := r.words(1, analyzer.Server); !slices.Equal(got, want) || len(r.again) > 0 != (want != nil) {
			t.Errorf("told %v ago: words %v, want %v; judged again: %v", ago, got, want, r.again)
		}
		if end := r.hosts(1)[analyzer.Server]; end.Process.PID != 7 || !end.All || end.Late != lateTold {
			t.Errorf("%+v", end)
		}
		if end := r.hosts(1)[analyzer.Client]; end != nil {
			t.Errorf("of the other host: %+v", end)
		}
	}
}

// TestAsked: what is known by asking only is not all that happens, and later.
func TestAsked(t *testing.T) {
	r := newRun()
	r.kernel.asked = true
	e := endpoint(namespace, client, server, fsm.CloseWait)
	r.kernel.known = map[kernel.Key]kernel.Endpoint{e.Key: e}
	if end := r.hosts(1)[analyzer.Client]; end == nil || end.All || end.Late != lateAsked {
		t.Errorf("%+v", end)
	}
	r.expect(t)
	r.opened(1)
	r.expect(t, "1 client CLOSE_WAIT")
	if got := r.words(1, analyzer.Client); !slices.Equal(got, []string{"CLOSE_WAIT"}) {
		t.Error(got)
	}
}

// TestAnother: the next connection between the same sockets has words of its own, also when those of the first are held back still.
func TestAnother(t *testing.T) {
	for _, ago := range []time.Duration{0, time.Second} {
		at := func(state, before fsm.State) kernel.Change {
			c := change(endpoint(namespace, client, server, state), ago)
			c.Before = before
			return c
		}
		for _, test := range []struct {
			next kernel.Change
			same bool // connection
		}{
			{at(fsm.TimeWait, fsm.FinWait2), true}, {at(fsm.SynSent, fsm.Closed), false}, {at(fsm.Established, fsm.SynRcvd), false}, {at(fsm.SynRcvd, fsm.Unknown), false},
		} {
			r := newRun()
			r.opened(1)
			r.kernel.next = []kernel.Change{at(fsm.SynSent, fsm.Closed), at(fsm.FinWait2, fsm.Established), test.next}
			told := []string{"1 client SYN_SENT", "1 client FIN_WAIT_2"}
			if test.same {
				told = append(told, "1 client "+test.next.State.String())
			}
			r.expect(t, told...)
			if got := len(r.early) == 0; got != test.same {
				t.Errorf("%v ago, then %v: waits for another connection: %v", ago, test.next.State, !got)
			}
			r.opened(2)
			if r.told = nil; len(r.early) > 0 {
				t.Errorf("%v ago, then %v: waits still", ago, test.next.State)
			}
		}
		r := newRun()
		r.opened(1)
		r.kernel.next = []kernel.Change{at(fsm.SynSent, fsm.Closed), at(fsm.SynRcvd, fsm.SynSent), at(fsm.Established, fsm.SynRcvd)} // a simultaneous open
		r.expect(t, "1 client SYN_SENT", "1 client SYN_RCVD", "1 client ESTABLISHED")
	}
}

// TestInfo: what the kernel measures is as new as it has it, and stays when the socket is gone.
func TestInfo(t *testing.T) {
	r := newRun()
	e := endpoint(namespace, client, server, fsm.Established)
	r.kernel.known = map[kernel.Key]kernel.Endpoint{e.Key: e}
	info := func() *host.Info { return r.hosts(1)[analyzer.Client].Info }
	if info() != nil {
		t.Error("it was not asked yet")
	}
	e.Info = &host.Info{CWND: 10}
	r.kernel.known[e.Key] = e
	if i := info(); i != e.Info {
		t.Errorf("%+v", i)
	}
	delete(r.kernel.known, e.Key)
	if i := info(); i != e.Info {
		t.Errorf("afterwards %+v", i)
	}
}

// TestWant: an end on this host of which nothing is known is asked for, once; one that is known is not, and one elsewhere is not.
func TestWant(t *testing.T) {
	r := newRun()
	r.opened(1)
	r.opened(1)
	if want := []kernel.Key{{Namespace: namespace, Local: client, Remote: server}}; !slices.Equal(r.kernel.want, want) {
		t.Errorf("asked for %v, want %v", r.kernel.want, want)
	}
	r = newRun()
	e := endpoint(namespace, client, server, fsm.Established)
	r.kernel.known = map[kernel.Key]kernel.Endpoint{e.Key: e}
	if r.opened(1); r.kernel.want != nil {
		t.Errorf("asked for %v", r.kernel.want)
	}
}

// TestOwner: a process that is found later is told, and is in the record, though no state is new; the same once more is not news to the record.
func TestOwner(t *testing.T) {
	r := newRun()
	r.opened(1)
	for i, c := range []struct {
		pid  uint32
		news bool
	}{{0, true}, {0, false}, {7, true}, {7, false}, {8, true}} {
		e := endpoint(namespace, client, server, fsm.Established)
		e.Process.PID, r.again = c.pid, nil
		r.kernel.next = []kernel.Change{change(e, holdBack)}
		r.expect(t, "1 client ESTABLISHED")
		if got := len(r.again) > 0; got != c.news {
			t.Errorf("%d: process %d: again %v", i, c.pid, r.again)
		}
		if hosts, _ := r.Hosts(talk(1)); hosts[0].Process.PID != c.pid {
			t.Errorf("belongs to %+v", hosts[0].Process)
		}
	}
}
