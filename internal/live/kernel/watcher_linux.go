package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"tcptrace/fsm"
)

// Watcher knows the endpoints of this host, as of the last Read. It is for one goroutine, and so is Want while Read does not run.
type Watcher struct {
	table      *table
	program    *program // nil: all is found by asking
	lacks      error
	namespaces []*asker // the first is the one it was opened in
	poll       poll
	search     *search
	helper     *helper // nil: none is needed, or there is none
	groups     *groups
	cookies    Cookies // all so far
	fresh      Cookies // that Cookies has not returned yet
	counted    counts  // before the last list
	asked      time.Time
}

// Open begins to watch. It does by asking, which everyone may do, where BPF may not be used: Notes says why.
func Open() (*Watcher, error) {
	p, err := load()
	switch {
	case errors.Is(err, fs.ErrPermission):
		err = errors.New("BPF is for root, or takes CAP_BPF and CAP_PERFMON")
	case err != nil:
		err = fmt.Errorf("BPF: %w", err)
	}
	return open(p, err)
}

// OpenDiag watches by asking only.
func OpenDiag() (*Watcher, error) { return open(nil, errors.New("BPF was not asked for")) }

func open(p *program, lacks error) (*Watcher, error) {
	w := &Watcher{program: p, lacks: lacks, poll: newPoll(), groups: newGroups()}
	w.table = newTable(w.left)
	w.openSearch()
	w.count(openCounters())
	if err := w.Add(); err != nil {
		return nil, errors.Join(lacks, err, w.Close())
	}
	return w, nil
}

// count begins to count, unless the counters cannot be read now: what has been since the host started would be taken for new later.
func (w *Watcher) count(c *counters, err error) {
	if err != nil { // without /proc nothing is counted
		return
	}
	if w.counted = c.read(); !w.counted.known {
		_ = c.file.Close() // it was open for reading
		return
	}
	w.poll.count, w.cookies = c, w.counted.Cookies
}

// openSearch opens what finds processes: BPF, or else a process that looks into /proc.
func (w *Watcher) openSearch() {
	w.search = newSearch(nil)
	if w.program != nil && w.program.list != nil && listsWithoutRights() {
		w.search.looker = w.program
		return
	}
	h, err := startHelper()
	if err != nil {
		w.search.failed = fmt.Errorf("the process that looks into /proc: %w", err)
		return
	}
	w.helper, w.search.looker = h, h
}

// Add has the watcher ask in the network namespace of this thread too, and lists what is open there. BPF tells of all namespaces, but of the
// others it is not known what became of closed sockets.
func (w *Watcher) Add() error {
	w.poll.wait()
	w.search.aside.wait()
	for _, askers := range []*[]*asker{&w.namespaces, &w.poll.askers} {
		a, err := newAsker()
		if err != nil {
			return err
		}
		*askers = append(*askers, a)
	}
	a := w.namespaces[len(w.namespaces)-1]
	now := time.Now()
	list, err := a.all(allStates)
	if err != nil {
		return err
	}
	w.own(list)
	// What the kernel told before it was asked for the list is on the list already.
	var later []*record
	if w.program != nil {
		err = w.program.read(func(r *record) {
			if r.time.Before(now) {
				w.table.apply(r)
			} else {
				later = append(later, r)
			}
		})
	}
	w.table.list(a.namespace, list, now, everything)
	for _, r := range later {
		w.table.apply(r)
	}
	return err
}

// own finds the processes of what is open.
func (w *Watcher) own(list []Endpoint) {
	if w.search.looker == nil {
		return
	}
	var inodes []uint32
	for i := range list {
		if list[i].inode != 0 {
			inodes = append(inodes, list[i].inode)
		}
	}
	most := mostAtOnce
	if w.helper == nil { // each time all are gone through, so they are few times
		most = mostHolders / 2
	}
	for first := true; first || len(inodes) > 0; first = false { // with none it is found out what can be seen
		n := min(len(inodes), most)
		l := look(w.search.looker, sought{inodes: inodes[:n]}, time.Now())
		if l.err != nil {
			w.search.fail(l.err)
			return
		}
		inodes = inodes[n:]
		w.search.cut += l.who.cut
		h := newHolders(l.who.list)
		h.list(list)
	}
}

// left asks what is left of a socket. It is not known if the kernel does not answer.
func (w *Watcher) left(k Key) (e Endpoint, left, known bool) {
	if a := w.asker(k.Namespace); a != nil {
		e, err := a.one(k)
		return e, e.holder == remains, err == nil
	}
	return Endpoint{}, false, false
}

func (w *Watcher) asker(namespace uint32) *asker {
	for _, a := range w.namespaces {
		if a.namespace == namespace {
			return a
		}
	}
	return nil
}

// Read brings the watcher up to date, and calls f with every change since the last time. It does not wait, but has the kernel asked now
// and then for what it does not tell.
func (w *Watcher) Read(f func(Change)) error {
	w.table.tell = func(c Change) {
		if !w.groups.fill(&c.Process) {
			w.groups.missed(c.Key)
		}
		f(c)
	}
	defer func() { w.table.tell = func(Change) {} }()
	now := time.Now()
	asked, err := w.poll.run(w, now)
	if err != nil {
		return err
	}
	// What was told up to now is at least what happened before it was asked.
	if w.program != nil {
		if err := w.program.read(w.table.apply); err != nil {
			return err
		}
	}
	wanted := everything
	if w.program != nil {
		wanted = w.table.untold
	}
	full := w.recount(&asked)
	if len(asked.all) > 0 {
		w.asked = asked.all[0].at
	}
	for _, l := range asked.all {
		w.table.overflows = overflows{}
		if l.namespace == w.Namespace() {
			w.table.overflows = full
		}
		w.table.list(l.namespace, l.endpoints, l.at, wanted)
	}
	for i := range asked.some {
		if e := &asked.some[i]; wanted(&e.Endpoint, e.at) {
			w.table.found(&e.Endpoint, e.at)
		}
	}
	w.search.run(w.table, now)
	w.groups.run(w.table, now)
	return nil
}

