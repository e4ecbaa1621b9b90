package kernel

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// TestHolders: of several that have a socket it is the one that was known to, or else the one with the lowest number.
func TestHolders(t *testing.T) {
	of := func(sock uint64, inode, pid uint32) record {
		return record{kind: held, sock: sock, inode: inode, process: host.Process{PID: pid, User: pid}}
	}
	bpf := newHolders([]record{of(1, 11, 9), of(1, 11, 8), of(2, 12, 5), of(3, 13, 6)})
	proc := newHolders([]record{of(0, 11, 9), of(0, 11, 8)})
	for _, c := range []struct {
		holders     holders
		sock        uint64
		inode       uint32
		known       host.Process
		want, owner uint32
	}{
		{bpf, 1, 0, host.Process{}, 8, 8},
		{bpf, 1, 0, host.Process{PID: 9, User: 4}, 9, 4}, // it still has it
		{bpf, 1, 0, host.Process{PID: 7, User: 4}, 8, 8}, // it has it no more
		{bpf, 1, 0, host.Process{PID: 9, Listens: true}, 8, 8},
		{bpf, 4, 13, host.Process{}, 6, 6}, // Multipath TCP: the socket with the file is another
		{bpf, 0, 12, host.Process{}, 5, 5},
		{bpf, 4, 14, host.Process{}, 0, 0},
		{bpf, 0, 0, host.Process{}, 0, 0},
		{proc, 0, 11, host.Process{User: 4}, 8, 4}, // the user is said by the socket
		{proc, 1, 11, host.Process{User: 4}, 8, 4},
	} {
		e := Endpoint{sock: c.sock, inode: c.inode, Process: c.known}
		if p, _ := c.holders.of(&e); p.PID != c.want || p.User != c.owner || p.Listens {
			t.Errorf("%d, %d, known %+v: %+v, want %d of user %d", c.sock, c.inode, c.known, p, c.want, c.owner)
		}
	}
}

// TestRenamed: a process that runs another program once it has a socket, as an inetd's child does, is told of by its new name; one that does not, once.
func TestRenamed(t *testing.T) {
	for name, want := range map[string]int{"cat": 2, "inetd": 1} {
		tab, a := newTeller(nothingLeft), &answerer{}
		s := newSearch(a)
		tab.found(&Endpoint{Key: at(1), State: fsm.Established, holder: socket, inode: 11}, start)
		tab.told = 0
		now := time.Now()
		for n, called := range []string{"inetd", name} {
			a.list = []record{{inode: 11, process: host.Process{PID: 7, Name: called}}}
			s.lookAt(t, tab.table, now.Add(time.Duration(n)*2*lookAgain))
		}
		if tab.told != want || tab.last.Process.Name != name {
			t.Errorf("%s: told %d times, last %+v", name, tab.told, tab.last.Process)
		}
	}
}

// answerer has seen what it is told to, and remembers what it was asked.
type answerer struct {
	list  []record
	cut   uint64
	err   error
	asked [][]uint32
}

func (a *answerer) look(wanted sought) (holding, error) {
	a.asked = append(a.asked, slices.Sorted(slices.Values(wanted.inodes)))
	return holding{a.list, a.cut}, a.err
}

// look has a search look at a time, and waits for it.
func (s *search) lookAt(t *testing.T, tab *table, now time.Time) {
	t.Helper()
	s.aside.next = time.Time{}
	s.run(tab, now)
	for end := time.Now().Add(5 * time.Second); s.aside.busy && len(s.aside.results) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it looks for ever")
		}
	}
	s.run(tab, now)
}

// TestMostHolders: of who has sockets a bounded number is kept; the rest is counted, and told.
func TestMostHolders(t *testing.T) {
	for _, more := range []int{0, 3} {
		a := &answerer{}
		var found holding
		for n := range mostHolders + more {
			found.add(record{inode: 11, process: host.Process{PID: uint32(n + 1)}})
		}
		a.list, a.cut = found.list, found.cut
		tab := newTeller(nothingLeft)
		w := Watcher{table: tab.table, search: newSearch(a)}
		w.own([]Endpoint{{Key: at(1), State: fsm.Established, inode: 11}})
		tab.found(&Endpoint{Key: at(2), State: fsm.Established, holder: socket, inode: 11}, start)
		w.search.lookAt(t, tab.table, time.Now())
		if len(found.list) != mostHolders || w.Unlisted() != uint64(2*more) {
			t.Errorf("%d more than there is room for: %d kept, %d not listed", more, len(found.list), w.Unlisted())
		}
	}
}

