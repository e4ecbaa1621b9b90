package input

import (
	"context"
	"math"
	"sync"
	"time"

	"tcptrace/analyzer/packet"
)

const (
	pacedPulse = 100 * time.Millisecond // without packets an empty batch comes as often
	pacedTick  = time.Millisecond       // packets may be so late, so that many of them make one batch
	pacedGap   = time.Hour              // of the capture: longer ones are not waited for
	pacedBack  = time.Second            // a capture's clock that is set back further begins anew
)

// PacedSource delivers the packets of another source when they are due: capture time passes like
// wall time, multiplied by a speed. Packets that are late are not spread out but delivered at once.
//
// A packet earlier than those before it is due at once. If it is more than a second earlier, the capture's clock was set back,
// and those after it are paced by the new time. A gap of more than an hour is skipped: the packet after it is due at once.
type PacedSource struct {
	Source
	ctx   context.Context
	speed float64

	batch packet.Batch // of Source, delivered up to next
	next  int

	mu      sync.Mutex
	started bool
	at      int64     // capture time of the packet delivered last
	due     time.Time // when that was to be
	limit   int64     // the clock does not pass packets that are still to come
}

// Paced paces src. At speed 0 it does not wait at all. Next returns the cause of ctx once it is cancelled.
// While src itself blocks, as a pipe does, there are no empty batches.
func Paced(ctx context.Context, src Source, speed float64) *PacedSource {
	return &PacedSource{Source: src, ctx: ctx, speed: speed}
}

// Next fills b with the packets that are due, or with none when 100 ms passed without any.
func (p *PacedSource) Next(b *packet.Batch) error {
	if err := context.Cause(p.ctx); err != nil {
		return err
	}
	if p.speed <= 0 {
		return p.atOnce(b)
	}
	if p.next == len(p.batch.Packets) {
		p.next = 0
		p.batch.Packets = p.batch.Packets[:0] // of a source that fails
		if err := p.Source.Next(&p.batch); err != nil {
			return err
		}
	}
	b.Buf, b.Packets = b.Buf[:0], b.Packets[:0]
	if len(p.batch.Packets) == 0 {
		return nil
	}
	now := time.Now()
	until := p.until(p.batch.Packets[p.next].Time, now)
	if wait := min(max(until, pacedTick), pacedPulse); until > 0 {
		// A deadline is a timer that ends with ctx.
		ctx, stop := context.WithTimeout(p.ctx, wait)
		<-ctx.Done()
		stop()
		if err := context.Cause(p.ctx); err != nil || wait < until {
			return err
		}
		now = time.Now()
	}
	p.deliver(b, now)
	return nil
}

// atOnce is Next without a pace.
func (p *PacedSource) atOnce(b *packet.Batch) error {
	err := p.Source.Next(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(b.Packets); err == nil && n > 0 {
		p.limit = b.Packets[n-1].Time
	}
	return err
}

// deliver moves the packets to b that are due at a moment.
func (p *PacedSource) deliver(b *packet.Batch, now time.Time) {
	packets := p.batch.Packets
	first := p.next
	p.mu.Lock()
	for ; p.next < len(packets); p.next++ {
		t := packets[p.next].Time
		due, at := p.schedule(t, now)
		if due.After(now) {
			break
		}
		p.started, p.at, p.due = true, at, due
	}
	p.limit = p.at
	p.mu.Unlock()
	if first == 0 && p.next == len(packets) {
		*b, p.batch = p.batch, *b
		p.next = 0
		return
	}
	for i := first; i < p.next; i++ {
		q := packets[i]
		q.Off = uint32(len(b.Buf))
		b.Buf = append(b.Buf, p.batch.Data(i)...)
		b.Packets = append(b.Packets, q)
	}
}

// until is how long a packet of time t, which is the next, is not yet due.
func (p *PacedSource) until(t int64, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	due, _ := p.schedule(t, now)
	p.limit = max(t, p.at)
	return due.Sub(now)
}

// schedule says when the next packet, of time t, is due, and which capture time that moment is.
func (p *PacedSource) schedule(t int64, now time.Time) (due time.Time, at int64) {
	// The difference of any two times fits in 64 bits without a sign.
	later, earlier := uint64(t)-uint64(p.at), uint64(p.at)-uint64(t)
	switch {
	case !p.started, t > p.at && later > uint64(pacedGap), t < p.at && earlier > uint64(pacedBack):
		return now, t
	case t <= p.at:
		return p.due, p.at
	}
	// A tiny speed makes it longer than a duration can be.
	wait := min(float64(later)/p.speed, math.MaxInt64/4)
	return p.due.Add(time.Duration(wait)), t
}

// Clock is the current capture time: it advances between packets, but not past the next packet. It may
// be called while another goroutine is in Next.
func (p *PacedSource) Clock() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.speed <= 0 || !p.started {
		return p.limit
	}
	passed := min(float64(time.Since(p.due))*p.speed, float64(uint64(p.limit)-uint64(p.at)))
	return p.at + int64(max(passed, 0))
}
