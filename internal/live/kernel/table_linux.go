package kernel

import (
	"iter"
	"maps"
	"net/netip"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// record is what is known of a socket at a time.
type record struct {
	kind          kind
	key           Key // without a local port, if it has none yet
	before, state fsm.State
	sock          uint64 // which one it is, while it lives; 0: not known
	inode         uint32 // of held
	time          time.Time
	process       host.Process // that called; PID 0: none
}

// kind is what a record reports, as in states.bpf.c. The state of all but the first has not changed.
type kind uint8

const (
	entered    kind = iota // a socket enters a state
	connecting             // it is in SYN_SENT, and has a port
	accepted               // by the process
	held                   // the process has a file of it
)

// Limits of a table. An endpoint takes about 250 bytes.
const (
	maxOpen    = 1 << 18
	maxClosed  = 1 << 13 // that are remembered
	maxUnowned = 1 << 14
)

// table is what is known of all endpoints.
type table struct {
	endpoints map[Key]*Endpoint
	closed    []closedAt       // oldest first
	nameless  nameless         // sockets that enter SYN_SENT and get their ports later
	refused   uint64           // endpoints that there was no room for
	unowned   []Key            // whose processes are not known, or are perhaps others by now
	listening map[uint32][]Key // sockets that listen, by namespace, when all were last asked for
	overflows overflows        // between the last list of the namespace that is listed, and this one

	// left asks what is left of a socket that is no more; false: nothing.
	left func(Key) (e Endpoint, left, known bool)
	tell func(Change)
}

type closedAt struct {
	key Key
	at  time.Time
}

func newTable(left func(Key) (Endpoint, bool, bool)) *table {
	return &table{endpoints: map[Key]*Endpoint{}, listening: map[uint32][]Key{}, nameless: newNameless(), left: left, tell: func(Change) {}}
}

// apply brings the table up to date with r.
func (t *table) apply(r *record) {
	begun := t.nameless.take(r.sock)
	switch {
	case r.key.Local.Port() == 0:
		if r.state == fsm.SynSent {
			t.nameless.add(r)
		}
		return
	case r.before == fsm.Listen && r.state == fsm.SynRcvd:
		return // a copy of the listening socket, which has no address yet
	}
	if begun != nil {
		begun.key = r.key
		t.begin(begun)
	}
	if r.kind == accepted {
		t.accept(r)
		return
	}
	t.enter(r)
}

// begin has an endpoint enter SYN_SENT, in which it may have been found already.
func (t *table) begin(r *record) {
	e := t.endpoints[r.key]
	if e == nil || e.State != r.state || e.sock != 0 || !e.Since.IsZero() && e.Since.Before(r.time) {
		t.enter(r)
		return
	}
	if e.sock, e.Since = r.sock, r.time; e.Process.PID == 0 {
		e.Process = r.process
	}
}

// accept is for a socket that a process takes from one that listens. Another process may close it, which has got it from that one.
func (t *table) accept(r *record) {
	e := t.endpoints[r.key]
	if e == nil || e.holder != socket {
		if e = t.add(r.key, e); e == nil {
			return
		}
		e.State, e.Since, e.holder, e.Socket = r.state, r.time, socket, true
	}
	e.sock, e.accepted, e.Process = r.sock, true, r.process
	t.seek(e)
	t.tell(Change{Endpoint: *e, Before: e.State, Time: r.time})
}

// seek has the process of an endpoint looked for.
func (t *table) seek(e *Endpoint) {
	if e.holder == socket && len(t.unowned) < maxUnowned {
		t.unowned = append(t.unowned, e.Key)
	}
}

// enter has an endpoint enter a state.
func (t *table) enter(r *record) {
	e := t.endpoints[r.key]
	was := r.before
	if e != nil && e.State == was && r.state == was {
		return // close after shutdown: the kernel says again what it said
	}
	if e != nil && e.holder == remains { // of an earlier connection, whose sockets this one took
		t.over(e, r.time)
	}
	if e == nil || e.State == fsm.Closed || r.state == fsm.SynSent || r.state == fsm.Listen {
		if r.state == fsm.Closed && (e != nil || r.before == fsm.Closed) {
			return
		}
		if e = t.add(r.key, e); e == nil {
			return
		}
	} else {
		was = e.State
	}
	e.State, e.Since, e.sock, e.holder = r.state, r.time, r.sock, socket
	switch {
	case r.process.PID != 0 && (e.Process.PID == 0 || e.Process.Listens || e.accepted):
		e.Process = r.process
	case e.Process.PID == 0 && r.before == fsm.SynRcvd:
		e.Process = t.listener(r.key)
		t.seek(e)
	case e.Process.PID == 0:
		e.Process.User = r.process.User
	}
	found := false
	if r.state == fsm.Closed {
		found = t.ends(e, r)
	}
	e.Socket = e.holder == socket
	t.tell(Change{Endpoint: *e, Before: was, Time: e.Since, Found: found})
}

// over is for an endpoint of which nothing was left at a time.
func (t *table) over(e *Endpoint, at time.Time) {
	before := e.State
	e.State, e.Since, e.holder, e.Socket = fsm.Closed, at, nothing, false
	t.close(e)
	t.tell(Change{Endpoint: *e, Before: before, Time: at, Found: true})
}

// ends is for a socket that enters CLOSED: in TIME_WAIT, and in FIN_WAIT_2 without a process, something smaller takes its place. If
// nothing is left of it when that is asked for, it may have been, and ended since: then found is true.
func (t *table) ends(e *Endpoint, r *record) (found bool) {
	e.holder = nothing
	if r.before == fsm.FinWait2 || r.before == fsm.Closing {
		now, left, known := t.left(r.key)
		switch {
		case !known:
			e.State = fsm.Unknown
		case left && (now.State == fsm.TimeWait || now.State == fsm.FinWait2): // else it is the next connection's, which took its place
			e.State, e.holder = now.State, remains
		default:
			found, e.Since = true, time.Now()
		}
	}
	if e.holder == nothing {
		t.close(e)
	}
	return found
}

// listener is the process that listens where a connection arrived.
func (t *table) listener(k Key) host.Process {
	port := k.Local.Port()
	for _, at := range []netip.Addr{k.Local.Addr(), netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		for _, any := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
			e := t.endpoints[Key{k.Namespace, netip.AddrPortFrom(at, port), netip.AddrPortFrom(any, 0)}]
			if e != nil && e.State == fsm.Listen && e.Process.PID != 0 {
				p := e.Process
				p.Listens = true
				return p
			}
		}
	}
	return host.Process{}
}