// recount takes what was counted when all was asked for, if it was, and returns how often a listening socket had no room since the last time.
func (w *Watcher) recount(asked *answers) (full overflows) {
	if asked.all == nil {
		return full
	}
	if asked.after.known {
		n := asked.after.since(w.cookies)
		w.cookies = asked.after.Cookies
		w.fresh = Cookies{w.fresh.Sent + n.Sent, w.fresh.Accepted + n.Accepted, w.fresh.Refused + n.Refused}
	}
	full = asked.after.overflowsSince(w.counted)
	w.counted = asked.before
	return full
}

func everything(*Endpoint, time.Time) bool { return true }

// slack is how far apart moments may lie of what the kernel tells and of what it is asked for.
const slack = 100 * time.Millisecond

// untold is whether BPF does not tell of an endpoint that was found, or has not told of a state in which that has been for a while: records are lost
// when there is no room, or when one interrupts another.
func (t *table) untold(n *Endpoint, at time.Time) bool {
	e := t.endpoints[n.Key]
	return silent(n) || e != nil && e.holder == socket && e.State != n.State && at.Sub(e.Since) > slack
}

// silent is whether BPF does not tell of an endpoint: what no socket stands for, and sockets in SYN_SENT, which have no port yet when they enter it.
func silent(e *Endpoint) bool { return e.holder != socket || e.State == fsm.SynSent }

// Lookup is what is known of an endpoint, which those that are over are for a while.
func (w *Watcher) Lookup(k Key) (Endpoint, bool) {
	e := w.table.endpoints[k]
	if e == nil {
		return Endpoint{}, false
	}
	found := *e
	w.groups.fill(&found.Process)
	return found, true
}

// Endpoints are all that are known, in no order.
func (w *Watcher) Endpoints() iter.Seq[*Endpoint] { return w.table.all() }

// Listening are the sockets that listen in the namespace that the watcher was opened in, as of the last poll.
func (w *Watcher) Listening() (list []Endpoint) {
	for _, k := range w.table.listening[w.Namespace()] {
		if e := w.table.endpoints[k]; e != nil && e.Listening != nil {
			list = append(list, *e)
		}
	}
	return list
}

// Cookies are those since the last time, in the namespace that the watcher was opened in, as of the last Read.
func (w *Watcher) Cookies() Cookies {
	n := w.fresh
	w.fresh = Cookies{}
	return n
}

// Namespace is the number of the network namespace that the watcher was opened in.
func (w *Watcher) Namespace() uint32 { return w.namespaces[0].namespace }

// Source is how the kernel tells.
func (w *Watcher) Source() Source {
	if w.program == nil {
		return Diag
	}
	return BPF
}

// Lacks is why BPF is not used; nil if it is.
func (w *Watcher) Lacks() error { return w.lacks }

// Stays is what remains when the rights are given up with which the watcher was opened.
func (w *Watcher) Stays() string {
	text := "the kernel is asked for connections by sock_diag"
	if w.program != nil {
		text = "BPF programs that report the states of connections, and " + text
	}
	switch {
	case w.helper != nil && w.search.looker != nil:
		text += fmt.Sprintf("; process %d looks into /proc for who has sockets: it gets no packets, but keeps its user, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH if there were these, and is not confined by Landlock", w.helper.cmd.Process.Pid)
	case w.search.looker != nil:
		text += "; BPF lists who has sockets"
	}
	return text
}

// Asked is when the kernel was asked for all that was answered last, as of the last Read; the zero time: not since the watcher was opened.
func (w *Watcher) Asked() time.Time { return w.asked }

// AskEvery has the kernel be asked for all so often, if that does not take too long.
func (w *Watcher) AskEvery(d time.Duration) { w.poll.least = d }

// Want has the kernel asked soon for an endpoint that is not known, of the namespace that the watcher was opened in.
func (w *Watcher) Want(k Key) { w.poll.want(k) }

// Lost is how many changes were not seen: the kernel had no room to tell them, or the table none for the endpoint.
func (w *Watcher) Lost() uint64 {
	if w.program == nil {
		return w.table.refused
	}
	return w.table.refused + w.program.lost()
}

// Unlisted is how many processes that have a socket were not looked at, as too many have sockets of the same connections.
func (w *Watcher) Unlisted() uint64 { return w.search.cut }

// Close ends watching.
func (w *Watcher) Close() error {
	var errs []error
	if w.helper != nil { // before the search, which may wait for it
		errs = append(errs, w.helper.close())
	}
	w.poll.wait()
	w.search.aside.wait()
	w.groups.aside.wait()
	if w.poll.count != nil {
		errs = append(errs, w.poll.count.file.Close())
	}
	if w.program != nil {
		errs = append(errs, w.program.close())
	}
	for _, a := range append(w.namespaces, w.poll.askers...) {
		errs = append(errs, a.close())
	}
	return errors.Join(errs...)
}
