package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// verdict is what reading says of a segment.
type verdict struct {
	kind     Kind
	cause    Cause
	spurious bool
	notes    Notes
}

// reader is a segment being read, with what is known of its connection before it.
type reader struct {
	p        *pools
	c        *conv
	s        *wire.Segment
	tx, rx   *half
	a, b     *book // of the sender, of its peer
	now      Time
	pos, end reassembly.Pos // the positions that the segment takes
	next     reassembly.Pos // behind all that its sender had sent
	una      reassembly.Pos // of these, the first that is not acknowledged
	window   uint32         // that it offers, valid with the ACK flag
	ack      reassembly.Pos // the positions of the peer that it acknowledges, valid with the ACK flag
	again    bool           // its frame was captured just before
	unlike   bool           // the segment is unlike those that its sender sent before (book.unlike)
	v        verdict
}

// read gives a segment its kind and enters it in the books. It comes before the conv takes the segment, so
// that both halves are as they were. It reports whether the conv is to take it.
//
// The order of the rules: what its receiver does not accept; SYN and RST; bytes in order, which most
// are; what repeats or precedes others (readDisorder); then the ACK.
func (r *reader) read() {
	s := r.s
	r.place()
	r.a.observe(r.tx, s)
	if s.Flags&(wire.SYN|wire.RST|wire.FIN|wire.URG|wire.ECE|wire.CWR) != 0 || s.TOS&3 == 3 {
		r.mark()
	}
	switch {
	case s.Flags&(wire.SYN|wire.RST) != 0:
		if r.v.kind = r.opening(); r.v.kind == KindUnacceptable || r.v.kind == KindRST {
			r.countACK()
			r.close()
			return
		}
	case s.Flags&wire.ACK != 0 && s.Ack-uint32(r.tx.acked) > uint32(farthest) && (r.ackTooOld() || r.ackTooFar()):
		r.v.kind = KindUnacceptable
		r.v.notes |= NoteOldACK
	case s.Flags&wire.FIN != 0 && r.misplaced():
		r.v.kind = KindUnacceptable
	case r.pos != r.next:
		r.readDisorder()
	case r.end == r.pos:
		r.v.kind = KindACK
	default:
		r.inOrder()
	}
	r.countACK()
	if s.Flags&wire.ACK != 0 && r.v.kind != KindUnacceptable {
		r.readACK()
	}
	r.a.stamps(s)
	r.close()
}

// reader readies the reading of a segment of c, whose ledger is l.
func newReader(p *pools, c *conv, l *ledger, s *wire.Segment) reader {
	return reader{
		p: p, c: c, s: s, now: Time(s.Time),
		tx: &c.half[s.Dir&1], rx: &c.half[1-s.Dir&1], a: &l.book[s.Dir&1], b: &l.book[1-s.Dir&1],
	}
}

// place finds the positions that the segment takes.
func (r *reader) place() {
	s := r.s
	if r.tx.end == 0 {
		r.next = reassembly.Pos(s.Seq) + 1<<32 // as half.place does
		if s.Flags&wire.SYN != 0 {
			r.next = reassembly.Pos(s.Seq+1) + 1<<32 - 1
		}
		r.pos = r.next
		if s.Len == 1 && s.Flags == wire.ACK { // new data would come with PSH
			r.next++
		}
	} else {
		r.next = r.tx.end
		r.pos = reassembly.Unwrap(r.next, reassembly.Seq(s.Seq))
	}
	r.end = r.pos + reassembly.Pos(s.Len)
	if s.Flags&(wire.SYN|wire.FIN) != 0 {
		r.end = r.pos + reassembly.Pos(s.SeqLen())
	}
	if r.una = r.rx.acked; r.una == 0 {
		if r.una = r.tx.start; r.una == 0 {
			r.una = r.next
		}
	}
}

// rarelyCounted are the kinds that close treats apart.
const rarelyCounted = 1<<KindUnacceptable | 1<<KindRST | 1<<KindKeepAlive | 1<<KindZeroWindowProbe | 1<<KindRetransmission | 1<<KindOutOfOrder

// close ends the reading.
func (r *reader) close() {
	if rarelyCounted>>r.v.kind&1 != 0 {
		r.closeRare()
	} else if r.a.flags.has(bookProbed | bookZeroProbed) {
		r.a.flags &^= bookProbed | bookZeroProbed
	}
}

