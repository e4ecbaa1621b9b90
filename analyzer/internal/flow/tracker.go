package flow

import (
	"net/netip"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/internal/latest"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/wire"
)

// Options are what a tracker needs of the options of an analysis, which pipeline.Options explains.
type Options struct {
	MaxFlows  int           // at once; default 1,048,576
	MSL       time.Duration // default 30 s
	Quick     bool          // segments are not read
	Undivided bool          // one tracker holds all flows, as a live capture wants it
	Parts     int           // with Undivided: into how many trackers they are divided all the same, one for each goroutine; 0: one
	Hosts     func(netip.Addr) string
	Interface func(number uint16) string
	SnapLen   func(number uint16) uint32
}

func (o Options) withDefaults() Options {
	if o.MaxFlows <= 0 {
		o.MaxFlows = conn.DefaultMaxFlows
	}
	if o.MSL <= 0 {
		o.MSL = conn.DefaultMSL
	}
	o.MSL = min(o.MSL, conn.MaxMSL)
	return o
}

// Partitions is into how many trackers the flows are divided, whatever the number of
// workers: what is evicted, and so every byte of output, must not depend on that.
// Small bounds are not divided, so that they hold exactly.
func (o Options) Partitions() int {
	if o.Undivided {
		return max(o.Parts, 1)
	}
	if o.withDefaults().MaxFlows < 1<<14 {
		return 1
	}
	return 16
}

// Tracker follows the conversations of one partition of the flows. It has no clock
// of its own and belongs to one goroutine.
type Tracker struct {
	MaxFlows, maxEnded int
	memory             int       // bytes that it may take
	sinceBound         int       // segments since it was seen to that it takes no more
	hand               uint32    // a slot: those behind it are looked at next for what takes much
	linger, soonest    conn.Time // soonestOver
	segment.Pools

	Slab      slab
	Beside    Beside // nil, or what takes memory for conversations, too
	Waits     bool   // SYNs that nothing answered wait to be tracked (embryo); tests compare
	Sorts     bool   // ordinary segments are told from others (ordinary.go); tests compare
	Spares    bool   // the segments of conversations that begin now are not read, since the analysis falls behind
	Elsewhere bool   // nor are those of conversations that begin midway: what becomes of them is found out where their beginning is known
	reads     bool   // not Options.Quick
	undivided bool   // Options.Undivided
	stats     segment.StatsTable
	index     index
	networks  networks
	origins   origins
	names     slotNames
	hosts     func(netip.Addr) string // nil: the user named none
	lru       lru
	recent    latest.Frames
	payloads  latest.Payloads
	Now       conn.Time // the capture's clock, which other partitions' segments move, too
	at        conn.Time // the time of the segment or notice at hand
	ended     Queue     // closed or reset conversations that wait for stragglers
	parted    Queue     // those of them that an endpoint may go on with (Conn.MayGoOn)
	Dialing   Queue     // conversations that began with a SYN, until they are established or given up
	Answered  Queue     // those of which a SYN-ACK was not acknowledged in that time
	Wake      conn.Time // when the first of these may be due
	held      map[uint32]*hold
	unused    []*hold
	rivals    map[uint32][]wire.Segment // by slot: SYN-ACKs with other ISNs than the first, until one is acknowledged
	skips     Selective                 // nil: nothing may be skipped
	skimmer   Skimmer                   // nil: of each conversation there is to be a record
	first     int                       // how many conversations it wants, 0: all
	begun     int                       // conversations that it may want
	latest    conn.Time                 // start of the last of them

	watch    func(*reading.Reading)
	late     conn.Time                    // by how much the time of the segment at hand is not the one that was captured
	Course   func(done int) *state.Course // room for the course of that conversation of Output.Done, for who judges it; nil: nobody does
	Overflow func()                       // empties the Output at hand; nil: that is done behind every segment
	Defers   bool                         // conversations whose time is over may stay until there is room in the Output at hand
	reading  reading.Reading
	woken    wire.Segment // the SYN of an embryo at hand: on the stack it would be allocated each time

	bench    bench
	encoding *Encoding // nil: what is over is handed out

	Evicted, ReleasedEarly uint64
	StrayICMP              uint64    // ICMP errors about connections of which nothing else was seen
	unheld                 uint64    // what intake.BoundHeld cut short
	spared                 uint64    // conversations that began while it Spares
	touched                conn.Time // keeps the loads of touchOver and touchHistory from being optimized away

	keeps      bool // KeepRevisions
	confirming bool // segments come late: they were held
	revisions  []Revision

	conflicting []Conflict          // with keeps
	crowded     bool                // see Crowded
	known       map[uint64]Conflict // by frame, of conversations that are alone (StayAlone); nil: they are not
}

