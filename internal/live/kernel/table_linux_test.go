package kernel

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// at is the key of an endpoint to port n of another host.
func at(n int) Key {
	return Key{Namespace: 1, Local: netip.MustParseAddrPort("10.0.0.1:1000"),
		Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(n >> 16), 2}), uint16(n))}
}

var start = time.Unix(1_000_000, 0)

// teller is a table, and the last change it told.
type teller struct {
	*table
	last Change
	told int
}

func newTeller(left func(Key) (Endpoint, bool, bool)) *teller {
	t := &teller{table: newTable(left)}
	t.tell = func(c Change) { t.last, t.told = c, t.told+1 }
	return t
}

func nothingLeft(Key) (Endpoint, bool, bool) { return Endpoint{}, false, true }

func step(n, second int, before, state fsm.State) *record {
	return &record{key: at(n), before: before, state: state, sock: uint64(n), time: start.Add(time.Duration(second) * time.Second)}
}

func TestNumbers(t *testing.T) {
	for number, want := range map[uint8]fsm.State{0: fsm.Unknown, 1: fsm.Established, 11: fsm.Closing, 12: fsm.SynRcvd, 13: fsm.Unknown, 255: fsm.Unknown} {
		if got := stateOf(number); got != want {
			t.Errorf("%d is %v, want %v", number, got, want)
		}
	}
}

// TestLeft: what is left of a socket that ends is asked for where something may be, and nowhere else.
func TestLeft(t *testing.T) {
	for _, c := range []struct {
		before fsm.State
		left   fsm.State // Unknown: nothing
		known  bool
		want   fsm.State
		found  bool
	}{
		{fsm.FinWait2, fsm.TimeWait, true, fsm.TimeWait, false},
		{fsm.FinWait2, fsm.FinWait2, true, fsm.FinWait2, false},
		{fsm.FinWait2, fsm.SynRcvd, true, fsm.Closed, true}, // of the connection that took the TIME_WAIT
		{fsm.FinWait2, fsm.Unknown, true, fsm.Closed, true},
		{fsm.FinWait2, fsm.Unknown, false, fsm.Unknown, false}, // in a namespace that cannot be asked
		{fsm.Closing, fsm.TimeWait, true, fsm.TimeWait, false},
		{fsm.Closing, fsm.Unknown, true, fsm.Closed, true},
		{fsm.FinWait1, fsm.TimeWait, true, fsm.Closed, false},
		{fsm.LastAck, fsm.TimeWait, true, fsm.Closed, false},
	} {
		tab := newTeller(func(Key) (Endpoint, bool, bool) { return Endpoint{State: c.left}, c.left != fsm.Unknown, c.known })
		tab.apply(step(1, 1, fsm.SynSent, fsm.Established))
		tab.apply(step(1, 2, fsm.Established, c.before))
		tab.apply(step(1, 3, c.before, fsm.Closed))
		if tab.last.State != c.want || tab.last.Found != c.found || tab.last.Before != c.before || tab.last.Socket ||
			tab.last.Since.Equal(start.Add(3*time.Second)) == c.found || tab.last.Time != tab.last.Since { // what is found is so when it is asked for
			t.Errorf("%v, left %v: %+v, want %v", c.before, c.left, tab.last, c.want)
		}
	}
}

// TestInterval: asking takes a twentieth of the time at most, and is not put off for long by a program that was stopped while it asked.
func TestInterval(t *testing.T) {
	for cost, want := range map[time.Duration]time.Duration{
		0: time.Second, 50 * time.Millisecond: time.Second, 51 * time.Millisecond: 1020 * time.Millisecond, seldom / leisure: seldom, time.Minute: seldom,
	} {
		if got := interval(askEvery, cost); got != want {
			t.Errorf("after %v: %v, want %v", cost, got, want)
		}
	}
}