func (r *reader) closeRare() {
	switch r.v.kind {
	case KindUnacceptable:
		if !r.s.Flags.Any(wire.RST) && (r.s.Flags.Any(wire.SYN) || !r.moves()) {
			r.p.repairOf(r.a, r.tx).rejected += uint64(r.s.Len)
		}
	case KindRST, KindKeepAlive, KindZeroWindowProbe:
	case KindRetransmission, KindOutOfOrder:
		if r.s.Len > 0 && r.a.firstData != 0 {
			r.a.lastData = r.now
		}
		r.a.flags &^= bookProbed | bookZeroProbed
	}
}

// moves reports whether the conv is to take the segment. What a receiver drops moves nothing; but what comes with too old a
// timestamp its sender has sent, and will send again.
func (r *reader) moves() bool {
	return r.v.kind != KindUnacceptable || r.s.Flags.Any(wire.SYN|wire.RST) || r.v.notes&NotePAWS != 0 && r.s.Flags&wire.FIN == 0 ||
		r.s.Flags.Has(wire.FIN) && r.misplaced()
}

// apart are the kinds of segments that the conv does not take as it does others.
const apart = 1<<KindUnacceptable | 1<<KindCaptureDuplicate | 1<<KindKeepAlive

// setApart gives the conv a segment of such a kind, or what it is to know of it.
func (r *reader) setApart() {
	switch start := r.tx.start; {
	case r.v.kind == KindKeepAlive:
		r.c.segment(&r.p.facts, r.s)
		if !r.tx.flags.has(isnKnown) && r.tx.start != start {
			r.tx.start = r.tx.end // the capture begins with it: its octet is none of the stream
		}
	case r.v.kind == KindCaptureDuplicate && r.again:
		r.c.mark(&r.p.facts.marks, markDuplicate, r.s.Dir, r.s, 0)
		r.c.count(r.tx, r.s)
	case r.v.kind == KindCaptureDuplicate && r.s.Flags&wire.FIN != 0:
		n := r.c.facts.n
		r.c.segment(&r.p.facts, r.s)
		if f := r.c.facts.newest(&r.p.facts); r.c.facts.n > n && isFIN(f) {
			f.bits |= factCopy
		}
	case r.moves():
		r.c.segment(&r.p.facts, r.s)
	default:
		r.c.count(r.tx, r.s)
	}
}

// mark notes what flags and IP header say whatever the segment is.
func (r *reader) mark() {
	f := r.s.Flags
	switch {
	case f&wire.SYN != 0:
		tick(&r.a.syns)
		if f&wire.FIN != 0 {
			tick(&r.a.fins)
		}
	case f&wire.RST != 0:
		tick(&r.a.rsts)
	case f&wire.FIN != 0:
		tick(&r.a.fins)
	}
	if f&(wire.ECE|wire.CWR|wire.URG) != 0 || r.s.TOS&3 == 3 {
		r.markRare()
	}
}

// markRare notes what few segments have.
func (r *reader) markRare() {
	f := r.s.Flags
	for _, n := range [...]struct {
		set  bool
		note Notes
	}{
		{r.s.TOS&3 == 3, NoteCE},
		{f.Any(wire.ECE) && !f.Any(wire.SYN), NoteECE},
		{f.Any(wire.CWR) && !f.Any(wire.SYN), NoteCWR},
		{f.Any(wire.URG), NoteUrgent},
	} {
		if n.set {
			r.v.notes |= n.note
		}
	}
	if r.v.notes&NoteCE != 0 {
		r.p.repairOf(r.a, r.tx).marked++
	}
	if r.v.notes&NoteUrgent != 0 {
		rp := r.p.repairOf(r.a, r.tx)
		if r.s.Len > 0 {
			rp.urgent++
			rp.urgentBytes += uint64(r.s.Urgent)
		}
	}
}