// NewTracker returns a tracker for one of o.Partitions() partitions, whose conversations are
// for sink.
func NewTracker(o Options, sink Sink) *Tracker {
	o = o.withDefaults()
	skips, selective := sink.(Selective)
	skimmer, _ := sink.(Skimmer)
	first := 0
	if selective {
		first = skips.First()
	}
	n := max(o.MaxFlows/o.Partitions(), 1)
	t := &Tracker{
		MaxFlows:  n,
		maxEnded:  max(1, n/16),
		linger:    conn.Time(2 * o.MSL),
		reads:     !o.Quick,
		undivided: o.Undivided,
		Waits:     true,
		Sorts:     true,
		index:     newIndex(),
		Wake:      conn.Never,
		held:      map[uint32]*hold{},
		rivals:    map[uint32][]wire.Segment{},
		skips:     skips,
		skimmer:   skimmer,
		first:     first,
		hosts:     o.Hosts,
		origins:   origins{name: o.Interface, snapLen: o.SnapLen},
		Pools:     segment.NewPools(max(n, 64)),
	}
	t.Facts.Incidents.Sparse = t.reads && t.first > 0
	t.soonest = t.soonestOver()
	t.memory = max(n*t.memoryPerFlow(), leastMemory/o.Partitions())
	return t
}

// Hash is what Segment wants to know of a key. It differs from run to run.
func Hash(key *wire.Key) uint32 { return uint32(key.Hash(&hashSeed) >> 32) }

// Segment tracks one segment and returns where it belongs. Segments come in the order of their
// frames; hash is that of its key.
func (t *Tracker) Segment(s *wire.Segment, hash uint32, out *Output) Placement {
	again := t.recent.Again(s)
	t.payloads.Come(s)
	if !again && t.Sorts {
		if slot, c := t.ordinary(s, hash); c != nil {
			t.addOrdinary(slot, c, s)
			return Placement{Slot: slot}
		}
	}
	return t.place(s, hash, again, out)
}

// place is Segment; again says that a frame like s passed just before.
func (t *Tracker) place(s *wire.Segment, hash uint32, again bool, out *Output) Placement {
	if conn.IsSelf(&s.Key) {
		if p := t.echo(s, hash, again, out); !p.held && t.Slab.At(p.Slot).FirstFrame == s.Frame {
			t.apply(p.Slot, s) // what its echo begins it begins, too
			return p
		}
	}
	return t.segment(s, hash, again, out)
}

// segment tracks a segment; again says that a frame like it passed just before.
func (t *Tracker) segment(s *wire.Segment, hash uint32, again bool, out *Output) Placement {
	now := conn.Time(s.Time)
	t.Now, t.at = max(now, conn.Time(s.Clock)), now
	if now >= t.Wake || t.ended.N > t.maxEnded {
		t.Expire(now, s.Frame, out)
	}
	t.bound(s.Frame, out)
	slot := t.find(&s.Key, hash, now, s.Frame, out)
	waits := false
	if isEmbryo(slot) {
		if slot, waits = t.wake(slot, s, again, out); waits {
			return Placement{Slot: slot}
		}
	}
	if s.Net != 0 || t.networks.any {
		slot, hash = t.network(slot, hash, s, again, out)
		if isEmbryo(slot) {
			if slot, waits = t.wake(slot, s, again, out); waits {
				return Placement{Slot: slot}
			}
		}
	}
	if slot == noSlot {
		if waits = t.mayWait(s); waits {
			slot = t.conceive(s, out)
		} else {
			slot = t.open(s, s.Frame, out)
		}
		t.index.put(hash, slot)
		out.Events = append(out.Events, event{frame: s.Frame, Slot: slot, Kind: eventOpen})
		if !waits {
			t.apply(slot, s)
		}
		return Placement{Slot: slot}
	}
	if again {
		if of, ok := t.duplicate(slot, s); ok {
			return Placement{Slot: of}
		}
	}
	if c := t.Slab.At(slot); c.Flags.Has(unusual) || s.Flags.Any(wire.SYN) || reuse.Strays(c, s) {
		newest := slot
		if slot = t.choose(slot, hash, s, out); slot == noSlot { // it waits with the newest, which may be newer now
			return Placement{t.index.find(&t.Slab, &s.Key, hash), true}
		}
		if slot != newest && t.Slab.At(newest).Prev == slot {
			t.noteOldAnswer(newest, t.Slab.At(slot), s)
		}
	}
	t.apply(slot, s)
	return Placement{Slot: slot}
}

