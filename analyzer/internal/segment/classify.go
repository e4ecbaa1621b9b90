package segment

import (
	"time"

	"tcptrace/analyzer/internal/bulk"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// verdict is what reading says of a segment.
type verdict struct {
	Kind     reading.Kind
	Cause    conn.Cause
	Spurious bool
	Notes    reading.Notes
	RTT      time.Duration
	Third    bool
}

// Reader is a segment being read, with what is known of its connection before it.
type Reader struct {
	p         *Pools
	C         *conn.Conn
	S         *wire.Segment
	Tx, Rx    *conn.Half
	A, b      *SenderStats // of the sender, of its peer
	now       conn.Time
	pos, end  reassembly.Pos // the positions that the segment takes
	next      reassembly.Pos // behind all that its sender had sent
	una       reassembly.Pos // of these, the first that is not acknowledged
	window    uint32         // that it offers, valid with the ACK flag
	ack       reassembly.Pos // the positions of the peer that it acknowledges, valid with the ACK flag
	again     bool           // its frame was captured just before
	Differs   bool           // other bytes were in its place before
	Unlike    bool           // the segment is unlike those that its sender sent before (SenderStats.Unlike)
	V         verdict
	spent     *spending
	undecided bool // where the time before it went, until it is read
}

// Read gives a segment its kind and enters it in the statistics. It comes before the Conn takes the segment, so
// that both halves are as they were. It reports whether the Conn is to take it.
//
// The order of the rules: what its receiver does not accept; SYN and RST; bytes in order, which most
// are; what repeats or precedes others (readDisorder); then the ACK.
func (r *Reader) Read() {
	s := r.S
	r.Place()
	r.spend()
	r.A.Observe(r.Tx, s)
	if s.Flags&(wire.SYN|wire.RST|wire.FIN|wire.URG|wire.ECE|wire.CWR) != 0 || s.TOS&3 == 3 {
		r.mark()
	}
	switch {
	case s.Flags&(wire.SYN|wire.RST) != 0:
		if r.V.Kind = r.Opening(); r.V.Kind == reading.KindUnacceptable || r.V.Kind == reading.KindRST {
			r.countACK()
			r.Close()
			return
		}
	case s.Flags&wire.ACK != 0 && s.Ack-uint32(r.Tx.Acked) > uint32(conn.Farthest) && (r.ackTooOld() || r.ackTooFar()):
		r.V.Kind = reading.KindUnacceptable
		r.V.Notes |= reading.NoteOldACK
	case r.Tx.Acked == 0 && r.C.Precedes(s):
		r.V.Kind = reading.KindUnacceptable
		r.V.Notes |= reading.NoteOldACK
	case s.Flags&wire.FIN != 0 && r.misplaced():
		r.V.Kind = reading.KindUnacceptable
	case r.pos != r.next:
		r.readDisorder()
	case r.end == r.pos:
		r.V.Kind = reading.KindACK
	default:
		r.inOrder()
	}
	if r.V.Kind == reading.KindACK && r.C.HasKind(conn.IncidentDuplicate) && r.saysNothingNew() && r.farther() {
		r.V.Kind, r.again = reading.KindCaptureDuplicate, true
		r.p.RecoveryOf(r.A, r.Tx).Copied(s)
	}
	if !r.again {
		r.countACK()
		if s.Flags&wire.ACK != 0 && r.V.Kind != reading.KindUnacceptable {
			r.ReadACK()
		}
	}
	if r.Unlike {
		r.keepStamp()
	}
	r.A.Stamps(s)
	if r.undecided || r.b.flags.has(statsRepairs) {
		r.followRepair()
	}
	r.Close()
}

// Begin readies the reading of a segment of c, whose statistics are l, with a Reader that is zero. A Reader that is put together elsewhere and
// copied waits for the parts to reach the cache.
func (r *Reader) Begin(p *Pools, c *conn.Conn, l *Stats, s *wire.Segment) {
	r.p, r.C, r.S, r.spent, r.now = p, c, s, &l.spent, conn.Time(s.Time)
	r.Tx, r.A = &c.Half[s.Dir&1], &l.Of[s.Dir&1]
	r.Rx, r.b = &c.Half[^s.Dir&1], &l.Of[^s.Dir&1]
}

// Place finds the positions that the segment takes.
func (r *Reader) Place() {
	s := r.S
	if r.Tx.End == 0 {
		r.next = reassembly.Pos(s.Seq) + 1<<32 // as half.place does
		if s.Flags&wire.SYN != 0 {
			r.next = reassembly.Pos(s.Seq+1) + 1<<32 - 1
		}
		r.pos = r.next
		if s.Len == 1 && s.Flags == wire.ACK { // new data would come with PSH
			r.next++
		}
	} else {
		r.next = r.Tx.End
		r.pos = reassembly.Unwrap(r.next, reassembly.Seq(s.Seq))
	}
	r.end = r.pos + reassembly.Pos(s.Len)
	if s.Flags&(wire.SYN|wire.FIN) != 0 {
		r.end = r.pos + reassembly.Pos(s.SeqLen())
	}
	if r.una = r.Rx.Acked; r.una == 0 {
		if r.una = r.Tx.Start; r.una == 0 {
			r.una = r.next
		}
	}
}

// rarelyCounted are the kinds that close treats apart.
const rarelyCounted = 1<<reading.KindUnacceptable | 1<<reading.KindRST | 1<<reading.KindKeepAlive | 1<<reading.KindZeroWindowProbe | 1<<reading.KindRetransmission | 1<<reading.KindOutOfOrder

// Close ends the reading.
func (r *Reader) Close() {
	if r.V.Kind.Among(rarelyCounted) {
		r.closeRare()
	} else if r.A.flags.has(statsProbed | statsZeroProbed) {
		r.A.flags &^= statsProbed | statsZeroProbed
	}
}

func (r *Reader) closeRare() {
	switch r.V.Kind {
	case reading.KindUnacceptable:
		if !r.S.Flags.Any(wire.RST) && (r.S.Flags.Any(wire.SYN|wire.FIN) || !r.moves()) {
			r.p.RecoveryOf(r.A, r.Tx).rejected += uint64(r.S.Len)
		}
	case reading.KindRST, reading.KindKeepAlive, reading.KindZeroWindowProbe:
	case reading.KindRetransmission, reading.KindOutOfOrder:
		if r.S.Len > 0 && r.A.firstData != 0 {
			r.A.LastData = r.now
		}
		r.A.flags &^= statsProbed | statsZeroProbed
	}
}

// moves reports whether the Conn is to take the segment. What a receiver drops moves nothing; but what comes with too old a
// timestamp where it is expected its sender has sent, and will send again.
func (r *Reader) moves() bool {
	return r.V.Kind != reading.KindUnacceptable || r.S.Flags.Any(wire.SYN|wire.RST) || r.V.Notes&reading.NotePAWS != 0 && r.pos == r.next && r.S.Flags&wire.FIN == 0 ||
		r.S.Flags.Has(wire.FIN) && r.misplaced()
}

// apart are the kinds of segments that the Conn does not take as it does others.
const apart = 1<<reading.KindUnacceptable | 1<<reading.KindCaptureDuplicate | 1<<reading.KindKeepAlive

// IsApart reports whether the segment is of a kind that the Conn does not take as it does others.
func (r *Reader) IsApart() bool { return r.V.Kind.Among(apart) }

// SetApart gives the Conn a segment of such a kind, or what it is to know of it.
func (r *Reader) SetApart() {
	switch start := r.Tx.Start; {
	case r.V.Kind == reading.KindKeepAlive:
		r.C.Segment(&r.p.Facts, r.S)
		if !r.Tx.Flags.Has(conn.ISNKnown) && r.Tx.Start != start {
			r.Tx.Start = r.Tx.End // the capture begins with it: its octet is none of the stream
		}
	case r.V.Kind == reading.KindCaptureDuplicate && r.again:
		r.C.NoteCopy(&r.p.Facts.Incidents, r.S)
		r.C.Count(r.Tx, r.S)
	case r.V.Kind == reading.KindCaptureDuplicate && r.S.Flags&wire.FIN != 0:
		n := r.C.Facts.N
		r.C.Segment(&r.p.Facts, r.S)
		if f := r.C.Facts.Newest(&r.p.Facts); r.C.Facts.N > n && conn.IsFIN(f) {
			f.Bits |= conn.FactCopy
		}
	case r.moves():
		r.C.Segment(&r.p.Facts, r.S)
	default:
		r.C.Count(r.Tx, r.S)
	}
}

// mark notes what flags and IP header say whatever the segment is.
func (r *Reader) mark() {
	f := r.S.Flags
	switch {
	case f&wire.SYN != 0:
		conn.Tick(&r.A.syns)
		if f&wire.FIN != 0 {
			conn.Tick(&r.A.fins)
		}
	case f&wire.RST != 0:
		conn.Tick(&r.A.rsts)
	case f&wire.FIN != 0:
		conn.Tick(&r.A.fins)
	}
	if f&(wire.ECE|wire.CWR|wire.URG) != 0 || r.S.TOS&3 == 3 {
		r.markRare()
	}
}

// markRare notes what few segments have.
func (r *Reader) markRare() {
	f := r.S.Flags
	for _, n := range [...]struct {
		set  bool
		note reading.Notes
	}{
		{r.S.TOS&3 == 3, reading.NoteCE},
		{f.Any(wire.ECE) && !f.Any(wire.SYN), reading.NoteECE},
		{f.Any(wire.CWR) && !f.Any(wire.SYN), reading.NoteCWR},
		{f.Any(wire.URG), reading.NoteUrgent},
	} {
		if n.set {
			r.V.Notes |= n.note
		}
	}
	if r.V.Notes&reading.NoteCE != 0 {
		r.p.RecoveryOf(r.A, r.Tx).CEMarks++
	}
	if r.V.Notes&reading.NoteECE != 0 {
		r.loses(r.b)
	}
	if r.V.Notes&reading.NoteUrgent != 0 {
		rp := r.p.RecoveryOf(r.A, r.Tx)
		if r.S.Len > 0 {
			rp.UrgentPackets++
			rp.UrgentBytes += uint64(r.S.Urgent)
		}
	}
}

// inOrder is new bytes, or a FIN, where the last ended.
func (r *Reader) inOrder() {
	r.V.Kind = reading.KindData
	if r.S.Flags&wire.FIN != 0 {
		r.V.Kind = reading.KindFIN
	}
	if r.b.flags.has(statsZero) && r.pos >= r.b.edge && r.una == r.next && r.b.flags.has(statsHasEdge) && r.S.Flags&wire.FIN == 0 {
		r.probe()
		return
	}
	if r.Unlike && r.stampTooOld() {
		r.V.Kind = reading.KindUnacceptable
		r.V.Notes |= reading.NotePAWS
		r.doubtStamp()
		if r.S.Flags&wire.FIN != 0 {
			return
		}
	}
	if r.A.recovery != 0 {
		rp := r.p.Recoveries.At(r.A.recovery)
		if r.pos < rp.old.end && r.S.Frame != rp.old.frame {
			r.p.Recoveries.forget(&rp.old) // a FIN that was dropped, again
		}
		r.capture(rp)
	}
	if r.V.Kind == reading.KindUnacceptable {
		r.push(flight.InVain)
		return
	}
	r.push(0)
	if r.S.Len > 0 {
		r.payload()
	}
}

// probe is a segment into a closed window, beyond its edge.
func (r *Reader) probe() {
	r.V.Kind = reading.KindZeroWindowProbe
	r.A.flags |= statsZeroProbed
	if r.A.mode == modeIdle && r.b.flags.has(statsZero) { // it had more to send, and could not
		r.A.mode, r.A.since = modeWindow, max(r.A.since, r.p.RecoveryOf(r.b, r.Rx).zeroSince)
	}
	rp := r.p.RecoveryOf(r.A, r.Tx)
	rp.ProbePackets++
	rp.ProbeBytes += uint64(r.S.Len)
	if r.S.Len > 0 {
		if rp.probe < r.una {
			rp.probe = r.pos
		}
		rp.probeEnd = max(rp.probeEnd, r.end)
	}
}

// push enters the segment among those in flight.
func (r *Reader) push(f flight.Flags) {
	r.A.flight.Push(&r.p.Flights, flight.Segment{Time: r.now, End: uint32(r.end), ID: r.S.IPID, Flags: f}, r.Rx.Packets == 0)
	if r.S.Bits&wire.HasTimestamps != 0 && !r.A.flags.has(statsStamping) && (r.A.flags&statsStamps == 0 || r.S.TSval != r.A.tsMax) {
		r.A.stamp, r.A.stampTime = r.S.TSval, r.now
		r.A.flags |= statsStamping
	}
}

// payload counts new bytes: how many are in flight, how they stand to the window, whose turn it is.
func (r *Reader) payload() {
	a, b := r.A, r.b
	r.fly(r.end)
	if a.LastData == 0 || a.flags.has(statsAsked) {
		r.takesTurn()
	}
	r.hands()
	m := modeTransfer
	if room := b.edge - r.end; room < reassembly.Pos(a.segmentMax) && b.flags.has(statsHasEdge) && conn.KnowsScale(r.Tx, r.Rx) {
		m = modeWindow
		switch {
		case room < 0 && r.pos >= r.una:
			r.V.Notes |= reading.NoteWindowExceeded
			if r.end > r.Rx.RightWin {
				a.flight.At(&r.p.Flights, int(a.flight.N)-1).Flags |= flight.InVain
			}
		case room == 0:
			r.V.Notes |= reading.NoteWindowFull
		}
	}
	if a.flags.has(statsTransfer) || r.Rx.Packets != 0 && (m == modeWindow || uint32(r.end)-a.turn > bulk.InitialWindow) {
		r.transfer(m)
	}
	if a.mode != modeRecovery {
		a.enter(m, r.now, r.C.First, r.Tx.Distance)
	}
	switch {
	case a.LastData == 0:
		a.firstData = r.now
		fallthrough
	case b.LastData > a.LastData: // the peer had the word
		if waited := r.now - b.LastData - r.Tx.Distance; a.think(waited, b.LastData != 0) {
			r.hasWord(waited)
		}
	}
	a.LastData = r.now
	if r.S.Bits&wire.HasAlert != 0 {
		if m := r.noteIncident(conn.IncidentAlert, r.S.Dir); m.Count == 1 {
			m.Amount = int64(r.S.Bits.Alert())
		}
	}
	if b.mss != 0 && r.S.Len > uint32(b.mss) {
		r.V.Notes |= reading.NoteSuperSegment
	}
}

// fly notes how much is in flight, up to end.
func (r *Reader) fly(end reassembly.Pos) {
	a := r.A
	a.weigh(r.next-r.una, r.now)
	if n := uint64(end - r.una); n-1 < 1<<32-1 {
		a.FlightSum += n
		a.flights++
		a.flightMax = max(a.flightMax, uint32(n))
		if a.flightMin-1 >= uint32(n) { // 0: none so far
			a.flightMin = uint32(n)
		}
	}
}

// think notes how long the endpoint let its peer wait, if that had sent anything, and reports whether it had.
func (a *SenderStats) think(d conn.Time, asked bool) bool {
	if !asked {
		return false
	}
	d = max(d, 0)
	a.Thinks++
	a.thinkSum = a.thinkSum.Add(time.Duration(d))
	a.thinkMax = max(a.thinkMax, d)
	return true
}