// inOrder is new bytes, or a FIN, where the last ended.
func (r *reader) inOrder() {
	r.v.kind = KindData
	if r.s.Flags&wire.FIN != 0 {
		r.v.kind = KindFIN
	}
	if r.b.flags.has(bookZero) && r.pos >= r.b.edge && r.una == r.next && r.b.flags.has(bookHasEdge) && r.s.Flags&wire.FIN == 0 {
		r.probe()
		return
	}
	if r.unlike && r.stampTooOld() {
		r.v.kind = KindUnacceptable
		r.v.notes |= NotePAWS
		if r.s.Flags&wire.FIN != 0 {
			return
		}
	}
	if r.a.repair != 0 {
		r.capture(r.p.repairs.at(r.a.repair))
	}
	if r.v.kind == KindUnacceptable {
		r.push(sentInVain)
		return
	}
	r.push(0)
	if r.s.Len > 0 {
		r.payload()
	}
}

// stampTooOld reports whether the receiver drops a segment for its timestamp (RFC 7323 5.3, PAWS): it has acknowledged all
// that came before, and thus one with a later timestamp.
func (r *reader) stampTooOld() bool {
	return r.s.Bits&wire.HasTimestamps != 0 && int32(r.s.TSval-r.a.tsMax) < 0 && r.una == r.next &&
		r.a.flags.has(bookStamps) && r.now-r.tx.last < forgetTimestamp
}

// probe is a segment into a closed window, beyond its edge.
func (r *reader) probe() {
	r.v.kind = KindZeroWindowProbe
	r.a.flags |= bookZeroProbed
	if r.a.mode == modeIdle && r.b.flags.has(bookZero) { // it had more to send, and could not
		r.a.mode, r.a.since = modeWindow, max(r.a.since, r.p.repairOf(r.b, r.rx).zeroSince)
	}
	rp := r.p.repairOf(r.a, r.tx)
	rp.probes++
	rp.probeBytes += uint64(r.s.Len)
	if r.s.Len > 0 {
		if rp.probe < r.una {
			rp.probe = r.pos
		}
		rp.probeEnd = max(rp.probeEnd, r.end)
	}
}

// push enters the segment among those in flight.
func (r *reader) push(f sentFlags) {
	r.a.flight.push(&r.p.flights, sent{time: r.now, end: uint32(r.end), id: r.s.IPID, flags: f}, r.rx.packets == 0)
	if r.s.Bits&wire.HasTimestamps != 0 && !r.a.flags.has(bookStamping) && (r.a.flags&bookStamps == 0 || r.s.TSval != r.a.tsMax) {
		r.a.stamp, r.a.stampTime = r.s.TSval, r.now
		r.a.flags |= bookStamping
	}
}

// payload counts new bytes: how many are in flight, how they stand to the window, whose turn it is.
func (r *reader) payload() {
	a, b := r.a, r.b
	r.fly(r.end)
	m := modeTransfer
	if b.flags.has(bookHasEdge) && knowsScale(r.tx, r.rx) {
		switch room := b.edge - r.end; {
		case room < 0 && r.pos >= r.una:
			r.v.notes |= NoteWindowExceeded
			if r.end > r.rx.rightWin {
				a.flight.at(&r.p.flights, int(a.flight.n)-1).flags |= sentInVain
			}
			m = modeWindow
		case room == 0:
			r.v.notes |= NoteWindowFull
			m = modeWindow
		case room < reassembly.Pos(a.segmentMax):
			m = modeWindow
		}
	}
	if a.mode != modeRecovery {
		a.enter(m, r.now, r.c.first, r.tx.distance)
	}
	switch {
	case a.lastData == 0:
		a.firstData = r.now
		fallthrough
	case b.lastData > a.lastData: // the peer had the word
		a.think(r.now-b.lastData-r.tx.distance, b.lastData != 0)
	}
	a.lastData = r.now
	if b.mss != 0 && r.s.Len > uint32(b.mss) {
		r.v.notes |= NoteSuperSegment
	}
}

// fly notes how much is in flight, up to end.
func (r *reader) fly(end reassembly.Pos) {
	a := r.a
	a.weigh(r.next-r.una, r.now)
	if n := uint64(end - r.una); n-1 < 1<<32-1 {
		a.flightSum += n
		a.flights++
		a.flightMax = max(a.flightMax, uint32(n))
		if a.flightMin-1 >= uint32(n) { // 0: none so far
			a.flightMin = uint32(n)
		}
	}
}

// think notes how long the endpoint let its peer wait, if that had sent anything.
func (a *book) think(d Time, asked bool) {
	if asked {
		d = max(d, 0)
		a.thinks++
		a.thinkSum += d
		a.thinkMax = max(a.thinkMax, d)
	}
}
