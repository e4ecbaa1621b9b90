// Package live analyzes packets while they are captured: it reads batches from a source that may pause, feeds a Monitor, and passes
// packets and events to observers as they come.
//
// One goroutine only reads, so that a slow observer does not leave frames in the kernel. A bounded number of batches is in
// flight to another goroutine, which does all the rest, so observers need no locks. When it cannot keep up, the reader waits,
// and the kernel counts what it drops.
//
// Not its job: where frames come from (packages capture and input), what events look like (package report).
package live

import (
	"context"
	"errors"
	"io"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// Options are those of the analyzer, and what else the loop needs.
type Options struct {
	analyzer.Options
	Idle     analyzer.Idle
	Packets  uint64        // end after so many; 0: no limit
	Duration time.Duration // end when the capture's clock has gone on for so long; 0: no limit
	Prompt   bool          // tell what is new after every packet, not only after a batch, so that Stop ends with the packet that shows why
	// Live says that packets come as they happen. What was captured before ctx was cancelled is analyzed still, and when
	// batches wait, news wait longer. It needs Clock.
	Live bool
	// Waited is for how long a packet with that time has waited, by the clock that it was stamped by, and Buffer how many bytes there are for those that wait.
	// When the analysis falls behind, the segments of new conversations are not read, and nothing is Prompt. nil: not known.
	Waited  func(analyzer.Time) time.Duration
	Buffer  uint64
	Clock   func() analyzer.Time // the capture's clock when no packet comes; nil: it stands still then
	Dropped func() uint64        // packets lost by the capture so far; nil: not known
}

// Loop is an analysis while it captures. Observers are called from the goroutine of Run.
type Loop struct {
	src     input.Source
	opts    Options
	monitor *analyzer.Monitor
	part    packet.Batch             // of a batch, that is analyzed at once
	see     func(*analyzer.Numbered) // packet, unless nobody sees any
	now     analyzer.Time
	began   analyzer.Time
	flushed analyzer.Time
	toldAt  time.Time // when that was, by no clock that is set
	dropped uint64
	stopped bool
	pace    pace

	apart     func(part int) func(*analyzer.Event)
	onPacket  []func(*analyzer.Numbered)
	onEvent   []func(*analyzer.Event)
	onFlush   []func(now analyzer.Time)
	onTelling []func()
	full      <-chan *packet.Batch
	requests  chan func()
	done      chan struct{}
}

// Idle conversations are let go, since a live capture has no end. These are for those that are not established, or not any more.
const (
	openingIdle = 3 * time.Minute  // RFC 9293 3.8.3: R2 of a SYN is at least 3 minutes
	closingIdle = 15 * time.Minute // what a FIN is repeated for at most, as Linux has it (tcp_retries2)
)

// EstablishedIdle is how long those that are established are kept unless the user says otherwise: beyond the 2 hours of RFC 9293 3.8.4 until a keep-alive,
// and its repetitions.
const EstablishedIdle = 3 * time.Hour

// Idle is how long conversations are kept that are silent, those that are established for so long.
func Idle(established time.Duration) analyzer.Idle {
	return analyzer.Idle{Opening: openingIdle, Established: established, Closing: closingIdle}
}

// New prepares the analysis of src.
func New(src input.Source, opts Options) *Loop {
	if opts.Interface == nil {
		opts.Interface = src.Interface
	}
	if opts.SnapLen == nil {
		opts.SnapLen = src.SnapLen
	}
	l := &Loop{src: src, opts: opts, requests: make(chan func()), done: make(chan struct{})}
	l.monitor = analyzer.NewMonitor(opts.Options, opts.Idle, l.event)
	if opts.Clock != nil {
		l.now = opts.Clock()
		l.began = l.now
	}
	return l
}

// OnPacket has f called with every packet that the filter lets through.
func (l *Loop) OnPacket(f func(*analyzer.Numbered)) {
	l.onPacket, l.see = append(l.onPacket, f), l.packet
}

// OnEvent has f called with every event.
func (l *Loop) OnEvent(f func(*analyzer.Event)) { l.onEvent = append(l.onEvent, f) }

// Apart has events told as Monitor.TellApart does, to what f returns for each part, in the place of who was the only one that OnEvent was given.
func (l *Loop) Apart(f func(part int) func(*analyzer.Event)) { l.apart = f }

// OnFlush has f called when the events of a batch are told: several times a second, at least.
func (l *Loop) OnFlush(f func(now analyzer.Time)) { l.onFlush = append(l.onFlush, f) }

// OnTelling has f called before the events of a batch are worked out, for what they depend on beside packets.
func (l *Loop) OnTelling(f func()) { l.onTelling = append(l.onTelling, f) }

// Monitor is for observers and for functions given to Do.
func (l *Loop) Monitor() *analyzer.Monitor { return l.monitor }

// Stop ends the analysis with the packet at hand. Only observers, and functions given to Do, may call it.
func (l *Loop) Stop() { l.stopped = true }

// Do runs f between two batches, while the loop runs, and waits for that. It reports whether f ran: not
// after the loop has ended.
func (l *Loop) Do(f func()) bool {
	ran := make(chan struct{})
	select {
	case l.requests <- func() { f(); close(ran) }:
		<-ran
		return true
	case <-l.done:
		return false
	}
}

// Summary is what was seen so far; only observers, and functions given to Do, may call it.
func (l *Loop) Summary() analyzer.Summary {
	return l.withDrops(l.monitor.Summary())
}

func (l *Loop) withDrops(sum analyzer.Summary) analyzer.Summary {
	sum.Drops, sum.DropsKnown = l.dropped, l.opts.Dropped != nil
	return sum
}

// batchesAhead bounds the batches that were read and not yet analyzed.
const batchesAhead = 64

// Run analyzes until the source ends, a limit is reached, Stop is called, or ctx is cancelled; then it tells the last of what
// is open, and returns the cause of ctx or the error of the source.
func (l *Loop) Run(ctx context.Context) (analyzer.Summary, error) {
	defer close(l.done)
	if l.apart != nil && len(l.onEvent) == 1 && l.monitor.Parts() > 1 {
		l.monitor.TellApart(l.apart)
	}
	reading, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	full, free := make(chan *packet.Batch, batchesAhead), make(chan *packet.Batch, batchesAhead)
	l.full = full
	for range batchesAhead {
		free <- &packet.Batch{}
	}
	var readErr error
	go func() {
		defer close(full)
		readErr = l.read(reading, full, free)
	}()
	for l.serve(full, free) {
		if l.stopped || l.opts.Late != nil && ctx.Err() != nil { // what was read and not analyzed can be read again
			cancel(errStopped)    // if ctx is not done
			for b := range full { // the reader ends
				free <- b
			}
			break
		}
	}
	l.drops()
	l.flush()
	sum := l.withDrops(l.monitor.Finish())
	if errors.Is(readErr, errStopped) {
		readErr = nil
	}
	return sum, readErr
}

var errStopped = errors.New("stopped")

// serve does what comes next: a batch or a request. It returns false when there are no more batches.
func (l *Loop) serve(full <-chan *packet.Batch, free chan<- *packet.Batch) bool {
	select {
	case b, ok := <-full:
		if !ok {
			return false
		}
		l.batch(b)
		free <- b
	case f := <-l.requests:
		f()
	}
	return true
}

// read hands on what the source delivers until it ends or ctx is cancelled.
func (l *Loop) read(ctx context.Context, full chan<- *packet.Batch, free <-chan *packet.Batch) error {
	for {
		b := <-free
		if err := context.Cause(ctx); err != nil {
			if l.opts.Live && !errors.Is(err, errStopped) {
				l.drain(b, full, free)
			}
			return err
		}
		if err := l.src.Next(b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		full <- b // has room for all batches
	}
}

// drain hands on what was captured until now and not read yet.
func (l *Loop) drain(b *packet.Batch, full chan<- *packet.Batch, free <-chan *packet.Batch) {
	now := l.opts.Clock()
	for limit := time.Now().Add(maxDrain); time.Now().Before(limit); b = <-free {
		if err := l.src.Next(b); err != nil || len(b.Packets) == 0 {
			return
		}
		last := analyzer.Time(b.Packets[len(b.Packets)-1].Time)
		full <- b
		if last > now {
			return
		}
	}
}

// maxDrain bounds how long the end waits for what the kernel still holds.
const maxDrain = 2 * time.Second

// batch analyzes the packets of b, and what the time that passed brings.
func (l *Loop) batch(b *packet.Batch) {
	l.drops()
	behind := l.isBehind(b)
	l.monitor.Spare(behind)
	prompt := l.opts.Prompt && !behind
	for i := 0; i < len(b.Packets) && !l.stopped; {
		n := l.atOnce(len(b.Packets)-i, prompt)
		l.part = packet.Batch{Buf: b.Buf, Packets: b.Packets[i : i+n]}
		l.monitor.Batch(&l.part, l.see)
		if i += n; prompt {
			l.monitor.Flush(l.monitor.Clock())
		}
		if l.opts.Packets > 0 && l.monitor.Packets() >= l.opts.Packets {
			l.stopped = true
		}
	}
	if len(b.Packets) > 0 {
		l.now = max(l.now, l.monitor.Clock())
	} else if l.opts.Clock != nil {
		l.now = max(l.now, l.opts.Clock())
	}
	if l.began == 0 {
		l.began = l.monitor.Summary().Start
	}
	if len(b.Packets) == 0 || l.isTime() || prompt {
		l.flush()
	}
	if l.opts.Duration > 0 && l.now >= l.began.Add(l.opts.Duration) {
		l.stopped = true
	}
}

// told is how often news are told, by the capture's clock: what happens in a shorter time, such as a handshake on
// a local network, is judged once.
const (
	told      = analyzer.Time(20 * time.Millisecond)
	toldLate  = analyzer.Time(200 * time.Millisecond)
	toldLater = analyzer.Time(2 * time.Second)
	toldLast  = analyzer.Time(10 * time.Second)
)

// patience is how long news may wait: longer when batches do.
func (l *Loop) patience() analyzer.Time {
	switch waiting := len(l.full); {
	case l.opts.Live && waiting > batchesAhead*3/4: // soon packets are dropped
		return toldLast
	case l.opts.Live && waiting > batchesAhead/2:
		return toldLater
	case l.opts.Live && waiting > batchesAhead/4:
		return toldLate
	}
	return told
}

// isTime reports whether news have waited for long enough, by the capture's clock. When that is set back, it stands still for as long: then time goes on without it.
func (l *Loop) isTime() bool {
	patience := l.patience()
	return l.now >= l.flushed+patience || l.opts.Live && time.Since(l.toldAt) >= time.Duration(max(patience, toldLate))
}

// flush tells what is new.
func (l *Loop) flush() {
	l.flushed, l.toldAt = l.now, time.Now()
	for _, f := range l.onTelling {
		f()
	}
	l.monitor.Flush(l.now)
	for _, f := range l.onFlush {
		f(l.now)
	}
}

// mostAtOnce bounds the packets that are analyzed between two looks at what ends the analysis: by one goroutine, and by several, which are not
// woken for few.
const (
	mostAtOnce   = 16
	mostTogether = 1024
)

// atOnce is how many of n packets are analyzed next: none that a limit leaves out.
func (l *Loop) atOnce(n int, prompt bool) int {
	switch {
	case prompt:
		n = min(n, 1)
	case l.opts.Workers > 1:
		n = min(n, mostTogether)
	default:
		n = min(n, mostAtOnce)
	}
	if l.opts.Packets > 0 {
		n = int(min(uint64(n), l.opts.Packets-l.monitor.Packets()))
	}
	return n
}

func (l *Loop) packet(p *analyzer.Numbered) {
	for _, f := range l.onPacket {
		f(p)
	}
}

// drops tells the monitor what the capture has lost since it was last asked.
func (l *Loop) drops() {
	if l.opts.Dropped == nil {
		return
	}
	if n := l.opts.Dropped(); n > l.dropped {
		l.monitor.Dropped(n - l.dropped)
		l.dropped = n
	}
}

func (l *Loop) event(e *analyzer.Event) {
	for _, f := range l.onEvent {
		f(e)
	}
}

// Start is Run beside the caller. rescue is deferred there, for a panic; the function it returns waits for the end.
func (l *Loop) Start(ctx context.Context, rescue func()) (wait func() (analyzer.Summary, error)) {
	var sum analyzer.Summary
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer rescue()
		sum, err = l.Run(ctx)
	}()
	return func() (analyzer.Summary, error) {
		<-done
		return sum, err
	}
}
