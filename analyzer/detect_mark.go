package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// mark is an episode that the facts do not hold, since it can happen to any segment. Of each
// kind a direction has at most one; what happens again adds to it.
type mark struct {
	time, last Time // of its first and its latest frame
	ahead      uint32
	count      uint32
	amount     int64  // bytes or ns, by kind
	hole       hole   // of markHole; the range that markUnsent is about; of markKeepAlive passed: dir gave up, by an RST
	run        run    // of what lasts (episode.go)
	next       uint32 // mark+1; 0: none
	kind       markKind
	dir        uint8
	doubtful   bool  // of markSucceeded: whether who should have sent the SYN did is not known
	ttl, usual uint8 // of markStrange: its TTL and its sender's; of markBadSum the TTL of the first
	causes     uint8 // of markLoss: of the retransmissions that repaired, as bits; of markOutside: a bit if any brought data, one if any was a FIN
}

type markKind uint8

const (
	markDuplicate   markKind = iota // frames of dir captured again
	markReordered                   // bytes of dir captured behind their ACK
	markUnseen                      // bytes of dir acknowledged and not seen: amount
	markClock                       // the clock went back: by amount at most (clock.go): times are run.total later since; last, and by direction run.since and run.longest, are the latest
	markCutOptions                  // the snap length cut options
	markBadSum                      // segments of dir with a wrong checksum
	markUnsolicited                 // data of dir after its peer's FIN: amount is of what it sent knowing of the FIN
	markPastFIN                     // bytes of dir behind its own FIN: amount
	markChallenge                   // dir answered a segment that it does not accept by a challenge ACK
	markSucceeds                    // the connection has the sockets of an earlier one: amount is since that was last heard of, count is predecessor
	markSucceeded                   // a SYN for the connection that took over these sockets; dir sent it
	markOldAnswer                   // dir answered the connection's SYN by an ACK of the connection before
	markHole                        // bytes of dir that the capture skips: hole
	markTimer                       // dir's retransmission timer fired: run is the time without progress
	markNeedless                    // retransmissions of dir that were not needed: amount is of proof
	markLate                        // segments of dir that later ones overtook: amount is by how many bytes at most
	markZeroWindow                  // dir offered no window: run is that time, and the probes in it
	markFullWindow                  // dir filled its peer's window
	markShrunk                      // dir took back window: amount at most
	markKeepAlive                   // dir asked whether its peer is there: amount is how often that spoke then, run the time since it did not
	markOutside                     // data or FINs of dir that its peer's window did not allow: amount is how far, negative: before it
	markOldStamp                    // segments of dir with a timestamp older than one that its peer has: by amount at most
	markOldACK                      // ACKs of dir too old for its peer: amount is by how much at most
	markUnsent                      // dir acknowledged what its peer has not sent: amount; 0: that is not proved
	markReneged                     // dir took back what it had selectively acknowledged
	markStrange                     // an RST, FIN or data of dir that another may have sent: amount is of betrayal
	markLoss                        // segments of dir with payload that were lost: amount is of those before the tap, run the longest time until one was sent again
	markBlackHole                   // full segments of dir that vanish: hole is the first of them, amount the size of its pieces
	markStrangeSACK                 // SACK blocks of dir for bytes that its peer cannot have sent: amount is from the ACK to the first of them
	markSYNOptions                  // SYNs, or SYN-ACKs, of dir with other options than the first: amount is of changed options
	markMissing                     // a hole in the bytes of dir that its peer reports, the latest: hole.from is where it begins
	markNoACK                       // segments of dir without SYN, ACK and RST
	markResetText                   // an RST of dir has a text: ttl is how many bytes of it are in run and hole (resettext.go), amount how many there were
	numMarkKinds
)

const _ = uint(40 - numMarkKinds) // a conv has a bit for each

// hasKind reports whether there is a mark of that kind.
func (c *conv) hasKind(k markKind) bool { return (uint64(c.kinds)|uint64(c.kindsAbove)<<32)>>k&1 != 0 }

