package analyzer

import (
	"time"

	"tcptrace/internal/wire"
)

// Options set the bounds and clocks of the analysis. The zero value means the defaults.
type Options struct {
	// MaxFlows bounds how many conversations are tracked at once. When it is reached
	// another is ended, and counted in Summary.Evicted: one that waits for stragglers (Summary.ReleasedEarly),
	// else the oldest that is not established, else the one that has been silent longest. Default 1,048,576.
	MaxFlows int
	// MSL is half the time for which TIME_WAIT lasts, and thus for which an ended
	// conversation waits for stragglers. Default 30 s: 60 s in all, as Linux has it.
	MSL time.Duration
	// Quick leaves out what needs every segment to be read: what each is, round trips, retransmissions
	// and windows in Sent, and the anomalies of an open connection. It takes about two thirds of the time.
	Quick bool
	// Undivided has one tracker hold all flows, as a live capture wants it.
	Undivided bool
}

func (o Options) withDefaults() Options {
	if o.MaxFlows <= 0 {
		o.MaxFlows = defaultMaxFlows
	}
	if o.MSL <= 0 {
		o.MSL = defaultMSL
	}
	return o
}

// Partitions is into how many trackers the flows are divided, whatever the number of
// workers: what is evicted, and so every byte of output, must not depend on that.
// Small bounds are not divided, so that they hold exactly.
func (o Options) Partitions() int {
	if o.Undivided || o.withDefaults().MaxFlows < 1<<14 {
		return 1
	}
	return 16
}

// Tracker follows the conversations of one partition of the flows. It has no clock
// of its own and belongs to one goroutine.
type Tracker struct {
	maxFlows, maxEnded int
	linger             Time
	pools

	slab     slab
	reads    bool // not Options.Quick
	ledgers  ledgers
	index    index
	networks networks
	lru      lru
	recent   recent
	now      Time  // the capture's clock, which other partitions' segments move, too
	ended    queue // closed or reset conversations that wait for stragglers
	dialing  queue // conversations that began with a SYN, until they are established or given up
	answered queue // those of which a SYN-ACK was not acknowledged in that time
	wake     Time  // when the first of these may be due
	held     map[uint32]*hold
	unused   []*hold
	rivals   map[uint32][]wire.Segment // by slot: SYN-ACKs with other ISNs than the first, until one is acknowledged
	skips    Selective                 // nil: nothing may be skipped
	first    int                       // how many conversations it wants, 0: all
	begun    int                       // conversations that it may want
	latest   Time                      // start of the last of them

	watch    func(*Reading)
	late     Time   // by how much the time of the segment at hand is not the one that was captured
	overflow func() // empties the Output at hand; nil: that is done behind every segment
	reading  Reading

	bench bench

	evicted, releasedEarly uint64
	unheld                 uint64 // what BoundHeld cut short
	touched                Time   // keeps Touch's loads from being optimized away

	keeps      bool // KeepRevisions
	confirming bool // segments come late: they were held
	revisions  []Revision
}

// NewTracker returns a tracker for one of o.Partitions() partitions, whose conversations are
// for sink.
func NewTracker(o Options, sink Sink) *Tracker {
	o = o.withDefaults()
	skips, selective := sink.(Selective)
	first := 0
	if selective {
		first = skips.First()
	}
	n := o.MaxFlows / o.Partitions()
	t := &Tracker{
		maxFlows: n,
		maxEnded: max(1, n/16),
		linger:   Time(2 * o.MSL),
		reads:    !o.Quick,
		index:    newIndex(),
		wake:     never,
		held:     map[uint32]*hold{},
		rivals:   map[uint32][]wire.Segment{},
		skips:    skips,
		first:    first,
		pools:    newPools(max(n, 64)),
	}
	t.facts.marks.sparse = t.reads && t.first > 0
	return t
}

// Output collects what a tracker has to say about a batch: conversations that
// began and that are over. A Merger takes it.
type Output struct {
	events   []event
	done     []Conversation
	evidence evidence // of those in done
}

// next is room for another conversation, with what was there before.
func (o *Output) next() *Conversation {
	if n := len(o.done); n < cap(o.done) {
		o.done = o.done[:n+1]
	} else {
		o.done = append(o.done, Conversation{})
	}
	return &o.done[len(o.done)-1]
}

