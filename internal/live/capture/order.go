package capture

import (
	"time"

	"tcptrace/analyzer/packet"
)

// settle is after what time frames of other interfaces that are older can no more be expected: the kernel
// and the reader each keep a frame for hold, and a reader may have to wait for a processor.
const settle = 3 * hold

// order puts the frames of several interfaces in the order of their times. The answer may come in by
// another interface than the question, and must not stand before it. What comes later than settle, because
// a reader was held up, or when a queue is full, is delivered as it comes. Clocks may be set: how long
// a chunk has waited is told by when it came.
type order struct {
	queues  []queue // by interface
	waiting int     // chunks in them
}

// queue is what has come from an interface.
type queue struct {
	chunks []*chunk
	next   int // packet of the first chunk
}

func (o *order) add(c *chunk) {
	c.came = time.Now()
	c.latest = c.Packets[0].Time
	for i := range c.Packets {
		c.latest = max(c.latest, c.Packets[i].Time)
	}
	q := &o.queues[c.owner.iface]
	q.chunks = append(q.chunks, c)
	o.waiting++
}

// due is the time up to which frames can be delivered.
func (o *order) due(now time.Time, all bool) (limit int64, ok bool) {
	for i := range o.queues {
		q := &o.queues[i]
		for n, c := range q.chunks {
			full := n == 0 && len(q.chunks) == cap(c.owner.free)
			if !all && !full && now.Sub(c.came) < settle {
				break
			}
			if !ok || c.latest > limit {
				limit, ok = c.latest, true
			}
		}
	}
	return limit, ok
}

// fill moves frames into b and reports whether there were any.
func (o *order) fill(b *packet.Batch, now time.Time, all bool) bool {
	limit, ok := o.due(now, all)
	for ok && room(b) {
		var first *queue
		for i := range o.queues {
			q := &o.queues[i]
			if len(q.chunks) > 0 && q.head() <= limit && (first == nil || q.head() < first.head()) {
				first = q
			}
		}
		if first == nil {
			break
		}
		if first.move(b) {
			o.waiting--
		}
	}
	return len(b.Packets) > 0
}

func (q *queue) head() int64 { return q.chunks[0].Packets[q.next].Time }

// move moves the first frame of the queue, and reports whether that was the last of its chunk.
func (q *queue) move(b *packet.Batch) bool {
	c := q.chunks[0]
	p := c.Packets[q.next]
	data := c.Data(q.next)
	p.Off = uint32(len(b.Buf))
	b.Buf = append(b.Buf, data...)
	b.Packets = append(b.Packets, p)
	if q.next++; q.next < len(c.Packets) {
		return false
	}
	q.next = 0
	q.chunks = append(q.chunks[:0], q.chunks[1:]...)
	c.owner.free <- c
	return true
}
