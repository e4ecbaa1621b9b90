package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// dupThresh is how many duplicate ACKs mean a loss (RFC 5681 3.2).
const dupThresh = 3

// countACK counts a segment with ACK.
func (r *reader) countACK() {
	s := r.s
	if s.Flags&wire.ACK == 0 {
		return
	}
	r.a.acks++
	if s.Len == 0 && !s.Flags.Any(wire.SYN|wire.FIN|wire.RST) {
		r.a.pure++
	}
}

// ackTooOld reports whether an ACK, below one that its sender sent before, is so far below that its receiver drops the segment: by
// more than the largest window that it was ever offered (RFC 5961 5.2).
func (r *reader) ackTooOld() bool {
	const opened = sentSYN | sentSYNACK
	switch {
	case int32(uint32(r.tx.acked)-r.s.Ack) <= 0:
		return false
	case r.tx.flags&opened == 0 || r.rx.flags&opened == 0: // then the scale of windows is not known
		return false
	case r.tx.acked == 0 || r.tx.acked > r.rx.end: // an ACK of another connection, perhaps
		return false
	}
	return uint32(r.tx.acked)-r.s.Ack > max(r.a.windowMax, uint32(r.a.synWindow))
}

// ackTooFar reports whether an ACK is so far beyond all that was captured, and acknowledged, that it is of another connection, or forged.
func (r *reader) ackTooFar() bool {
	return r.tx.acked != 0 && r.rx.end != 0 && reassembly.Unwrap(r.rx.end, reassembly.Seq(r.s.Ack)) > max(r.rx.end, r.tx.acked)+farthest
}

// readACK takes what a segment tells of the other direction: what has arrived, and the window.
func (r *reader) readACK() {
	s, b := r.s, r.b
	high := r.rx.end // of the peer
	if high == 0 {
		high = reassembly.Pos(s.Ack) + 1<<32 // as half.place does
	}
	r.ack = reassembly.Unwrap(high, reassembly.Seq(s.Ack))
	r.window = r.offered()
	known := r.tx.acked
	news := false
	if s.NSack > 0 {
		news = r.readSACK(high)
	}
	if news && r.ack >= known {
		r.reportsHole()
	}
	switch {
	case r.ack > known:
		if r.ack > high {
			r.beyondCaptured(known)
		}
		if r.v.kind == KindACK {
			r.v.kind = r.newsOfProbe(known)
		}
		r.advance(high)
	case r.ack < known:
		r.v.notes |= NoteStaleACK
	case r.v.kind == KindACK && r.pos == r.next:
		r.v.kind = r.repeatedACK(high, news)
	}
	if b.repair != 0 && r.p.repairs.at(b.repair).renegedIn != 0 {
		r.reneges(r.p.repairs.at(b.repair))
	}
	if r.ack >= known {
		r.readWindow()
	}
	if b.mode != modeIdle {
		b.settle(r, high)
	}
}

// settle says what the peer, which is not idle, does with its time from now on.
func (b *book) settle(r *reader, high reassembly.Pos) {
	m := b.mode
	switch una := max(r.ack, r.tx.acked); {
	case una >= high:
		if m == modeWindow && r.a.flags.has(bookZero) && !r.rx.flags.has(sentFIN) {
			return // it had filled the window, and that is closed now
		}
		m = modeIdle
	case b.repair != 0 && r.p.repairs.at(b.repair).recover > una:
		m = modeRecovery
	case m == modeRecovery, m == modeWindow && b.flightFits(r.a, high):
		m = modeTransfer
	}
	b.enter(m, r.now, r.c.first, r.rx.distance)
}

// flightFits reports whether the window that the peer offers has room for another segment.
func (b *book) flightFits(peer *book, high reassembly.Pos) bool {
	return peer.edge-high >= reassembly.Pos(b.segmentMax)
}

// beyondCaptured is an ACK of more than was captured; known is what was acknowledged before. In a capture that begins with a
// keep-alive the peer expects one more than that had.
func (r *reader) beyondCaptured(known reassembly.Pos) {
	h := r.rx
	if known == 0 && h.packets > 0 && !h.flags.has(isnKnown|sentData|sentFIN) && h.end == h.start && r.ack == h.end+1 {
		h.start, h.end = r.ack, r.ack
		return
	}
	r.v.notes |= NoteACKOfUnseen
}

// newsOfProbe is the kind of a pure ACK that acknowledges more than known: it may answer a probe all the same.
func (r *reader) newsOfProbe(known reassembly.Pos) Kind {
	switch {
	case r.b.flags.has(bookZeroProbed) && r.s.Window == 0:
		return KindZeroWindowProbeACK
	case r.b.flags.has(bookProbed) && known == 0:
		return KindKeepAliveACK
	}
	return KindACK
}