// evidence is the memory behind what conversations refer to.
type evidence struct {
	facts []fact
	marks []mark
}

func (ev *evidence) reset() { ev.facts, ev.marks = ev.facts[:0], ev.marks[:0] }

type event struct {
	frame uint64 // at which it happened
	slot  uint32
	arg   uint32 // eventDone: index in done; eventHold: if not 0, no number is kept for it; eventOpenHeld: the slot that held it
	kind  eventKind
}

type eventKind uint8

const (
	eventOpen     eventKind = iota // the conversation in slot begins
	eventHold                      // a segment into the conversation in slot may begin another
	eventOpenHeld                  // it did: in slot
	eventDone                      // the conversation in slot is over
	eventSkipped                   // it is, and the sink does not want it; arg is its outcome, slot how much of its history is unwritten
)

// Hash is what Touch and Segment want to know of a key. It differs from run to run.
func Hash(key *wire.Key) uint32 { return uint32(key.Hash(&hashSeed) >> 32) }

// Touch brings what a segment sent in direction dir needs of its conversation into the processor's cache. A few segments are
// touched before the first of them is tracked, so that their cache misses overlap. It returns
// where the conversation's newest facts probably are, for TouchFacts; 0 if it takes none from ordinary segments now.
func (t *Tracker) Touch(hash uint32, dir uint8) (block uint32) {
	e := t.index.entries[hash&uint32(len(t.index.entries)-1)]
	if e == 0 {
		return 0
	}
	c := t.slab.at(uint32(e) - 1)
	a, b := &c.half[0], &c.half[1]
	t.touched += c.last + a.last + b.last + Time(a.packets+b.packets)
	if t.reads && t.first == 0 { // else few are read
		l := t.ledgers.at(uint32(e) - 1)
		from, to := &l.book[dir&1], &l.book[1-dir&1]
		t.touched += from.idleMax + Time(from.flightSum) + from.lastData + to.idleMax + to.rtt.srtt + to.lastData
	}
	if !c.flags.has(watching) {
		return 0
	}
	return c.facts.last
}

// TouchFacts is the second half of Touch.
func (t *Tracker) TouchFacts(block uint32) {
	if block != 0 {
		t.touched += t.facts.at(block).facts[0].time + t.facts.at(block).facts[blockFacts-1].time
	}
}

// Segment tracks one segment and returns where it belongs. Segments come in the order of their
// frames; hash is that of its key.
func (t *Tracker) Segment(s *wire.Segment, hash uint32, out *Output) Placement {
	again := t.recent.again(s)
	if isSelf(&s.Key) {
		t.echo(s, hash, again, out)
	}
	return t.segment(s, hash, again, out)
}

// segment tracks a segment; again says that a frame like it passed just before.
func (t *Tracker) segment(s *wire.Segment, hash uint32, again bool, out *Output) Placement {
	now := Time(s.Time)
	t.now = max(now, Time(s.Clock))
	if now >= t.wake || t.ended.n > t.maxEnded {
		t.expire(now, s.Frame, out)
	}
	slot := t.index.find(&t.slab, &s.Key, hash)
	if s.Net != 0 || t.networks.any {
		slot, hash = t.network(slot, hash, s, again)
	}
	if slot == noSlot {
		slot = t.open(s, s.Frame, out)
		t.index.put(hash, slot)
		out.events = append(out.events, event{frame: s.Frame, slot: slot, kind: eventOpen})
		t.apply(slot, s)
		return Placement{slot: slot}
	}
	if again {
		if of, ok := t.duplicate(slot, s); ok {
			return Placement{slot: of}
		}
	}
	if c := t.slab.at(slot); c.flags.has(pending|succeeded|disputed) || s.Flags.Any(wire.SYN) || strays(c, s) {
		newest := slot
		if slot = t.choose(slot, hash, s, out); slot == noSlot {
			return Placement{newest, true}
		}
		if slot != newest && t.slab.at(newest).prev == slot {
			t.noteOldAnswer(t.slab.at(newest), t.slab.at(slot), s)
		}
	}
	t.apply(slot, s)
	return Placement{slot: slot}
}

// apply adds the segment to the conversation and notes when that ends.
func (t *Tracker) apply(slot uint32, s *wire.Segment) {
	c := t.slab.at(slot)
	if Time(s.Time) >= c.last && !c.hasKind(markClock) {
		t.add(slot, c, s)
		return
	}
	captured := s.Time
	t.late = c.steady(&t.facts.marks, s)
	t.add(slot, c, s)
	s.Time, t.late = captured, 0
}