// TestOwnInParts: what is open at the start is asked for in parts.
func TestOwnInParts(t *testing.T) {
	for _, c := range []struct {
		helper *helper
		most   int
	}{{nil, mostHolders / 2}, {&helper{}, mostAtOnce}} {
		for _, more := range []int{0, 1} {
			a := &answerer{}
			w := Watcher{search: newSearch(a), helper: c.helper}
			list := make([]Endpoint, c.most+more)
			for i := range list {
				list[i].inode = uint32(i + 1)
			}
			if w.own(list); len(a.asked) != 1+more || len(a.asked[0]) != c.most {
				t.Errorf("%d are asked for in %d parts, the first of %d", len(list), len(a.asked), len(a.asked[0]))
			}
		}
	}
}

// TestSearch: who is not known is looked for some times, and no more often; a failure is remembered, and ends it.
func TestSearch(t *testing.T) {
	tab, a := newTeller(nothingLeft), &answerer{}
	s := newSearch(a)
	tab.found(&Endpoint{Key: at(1), State: fsm.Established, holder: socket, inode: 11}, start)
	tab.found(&Endpoint{Key: at(2), State: fsm.TimeWait, holder: remains}, start)
	now := time.Now()
	s.lookAt(t, tab.table, now)
	s.lookAt(t, tab.table, now.Add(lookAgain/2)) // too early
	a.list = []record{{inode: 11, process: host.Process{PID: 7}}}
	tab.told = 0
	s.lookAt(t, tab.table, now.Add(2*lookAgain))
	if tab.told != 1 || tab.last.Process.PID != 7 || tab.last.Before != fsm.Established {
		t.Errorf("told %d: %+v", tab.told, tab.last)
	}
	for n := range 2 * looks {
		s.lookAt(t, tab.table, now.Add(time.Duration(n+3)*2*lookAgain))
	}
	if want := [][]uint32{{11}, {11}, {11}}; !reflect.DeepEqual(a.asked, want) || tab.told != 1 || len(s.wanted) != 0 {
		t.Errorf("asked %v, told %d, %d wanted", a.asked, tab.told, len(s.wanted))
	}
	a.err = errors.New("cannot")
	if w := (Watcher{search: s}); w.Blind() != "" {
		t.Errorf("before anything failed: %s", w.Blind())
	}
	tab.found(&Endpoint{Key: at(3), State: fsm.Established, holder: socket, inode: 12}, start)
	s.lookAt(t, tab.table, now.Add(time.Hour))
	cause := a.err
	a.list, a.err = []record{{inode: 12, process: host.Process{PID: 8}}}, nil // it is not asked any more
	tab.found(&Endpoint{Key: at(4), State: fsm.Established, holder: socket, inode: 12}, start)
	s.lookAt(t, tab.table, now.Add(2*time.Hour))
	if !errors.Is(s.failed, cause) || s.looker != nil || len(a.asked) != looks+1 || len(s.wanted) != 0 {
		t.Errorf("%v; asked %v", s.failed, a.asked)
	}
	w := Watcher{search: s}
	if notes := w.Notes(); len(notes) != 1 || !strings.Contains(notes[0], cause.Error()) || notes[0] != w.Blind() {
		t.Errorf("notes: %q", notes)
	}
	for n := range maxUnowned + 1 {
		tab.found(&Endpoint{Key: at(n + 5), State: fsm.Established, holder: socket, inode: 12}, start)
	}
	if len(tab.unowned) != maxUnowned {
		t.Errorf("%d are to be looked for", len(tab.unowned))
	}
}

