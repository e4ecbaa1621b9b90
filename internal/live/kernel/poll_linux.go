package kernel

import "time"

// poll asks the kernel for endpoints, beside the goroutine of the watcher: now and then for all, and soon for those that are wanted.
type poll struct {
	askers []*asker // one for each namespace, for this alone
	aside  *aside[answers]
	count  *counters     // of the namespace that the watcher was opened in; nil: not known
	least  time.Duration // between two times that all are asked for
	next   time.Time     // when they are
	wanted []wish
}

// wish is for an endpoint that is not known, though a packet says that it may be there. What is in the middle of its handshake is asked for again.
type wish struct {
	key   Key
	due   time.Time
	times int // left
}

// answers is what the kernel answered.
type answers struct {
	all  []listed
	some []one
	// before and after are what was counted then, if all endpoints were asked for.
	before, after counts
	took          time.Duration
	err           error
}

// listed is what a namespace had at a time.
type listed struct {
	namespace uint32
	at        time.Time
	endpoints []Endpoint
}

// one is an endpoint as it was at a time.
type one struct {
	Endpoint
	at time.Time
}

const (
	askEvery   = time.Second
	askPause   = 50 * time.Millisecond
	askAgain   = 300 * time.Millisecond
	askTimes   = 3
	mostAsked  = 128 // at once: some thousands a second
	mostWishes = 1 << 12
)

func newPoll() poll { return poll{aside: newAside[answers](), least: askEvery} }

func (p *poll) wait() { p.aside.wait() }

func (p *poll) want(k Key) {
	if len(p.wanted) < mostWishes {
		p.wanted = append(p.wanted, wish{key: k, times: askTimes})
	}
}

// run is what was answered meanwhile, and has the next questions asked.
func (p *poll) run(w *Watcher, now time.Time) (found answers, err error) {
	found, ok := p.aside.result(func(a answers) time.Duration { return a.took })
	if ok && found.all != nil {
		p.next = now.Add(interval(p.least, found.took))
	}
	all := now.After(p.next)
	if !p.aside.ready(now) || !all && len(p.wanted) == 0 {
		return found, found.err
	}
	keys := p.due(w, now)
	if all || len(keys) > 0 {
		p.aside.start(now, askPause, func() answers { return ask(p.askers, p.count, keys, all) })
	}
	return found, found.err
}

// due are those that are wanted now, and still not known.
func (p *poll) due(w *Watcher, now time.Time) (keys []Key) {
	rest := p.wanted[:0]
	for _, x := range p.wanted {
		e := w.table.endpoints[x.key]
		switch {
		case x.times == 0 || e != nil && e.holder == socket:
			continue
		case !x.due.After(now) && len(keys) < mostAsked:
			keys = append(keys, x.key)
			x.due, x.times = now.Add(askAgain), x.times-1
		}
		rest = append(rest, x)
	}
	p.wanted = rest
	return keys
}

// ask asks for some endpoints of the first namespace, and for all of all if that is wanted, with what is counted.
func ask(askers []*asker, count *counters, keys []Key, all bool) (found answers) {
	began := time.Now()
	for _, k := range keys {
		at := time.Now()
		if e, err := askers[0].one(k); err == nil && e.holder != nothing { // after an error it is asked for again
			found.some = append(found.some, one{e, at})
		}
	}
	if all {
		found.before = count.read()
	}
	for _, a := range askers {
		if !all {
			break
		}
		l := listed{a.namespace, time.Now(), nil}
		if l.endpoints, found.err = a.all(allStates); found.err != nil {
			break
		}
		found.all = append(found.all, l)
	}
	if all {
		found.after = count.read()
	}
	found.took = time.Since(began)
	return found
}
