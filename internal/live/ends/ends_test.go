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

const namespace = 5

var (
	client = netip.MustParseAddrPort("10.0.0.1:1000")
	server = netip.MustParseAddrPort("10.0.0.2:80")
)

// made is a kernel that says what it is told to.
type made struct {
	next  []kernel.Change
	known map[kernel.Key]kernel.Endpoint
}

func (m *made) Namespace() uint32 { return namespace }

func (m *made) Lookup(k kernel.Key) (kernel.Endpoint, bool) {
	e, ok := m.known[k]
	return e, ok
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
}

func newRun() *run {
	r := &run{}
	r.Ends = New(&r.kernel, func(t *Told) { r.told = append(r.told, fmt.Sprint(t.Stream, t.Side, t.State)) })
	return r
}

func (r *run) opened(stream uint64) {
	r.Event(&analyzer.Event{Kind: analyzer.EventOpened, Conversation: conversation(stream)})
}

func conversation(stream uint64) *analyzer.Conversation {
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

func TestBothSides(t *testing.T) {
	r := newRun()
	r.opened(3)
	r.kernel.next = []kernel.Change{
		change(endpoint(namespace, client, server, fsm.SynSent), 0),
		change(endpoint(namespace, server, client, fsm.SynRcvd), 0),
		change(endpoint(namespace+1, server, client, fsm.Closing), 0), // of another host, as it were
	}
	r.expect(t, "3 client SYN_SENT", "3 server SYN_RCVD")
	r.Event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver, Conversation: conversation(3)})
	r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.CloseWait), 0)}
	r.expect(t, "3 client CLOSE_WAIT")
	r.opened(4) // the same again; the end of the old one comes late
	r.Event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver + 1, Conversation: conversation(3)})
	r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.SynSent), 0)}
	r.expect(t, "4 client SYN_SENT")
	r.Event(&analyzer.Event{Kind: analyzer.EventConversation, Over: analyzer.NotOver + 1, Conversation: conversation(4)})
	r.kernel.next = []kernel.Change{change(endpoint(namespace, client, server, fsm.Closed), 0)}
	r.expect(t)
}

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
