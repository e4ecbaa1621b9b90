package flow

import (
	"iter"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/wire"
)

// An embryo is a connection of which nothing was seen but one SYN. That segment is all that is kept of it, a tenth of what a connection
// takes, so that a flood of SYNs does not take the memory of as many connections. With the next segment on its sockets, or when
// its conversation is asked for, the SYN is tracked as if it had just come.
type embryo struct {
	syn    wire.Segment
	gen    uint32 // as of a Conn
	serial uint32 // of its deadline in Tracker.Dialing
	names  nameSet
	read   bool // its segments are wanted (Tracker.wanted)
}

// embryoBit tells the slot of an embryo from that of a connection.
const embryoBit = 1 << 31

func isEmbryo(slot uint32) bool { return slot&embryoBit != 0 && slot != noSlot }

// embryos holds them.
type embryos struct{ pool pool.Pool[embryo] }

func (e *embryos) at(slot uint32) *embryo { return e.pool.At(slot&^embryoBit + 1) }

func (e *embryos) alloc() (uint32, *embryo) {
	slot := (e.pool.Get() - 1) | embryoBit
	m := e.at(slot)
	*m = embryo{gen: m.gen + 1}
	return slot, m
}

func (e *embryos) release(slot uint32) {
	e.at(slot).gen++
	e.pool.Put(slot&^embryoBit + 1)
}

func (e *embryos) all() iter.Seq2[uint32, *embryo] {
	return func(yield func(uint32, *embryo) bool) {
		for slot := range e.pool.Used() {
			if m := e.at(slot); m.gen%2 == 1 && !yield(slot|embryoBit, m) {
				return
			}
		}
	}
}

// mayWait reports whether s, which begins a connection, can be tracked when more is seen of that.
func (t *Tracker) mayWait(s *wire.Segment) bool {
	return !t.undivided && s.Flags&(wire.SYN|wire.ACK|wire.FIN|wire.RST) == wire.SYN && s.Time >= 0 &&
		!t.networks.any && !conn.IsSelf(&s.Key)
}

// conceive makes an embryo of a SYN. The caller enters the key.
func (t *Tracker) conceive(s *wire.Segment, out *Output) uint32 {
	t.room(s.Frame, out)
	slot, e := t.Slab.embryos.alloc()
	t.Slab.Used++
	e.syn, e.read = *s, t.reads && t.wanted(conn.Time(s.Time))
	e.serial = t.dial(Deadline{conn.Time(s.Time) + conn.Time(conn.MinConnectTimeout), slot, e.gen})
	if t.watch != nil {
		t.rehearse(e, s)
	}
	return slot
}

// hatch makes a connection of an embryo and returns its slot.
func (t *Tracker) hatch(embryo uint32, frame uint64, out *Output) uint32 {
	e := t.Slab.embryos.at(embryo)
	slot, c := t.Slab.alloc()
	t.lru.add(slot, conn.Time(e.syn.Time))
	if d := t.Dialing.find(e.serial); d != nil {
		d.Slot, d.Gen = slot, c.Gen
	}
	t.index.replace(Hash(&e.syn.Key), embryo, slot)
	watch := t.watch
	t.watch = nil // it was told when it came
	t.bear(slot, c, e, &e.syn)
	t.watch = watch
	if e.names != (nameSet{}) {
		*t.names.at(slot) = e.names
	}
	t.Slab.embryos.release(embryo)
	t.Slab.Used--
	out.Events = append(out.Events, event{frame: frame, Slot: slot, Arg: embryo, Kind: eventHatched})
	return slot
}

// rehearse has the watcher told of the SYN of an embryo.
func (t *Tracker) rehearse(e *embryo, s *wire.Segment) {
	slot, c := t.Slab.alloc()
	t.bear(slot, c, e, s)
	t.vacate(slot)
}

// bear begins the connection of e in a slot, with the embryo's SYN.
func (t *Tracker) bear(slot uint32, c *conn.Conn, e *embryo, syn *wire.Segment) {
	t.begin(slot, c, syn, e.read)
	t.apply(slot, syn)
}

// likeIt is a tracker that says the same of a SYN as t.
func (t *Tracker) likeIt() *Tracker {
	l := NewTracker(Options{MSL: time.Duration(t.linger / 2), Quick: !t.reads, Hosts: t.hosts, Interface: t.origins.name}, nil)
	l.Facts.Incidents.Sparse = t.Facts.Incidents.Sparse
	return l
}

// buildEmbryo is Build for an embryo of another tracker, at which several goroutines may look.
func (t *Tracker) buildEmbryo(of *Tracker, slot uint32, out *conn.Conversation, ev *Evidence, j *state.Course) {
	e := *of.Slab.embryos.at(slot)
	own, c := t.Slab.alloc()
	t.bear(own, c, &e, &e.syn)
	t.Now = of.Now
	t.Build(own, out, ev, j)
	if e.names != (nameSet{}) {
		out.Names[conn.Server], out.ALPN = of.names.best(&e.names)
		t.nameHosts(out)
	}
	t.vacate(own)
}
