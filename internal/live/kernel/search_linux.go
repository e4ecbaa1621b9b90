package kernel

import (
	"fmt"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// looker lists who has sockets.
type looker interface {
	look(sought) (holding, error)
}

// sought are sockets: with these inode numbers, and, where the kernel lists them, at these addresses of its own.
type sought struct {
	inodes []uint32
	socks  []uint64
}

// holding is who has them: a record for each process and socket, mostHolders at most, and how many there was no room for.
type holding struct {
	list []record
	cut  uint64
}

// mostHolders bounds that: many processes may have the same socket.
const mostHolders = 1 << 16

// add takes a record, if there is room.
func (h *holding) add(r record) {
	if len(h.list) == mostHolders {
		h.cut++
		return
	}
	h.list = append(h.list, r)
}

func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, x := range list {
		set[x] = true
	}
	return set
}

// search finds the processes of endpoints for which no call of theirs was seen, or that have been handed on since.
type search struct {
	looker looker // nil: nobody can look, or not any more
	wanted map[Key]*quest
	aside  *aside[looked]
	failed error  // why nobody looks
	cut    uint64 // holders that there was no room for
}

// quest is for the process of one endpoint.
type quest struct {
	due   time.Time
	looks int // left
}

// looked is who has sockets, as of a time.
type looked struct {
	asked []Key // for whom
	at    time.Time
	took  time.Duration
	who   holding
	err   error
}

const (
	lookEvery = 100 * time.Millisecond
	lookAgain = 2 * time.Second // accepted sockets are handed on at once, if they are
	looks     = 3
	// mostWanted bounds the endpoints that are looked for, and mostAtOnce those in one look.
	mostWanted = 1 << 14
	mostAtOnce = 1 << 12
)

func newSearch(l looker) *search {
	return &search{looker: l, wanted: map[Key]*quest{}, aside: newAside[looked]()}
}

// run looks for the processes of those that a table wants, and tells it what was found meanwhile.
func (s *search) run(t *table, now time.Time) {
	if l, ok := s.aside.result(func(l looked) time.Duration { return l.took }); ok {
		s.found(t, &l)
	}
	if s.looker == nil {
		t.unowned = t.unowned[:0]
		return
	}
	for _, k := range t.unowned {
		if len(s.wanted) < mostWanted {
			s.wanted[k] = &quest{now, looks}
		}
	}
	t.unowned = t.unowned[:0]
	if !s.aside.ready(now) {
		return
	}
	var wanted sought
	var asked []Key
	for k, q := range s.wanted {
		e := t.endpoints[k]
		switch {
		case e == nil || e.holder != socket || q.looks == 0:
			delete(s.wanted, k)
		case !q.due.After(now) && len(asked) < mostAtOnce:
			asked = append(asked, k)
			if e.inode != 0 { // else it may be known by its socket, or belongs to who listens until its inode is known
				wanted.inodes = append(wanted.inodes, e.inode)
			}
			if e.sock != 0 {
				wanted.socks = append(wanted.socks, e.sock)
			}
		}
	}
	if len(asked) > 0 {
		by := s.looker
		s.aside.start(now, lookEvery, func() looked {
			l := look(by, wanted, now)
			l.asked = asked
			return l
		})
	}
}

func look(by looker, wanted sought, now time.Time) looked {
	l, began := looked{at: now}, time.Now()
	l.who, l.err = by.look(wanted)
	l.took = time.Since(began)
	return l
}

// fail ends looking: after a part of an answer nobody knows to what the next one is. Nothing may be looking.
func (s *search) fail(err error) {
	s.looker, s.failed = nil, fmt.Errorf("finding processes: %w", err)
	clear(s.wanted)
}

// found tells a table who has what it wants.
func (s *search) found(t *table, l *looked) {
	if l.err != nil {
		s.fail(l.err)
		return
	}
	s.cut += l.who.cut
	h := newHolders(l.who.list)
	for _, k := range l.asked {
		e, q := t.endpoints[k], s.wanted[k]
		if e == nil || e.holder != socket || q == nil || q.due.After(l.at) { // it is over, or another has its addresses
			continue
		}
		p, at := h.of(e)
		earliest := at
		if at.IsZero() { // it was while they were looked for
			earliest, at = l.at, l.at.Add(l.took)
		}
		if e.closes() && e.Since.After(earliest) { // by a process that may have got it since, and is known then: it is looked for again
			continue
		}
		q.due, q.looks = l.at.Add(lookAgain), q.looks-1
		if p.PID == 0 && e.Process.PID == 0 && e.waits() {
			p = t.listener(k)
		}
		if p.PID != 0 && p != e.Process {
			e.Process = p
			t.tell(Change{Endpoint: *e, Before: e.State, Time: latest(at, e.Since), Found: true})
		}
	}
}

// closes is whether a process has closed an endpoint, by a call.
func (e *Endpoint) closes() bool {
	return e.State == fsm.FinWait1 || e.State == fsm.FinWait2 || e.State == fsm.Closing || e.State == fsm.LastAck
}

// latest is the later one of two moments.
func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// holders are who has sockets.
type holders struct {
	bySock  map[uint64][]*record
	byInode map[uint32][]*record
}

func newHolders(list []record) holders {
	h := holders{map[uint64][]*record{}, map[uint32][]*record{}}
	for i := range list {
		r := &list[i]
		if r.sock != 0 {
			h.bySock[r.sock] = append(h.bySock[r.sock], r)
		}
		h.byInode[r.inode] = append(h.byInode[r.inode], r)
	}
	return h
}

// of is who has the socket of e, as it is called now, and when that was seen, if that is known: of several the one that is known to have it, or else the
// one with the lowest number. PID is 0 if none is seen.
func (h *holders) of(e *Endpoint) (p host.Process, seen time.Time) {
	var list []*record
	if e.sock != 0 {
		list = h.bySock[e.sock]
	}
	if list == nil && e.inode != 0 {
		list = h.byInode[e.inode]
	}
	for _, r := range list {
		one := r.process
		if r.sock == 0 { // the user is that of the socket, which /proc does not say
			one.User = e.Process.User
		}
		if one.Cgroup == 0 {
			one.Cgroup = e.Process.Cgroup
		}
		if one.PID == e.Process.PID && !e.Process.Listens {
			p = e.Process
			p.Name = one.Name // it may run another program since
			return p, r.time
		}
		if p.PID == 0 || one.PID < p.PID {
			p, seen = one, r.time
		}
	}
	return p, seen
}

// list sets the processes of endpoints that were found by asking, before anyone is told of them.
func (h *holders) list(endpoints []Endpoint) {
	for i := range endpoints {
		if e := &endpoints[i]; e.inode != 0 && e.State != fsm.Unknown {
			if p, _ := h.of(e); p.PID != 0 {
				e.Process = p
			}
		}
	}
}