// add makes an endpoint anew, in place of old; nil if there is no room.
func (t *table) add(key Key, old *Endpoint) *Endpoint {
	if old == nil {
		if len(t.endpoints) >= maxOpen+maxClosed {
			t.refused++
			return nil
		}
		old = &Endpoint{}
		t.endpoints[key] = old
	}
	*old = Endpoint{Key: key}
	return old
}

// close remembers e, which is over, for a while.
func (t *table) close(e *Endpoint) {
	t.closed = append(t.closed, closedAt{e.Key, e.Since})
	if len(t.closed) <= maxClosed {
		return
	}
	oldest := t.closed[0]
	t.closed = t.closed[1:]
	if e := t.endpoints[oldest.key]; e != nil && e.holder == nothing && e.Since.Equal(oldest.at) {
		delete(t.endpoints, oldest.key)
	}
}

// list brings the table up to date with the endpoints that a namespace has at a time, all those that are wanted. What it has beside them
// is over.
func (t *table) list(namespace uint32, now []Endpoint, at time.Time, wanted func(*Endpoint, time.Time) bool) {
	seen := map[Key]bool{}
	t.listening[namespace] = t.listening[namespace][:0]
	for i := range now {
		seen[now[i].Key] = true
		if now[i].Listening != nil {
			t.listening[namespace] = append(t.listening[namespace], now[i].Key)
		}
		if wanted(&now[i], at) {
			t.found(&now[i], at)
		} else {
			t.measured(t.endpoints[now[i].Key], &now[i], at)
		}
	}
	for key, e := range t.endpoints {
		if key.Namespace != namespace || seen[key] || e.holder == nothing || !wanted(e, at) || e.Since.After(at) {
			continue
		}
		t.over(e, at)
	}
}

// found brings the table up to date with an endpoint as it is at a time.
func (t *table) found(n *Endpoint, at time.Time) {
	e := t.endpoints[n.Key]
	t.measured(e, n, at)
	if e != nil && (e.State == n.State && e.holder == n.holder || e.Since.After(at)) {
		return
	}
	if e == nil || e.holder != socket {
		begun, by := t.nameless.connecting(n)
		if begun != nil {
			t.nameless.take(begun.sock)
			begun.key = n.Key
			t.enter(begun)
			t.measured(t.endpoints[n.Key], n, at)
			return
		}
		if by.PID != 0 {
			n.Process = by
		}
	}
	before := fsm.Unknown
	if e != nil && e.holder != nothing {
		before = e.State
		n.Process, n.Since = e.Process, at
	}
	if n.Process.PID == 0 && (n.holder == request || n.waits()) {
		user := n.Process.User
		n.Process = t.listener(n.Key)
		n.Process.User = user
	}
	if e = t.add(n.Key, e); e == nil {
		return
	}
	*e = *n
	if e.Process.PID == 0 || e.Process.Listens {
		t.seek(e)
	}
	t.tell(Change{Endpoint: *e, Before: before, Time: at, Found: true})
}

// waits is whether a socket that was found by asking waits to be accepted: nobody has closed it, and no process has it.
func (e *Endpoint) waits() bool {
	return e.holder == socket && e.inode == 0 && (e.State == fsm.Established || e.State == fsm.CloseWait)
}

// measured takes from n what is measured of e, which is the same.
func (t *table) measured(e, n *Endpoint, at time.Time) {
	if e == nil || !e.Socket || e.Since.After(at) {
		return
	}
	if n.Info != nil {
		e.Info = n.Info
	}
	if n.inode != 0 && e.inode != n.inode { // it has been accepted, or was not known by it
		if e.inode = n.inode; e.Process.PID == 0 || e.Process.Listens || e.accepted { // those were looked for without it, in vain
			t.seek(e)
		}
	}
	was := e.Listening
	if e.Listening = n.Listening; was == nil || n.Listening == nil || n.Listening.Drops <= was.Drops {
		return
	}
	if drops := t.overflows.of(n.Listening, n.Listening.Drops-was.Drops); drops > 0 {
		t.tell(Change{Endpoint: *e, Before: e.State, Time: at, Drops: drops, Found: true})
	}
}

func (t *table) all() iter.Seq[*Endpoint] { return maps.Values(t.endpoints) }