// TestLateLook: who was seen to have a socket has it in the state that it is in now; the look is of no use where a process has closed it since, which may have
// got it meanwhile.
func TestLateLook(t *testing.T) {
	seen := time.Now()
	for _, c := range []struct {
		name   string
		state  fsm.State // entered 1 s before it was seen, or behind
		after  time.Duration
		holder holder
		told   time.Duration // behind seen; negative: it is not told
	}{
		{"in that state", fsm.Established, -time.Second, socket, 0},
		{"its peer has closed since", fsm.CloseWait, time.Second, socket, time.Second},
		{"it has closed since", fsm.FinWait1, time.Second, socket, -1},
		{"it has closed since, and its peer knows", fsm.FinWait2, time.Second, socket, -1},
		{"it has closed since, as its peer", fsm.LastAck, 1, socket, -1},
		{"it had closed", fsm.LastAck, -1, socket, 0},
		{"it has no process any more", fsm.FinWait2, -1, remains, -1},
	} {
		tab, s := newTeller(nothingLeft), newSearch(&answerer{})
		tab.found(&Endpoint{Key: at(1), State: c.state, holder: socket, inode: 11}, seen.Add(-time.Minute))
		e := tab.endpoints[at(1)]
		e.Since, e.Process, e.holder = seen.Add(c.after), host.Process{PID: 6, Listens: true}, c.holder
		s.wanted[at(1)] = &quest{seen.Add(-time.Second), looks}
		tab.told = 0
		s.found(tab.table, &looked{asked: []Key{at(1)}, at: seen.Add(-time.Second), who: holding{list: []record{{inode: 11, time: seen, process: host.Process{PID: 7}}}}})
		switch {
		case c.told < 0 && tab.told != 0, c.told >= 0 && (tab.told != 1 || tab.last.State != c.state || tab.last.Before != c.state || !tab.last.Time.Equal(seen.Add(c.told))):
			t.Errorf("%s: told %d, %+v", c.name, tab.told, tab.last)
		}
		if q := s.wanted[at(1)]; c.holder == socket && (q.looks == looks) != (c.told < 0) {
			t.Errorf("%s: %d looks are left", c.name, q.looks)
		}
	}
}

// TestAccept: who accepts has a connection, until another process closes it; who connects has it, whoever closes.
func TestAccept(t *testing.T) {
	for _, c := range []struct {
		before fsm.State
		kind   kind
		want   uint32
	}{{fsm.SynRcvd, accepted, 8}, {fsm.SynSent, connecting, 7}} {
		tab := newTeller(nothingLeft)
		by := func(second int, k kind, before, state fsm.State, pid uint32) {
			r := step(1, second, before, state)
			r.kind, r.process.PID = k, pid
			tab.apply(r)
		}
		by(1, entered, fsm.Closed, c.before, 0)
		if c.kind == connecting {
			by(1, c.kind, c.before, c.before, 7)
		}
		by(2, entered, c.before, fsm.Established, 0)
		if c.kind == accepted {
			by(3, c.kind, fsm.Established, fsm.Established, 7)
			if tab.last.Process.PID != 7 || tab.last.Process.Listens || tab.last.State != fsm.Established {
				t.Errorf("accepted: %+v", tab.last)
			}
		} else {
			tab.endpoints[at(1)].Process.PID = 7
		}
		if by(4, entered, fsm.Established, fsm.FinWait1, 8); tab.last.Process.PID != c.want {
			t.Errorf("%v: closed by 8, belongs to %d, want %d", c.before, tab.last.Process.PID, c.want)
		}
	}
	tab := newTeller(nothingLeft) // nothing was known
	r := step(1, 1, fsm.CloseWait, fsm.CloseWait)
	r.kind, r.process.PID = accepted, 7
	if tab.apply(r); tab.told != 1 || tab.last.State != fsm.CloseWait || !tab.last.Socket || tab.last.Process.PID != 7 {
		t.Errorf("told %d: %+v", tab.told, tab.last)
	}
}

// TestConnectingRecord: a socket that enters SYN_SENT without a port is told of when it has one.
func TestConnectingRecord(t *testing.T) {
	tab := newTeller(nothingLeft)
	r := step(1, 1, fsm.Closed, fsm.SynSent)
	r.key.Local, r.process = at(0).Local, host.Process{PID: 7}
	nameless := *r
	nameless.key = Key{Namespace: 1, Remote: at(1).Remote}
	tab.apply(&nameless)
	if tab.told != 0 {
		t.Errorf("told %+v", tab.last)
	}
	r = step(1, 2, fsm.SynSent, fsm.SynSent)
	r.kind, r.process.PID = connecting, 7
	if tab.apply(r); tab.told != 1 || tab.last.State != fsm.SynSent || tab.last.Process.PID != 7 || tab.last.Before != fsm.Closed {
		t.Errorf("told %d: %+v", tab.told, tab.last)
	}
	// Where the kernel has no call for that, it may be found in it first.
	tab = newTeller(nothingLeft)
	tab.apply(&nameless)
	tab.found(&Endpoint{Key: at(1), State: fsm.SynSent, Since: start.Add(2 * time.Second), holder: socket, inode: 11}, start.Add(2*time.Second))
	tab.apply(step(1, 3, fsm.SynSent, fsm.Established))
	if tab.told != 2 || tab.last.State != fsm.Established || tab.last.Process.PID != 7 {
		t.Errorf("told %d: %+v", tab.told, tab.last)
	}
}

