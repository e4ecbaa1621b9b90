package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// await enters a deadline.
func (t *Tracker) await(q *Queue, d Deadline) (serial uint32) {
	t.Wake = min(t.Wake, d.At)
	return q.Push(d)
}

// open takes a slot for the conversation that s begins, at frame, which may be a later one. The
// caller enters the key.
func (t *Tracker) open(s *wire.Segment, frame uint64, out *Output) uint32 {
	t.room(frame, out)
	slot, c := t.Slab.alloc()
	t.begin(slot, c, s, t.reads && t.wanted(conn.Time(s.Time)) && !t.spare() && !(t.Elsewhere && midway(s)))
	t.lru.add(slot, c.First)
	if s.Flags&(wire.SYN|wire.ACK) == wire.SYN {
		t.dial(Deadline{c.GivesUp(), slot, c.Gen})
	}
	return slot
}

// midway reports whether a conversation that begins with s has most likely begun before. An RST may be all that there is of one.
func midway(s *wire.Segment) bool { return !s.Flags.Any(wire.SYN | wire.RST) }

// room sees to it that the table has room for another conversation.
func (t *Tracker) room(frame uint64, out *Output) {
	for t.Slab.Used >= t.MaxFlows {
		t.makeRoom(frame, out)
	}
}

// begin enters in c, which is new and in that slot, that s is its first segment; read says that they are read.
func (t *Tracker) begin(slot uint32, c *conn.Conn, s *wire.Segment, read bool) {
	c.Key = s.Key
	c.First, c.FirstFrame, c.FirstDir = conn.Time(s.Time), s.Frame, s.Dir
	if t.networks.any {
		t.networks.note(slot, 0, s.Net)
		t.networks.note(slot, 1, s.Net)
	}
	t.origins.note(slot, s)
	c.Flags |= conn.Watching
	if read {
		t.stats.Alloc(slot)
		c.Flags |= conn.IsRead
	}
}

// dial enters the deadline of a connection that begins with a SYN, and returns its serial number.
func (t *Tracker) dial(d Deadline) (serial uint32) {
	if t.Dialing.N > 2*t.Slab.Used+minQueue {
		t.dropEstablished(&t.Dialing)
	}
	return t.await(&t.Dialing, d)
}

// dropEstablished takes the connections that were established out of a queue of those that
// were not, so that it stays about as short as the flow table, however fast they come.
func (t *Tracker) dropEstablished(q *Queue) {
	for range q.N {
		if d := q.Pop(); t.isEmbryonic(d) {
			serial := q.Push(d)
			if isEmbryo(d.Slot) {
				t.Slab.embryos.at(d.Slot).serial = serial
			}
		}
	}
}

// isEmbryonic reports whether the connection of a deadline is there, has begun and was not established so far.
func (t *Tracker) isEmbryonic(d Deadline) bool {
	if isEmbryo(d.Slot) {
		return t.Slab.embryos.at(d.Slot).gen == d.Gen
	}
	c := t.Slab.At(d.Slot)
	if c.Gen != d.Gen {
		return false
	}
	o := c.Phase()
	return o == conn.Unanswered || o == conn.HalfOpen
}

// wanted decides whether the segments are read of a conversation that begins at start. If as many as the sink wants
// began before it in this partition alone, it will not be among them.
func (t *Tracker) wanted(start conn.Time) bool {
	if t.first > 0 && t.begun >= t.first && start >= t.latest {
		return false
	}
	t.begun++
	t.latest = max(t.latest, start)
	return true
}

// spare reports whether a conversation that begins now is not read although it is wanted, and counts it.
func (t *Tracker) spare() bool {
	if t.Spares {
		t.spared++
	}
	return t.Spares
}