func (c *conv) setKind(k markKind, on bool) {
	bits := uint64(c.kinds) | uint64(c.kindsAbove)<<32
	if bits &^= 1 << k; on {
		bits |= 1 << k
	}
	c.kinds, c.kindsAbove = uint32(bits), uint8(bits>>32)
}

// marks are a connection's list of them: the first, +1.
type marks uint32

// markPool holds the marks of a tracker's connections, without pointers.
type markPool struct {
	chunks [][]mark
	used   uint32 // marks that were ever used
	free   uint32 // mark+1, of those given back
	news   uint64 // how often a mark was added, or something to one that is worth telling

	sparse  bool // of a conversation that is not read nobody asks for anomalies
	nowhere mark // what is not kept
}

// moves reports whether the trajectories depend on marks of this kind.
func (k markKind) moves() bool { return k == markChallenge || k == markSucceeded || k == markHole }

func (p *markPool) at(i uint32) *mark { return &p.chunks[(i-1)>>chunkBits][(i-1)&(chunkSize-1)] }

func (p *markPool) alloc() uint32 {
	if p.free == 0 {
		if int(p.used>>chunkBits) == len(p.chunks) {
			p.chunks = append(p.chunks, make([]mark, chunkSize))
		}
		p.used++
		return p.used
	}
	i := p.free
	p.free = p.at(i).next
	return i
}

func (p *markPool) release(l *marks) {
	for i := uint32(*l); i != 0; {
		next := p.at(i).next
		p.at(i).next = p.free
		p.free = i
		i = next
	}
	*l = 0
}

// remove drops the mark of a kind and a direction from l.
func (p *markPool) remove(l *marks, kind markKind, dir uint8) {
	for at := (*uint32)(l); *at != 0; at = &p.at(*at).next {
		if i := *at; p.at(i).kind == kind && p.at(i).dir == dir {
			*at = p.at(i).next
			p.at(i).next = p.free
			p.free = i
			return
		}
	}
}

func (p *markPool) appendTo(l marks, buf []mark) []mark {
	for i := uint32(l); i != 0; i = p.at(i).next {
		buf = append(buf, *p.at(i))
	}
	return buf
}

// find is the mark of a kind and a direction, nil if there is none.
func (c *conv) find(p *markPool, kind markKind, dir uint8) *mark {
	if !c.hasKind(kind) {
		return nil
	}
	for i := uint32(c.marks); i != 0; i = p.at(i).next {
		if m := p.at(i); m.kind == kind && m.dir == dir {
			return m
		}
	}
	return nil
}

// mark adds one more of a kind that s shows.
func (c *conv) mark(p *markPool, kind markKind, dir uint8, s *wire.Segment, amount int64) *mark {
	if p.sparse && !c.flags.has(isRead) && !kind.moves() {
		p.nowhere = mark{kind: kind, dir: dir}
		return &p.nowhere
	}
	m := c.find(p, kind, dir)
	if m == nil {
		i := p.alloc()
		m = p.at(i)
		*m = mark{time: Time(s.Time), ahead: c.ahead(s), kind: kind, dir: dir, next: uint32(c.marks)}
		c.marks = marks(i)
		c.setKind(kind, true)
	}
	m.last = Time(s.Time)
	m.count++
	if m.count&(m.count-1) == 0 {
		p.news++ // of what goes on and on, not every time
	}
	m.amount += amount
	return m
}

// faulty notes what is wrong with a captured frame, whatever it means. It reports whether the segment does
// not count: a checksum is wrong, and its sender does compute them.
func (c *conv) faulty(p *markPool, s *wire.Segment) bool {
	if s.Bits&wire.CutOptions != 0 {
		c.mark(p, markCutOptions, 0, s, 0)
	}
	if s.Bits&wire.FirstFragment != 0 {
		c.half[s.Dir].flags |= fragmented
	}
	if s.Bits&wire.ACKsFragment != 0 {
		c.half[1-s.Dir].flags |= fragmented
	}
	if s.Bits&wire.BadSum == 0 {
		return false
	}
	tx := &c.half[s.Dir]
	if tx.flags.has(goodSum) {
		m := c.mark(p, markBadSum, s.Dir, s, 0)
		c.history.repeat(s.Dir, 'c', m.count)
		c.count(tx, s)
		return true
	}
	tx.flags |= badSum // of a sender that leaves them to its network card every one is wrong
	if m := c.mark(p, markBadSum, s.Dir, s, 0); m.count == 1 {
		m.ttl = s.TTL
	}
	return false
}

