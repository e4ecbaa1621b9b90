package flow

import (
	"iter"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/state"
	"tcptrace/internal/wire"
)

// An embryo is a connection of which nothing was seen but one SYN, and that again. This is all that is kept of it, a tenth of what a
// connection takes, so that a flood of SYNs does not take the memory of as many connections. With the next other segment on its
// sockets, or when its conversation is asked for, the SYNs are tracked as if they had just come.
type embryo struct {
	syn     waitingSYN
	read    bool   // its segments are wanted (Tracker.wanted)
	n       uint8  // how many repeats there are
	gen     uint32 // as of a Conn
	serial  uint32 // of its deadline in Tracker.Dialing
	repeats uint32 // the first of them in embryos.repeats; 0: there is none
	names   nameSet
}

// embryoBit tells the slot of an embryo from that of a connection.
const embryoBit = 1 << 31

func isEmbryo(slot uint32) bool { return slot&embryoBit != 0 && slot != noSlot }

// embryos holds them.
type embryos struct {
	pool    pool.Pool[embryo]
	repeats pool.Pool[repeat]
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
	e.repeats.PutList(m.repeats)
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

// last is the time of the latest SYN of m.
func (e *embryos) last(m *embryo) conn.Time {
	if m.n == 0 {
		return conn.Time(m.syn.time)
	}
	return conn.Time(e.repeats.At(*e.end(m)).time())
}

// lastFrame is the frame of that.
func (e *embryos) lastFrame(m *embryo) uint64 {
	if m.n == 0 {
		return m.syn.frame
	}
	return m.syn.frame + uint64(e.repeats.At(*e.end(m)).behind&^againBit)
}

// end is where the number of the last repeat of m is, or of the first that will be.
func (e *embryos) end(m *embryo) *uint32 {
	at := &m.repeats
	for n := uint8(1); n < m.n; n++ {
		at = e.repeats.Next(*at)
	}
	return at
}

// segments are the SYNs of m, in s one after the other, and whether a frame like it passed just before each.
func (e *embryos) segments(m *embryo, s *wire.Segment) iter.Seq2[*wire.Segment, bool] {
	return func(yield func(*wire.Segment, bool) bool) {
		*s = m.syn.segment()
		if !yield(s, false) {
			return
		}
		for i := m.repeats; i != 0; i = *e.repeats.Next(i) {
			*s = m.syn.segment() // whoever tracks a segment may change it
			if again := e.repeats.At(i).apply(s, m.syn.frame); !yield(s, again) {
				return
			}
		}
	}
}

// givesUp is Conn.GivesUp of what m will be.
func (e *embryos) givesUp(m *embryo) conn.Time { return conn.GivesUp(conn.Time(m.syn.time), e.last(m)) }

// conceive makes an embryo of a SYN. The caller enters the key.
func (t *Tracker) conceive(s *wire.Segment, out *Output) uint32 {
	t.room(s.Frame, out)
	slot, e := t.Slab.embryos.alloc()
	t.Slab.Used++
	e.syn, e.read = abridge(s), t.reads && t.wanted(conn.Time(s.Time))
	e.serial = t.dial(Deadline{t.Slab.embryos.givesUp(e), slot, e.gen})
	t.rehearse(e, s)
	return slot
}

// wake is the connection of an embryo for s, which came on its sockets. waits reports that s repeats its SYN, and waits as that does.
func (t *Tracker) wake(embryo uint32, s *wire.Segment, again bool, out *Output) (slot uint32, waits bool) {
	all := &t.Slab.embryos
	e := all.at(embryo)
	if e.n < maxRepeats && t.mayWait(s) && conn.Time(s.Time) >= all.last(e) {
		if r, ok := e.syn.repeatOf(s, again); ok {
			i := all.repeats.Get()
			*all.repeats.At(i) = r
			last := all.end(e)
			if e.n > 0 {
				last = all.repeats.Next(*last)
			}
			*last = i
			e.n++
			t.rehearse(e, s)
			return embryo, true
		}
	}
	return t.hatch(embryo, s.Frame, out), false
}

// hatch makes a connection of an embryo and returns its slot.
func (t *Tracker) hatch(embryo uint32, frame uint64, out *Output) uint32 {
	e := t.Slab.embryos.at(embryo)
	slot, c := t.Slab.alloc()
	t.lru.add(slot, conn.Time(e.syn.time))
	if d := t.Dialing.find(e.serial); d != nil {
		d.Slot, d.Gen = slot, c.Gen
	}
	t.index.replace(Hash(&e.syn.key), embryo, slot)
	t.bear(slot, c, &t.Slab.embryos, e, nil)
	if e.names != (nameSet{}) {
		*t.names.at(slot) = e.names
	}
	t.Slab.embryos.release(embryo)
	t.Slab.Used--
	out.Events = append(out.Events, event{frame: frame, Slot: slot, Arg: embryo, Kind: EventHatched})
	return slot
}

// rehearse tells who wants to know what s is, the latest SYN of an embryo, and counts it for who looks at the counts while the capture goes on.
func (t *Tracker) rehearse(e *embryo, s *wire.Segment) {
	if t.watch == nil && !t.keeps && !t.undivided {
		return
	}
	slot, c := t.Slab.alloc()
	t.bear(slot, c, &t.Slab.embryos, e, s)
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

// bear begins the connection of e, of those in all, in a slot, with the embryo's SYNs. Only the one that is news, the latest if there is one,
// is told and counted: the others were, when they came.
func (t *Tracker) bear(slot uint32, c *conn.Conn, all *embryos, e *embryo, news *wire.Segment) {
	watch, keeps, counted := t.watch, t.keeps, t.counts()
	t.watch, t.keeps = nil, false
	for s, again := range all.segments(e, &t.woken) {
		if s.Frame == e.syn.frame {
			t.begin(slot, c, s, e.read)
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
	l := NewTracker(Options{MSL: time.Duration(t.linger / 2), Quick: !t.reads, Hosts: t.hosts, Interface: t.origins.name}, nil)
	l.Facts.Incidents.Sparse = t.Facts.Incidents.Sparse
	return l
}

// buildEmbryo is Build for an embryo of a tracker: this one, or one at which several goroutines may look.
func (t *Tracker) buildEmbryo(of *Tracker, slot uint32, out *conn.Conversation, ev *Evidence, j *state.Course) {
	e := *of.Slab.embryos.at(slot)
	own, c := t.Slab.alloc()
	t.bear(own, c, &of.Slab.embryos, &e, nil)
	t.Now = of.Now
	t.Build(own, out, ev, j)
	if e.names != (nameSet{}) {
		out.Names[conn.Server], out.ALPN = of.names.best(&e.names)
		t.nameHosts(out)
	}
	t.vacate(own)
}