// TestTakenOver: a connection that takes the sockets of what is left of another is not that one, which is over.
func TestTakenOver(t *testing.T) {
	for _, left := range []bool{true, false} {
		tab := newTeller(func(Key) (Endpoint, bool, bool) { return Endpoint{State: fsm.FinWait2}, left, true })
		var told []Change
		tab.tell = func(c Change) { told = append(told, c) }
		tab.apply(step(1, 1, fsm.SynRcvd, fsm.Established))
		tab.apply(step(1, 2, fsm.Established, fsm.FinWait2))
		tab.apply(step(1, 2, fsm.FinWait2, fsm.Closed))
		next := step(1, 3, fsm.SynRcvd, fsm.Established)
		next.sock = 2
		tab.apply(next)
		last := told[len(told)-1]
		if last.State != fsm.Established || last.Before != fsm.SynRcvd || last.Found {
			t.Errorf("left %v: the next connection begins with %+v", left, last)
		}
		over := told[len(told)-2]
		if over.State != fsm.Closed || over.Before != fsm.FinWait2 || !over.Found || len(told) != map[bool]int{true: 5, false: 4}[left] {
			t.Errorf("left %v: %d words, and %+v before that", left, len(told), over)
		}
	}
}

// TestNameless: a socket that has no port yet is told of when it has, with both of its states and who connected.
func TestNameless(t *testing.T) {
	tab := newTeller(nothingLeft)
	nameless := func(sock int, before, state fsm.State) *record {
		r := step(1, 1, before, state)
		r.key.Local, r.sock, r.process = netip.AddrPortFrom(r.key.Local.Addr(), 0), uint64(sock), host.Process{PID: 7}
		return r
	}
	tab.apply(nameless(1, fsm.Closed, fsm.SynSent))
	if tab.told != 0 {
		t.Fatalf("told %+v", tab.last)
	}
	tab.apply(step(1, 2, fsm.SynSent, fsm.Established))
	if tab.told != 2 || tab.last.Before != fsm.SynSent || tab.last.State != fsm.Established || tab.last.Process.PID != 7 {
		t.Errorf("told %d: %+v", tab.told, tab.last)
	}
	// The call failed: it never got one.
	tab.apply(nameless(2, fsm.Closed, fsm.SynSent))
	if tab.apply(nameless(2, fsm.SynSent, fsm.Closed)); tab.told != 2 || len(tab.nameless.bySock) != 0 {
		t.Errorf("told %d, %d remembered", tab.told, len(tab.nameless.bySock))
	}
	for n := range maxNameless + 1 {
		tab.apply(nameless(n, fsm.Closed, fsm.SynSent))
	}
	if len(tab.nameless.bySock) != maxNameless {
		t.Errorf("%d remembered", len(tab.nameless.bySock))
	}
}

// TestNamelessFound: a socket that is found with a port, while it waits for an answer, is told of once, with the moment of its call and who called; if it
// may be another one's call, as something that was found. Neither is told again when the socket says which call it was.
func TestNamelessFound(t *testing.T) {
	for _, c := range []struct {
		name   string
		remote []int // of those that call
		local  string
		state  fsm.State
		others bool // another process calls each time
		once   bool // it is known which call it was
		whose  bool // who called is
	}{
		{"the only one", []int{1}, "10.0.0.1", fsm.SynSent, false, true, true},
		{"from an address to be chosen", []int{1}, "0.0.0.0", fsm.SynSent, false, true, true},
		{"beside another elsewhere", []int{1, 2}, "10.0.0.1", fsm.SynSent, true, true, true},
		{"one of two of a process", []int{1, 1}, "10.0.0.1", fsm.SynSent, false, false, true},
		{"one of two of two", []int{1, 1}, "10.0.0.1", fsm.SynSent, true, false, false},
		{"from another address", []int{1}, "10.0.0.9", fsm.SynSent, false, false, false},
		{"to another", []int{2}, "10.0.0.1", fsm.SynSent, false, false, false},
		{"in another state", []int{1}, "10.0.0.1", fsm.SynRcvd, false, false, false},
	} {
		tab := newTeller(nothingLeft)
		for sock, n := range c.remote {
			r := step(n, 1, fsm.Closed, fsm.SynSent)
			r.sock, r.key.Local, r.process = uint64(sock+1), netip.AddrPortFrom(netip.MustParseAddr(c.local), 0), host.Process{PID: 7}
			if c.others {
				r.process.PID += uint32(sock)
			}
			tab.apply(r)
		}
		tab.found(&Endpoint{Key: at(1), State: c.state, holder: socket, Socket: true, inode: 11}, start.Add(2*time.Second))
		if l := &tab.last; tab.told != 1 || l.Found == c.once || l.Time.Equal(start.Add(time.Second)) != c.once || (l.Process.PID == 7) != c.whose || l.State != c.state {
			t.Errorf("%s: told %d: %+v", c.name, tab.told, tab.last)
		}
		if e := tab.endpoints[at(1)]; e.inode != 11 {
			t.Errorf("%s: %+v", c.name, e)
		}
		if c.state != fsm.SynSent || c.remote[0] != 1 {
			continue
		}
		tab.apply(step(1, 3, fsm.SynSent, fsm.Closed))
		if l := &tab.last; tab.told != 2 || l.Before != fsm.SynSent || l.State != fsm.Closed || l.Process.PID != 7 {
			t.Errorf("%s: at its end told %d: %+v", c.name, tab.told, tab.last)
		}
	}
}