// repeatedACK is the kind of an ACK, without payload and in order, that acknowledges no more than one before.
func (r *reader) repeatedACK(high reassembly.Pos, sacked bool) Kind {
	a, b := r.a, r.b
	same := a.flags.has(bookHasEdge) && r.window == a.window
	outstanding := high > r.ack
	switch {
	case r.tx.flags.has(provoked):
		return KindChallengeACK
	case b.flags.has(bookZeroProbed) && (a.flags.has(bookZero) || r.s.Window == 0):
		b.flags &^= bookZeroProbed // answered
		return KindZeroWindowProbeACK
	case b.flags.has(bookProbed):
		b.flags &^= bookProbed
		return KindKeepAliveACK
	case !a.flags.has(bookHasEdge):
		return KindACK
	case outstanding && (sacked || same):
		a.dupACKs++
		if b.dup < 1<<16-1 {
			b.dup++
		}
		if b.repair != 0 {
			r.p.repairs.at(b.repair).heard = r.now
		}
		if b.dup == dupThresh {
			a.triples++
		}
		r.reportsHole()
		return KindDuplicateACK
	case !same:
		if outstanding && r.window < a.window && b.dup < 1<<16-1 {
			b.dup++ // for RFC 5681 it is no duplicate; to a sender that counts, it is one
		}
		return KindWindowUpdate
	}
	return KindACK
}

// advance is an ACK that acknowledges more than those before.
func (r *reader) advance(high reassembly.Pos) {
	b := r.b
	una := r.tx.acked
	if una == 0 {
		una = r.rx.start
	}
	b.weigh(max(high, una)-una, r.now)
	if r.a.isFull(r.ack - una) {
		b.flags |= bookFullACKed
	}
	if n := b.flight.n; n > 0 {
		if last, size, clean := b.flight.acknowledge(&r.p.flights, r.ack, una); last != nil {
			r.sample(last, size, clean)
			b.cumulated += uint32(n - b.flight.n - 1)
		}
	}
	b.dup = 0
	b.advanced = r.now
	if !b.flags.has(bookACKed) && r.ack > r.rx.start && r.rx.end != 0 {
		b.flags |= bookACKed
		end := r.rx.end
		if r.rx.flags.has(sentFIN) {
			end = min(end, r.rx.fin)
		}
		b.initialBytes, b.initialPackets = uint32(min(end-r.rx.start, 1<<32-1)), b.data
	}
	if b.flags.has(bookStamping) && r.s.Bits&wire.HasTimestamps != 0 && int32(r.s.TSecr-b.stamp) >= 0 {
		r.stamped()
	}
	if b.repair != 0 {
		r.repaired(high)
	}
}

// sample takes the round trip of a segment of some size, the last that an ACK acknowledges. It is clean if neither that nor one before it
// was sent again or missing (Karn).
func (r *reader) sample(last *sent, size uint32, clean bool) {
	b, d := r.b, r.now-last.time
	switch {
	case clean:
		b.rtt.sample(&r.p.hists, &b.codes, d)
		if size == b.segmentMax && size > 0 {
			b.full.add(d)
		}
		if last.flags&sentIsSYN != 0 {
			b.handshake = max(d, 1)
		}
	case last.flags&(sentHole|sentMerged|sentSkipped) != 0:
	case last.times > 0:
		r.p.repairOf(b, r.rx).ambiguous.add(d)
	default:
		r.p.repairOf(b, r.rx).postLoss++
	}
}

// weigh adds to the account of bytes in flight that so many were up to now, since that changed last.
func (b *book) weigh(inFlight reassembly.Pos, now Time) {
	if d := now - max(b.lastData, b.advanced); d > 0 && b.firstData != 0 && inFlight > 0 && inFlight < 1<<32 {
		b.flightArea += uint64(inFlight) * uint64(d/1000)
	}
}

// stamped is the echo of a timestamp: a round trip, be the segment one that was sent again.
func (r *reader) stamped() {
	b := r.b
	if d := r.now - b.stampTime; r.s.TSecr == b.stamp && d >= 0 {
		if b.stampN == 0 {
			b.stampMin = d
		}
		b.stampN++
		b.stampSum += d
		b.stampMin, b.stampMax = min(b.stampMin, d), max(b.stampMax, d)
	}
	b.flags &^= bookStamping
}

// offered is the window that the segment offers, in bytes.
func (r *reader) offered() uint32 {
	w := uint32(r.s.Window)
	if r.tx.flags.has(hasWScale) && r.rx.flags.has(hasWScale) && r.s.Flags&wire.SYN == 0 {
		w <<= r.tx.wscale
	}
	return w
}

