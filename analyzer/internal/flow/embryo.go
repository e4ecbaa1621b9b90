package flow

import (
	"iter"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// An embryo is a connection of which nothing was seen but one SYN, and that again. This is all that is kept of it, a tenth of what a
// connection takes, so that a flood of SYNs does not take the memory of as many connections. With the next other segment on its
// sockets, or when its conversation is asked for, the SYNs are tracked as if they had just come.
type embryo struct {
	key         wire.Key
	time        int64
	frame       uint64
	seq, ack    uint32
	tsval       uint32
	len         uint32
	payloadOff  uint32
	wireLen     uint32
	ipLen       uint32
	bits        wire.Bits
	net         uint32
	vlan        [2]uint16
	mss, window uint16
	flags       wire.Flags
	ipid        uint16
	urgent      uint16
	sum, iface  uint16
	wscale, ttl uint8
	tos         uint8
	how         embryoBits
	n           uint8  // how many repeats there are
	gen         uint32 // as of a Conn
	serial      uint32 // of its deadline in Tracker.Dialing
	names       uint32 // in embryos.names; 0: it has none
}

// embryoBits are what takes a bit of an embryo.
type embryoBits uint8

const (
	sentByB      embryoBits = 1 << iota // Key.B
	dontFragment                        // Segment.V4DF
	isRead                              // its segments are wanted (Tracker.wanted)
)

// embryoBit tells the slot of an embryo from that of a connection.
const embryoBit = 1 << 31

func isEmbryo(slot uint32) bool { return slot&embryoBit != 0 && slot != noSlot }

// embryos holds them.
type embryos struct {
	pool    pool.Pool[embryo] // the link of one leads to the first of its repeats
	repeats pool.Pool[repeats]
	names   pool.Pool[nameSet]
}

// bytes is the memory that they take.
func (e *embryos) bytes() int {
	return e.pool.Stock().Bytes() + e.repeats.Stock().Bytes() + e.names.Stock().Bytes()
}

func (e *embryos) at(slot uint32) *embryo { return e.pool.At(slot&^embryoBit + 1) }

func (e *embryos) alloc() (uint32, *embryo) {
	slot := (e.pool.Get() - 1) | embryoBit
	m := e.at(slot)
	*m = embryo{gen: m.gen + 1}
	return slot, m
}

func (e *embryos) release(slot uint32) {
	m := e.at(slot)
	m.gen++
	e.repeats.PutList(*e.first(slot))
	if m.names != 0 {
		e.names.Put(m.names)
	}
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

// namesOf is how the conversation of m is named.
func (e *embryos) namesOf(m *embryo) nameSet {
	if m.names == 0 {
		return nameSet{}
	}
	return *e.names.At(m.names)
}

// fill adds a name to those of the conversation of m.
func (e *embryos) fill(m *embryo, table *slotNames, name names.Name) {
	if m.names == 0 {
		m.names = e.names.Get()
		*e.names.At(m.names) = nameSet{}
	}
	table.fill(e.names.At(m.names), name)
}

// last is the time of the latest SYN of the embryo in slot.
func (e *embryos) last(slot uint32) conn.Time {
	m := e.at(slot)
	if m.n == 0 {
		return conn.Time(m.time)
	}
	return conn.Time(m.time + e.repeat(slot, m.n-1).after())
}

// lastFrame is the frame of that.
func (e *embryos) lastFrame(slot uint32) uint64 {
	m := e.at(slot)
	if m.n == 0 {
		return m.frame
	}
	return m.frame + uint64(e.repeat(slot, m.n-1).frames())
}

// first is the number of the first repeats of the embryo in slot, in e.repeats; 0: there are none.
func (e *embryos) first(slot uint32) *uint32 { return e.pool.Next(slot&^embryoBit + 1) }

// repeat is repeat i of the embryo in slot, with room for one more than there are.
func (e *embryos) repeat(slot uint32, i uint8) *repeat {
	at := e.first(slot)
	for ; ; i -= repeatsTogether {
		if *at == 0 {
			*at = e.repeats.Get()
		}
		if i < repeatsTogether {
			return &e.repeats.At(*at)[i]
		}
		at = e.repeats.Next(*at)
	}
}

// segments are the SYNs of the embryo in slot, in s one after the other, and whether a frame like it passed just before each.
func (e *embryos) segments(slot uint32, s *wire.Segment) iter.Seq2[*wire.Segment, bool] {
	return func(yield func(*wire.Segment, bool) bool) {
		m := e.at(slot)
		*s = m.segment()
		if !yield(s, false) {
			return
		}
		for i := range m.n {
			*s = m.segment() // whoever tracks a segment may change it
			if again := e.repeat(slot, i).apply(s); !yield(s, again) {
				return
			}
		}
	}
}

// givesUp is Conn.GivesUp of what the embryo in slot will be.
func (e *embryos) givesUp(slot uint32) conn.Time {
	return conn.GivesUp(conn.Time(e.at(slot).time), e.last(slot))
}

// conceive makes an embryo of a SYN. The caller enters the key.
func (t *Tracker) conceive(s *wire.Segment, out *Output) uint32 {
	t.room(s.Frame, out)
	slot, e := t.Slab.embryos.alloc()
	t.Slab.Used++
	e.abridge(s)
	if t.reads && t.wanted(conn.Time(s.Time)) {
		e.how |= isRead
	}
	e.serial = t.dial(Deadline{t.Slab.embryos.givesUp(slot), slot, e.gen})
	if t.watch != nil || t.keeps {
		t.rehearse(slot, s)
	}
	return slot
}

// wake is the connection of an embryo for s, which came on its sockets. waits reports that s repeats its SYN, and waits as that does.
func (t *Tracker) wake(embryo uint32, s *wire.Segment, again bool, out *Output) (slot uint32, waits bool) {
	all := &t.Slab.embryos
	e := all.at(embryo)
	if e.n < maxRepeats && t.mayWait(s) && conn.Time(s.Time) >= all.last(embryo) {
		if r, ok := e.repeatOf(s, again); ok {
			*all.repeat(embryo, e.n) = r
			e.n++
			t.rehearse(embryo, s)
			return embryo, true
		}
	}
	if e.how&isRead != 0 && t.spare() {
		e.how &^= isRead
	}
	return t.hatch(embryo, s.Frame, out), false
}

// hatch makes a connection of an embryo and returns its slot.
func (t *Tracker) hatch(embryo uint32, frame uint64, out *Output) uint32 {
	e := t.Slab.embryos.at(embryo)
	slot, c := t.Slab.alloc()
	t.lru.add(slot, conn.Time(e.time))
	if d := t.Dialing.find(e.serial); d != nil {
		d.Slot, d.Gen = slot, c.Gen
	}
	t.index.replace(Hash(&e.key), embryo, slot)
	t.bear(slot, c, &t.Slab.embryos, embryo, nil)
	if e.names != 0 {
		*t.names.at(slot) = t.Slab.embryos.namesOf(e)
	}
	t.Slab.embryos.release(embryo)
	t.Slab.Used--
	out.Events = append(out.Events, event{frame: frame, Slot: slot, Arg: embryo, Kind: EventHatched})
	return slot
}

// rehearse tells who wants to know what s is, the latest SYN of the embryo in a slot, and counts it for who looks at the counts while the capture goes on.
func (t *Tracker) rehearse(embryo uint32, s *wire.Segment) {
	if t.watch == nil && !t.keeps && !t.undivided {
		return
	}
	slot, c := t.Slab.alloc()
	t.bear(slot, c, &t.Slab.embryos, embryo, s)
	t.vacate(slot)
}

// counts are what segments add to beside their connections.
type counts struct {
	facts, incidents uint64
	causes           [conn.NumCauses]uint64
}

func (t *Tracker) counts() counts {
	return counts{t.Facts.News, t.Facts.Incidents.News, t.Recoveries.Causes}
}

func (t *Tracker) setCounts(c counts) {
	t.Facts.News, t.Facts.Incidents.News, t.Recoveries.Causes = c.facts, c.incidents, c.causes
}

// bear begins the connection of an embryo, of those in all, in a slot, with the embryo's SYNs. Only the one that is news, the latest if there is one,
// is told and counted: the others were, when they came.
func (t *Tracker) bear(slot uint32, c *conn.Conn, all *embryos, embryo uint32, news *wire.Segment) {
	watch, keeps, counted := t.watch, t.keeps, t.counts()
	t.watch, t.keeps = nil, false
	e := all.at(embryo)
	for s, again := range all.segments(embryo, &t.woken) {
		if s.Frame == e.frame {
			t.begin(slot, c, s, e.how&isRead != 0)
		}
		if news != nil && s.Frame == news.Frame {
			s, t.watch, t.keeps = news, watch, keeps
			t.setCounts(counted)
		}
		if again {
			if _, ok := t.duplicate(slot, s); ok {
				continue
			}
		}
		t.apply(slot, s)
	}
	t.watch, t.keeps = watch, keeps
	if news == nil {
		t.setCounts(counted)
	}
}

// likeIt is a tracker that says the same of a SYN as t.
func (t *Tracker) likeIt() *Tracker {
	l := NewTracker(Options{MSL: time.Duration(t.linger / 2), Quick: !t.reads, Hosts: t.hosts, Interface: t.origins.name, SnapLen: t.origins.snapLen}, nil)
	l.Facts.Incidents.Sparse = t.Facts.Incidents.Sparse
	return l
}

// buildEmbryo is Build for an embryo of a tracker: this one, or one at which several goroutines may look.
func (t *Tracker) buildEmbryo(of *Tracker, slot uint32, out *conn.Conversation, ev *Evidence, j *state.Course) (followed bool) {
	e := of.Slab.embryos.at(slot)
	own, c := t.Slab.alloc()
	t.bear(own, c, &of.Slab.embryos, slot, nil)
	t.Now = of.Now
	followed = t.Build(own, out, ev, j)
	if e.names != 0 {
		set := of.Slab.embryos.namesOf(e)
		out.Names[conn.Server], out.ALPN = of.names.best(&set)
		t.nameHosts(out)
	}
	t.vacate(own)
	return followed
}