// apply adds the segment to the conversation and notes when that ends.
func (t *Tracker) apply(slot uint32, s *wire.Segment) {
	c := t.Slab.At(slot)
	if conn.Time(s.Time) >= c.Last && !c.HasKind(conn.IncidentClock) {
		t.add(slot, c, s)
		return
	}
	captured := s.Time
	t.late = c.Steady(&t.Facts.Incidents, s)
	t.add(slot, c, s)
	s.Time, t.late = captured, 0
}

// faults are the bits of segments that Conn.Faulty is to look at.
const faults = wire.CutOptions | wire.BadSum | wire.BadHeader | wire.FirstFragment | wire.ACKsFragment

// add adds a segment the time of which is right.
func (t *Tracker) add(slot uint32, c *conn.Conn, s *wire.Segment) {
	if s.Bits&faults != 0 && c.Faulty(&t.Facts.Incidents, s) {
		t.passOver(slot, s, reading.KindUnacceptable, 0)
		return
	}
	if c.HasKind(conn.IncidentTooBig) {
		c.Heeds(&t.Facts.Incidents, s)
	}
	if s.Flags.Any(wire.SYN|wire.RST) && c.Half[0].End != 0 && c.Half[1].End != 0 {
		t.forgetOlder(slot, c, s)
		c.Declined(&t.Facts, s)
	}
	if c.Half[s.Dir&1].Flags.Has(conn.SentFIN) || c.Flags.Has(conn.Holed) {
		t.disown(slot, c, s)
	}
	if c.Flags.Has(conn.IsRead) {
		t.read(slot, c, s)
	} else {
		c.Segment(&t.Facts, s)
	}
	if c.Flags&(conn.Ended|conn.Queued) == conn.Ended {
		c.Flags |= conn.Queued
		c.SettleSums(&t.Facts.Incidents)
		t.await(&t.ended, Deadline{c.Last + t.linger, slot, c.Gen})
	}
}

// disown takes from the sender of s what s shows that it did not send.
func (t *Tracker) disown(slot uint32, c *conn.Conn, s *wire.Segment) {
	if since := c.Disown(&t.Facts, s); since < conn.Never && c.Flags.Has(conn.IsRead) {
		t.TakeBack(&t.stats.At(slot).Of[s.Dir&1], &c.Half[s.Dir&1], since)
	}
}

// read adds a segment of a conversation whose segments are read.
func (t *Tracker) read(slot uint32, c *conn.Conn, s *wire.Segment) {
	var r segment.Reader
	r.Begin(&t.Pools, c, t.stats.At(slot), s)
	with, differs := t.conflicts(slot, c, s)
	r.Differs = differs
	var was segment.Snapshot
	r.Unlike = r.A.Unlike(s)
	if r.Unlike {
		was = r.A.Snapshot()
	}
	r.Read()
	if differs {
		r.NoteConflict(with.Frames, with.TTL)
	}
	if r.Unlike || r.Striking() {
		r.ObserveEpisodes(was)
	}
	if len(t.Revised) > 0 {
		t.revise(&r)
	}
	if !r.IsApart() {
		c.Segment(&t.Facts, s)
	} else {
		r.SetApart()
	}
	if t.watch != nil {
		t.tell(&r)
	}
	if t.keeps && t.confirming && !isEcho(c, s) {
		t.revisions = append(t.revisions, Revision{s.Frame, r.V.Kind, r.V.Cause, r.V.Spurious, r.V.Notes, r.V.RTT})
	}
}

// AddBounds adds to sum what did not fit so far.
func (t *Tracker) AddBounds(sum *intake.Summary) {
	sum.Bounds[intake.BoundFacts] += t.Facts.Dropped
	sum.Bounds[intake.BoundHeld] += t.unheld
	sum.Bounds[intake.BoundFlight] += t.Flights.Merged
	sum.Bounds[intake.BoundResent] += t.Forgotten
	sum.Bounds[intake.BoundRanges] += t.Recoveries.Ranges.Dropped()
	sum.Bounds[intake.BoundNames] += t.names.table.Dropped
	sum.Bounds[intake.BoundReading] += t.spared
}