// settleSums drops what was noted of wrong checksums of a connection that is over, if they were left to a network card: what
// was sent with them was acknowledged. Of a capture at the sender's host that is every connection.
func (c *conv) settleSums(p *markPool) {
	for dir := range uint8(2) {
		if h := &c.half[dir]; h.flags&(badSum|goodSum) == badSum && c.half[1-dir].acked > h.start {
			p.remove(&c.marks, markBadSum, dir)
		}
	}
	if c.find(p, markBadSum, 0) == nil && c.find(p, markBadSum, 1) == nil {
		c.setKind(markBadSum, false)
	}
}

// captureSkew is by how much taps that are merged into one capture may disagree, and for how
// long a mirror port may hold back a copy. No stack waits less before it sends a
// segment again because of a timer.
const captureSkew Time = 10e6

// unseen notes an acknowledgment of bytes that were not captured: before is what tx had acknowledged.
func (c *conv) unseen(p *markPool, tx, rx *half, s *wire.Segment, before reassembly.Pos) {
	n := tx.acked - max(before, rx.end)
	switch {
	case n <= 0 || n > 1<<30 || rx.packets == 0 || rx.flags.has(fragmented) || before == 0 && !rx.flags.has(isnKnown):
		return
	case rx.flags&(sentSYN|sentACK|sentData) == sentSYN:
		return // it has said nothing but SYN: the ACK is of another connection
	}
	c.gap(p, s, n)
}

// gap notes n bytes that s acknowledges and the capture lacks.
func (c *conv) gap(p *markPool, s *wire.Segment, n reassembly.Pos) {
	m := c.mark(p, markUnseen, 1-s.Dir, s, int64(n))
	c.history.repeat(1-s.Dir, 'g', m.count)
}

// lateBytes notes that tx sends bytes for the first time, from pos on, that were acknowledged before. If
// they come at once the capture has them in the wrong order; later they are sent again.
func (c *conv) lateBytes(p *markPool, tx, rx *half, s *wire.Segment, pos reassembly.Pos) {
	m := c.find(p, markUnseen, s.Dir)
	if m == nil || Time(s.Time)-m.last > captureSkew {
		return
	}
	m.amount = max(0, m.amount-int64(min(tx.end, rx.acked)-pos))
	c.mark(p, markReordered, s.Dir, s, 0)
}

// markOrdinary looks at a segment with neither SYN, FIN nor RST that answers one: acked and sent are how
// far tx had come before it.
func (c *conv) markOrdinary(p *markPool, tx, rx *half, s *wire.Segment, acked, sent reassembly.Pos) {
	if tx.flags.has(provoked) && s.Len == 0 && tx.acked == acked {
		c.mark(p, markChallenge, s.Dir, s, 0)
		tx.flags &^= provoked
	}
	if c.flags.has(holed) {
		c.fillHole(p, tx, s)
		c.passHole(p, tx, s)
	}
	switch {
	case s.Len == 0:
	case tx.flags.has(sentFIN):
		if tx.end > sent && sent > tx.fin {
			c.mark(p, markPastFIN, s.Dir, s, int64(tx.end-sent))
		}
	case rx.flags.has(sentFIN) && reassembly.Unwrap(tx.end, reassembly.Seq(s.Seq))+reassembly.Pos(s.Len) > rx.acked:
		c.markUnsolicited(p, tx, rx, s, tx.end-sent) // else it has come before
	}
}

// markUnsolicited notes data that follows the peer's FIN.
func (c *conv) markUnsolicited(p *markPool, tx, rx *half, s *wire.Segment, grown reassembly.Pos) {
	if tx.acked <= rx.fin {
		grown = 0 // it may not have heard of the FIN
	}
	c.mark(p, markUnsolicited, s.Dir, s, int64(max(0, grown)))
}

