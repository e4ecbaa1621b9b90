package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"tcptrace/fsm"
)

// Watcher knows the endpoints of this host, as of the last Read. It is for one goroutine.
type Watcher struct {
	table      *table
	program    *program // nil: all is found by asking
	lacks      error
	namespaces []*asker // the first is the one it was opened in
	asked      time.Time
	cost       time.Duration // of asking last time
	every      time.Duration // it is asked, at most
}

// Open begins to watch. It does by asking, which everyone may do, where BPF may not be used: Lacks says why.
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
	w := &Watcher{program: p, lacks: lacks, every: askEvery}
	w.table = newTable(w.left)
	if err := w.Add(); err != nil {
		return nil, errors.Join(lacks, err, w.Close())
	}
	return w, nil
}

// Add has the watcher ask in the network namespace of this thread too, and lists what is open there. BPF tells of all namespaces, but of the
// others it is not known what became of closed sockets.
func (w *Watcher) Add() error {
	a, err := newAsker()
	if err != nil {
		return err
	}
	w.namespaces = append(w.namespaces, a)
	now := time.Now()
	list, err := a.all(allStates)
	if err != nil {
		return err
	}
	own(list)
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
	w.table.list(a.namespace, list, now, func(*Endpoint) bool { return true })
	for _, r := range later {
		w.table.apply(r)
	}
	return err
}

// left asks what is left of a socket.
func (w *Watcher) left(k Key) (e Endpoint, left, known bool) {
	for _, a := range w.namespaces {
		if a.namespace == k.Namespace {
			e, err := a.one(k)
			return e, err == nil && e.holder == remains, true
		}
	}
	return Endpoint{}, false, false
}

const (
	askEvery = time.Second
	leisure  = 20               // times what asking takes lie between two times,
	seldom   = 10 * time.Second // but not more: it seemed to take long if the program was stopped meanwhile
)

// interval is how long it is not asked again after that took so long.
func interval(every, cost time.Duration) time.Duration { return max(every, min(leisure*cost, seldom)) }

// Read brings the watcher up to date, and calls f with every change since the last time. It does not wait, but asks now
// and then for what it is not told.
func (w *Watcher) Read(f func(Change)) error {
	w.table.tell = f
	defer func() { w.table.tell = func(Change) {} }()
	lists, err := w.ask()
	if err != nil {
		return err
	}
	// What was told up to now is at least what happened before it was asked.
	if w.program != nil {
		if err := w.program.read(w.table.apply); err != nil {
			return err
		}
	}
	wanted := func(*Endpoint) bool { return true }
	if w.program != nil {
		wanted = silent
	}
	for _, l := range lists {
		w.table.list(l.namespace, l.endpoints, l.at, wanted)
	}
	return nil
}

// AskEvery has the kernel be asked so often, if that does not take too long.
func (w *Watcher) AskEvery(d time.Duration) { w.every = d }

// listed is what a namespace had at a time.
type listed struct {
	namespace uint32
	at        time.Time
	endpoints []Endpoint
}

// ask asks for what is not told, and for what is measured, if it is time to.
func (w *Watcher) ask() (lists []listed, err error) {
	now := time.Now()
	if now.Sub(w.asked) < interval(w.every, w.cost) {
		return nil, nil
	}
	w.asked = now
	for _, a := range w.namespaces {
		l := listed{a.namespace, time.Now(), nil}
		if l.endpoints, err = a.all(allStates); err != nil {
			return nil, err
		}
		lists = append(lists, l)
	}
	w.cost = time.Since(now)
	return lists, nil
}

// silent is whether BPF does not tell of an endpoint: what no socket stands for, and sockets in SYN_SENT, which have no port yet when they enter it.
func silent(e *Endpoint) bool { return e.holder != socket || e.State == fsm.SynSent }

// Lookup is what is known of an endpoint, which those that are over are for a while.
func (w *Watcher) Lookup(k Key) (Endpoint, bool) {
	e := w.table.endpoints[k]
	if e == nil {
		return Endpoint{}, false
	}
	return *e, true
}

// Endpoints are all that are known, in no order.
func (w *Watcher) Endpoints() iter.Seq[*Endpoint] { return w.table.all() }

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

// Lost is how many changes were not seen: the kernel had no room to tell them, or the table none for the endpoint.
func (w *Watcher) Lost() uint64 {
	if w.program == nil {
		return w.table.refused
	}
	return w.table.refused + w.program.lost()
}

// Close ends watching.
func (w *Watcher) Close() error {
	var errs []error
	if w.program != nil {
		errs = append(errs, w.program.close())
	}
	for _, a := range w.namespaces {
		errs = append(errs, a.close())
	}
	return errors.Join(errs...)
}
