package input

import (
	"math"
	"sync/atomic"

	"tcptrace/analyzer/packet"
)

// cursor is an input's place in a merge. Until the trace reaches a file it is
// not open: head then comes from a look at its first packet.
type cursor struct {
	in    *input
	order int   // of the argument: earlier ones win ties
	head  int64 // time of the next packet
	batch packet.Batch
	at    int // of the next packet in batch
}

// moment is a place in the merged order.
type moment struct {
	time  int64
	order int
}

func (m moment) before(o moment) bool {
	return m.time < o.time || m.time == o.time && m.order < o.order
}

func (c *cursor) moment() moment { return moment{c.head, c.order} }

// fill reads the next batch if there is nothing left of the last. It reports
// whether there is a packet.
func (c *cursor) fill() bool {
	if c.at >= len(c.batch.Packets) {
		c.at = 0
		if !c.in.next(&c.batch) {
			return false
		}
	}
	c.head = c.batch.Packets[c.at].Time
	return true
}

// allBefore reports whether the whole batch precedes m.
func (c *cursor) allBefore(m moment) bool {
	latest := int64(math.MinInt64)
	for i := range c.batch.Packets {
		latest = max(latest, c.batch.Packets[i].Time)
	}
	return moment{latest, c.order}.before(m)
}

// prepare finds when each input begins. What cannot be opened a second time stays open.
func (t *trace) prepare() {
	peek := t.opts
	peek.ChunkSize, peek.MaxPackets = min(peek.ChunkSize, peekChunk), 1
	var b packet.Batch
	for i, in := range t.inputs {
		c := &cursor{in: in, order: i}
		if in.done || in.stdin != nil || !in.regular {
			if c.fill() {
				t.heap = append(t.heap, c)
			}
			continue
		}
		probe := newInput(in.name, peek, new(atomic.Int64), &t.ifaces)
		if !probe.next(&b) {
			t.inputs[i] = probe // read to its end already
			continue
		}
		c.head = b.Packets[0].Time
		probe.finish()
		t.heap = append(t.heap, c)
	}
	for i := len(t.heap)/2 - 1; i >= 0; i-- {
		t.sift(i)
	}
}

// merge fills b with the next packets of all inputs. A batch that precedes
// everything else goes through as it is; only where inputs overlap are frames copied.
func (t *trace) merge(b *packet.Batch) error {
	b.Buf, b.Packets = b.Buf[:0], b.Packets[:0]
	for len(t.heap) > 0 {
		c := t.heap[0]
		was := c.moment()
		if !c.fill() {
			t.drop()
			continue
		}
		if was.before(c.moment()) {
			t.sift(0)
			if t.heap[0] != c {
				continue
			}
		}
		next := t.second()
		if c.at == 0 && c.allBefore(next) {
			if len(b.Packets) == 0 {
				*b, c.batch = c.batch, *b
			}
			return nil
		}
		if !t.copy(b, c, next) {
			return nil
		}
	}
	if len(b.Packets) == 0 {
		return t.ended()
	}
	return nil
}

// copy appends packets of c to b as long as they precede next. It reports
// whether b has room for more.
func (t *trace) copy(b *packet.Batch, c *cursor, next moment) bool {
	if cap(b.Buf) < t.opts.ChunkSize {
		b.Buf = make([]byte, 0, t.opts.ChunkSize)
	}
	if cap(b.Packets) < t.opts.MaxPackets {
		b.Packets = make([]packet.Packet, 0, t.opts.MaxPackets)
	}
	for ; c.at < len(c.batch.Packets); c.at++ {
		p := c.batch.Packets[c.at]
		if !(moment{p.Time, c.order}).before(next) {
			break
		}
		full := len(b.Packets) == t.opts.MaxPackets || len(b.Buf)+int(p.CapLen) > cap(b.Buf)
		if full && len(b.Packets) > 0 {
			return false
		}
		data := c.batch.Data(c.at)
		p.Off = uint32(len(b.Buf))
		b.Buf = append(b.Buf, data...)
		b.Packets = append(b.Packets, p)
	}
	return true
}

// second is the moment of the packet that follows those of the first input.
func (t *trace) second() moment {
	m := moment{math.MaxInt64, math.MaxInt}
	for _, c := range t.heap[1:min(3, len(t.heap))] {
		if c.moment().before(m) {
			m = c.moment()
		}
	}
	return m
}

// drop removes the first input, which is at its end.
func (t *trace) drop() {
	last := len(t.heap) - 1
	t.heap[0] = t.heap[last]
	t.heap[last] = nil
	t.heap = t.heap[:last]
	t.sift(0)
}

// sift moves the i-th input down to its place in the heap.
func (t *trace) sift(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.heap); child++ {
			if t.heap[child].moment().before(t.heap[least].moment()) {
				least = child
			}
		}
		if least == i {
			return
		}
		t.heap[i], t.heap[least] = t.heap[least], t.heap[i]
		i = least
	}
}