// TestAgain: the same addresses and ports may be used again; what was of the old connection is not of the new one.
func TestAgain(t *testing.T) {
	tab := newTeller(nothingLeft)
	r := step(1, 1, fsm.Closed, fsm.SynSent)
	r.process = host.Process{PID: 7}
	tab.apply(r)
	tab.apply(step(1, 2, fsm.SynSent, fsm.Closed))
	if tab.apply(step(1, 3, fsm.SynSent, fsm.Closed)); tab.told != 2 {
		t.Errorf("closed twice: %+v", tab.last)
	}
	tab.apply(step(1, 4, fsm.SynRcvd, fsm.Established))
	if tab.last.Before != fsm.SynRcvd || tab.last.Process.PID != 0 {
		t.Errorf("the new one: %+v", tab.last)
	}
}

// TestStays: a close after a shutdown enters no other state, and that is no change; of an endpoint that was not known it tells the state.
func TestStays(t *testing.T) {
	for _, state := range []fsm.State{fsm.FinWait1, fsm.LastAck} {
		tab := newTeller(nothingLeft)
		tab.apply(step(1, 1, state, state))
		tab.apply(step(1, 2, state, state))
		if tab.told != 1 || tab.last.State != state || !tab.last.Since.Equal(start.Add(time.Second)) {
			t.Errorf("%v: told %d: %+v", state, tab.told, tab.last)
		}
		if tab.apply(step(1, 3, state, fsm.Closed)); tab.told != 2 || tab.last.Before != state {
			t.Errorf("%v: told %d: %+v", state, tab.told, tab.last)
		}
	}
}

// TestListener: who listens has what arrives until its own calls say who has it.
func TestListener(t *testing.T) {
	for _, c := range []struct {
		at   string
		want uint32
	}{{"10.0.0.1:1000", 7}, {"0.0.0.0:1000", 7}, {"[::]:1000", 7}, {"10.0.0.1:1001", 0}, {"10.0.0.2:1000", 0}} {
		tab := newTeller(nothingLeft)
		l := step(1, 1, fsm.Closed, fsm.Listen)
		l.key.Local = netip.MustParseAddrPort(c.at)
		l.key.Remote = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		if l.key.Local.Addr().Is6() {
			l.key.Remote = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
		}
		l.process = host.Process{PID: 7}
		tab.apply(l)
		tab.apply(step(1, 2, fsm.Listen, fsm.SynRcvd)) // of a copy
		if tab.told != 1 {
			t.Errorf("told %+v", tab.last)
		}
		tab.apply(step(1, 2, fsm.SynRcvd, fsm.Established))
		if p := tab.last.Process; p.PID != c.want || p.Listens != (c.want != 0) {
			t.Errorf("listens on %s: belongs to %+v", c.at, p)
		}
		closing := step(1, 3, fsm.Established, fsm.FinWait1)
		closing.process = host.Process{PID: 8}
		tab.apply(closing)
		if p := tab.last.Process; p.PID != 8 || p.Listens {
			t.Errorf("closed by 8: belongs to %+v", p)
		}
	}
}