// readWindow takes the window of an ACK that is not older than one before.
func (r *reader) readWindow() {
	a, w := r.a, r.window
	edge := r.ack + reassembly.Pos(w)
	if r.s.Flags&wire.SYN == 0 { // the window of a SYN is never scaled: it says little
		if !a.flags.has(bookScaled) {
			a.flags |= bookScaled
			a.windowMin = w
		} else if edge < a.edge && a.edge <= r.tx.rightWin && a.edge-edge >= reassembly.Pos(1)<<r.tx.wscale { // more than rounding
			r.v.notes |= NoteWindowShrunk
		}
		a.windowMin, a.windowMax = min(a.windowMin, w), max(a.windowMax, w)
		a.windowSum += uint64(w)
		a.windows++
	}
	a.flags |= bookHasEdge
	a.edge, a.window = edge, w
	if w == 0 {
		r.v.notes |= NoteZeroWindow
		if !a.flags.has(bookZero) {
			a.flags |= bookZero
			r.p.repairOf(a, r.tx).shut(r.now)
		}
	} else if a.flags.has(bookZero) {
		r.p.repairOf(a, r.tx).reopen(r.now)
		a.flags &^= bookZero
	}
}

// takeProbe is an ACK of what came as a zero-window probe: its bytes are as good as any others.
func (r *reader) takeProbe(rp *repair) {
	end := min(r.ack, rp.probeEnd)
	if n := rp.captured.Missing(r.p.repairs.ranges, rp.probe, end); n > 0 {
		rp.captured.Add(r.p.repairs.ranges, rp.probe, end)
		rp.taken += uint64(n)
	}
	if rp.probe = 0; r.ack < rp.probeEnd {
		rp.probe = r.ack
	}
}

// shut begins a time without window.
func (rp *repair) shut(t Time) {
	rp.zeros++
	rp.zeroSince = t
}

// reopen ends it.
func (rp *repair) reopen(t Time) {
	d := t - rp.zeroSince
	rp.zeroTime += max(d, 0)
	rp.zeroMax = max(rp.zeroMax, d)
}

// readSACK takes the SACK blocks and reports whether they tell of bytes that were not acknowledged.
func (r *reader) readSACK(high reassembly.Pos) (news bool) {
	s := r.s
	p := &r.p.repairs
	rp := r.p.repairOf(r.b, r.rx)
	if !rp.acked.Known() {
		rp.acked.Start(max(r.tx.acked, r.rx.start))
	}
	var blocks [4][2]uint32
	n := copy(blocks[:], s.Sack[:s.NSack])
	sent := max(high, r.ack) // what was acknowledged was sent, captured or not
	if r.rx.packets == 0 {
		sent = r.ack + maxWindow
	}
	got := rp.acked.Ack(p.ranges, r.ack, sent, blocks[:n])
	rp.sacks++
	rp.mostBlocks = max(rp.mostBlocks, s.NSack)
	rp.invalidSACKs += uint32(got.Invalid)
	if got.Invalid > 0 || got.DSACK.Len() > 0 && got.DSACK.Lo < r.rx.start-1 {
		r.strangeBlocks(blocks[:n])
	}
	if got.Reneged > 0 {
		r.takesBack(rp, got.Reneged)
	}
	if got.DSACK.Len() > 0 {
		r.v.notes |= NoteDSACK
		rp.dsacks++
		r.proveTwice(rp, got.DSACK)
	}
	if got.Sacked > 0 {
		rp.heard = r.now
	}
	if r.a.isFull(reassembly.Pos(got.Sacked)) {
		r.b.flags |= bookFullACKed
	}
	return got.Sacked > 0
}

// repaired is an ACK that advances over bytes that were sent again or not captured.
func (r *reader) repaired(high reassembly.Pos) {
	p := &r.p.repairs
	rp := p.at(r.b.repair)
	if rp.acked.Known() && r.s.NSack == 0 {
		if got := rp.acked.Ack(p.ranges, r.ack, high, nil); got.Reneged > 0 {
			r.takesBack(rp, got.Reneged)
		}
	}
	if rp.probe != 0 && r.ack > rp.probe {
		r.takeProbe(rp)
	}
	switch {
	case rp.recover == 0:
	case r.ack >= rp.recover:
		rp.recover, rp.recovered = 0, r.now
	case rp.by == CauseFast || rp.by == CauseSACK:
		r.v.notes |= NotePartialACK
	}
	if rp.unjudged > 0 {
		r.settleResent(rp)
	}
	if rp.unanswered {
		r.answered(rp)
	}
}