// add adds a segment the time of which is right.
func (t *Tracker) add(slot uint32, c *conv, s *wire.Segment) {
	if s.Bits&(wire.CutOptions|wire.BadSum|wire.FirstFragment|wire.ACKsFragment) != 0 && c.faulty(&t.facts.marks, s) {
		t.passOver(slot, s, KindUnacceptable, 0)
		return
	}
	if c.flags.has(isRead) {
		t.read(slot, c, s)
	} else {
		c.segment(&t.facts, s)
	}
	if c.flags&(ended|queued) == ended {
		c.flags |= queued
		c.settleSums(&t.facts.marks)
		t.await(&t.ended, deadline{c.last + t.linger, slot, c.gen})
	}
}

// read adds a segment of a conversation whose segments are read.
func (t *Tracker) read(slot uint32, c *conv, s *wire.Segment) {
	r := newReader(&t.pools, c, t.ledgers.at(slot), s)
	var was glance
	r.unlike = r.a.unlike(s)
	if r.unlike {
		was = r.a.glance()
	}
	r.read()
	if r.unlike || r.striking() {
		r.observeEpisodes(was)
	}
	t.revise(&r)
	if apart>>r.v.kind&1 == 0 {
		c.segment(&t.facts, s)
	} else {
		r.setApart()
	}
	t.tell(&r)
	if t.keeps && t.confirming && !isEcho(c, s) {
		t.revisions = append(t.revisions, Revision{s.Frame, r.v.kind, r.v.cause, r.v.spurious, r.v.notes})
	}
}

// await enters a deadline.
func (t *Tracker) await(q *queue, d deadline) {
	q.push(d)
	t.wake = min(t.wake, d.at)
}

// open takes a slot for the conversation that s begins, at frame, which may be a later one. The
// caller enters the key.
func (t *Tracker) open(s *wire.Segment, frame uint64, out *Output) uint32 {
	for t.slab.used >= t.maxFlows {
		t.makeRoom(frame, out)
	}
	slot, c := t.slab.alloc()
	c.key = s.Key
	c.first, c.firstFrame, c.firstDir = Time(s.Time), s.Frame, s.Dir
	if t.networks.any {
		t.networks.note(slot, 0, s.Net)
		t.networks.note(slot, 1, s.Net)
	}
	c.flags |= watching
	if wanted := t.wanted(c.first); t.reads && wanted {
		t.ledgers.alloc(slot)
		c.flags |= isRead
	}
	t.lru.add(slot, c.first)
	if s.Flags&(wire.SYN|wire.ACK) == wire.SYN {
		if t.dialing.n > 2*t.slab.used+chunkSize {
			t.dropEstablished(&t.dialing)
		}
		t.await(&t.dialing, deadline{c.givesUp(), slot, c.gen})
	}
	return slot
}

// dropEstablished takes the connections that were established out of a queue of those that
// were not, so that it stays about as short as the flow table, however fast they come.
func (t *Tracker) dropEstablished(q *queue) {
	for range q.n {
		if d := q.pop(); t.slab.at(d.slot).gen == d.gen && isEmbryonic(t.slab.at(d.slot)) {
			q.push(d)
		}
	}
}

// embryonic reports whether a connection has begun and was not established so far.
func isEmbryonic(c *conv) bool {
	o := c.phase()
	return o == Unanswered || o == HalfOpen
}

// wanted decides whether the segments are read of a conversation that begins at start. If as many as the sink wants
// began before it in this partition alone, it will not be among them.
func (t *Tracker) wanted(start Time) bool {
	if t.first > 0 && t.begun >= t.first && start >= t.latest {
		return false
	}
	t.begun++
	t.latest = max(t.latest, start)
	return true
}

// addBounds adds to sum what did not fit so far.
func (t *Tracker) addBounds(sum *Summary) {
	sum.Bounds[BoundFacts] += t.facts.dropped
	sum.Bounds[BoundHeld] += t.unheld
	sum.Bounds[BoundFlight] += t.flights.merged
	sum.Bounds[BoundResent] += t.forgotten
	sum.Bounds[BoundRanges] += t.repairs.ranges.Dropped()
}