// markFIN notes bytes that come with a FIN.
func (c *conv) markFIN(p *markPool, tx, rx *half, s *wire.Segment) {
	pos := reassembly.Unwrap(tx.end, reassembly.Seq(s.Seq))
	fin := pos + reassembly.Pos(s.Len)
	if pos > tx.end && tx.packets > 1 {
		c.openHole(p, tx.end, pos, s)
	}
	if c.flags.has(holed) {
		c.fillHole(p, tx, s)
		c.passHole(p, tx, s)
	}
	switch {
	case tx.flags.has(sentFIN):
		if fin > tx.fin {
			c.mark(p, markPastFIN, s.Dir, s, int64(fin-tx.fin))
		}
	case s.Len > 0 && rx.flags.has(sentFIN):
		c.markUnsolicited(p, tx, rx, s, fin-tx.end)
	}
}

// provoke remembers that the endpoint of h was sent what RFC 5961 has it answer
// by a challenge ACK.
func (c *conv) provoke(h *half) {
	h.flags |= provoked
	c.flags |= alert
}

// captured reports whether s, equal to a frame just before it, is the same frame. The IP ID
// proves it: a retransmission has another. Where there is none (IPv6, and IPv4 that sets 0 with DF) a SYN
// does, which no stack repeats so soon; anything else only in a capture that was seen to duplicate frames:
// duplicate ACKs and RSTs are alike.
func (c *conv) captured(p *markPool, s *wire.Segment) bool {
	return s.IPID != 0 || s.Flags.Any(wire.SYN) ||
		c.find(p, markDuplicate, 0) != nil || c.find(p, markDuplicate, 1) != nil
}

// run is what a mark counts of something that lasts and comes again: a time without progress, a closed
// window, probes without an answer.
type run struct {
	since          Time // when it began; 0: it is over
	total, longest Time
	times          uint32 // it began
	n, most        uint32 // timers or probes since anything answered, now and at most
}

func (r *run) begin(t Time) {
	r.since = max(t, 1)
	r.times++
	r.n = 0
}

func (r *run) end(t Time) {
	d := max(t-r.since, 0)
	r.total += d
	r.longest = max(r.longest, d)
	r.since, r.n = 0, 0
}

func (r *run) again() {
	r.n++
	r.most = max(r.most, r.n)
}

// stopped reports whether an endpoint that had asked some times whether its peer is there no longer did so at t. What comes
// then is no answer: it may have given up.
func (m *mark) stopped(t Time) bool {
	return m.run.n > 1 && t-m.last > 2*(m.last-m.run.since)/Time(m.run.n-1)
}

// unanswered is how many timers or probes there were since anything answered.
func (m *mark) unanswered() uint32 {
	if m == nil || m.run.since == 0 {
		return 0
	}
	return m.run.n
}

// betrays reports whether what does not fit is enough: two things, one of them the TTL, or an RST behind which the endpoint goes on.
func betrays(m *mark) bool {
	return m.amount&badEnd != 0 || m.amount&badTTL != 0 && m.amount != badTTL
}

// betrayal is what does not fit the endpoint that a segment says it is from.
type betrayal = int64

const (
	badTTL       betrayal = 1 << iota // far from all of its sender's
	badID                             // an IP ID out of the order in which its sender counts them
	badTimestamp                      // none, or out of order, where all of the others have one
	badPosition                       // a number that the receiver does not expect
	badEnd                            // the sender goes on behind what would have ended it
	badTiming                         // it acknowledges sooner than its sender can have received
	badFlags                          // a FIN without ACK
)

// due reports whether who asks at even intervals whether its peer is there would ask again at t, give or take a quarter.
func (m *mark) due(t Time) bool {
	if m.run.n < 2 {
		return false
	}
	interval := (m.last - m.run.since) / Time(m.run.n-1)
	after := t - m.last
	return after >= interval/4*3 && after <= interval/4*5
}
