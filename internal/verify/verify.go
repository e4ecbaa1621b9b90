// Package verify holds what is inferred from packets against what the kernel says, on the machine that it runs on: of connections that it
// makes between two network namespaces, with taps at both ends and between them, or of all that an interface has for a while.
//
// Where the kernel does not tell each state (BPF) it is asked (sock_diag): what it was asked for in time is compared. Where no namespaces may be made
// connections are made on the loopback interface, whose only tap is at both ends. The report says which.
//
// Not its job: what the report looks like (package record); hosts other than this one (internal/truth has logs of other stacks).
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"tcptrace/internal/live/kernel"
	"tcptrace/internal/verify/record"
)

// late is how much later than it happens something may be told: what no socket stands for is asked for once a second. lateAsked is for what is asked
// for on a busy machine, as seldom as that takes.
const (
	late      = 1500 * time.Millisecond
	lateAsked = 4 * time.Second
)

// Options say what to watch.
type Options struct {
	Rounds    int                            // of connections to make, with Interface ""
	Peer      func(address string) *exec.Cmd // a program that calls Peer
	Interface string                         // to watch, instead
	For       time.Duration                  // likewise
	Told      func(done, total int)          // how many steps are over, from any goroutine; nil: nobody wants to know

	// Again is a program that calls Run with Inside, and writes the report as JSON. It is started in a user namespace, in which everybody may make others
	// and capture, where this program may not; nil: do without.
	Again  func() *exec.Cmd
	Inside bool // it is that program, which tells its steps on standard error

	loopback bool // make no namespaces
	asking   bool // do without BPF
}

// Use has the programs be this one, which self runs as verify with arguments.
func (o *Options) Use(self func(args ...string) *exec.Cmd) {
	o.Peer = func(address string) *exec.Cmd { return self("--peer", address) }
	o.Again = func() *exec.Cmd { return self("--inside", "--rounds", strconv.Itoa(o.Rounds), "--format", "json") }
}

// mostRounds is as many as take some minutes.
const mostRounds = 1000

// Check finds what is wrong with what a user chose, and fills in what was left open. rounds says whether those were chosen.
func (o *Options) Check(rounds bool) error {
	switch {
	case o.For != 0 && o.Interface == "":
		return errors.New("--for goes with -i")
	case o.For < 0:
		return errors.New("--for must not be negative")
	case o.Interface != "" && rounds:
		return errors.New("--rounds is of connections that are made here; -i watches others")
	case o.Rounds < 1 || o.Rounds > mostRounds:
		return fmt.Errorf("--rounds is from 1 to %d", mostRounds)
	case o.For == 0:
		o.For = time.Minute
	}
	return nil
}

// Run compares for as long as o says. It takes the right to capture, or that to make user namespaces; more is compared with those to use BPF and to make
// network namespaces.
func Run(ctx context.Context, o Options) (*record.Report, error) {
	open := kernel.Open
	if o.asking {
		open = kernel.OpenDiag
	}
	w, err := open()
	if err != nil {
		return nil, err
	}
	k := newShared(w)
	defer k.close()
	r := record.New()
	r.System, r.Source = system(), string(w.Source())
	s, err := newStage(&o, r)
	if errors.Is(err, fs.ErrPermission) && o.Again != nil && !o.Inside && w.Lacks() != nil {
		inside, failed := runInside(ctx, o.Again(), o.Told)
		if failed == nil || ctx.Err() != nil {
			return inside, cmp.Or(context.Cause(ctx), failed)
		}
		err = fmt.Errorf("%w; in a user namespace: %w", err, failed)
	}
	if err != nil && !o.Inside {
		r.Lacks = append(r.Lacks, fmt.Sprintf("no network namespaces, and so no taps but at both ends: %v", err))
		s, err = onLoopback(r), nil
	}
	if err != nil {
		return nil, err
	}
	defer s.close()
	if w.Lacks() != nil {
		r.Lacks = append(r.Lacks, fmt.Sprintf("the kernel is asked for states now and then, and does not tell each: %v", w.Lacks()))
	}
	c := &comparison{report: r, late: late}
	if w.Lacks() != nil && s.client == nil {
		c.late, k.late = lateAsked, lateAsked
	}
	for _, t := range s.taps {
		if !t.shows && t.kind != "" {
			r.At(t.kind)
		}
	}
	if err := run(ctx, s, k, c, &o); err != nil {
		return nil, err
	}
	if n := w.Lost(); n > 0 {
		return nil, fmt.Errorf("%d words of the kernel were lost", n)
	}
	r.Sort()
	return r, nil
}

// run makes connections on a stage, or watches those that there are, while all taps are analyzed.
func run(ctx context.Context, s *stage, k *shared, c *comparison, o *Options) error {
	told := &work{total: stepsOf(o.For), tell: o.Told}
	if o.Inside {
		told.tell = tellOutside
	}
	meanwhile := func(ctx context.Context) error { told.sleep(ctx, o.For); return nil }
	if s.client != nil {
		told.total = o.Rounds*len(s.plays()) + stepsOf(settle)
		h := newHosts(s, o.Peer, told)
		defer h.close()
		c.hosts = h
		k.often() // connections are short, and the machine's others few
		meanwhile = func(ctx context.Context) error { return h.play(ctx, o.Rounds) }
	}
	if err := s.add(k); err != nil {
		return err
	}
	return watchAll(ctx, s, k, c, meanwhile)
}

// watchAll analyzes at all taps of a stage while f runs.
func watchAll(ctx context.Context, s *stage, k *shared, c *comparison, f func(context.Context) error) error {
	var all []*watch
	var waits []func() error
	defer func() {
		for _, v := range all {
			v.capture.Close()
		}
	}()
	for _, t := range s.taps {
		v, err := newWatch(t, k, c)
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	var reading sync.WaitGroup
	told, stop := context.WithCancel(ctx)
	reading.Go(func() { k.run(told) })
	for _, v := range all {
		wait := v.loop.Start(ctx, func() {})
		waits = append(waits, func() error {
			v.loop.Do(v.loop.Stop)
			_, err := wait()
			return errors.Join(v.err, err)
		})
	}
	err := f(ctx)
	var errs []error
	for _, wait := range waits {
		errs = append(errs, wait())
	}
	stop()
	reading.Wait()
	if cause := context.Cause(ctx); cause != nil && s.client != nil { // what was made is not all
		return cause
	}
	if s.client == nil { // whoever interrupts it wants what there is
		return without(errors.Join(errs...), context.Cause(ctx))
	}
	return errors.Join(append(errs, err)...)
}

// without is err unless it is but the cause.
func without(err, cause error) error {
	if cause != nil && errors.Is(err, cause) {
		return nil
	}
	return err
}