// TestAnswers: what one process writes the other reads; too much is refused.
func TestAnswers(t *testing.T) {
	wanted := holding{cut: 5, list: []record{{kind: held, inode: 11, process: host.Process{PID: 7, Cgroup: 1 << 40, Name: "fifteen letters"}}, {kind: held, inode: 12, process: host.Process{PID: 8, Name: "x"}}}}
	var questions bytes.Buffer
	h := &helper{questions: closer{&questions}, answers: io.NopCloser(bytes.NewReader(appendAnswer(nil, &wanted, 3))), patience: time.Minute}
	if found, err := h.look(sought{inodes: []uint32{11, 12}}); err != nil || !reflect.DeepEqual(found, wanted) || h.unseen.Load() != 3 {
		t.Errorf("%+v, %v, %d unseen", found, err, h.unseen.Load())
	}
	if list, err := readNumbers(&questions, 2); err != nil || !slices.Equal(list, []uint32{11, 12}) {
		t.Errorf("%v, %v", list, err)
	}
	h.questions = closer{&questions}
	h.answers = io.NopCloser(bytes.NewReader(appendAnswer(nil, &holding{list: make([]record, mostHolders+1)}, 0)))
	if _, err := h.look(sought{inodes: []uint32{11, 12}}); err == nil {
		t.Error("too many are believed")
	}
	if _, err := readNumbers(&questions, 1); err == nil {
		t.Error("too many are read")
	}
}

type closer struct{ *bytes.Buffer }

func (closer) Close() error { return nil }

// TestWishes: what is wanted is asked for some times, a bounded number at once, and not once it is known.
func TestWishes(t *testing.T) {
	w := &Watcher{table: newTable(nothingLeft), poll: newPoll()}
	for n := range mostWishes + 1 {
		w.Want(at(n + 1))
	}
	now := time.Now()
	if len(w.poll.wanted) != mostWishes || len(w.poll.due(w, now)) != mostAsked {
		t.Errorf("%d wanted", len(w.poll.wanted))
	}
	w.poll.wanted = w.poll.wanted[:2]
	w.table.found(&Endpoint{Key: at(2), State: fsm.Established, holder: socket}, now)
	for n := range askTimes - 1 {
		if keys := w.poll.due(w, now.Add(time.Duration(n+1)*askAgain)); !slices.Equal(keys, []Key{at(1)}) {
			t.Errorf("asked %v", keys)
		}
	}
	if keys := w.poll.due(w, now.Add(time.Hour)); keys != nil || len(w.poll.wanted) != 0 {
		t.Errorf("asked for %v once more", keys)
	}
}

// TestAtOnce: only what was in a question counts as looked for; the rest is in the next one.
func TestAtOnce(t *testing.T) {
	for _, n := range []int{mostAtOnce, mostAtOnce + 1} {
		tab, a := newTeller(nothingLeft), &answerer{}
		s := newSearch(a)
		for i := range n {
			tab.found(&Endpoint{Key: at(i), State: fsm.Established, holder: socket, inode: uint32(i + 1)}, start)
			s.wanted[at(i)] = &quest{start, looks}
		}
		now := time.Now()
		s.lookAt(t, tab.table, now)
		left := 0
		for _, q := range s.wanted {
			left += q.looks
		}
		if len(a.asked) != 1 || len(a.asked[0]) != mostAtOnce || left != n*looks-mostAtOnce {
			t.Errorf("%d wanted: %d questions, %d looks left", n, len(a.asked), left)
		}
	}
}

// TestInodeLater: what was accepted before its inode was known is looked for when it is, since it may have been handed on; what its process has
// opened is not.
func TestInodeLater(t *testing.T) {
	for _, accepted := range []bool{true, false} {
		tab := newTeller(nothingLeft)
		e := Endpoint{Key: at(1), State: fsm.Established, Socket: true, holder: socket, Process: host.Process{PID: 7}, accepted: accepted}
		tab.found(&e, start)
		tab.unowned = nil
		n := e
		n.inode = 11
		for range 2 { // once is enough
			tab.found(&n, start.Add(time.Second))
		}
		if want := map[bool]int{true: 1}[accepted]; len(tab.unowned) != want {
			t.Errorf("accepted %v: %v are looked for", accepted, tab.unowned)
		}
	}
}