// TestList: a list says what is at a time; what was told of later is not changed by it, and other namespaces are not on it.
func TestList(t *testing.T) {
	all := everything
	tab := newTeller(nothingLeft)
	for n := 1; n <= 3; n++ {
		tab.apply(step(n, n, fsm.SynSent, fsm.Established))
	}
	other := step(4, 1, fsm.SynSent, fsm.Established)
	other.key.Namespace = 2
	tab.apply(other)
	tab.told = 0
	tab.list(1, []Endpoint{{Key: at(1), State: fsm.CloseWait, holder: socket}}, start.Add(2*time.Second), all)
	for n, want := range map[int]fsm.State{1: fsm.CloseWait, 2: fsm.Closed, 3: fsm.Established} {
		if e := tab.endpoints[at(n)]; e.State != want {
			t.Errorf("%d: %v, want %v", n, e.State, want)
		}
	}
	if e := tab.endpoints[other.key]; e.State != fsm.Established || tab.told != 2 {
		t.Errorf("of another namespace: %+v; told %d", e, tab.told)
	}
	tab.list(1, nil, start.Add(9*time.Second), tab.untold)
	if e := tab.endpoints[at(1)]; e.State != fsm.CloseWait {
		t.Errorf("not asked for, and %v", e.State)
	}
}

// TestUntold: a state that BPF has not told of is found, unless it may be about to.
func TestUntold(t *testing.T) {
	for after, want := range map[time.Duration]fsm.State{slack: fsm.Established, slack + 1: fsm.CloseWait} {
		tab := newTeller(nothingLeft)
		tab.apply(step(1, 1, fsm.SynSent, fsm.Established))
		tab.list(1, []Endpoint{{Key: at(1), State: fsm.CloseWait, Socket: true, holder: socket}}, start.Add(time.Second+after), tab.untold)
		if e := tab.endpoints[at(1)]; e.State != want {
			t.Errorf("after %v it is in %v, want %v", after, e.State, want)
		}
	}
	tab := newTeller(nothingLeft) // nothing was told of it at all
	if tab.list(1, []Endpoint{{Key: at(1), State: fsm.CloseWait, holder: socket}}, start, tab.untold); tab.told != 0 {
		t.Errorf("told %+v", tab.last)
	}
}

// TestBounds: those that are over are forgotten, the oldest first; when there is no room, that is counted.
func TestBounds(t *testing.T) {
	tab := newTeller(nothingLeft)
	for n := 1; n <= maxClosed; n++ {
		tab.apply(step(n, n, fsm.SynSent, fsm.Established))
		tab.apply(step(n, n, fsm.Established, fsm.Closed))
	}
	if tab.endpoints[at(1)] == nil {
		t.Error("the first is forgotten early")
	}
	tab.apply(step(0, 0, fsm.SynSent, fsm.Closed)) // begins and ends
	if tab.endpoints[at(1)] != nil || tab.endpoints[at(2)] == nil {
		t.Error("not the first is forgotten")
	}
	for n := 1; n <= maxOpen; n++ {
		tab.apply(step(1<<16+n, 1, fsm.SynSent, fsm.Established))
	}
	if tab.refused != 0 || len(tab.endpoints) != maxOpen+maxClosed {
		t.Errorf("%d known, %d refused", len(tab.endpoints), tab.refused)
	}
	if tab.apply(step(1<<20, 1, fsm.SynSent, fsm.Established)); tab.refused != 1 {
		t.Errorf("%d refused", tab.refused)
	}
}

// TestListening: the sockets that listen in the watcher's namespace are those of the last list, with what waits there.
func TestListening(t *testing.T) {
	w := Watcher{table: newTable(nothingLeft), namespaces: []*asker{{namespace: at(1).Namespace}}}
	listen := func(n int, queue uint32) Endpoint {
		return Endpoint{Key: at(n), State: fsm.Listen, holder: socket, Socket: true, Listening: &Listening{Queue: queue, Backlog: 128}}
	}
	ports := func() (queues []uint32) {
		for _, e := range w.Listening() {
			queues = append(queues, e.Listening.Queue)
		}
		return queues
	}
	w.table.list(at(1).Namespace, []Endpoint{listen(1, 3), listen(2, 4), {Key: at(3), State: fsm.Established, holder: socket, Socket: true}}, start, everything)
	if got := ports(); !slices.Equal(got, []uint32{3, 4}) {
		t.Errorf("queues %v", got)
	}
	w.table.list(at(1).Namespace+1, []Endpoint{listen(1, 9)}, start, everything)
	w.table.list(at(1).Namespace, []Endpoint{listen(2, 5)}, start.Add(time.Second), everything)
	if got := ports(); !slices.Equal(got, []uint32{5}) {
		t.Errorf("queues %v when one is closed", got)
	}
}
