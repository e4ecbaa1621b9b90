package capture

import (
	"slices"

	"tcptrace/analyzer/packet"
)

// settle is after what time a frame that came into a ring can be read: the kernel keeps a block that is not full for hold, or as long again where
// its clock ticks slowly.
const settle = int64(2 * hold)

// order puts the frames of several interfaces, and of several rings of one, in the order of their times. The answer may come in by
// another than the question, and must not stand before it. A frame is delivered when no older one can come: each
// of the others has one that is not older, or was found empty when all that came before that frame could be read. So how late one is read, and how far
// the analysis is behind, makes no difference.
type order struct {
	queues  []queue // by reader
	heads   []int64 // times of the first frames of these; none: never
	waiting int     // chunks in them
}

const never = 1<<63 - 1

func newOrder(readers int) order {
	o := order{queues: make([]queue, readers), heads: make([]int64, readers)}
	for i := range o.heads {
		o.heads[i] = never
	}
	return o
}

// queue is what has come from a reader.
type queue struct {
	chunks []*chunk
	next   int   // packet of the first chunk
	dry    int64 // when all that there was had come, by Capture.now
	ended  bool  // nothing more comes
}

// add takes a chunk, which may be empty if it is the last of its reader.
func (o *order) add(c *chunk) {
	q := &o.queues[c.owner.number]
	q.ended = q.ended || c.last != nil
	if len(c.Packets) == 0 {
		return
	}
	q.chunks = append(q.chunks, c)
	o.heads[c.owner.number] = q.head()
	o.waiting++
}

// fill moves frames into b and reports whether there were any.
func (o *order) fill(b *packet.Batch) bool {
	dry := o.dry()
	for o.waiting > 0 && room(b) {
		head := int64(never)
		for _, h := range o.heads {
			head = min(head, h)
		}
		i := slices.Index(o.heads, head)
		q := &o.queues[i]
		if dry < q.chunks[0].came+settle {
			break
		}
		if q.move(b) {
			o.waiting--
			dry = o.dry()
		}
		o.heads[i] = q.head()
	}
	return len(b.Packets) > 0
}

// dry is since when nothing can be missing of those that have no frame.
func (o *order) dry() int64 {
	dry := int64(never)
	for i := range o.queues {
		if q := &o.queues[i]; len(q.chunks) == 0 && !q.ended {
			dry = min(dry, q.dry)
		}
	}
	return dry
}

func (q *queue) head() int64 {
	if len(q.chunks) == 0 {
		return never
	}
	return q.chunks[0].Packets[q.next].Time
}

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
	c.home <- c
	return true
}
