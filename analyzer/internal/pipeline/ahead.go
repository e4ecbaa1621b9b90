package pipeline

import (
	"context"
	"io"
	"sync"

	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// With more than two workers the goroutine that reads would be what they wait for. So it only finds the packets. Several goroutines decode one
// batch each, all of it that does not depend on the batches before; another takes the batches in order and does the rest: fragments, which make it
// decode the batch anew, names, and what ICMP errors quote.

// leastAhead is with how many workers that begins. From there on they also make the records of conversations that end: of the goroutine that merges
// them the same is true. Two workers leave both to others, which costs less in all: text is twice as long as what it says.
const leastAhead = 3

// ahead is what a batch needs to be decoded apart from the others.
type ahead struct {
	packets  *packet.Batch
	from, to int
	last     bool           // of packets
	at       intake.Summary // before it
	decoded  chan struct{}

	sum   intake.Summary // with what was before it
	leans bool           // it is to be decoded anew
	looks []look
}

// look is a packet that the one who takes batches in order looks at.
type look struct {
	packet, segments uint16 // its place, and how many segments there are up to it
	place            uint16 // names.Look
	why              lookKind
}

type lookKind uint8

const (
	lookPayload  lookKind = iota // its segment has a payload that may say a name, if more of its stream may
	lookSegment                  // its segment may say a name
	lookDatagram                 // it holds a datagram
)

// aheads is what the goroutines have that decode ahead.
type aheads struct {
	todo    chan *batch
	inOrder chan *batch
	packets chan *packet.Batch
}

// first starts them, if there are to be such; nil: there are not. They end when what it returns is closed.
func (r *run) first(all *sync.WaitGroup) *aheads {
	if len(r.work) < leastAhead || r.filter != nil || r.only != nil {
		return nil
	}
	a := &aheads{make(chan *batch, batches), make(chan *batch, batches), make(chan *packet.Batch, batches)}
	for range cap(a.packets) {
		a.packets <- new(packet.Batch)
	}
	for range r.work {
		all.Go(func() {
			part := Decoder{names: r.names}
			for b := range a.todo {
				part.ahead(b, len(r.trackers))
				b.ahead.decoded <- struct{}{}
			}
		})
	}
	all.Go(func() {
		defer r.leave()
		for b := range a.inOrder {
			<-b.ahead.decoded
			r.settle(b)
			if b.ahead.last {
				a.packets <- b.ahead.packets
			}
			r.deal(b)
		}
	})
	return a
}

// readAhead is read for them.
func (r *run) readAhead(ctx context.Context, src packet.Source, to *aheads) error {
	defer close(to.inOrder)
	defer close(to.todo)
	var at intake.Summary
	for {
		if err := context.Cause(ctx); err != nil || r.failed.Load() {
			return err
		}
		packets := <-to.packets
		if err := src.Next(packets); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		n := len(packets.Packets)
		if n == 0 {
			to.packets <- packets
		}
		for from := 0; from < n; from += maxPackets {
			b := <-r.free
			if b.ahead.decoded == nil {
				b.ahead.decoded = make(chan struct{}, 1)
			}
			a := &b.ahead
			a.packets, a.from, a.to, a.at = packets, from, min(n, from+maxPackets), at
			a.last = a.to == n
			for i := a.from; i < a.to; i++ {
				p := &packets.Packets[i]
				intake.Pass(&at, p.WireLen, p.Time, p.Behind)
			}
			to.inOrder <- b
			to.todo <- b
		}
	}
}

// ahead decodes b apart from the batches before.
func (d *Decoder) ahead(b *batch, trackers int) {
	a := &b.ahead
	a.looks = a.looks[:0]
	b.begin(a.to - a.from)
	d.Part(&a.at)
	n := 0
	for i := a.from; i < a.to; i++ {
		p, data := &a.packets.Packets[i], a.packets.Data(i)
		s := &b.segments[n]
		d.Summary.OtherFrames += uint64(p.Behind)
		if !d.Frame(p.Link, data, p.WireLen, p.Time, s) {
			if g := d.Datagram(); g != nil && d.minds(g) {
				a.looks = append(a.looks, look{packet: uint16(i - a.from), segments: uint16(n), why: lookDatagram})
			}
			continue
		}
		s.Iface = p.Iface
		b.add(n, s.Key.Partition(trackers))
		n++
		if d.names == nil {
			continue
		}
		if at, may, ok := names.Look(s, d.Payload(s, data)); ok {
			l := look{uint16(i - a.from), uint16(n), at, lookPayload}
			if may {
				l.why = lookSegment
			}
			a.looks = append(a.looks, l)
		}
	}
	a.sum, a.leans = d.Summary, d.Leans()
}

// minds reports whether a datagram tells something.
func (d *Decoder) minds(g *wire.Datagram) bool {
	_, isError := g.ICMPError()
	return isError || d.names != nil && names.IsAnswer(g)
}

// settle does with b, which was decoded apart, what depends on the batches before.
func (d *driver) settle(b *batch) {
	a := &b.ahead
	if !d.Takes(&a.sum, a.leans) {
		d.decode(a.packets, a.from, b)
		return
	}
	at, next := a.at, a.from
	for _, l := range a.looks {
		if l.why == lookPayload && d.names.Plain(l.place) {
			continue
		}
		i := a.from + int(l.packet)
		p, data := &a.packets.Packets[i], a.packets.Data(i)
		d.notices = d.notices[:0]
		if l.why != lookDatagram {
			d.name(&b.segments[l.segments-1], data)
		} else if g := d.Again(p.Link, data, p.WireLen); g != nil {
			for ; next <= i; next++ {
				p := &a.packets.Packets[next]
				intake.Pass(&at, p.WireLen, p.Time, p.Behind)
			}
			d.datagram(g, p.Time, at.Packets+at.OtherFrames)
		}
		d.aside(b, int(l.segments))
	}
}
