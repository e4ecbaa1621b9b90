package segment

import (
	"math"
	"math/bits"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// dupThresh is how many duplicate ACKs mean a loss (RFC 5681 3.2).
const dupThresh = 3

// countACK counts a segment with ACK.
func (r *Reader) countACK() {
	s := r.S
	if s.Flags&wire.ACK == 0 {
		return
	}
	r.A.acks++
	if s.Len == 0 && !s.Flags.Any(wire.SYN|wire.FIN|wire.RST) {
		r.A.pure++
	}
}

// ackTooOld reports whether an ACK, below one that its sender sent before, is so far below that its receiver drops the segment: by
// more than the largest window that it was ever offered (RFC 5961 5.2).
func (r *Reader) ackTooOld() bool {
	const opened = conn.SentSYN | conn.SentSYNACK
	switch {
	case int32(uint32(r.Tx.Acked)-r.S.Ack) <= 0:
		return false
	case r.Tx.Flags&opened == 0 || r.Rx.Flags&opened == 0: // then the scale of windows is not known
		return false
	case r.Tx.Acked == 0 || r.Tx.Acked > r.Rx.End: // an ACK of another connection, perhaps
		return false
	}
	return uint32(r.Tx.Acked)-r.S.Ack > max(r.A.windowMax, uint32(r.A.synWindow))
}

// ackTooFar reports whether an ACK is so far beyond all that was captured, and acknowledged, that it is of another connection, or forged.
func (r *Reader) ackTooFar() bool {
	return r.Tx.Acked != 0 && r.Rx.End != 0 && reassembly.Unwrap(r.Rx.End, reassembly.Seq(r.S.Ack)) > max(r.Rx.End, r.Tx.Acked)+conn.Farthest
}

// ReadACK takes what a segment tells of the other direction: what has arrived, and the window.
func (r *Reader) ReadACK() {
	s, b := r.S, r.b
	high := r.Rx.End // of the peer
	if high == 0 {
		high = reassembly.Pos(s.Ack) + 1<<32 // as half.place does
	}
	r.ack = reassembly.Unwrap(high, reassembly.Seq(s.Ack))
	r.window = r.Offered()
	if int32(s.Ack-uint32(r.Tx.Acked)) < 0 && r.C.Unplace(&r.p.Facts, s) {
		high = r.Rx.End
		r.ack = reassembly.Unwrap(high, reassembly.Seq(s.Ack))
		r.A.flags &^= statsHasEdge
		r.A.edge = 0
	}
	known := r.Tx.Acked
	news := false
	if s.NSack > 0 {
		news = r.readSACK(high)
	}
	if news && r.ack >= known {
		r.reportsHole()
	}
	switch {
	case r.ack > known:
		if r.b.recovery != 0 && r.p.Recoveries.fins != nil {
			high = r.takeFIN(high)
		}
		if r.ack > high {
			r.beyondCaptured(known)
		}
		if r.V.Kind == reading.KindACK {
			r.V.Kind = r.newsOfProbe(known)
		}
		r.advance(high)
	case r.ack < known:
		r.V.Notes |= reading.NoteStaleACK
	case r.V.Kind == reading.KindACK && r.pos == r.next:
		r.V.Kind = r.repeatedACK(high, news)
	}
	if b.recovery != 0 && r.p.Recoveries.At(b.recovery).renegedIn != 0 {
		r.reneges(r.p.Recoveries.At(b.recovery))
	}
	if r.ack >= known {
		r.readWindow()
	}
	if b.mode != modeIdle {
		b.settle(r, high)
	}
}

// settle says what the peer, which is not idle, does with its time from now on.
func (b *SenderStats) settle(r *Reader, high reassembly.Pos) {
	m := b.mode
	switch una := max(r.ack, r.Tx.Acked); {
	case una >= high:
		if b.shutOut(r.A) && !r.Rx.Flags.Has(conn.SentFIN) {
			return // it had filled the window, and that has no room now
		}
		m = modeIdle
	case b.recovery != 0 && r.p.Recoveries.At(b.recovery).recover > una:
		m = modeRecovery
	case m == modeRecovery, m == modeWindow && b.flightFits(r.A, high):
		m = modeTransfer
	}
	b.enter(m, r.now, r.C.First, r.Rx.Distance)
}

// flightFits reports whether the window that the peer offers has room for another segment.
func (b *SenderStats) flightFits(peer *SenderStats, high reassembly.Pos) bool {
	return peer.edge-high >= reassembly.Pos(b.segmentMax)
}

// beyondCaptured is an ACK of more than was captured; known is what was acknowledged before. In a capture that begins with a
// keep-alive the peer expects one more than that had.
func (r *Reader) beyondCaptured(known reassembly.Pos) {
	h := r.Rx
	if known == 0 && h.Packets > 0 && !h.Flags.Has(conn.ISNKnown|conn.SentData|conn.SentFIN) && h.End == h.Start && r.ack == h.End+1 {
		h.Start, h.End = r.ack, r.ack
		return
	}
	r.V.Notes |= reading.NoteACKOfUnseen
}

// newsOfProbe is the kind of a pure ACK that acknowledges more than known: it may answer a probe all the same.
func (r *Reader) newsOfProbe(known reassembly.Pos) reading.Kind {
	switch {
	case r.b.flags.has(statsZeroProbed) && r.S.Window == 0:
		return reading.KindZeroWindowProbeACK
	case r.b.flags.has(statsProbed) && known == 0:
		return reading.KindKeepAliveACK
	}
	return reading.KindACK
}

// repeatedACK is the kind of an ACK, without payload and in order, that acknowledges no more than one before.
func (r *Reader) repeatedACK(high reassembly.Pos, sacked bool) reading.Kind {
	a, b := r.A, r.b
	same := a.flags.has(statsHasEdge) && r.window == a.window
	outstanding := high > r.ack
	switch {
	case r.Tx.Flags.Has(conn.Provoked):
		return reading.KindChallengeACK
	case b.flags.has(statsZeroProbed) && (a.flags.has(statsZero) || r.S.Window == 0):
		b.flags &^= statsZeroProbed // answered
		return reading.KindZeroWindowProbeACK
	case b.flags.has(statsProbed):
		b.flags &^= statsProbed
		return reading.KindKeepAliveACK
	case !a.flags.has(statsHasEdge):
		return reading.KindACK
	case outstanding && (sacked || same):
		a.dupACKs++
		if b.dup < 1<<16-1 {
			b.dup++
		}
		if b.recovery != 0 {
			r.p.Recoveries.At(b.recovery).heard = r.now
		}
		if b.dup == dupThresh {
			a.TripleDuplicateACKs++
			r.V.Third = true
		}
		r.reportsHole()
		return reading.KindDuplicateACK
	case !same:
		if outstanding && r.window < a.window && b.dup < 1<<16-1 {
			b.dup++ // for RFC 5681 it is no duplicate; to a sender that counts, it is one
		}
		return reading.KindWindowUpdate
	}
	return reading.KindACK
}

// advance is an ACK that acknowledges more than those before.
func (r *Reader) advance(high reassembly.Pos) {
	b := r.b
	una := r.Tx.Acked
	if una == 0 {
		una = r.Rx.Start
	}
	b.weigh(max(high, una)-una, r.now)
	if r.A.isFull(r.ack - una) {
		b.flags |= statsFullACKed
	}
	unseen := r.ack > high
	if n := b.flight.N; n > 0 {
		if last, size, clean := b.flight.Acknowledge(&r.p.Flights, r.ack, una); last != nil {
			if !unseen { // else what was not captured may have called for the ACK, or nothing did
				r.sample(last, size, clean)
			}
			b.CumulativePackets += uint32(n - b.flight.N - 1)
		}
	}
	b.dup = 0
	b.advanced = r.now
	if !b.flags.has(statsACKed) && r.ack > r.Rx.Start && r.Rx.End != 0 {
		b.flags |= statsACKed
		end := r.Rx.End
		if r.Rx.Flags.Has(conn.SentFIN) {
			end = min(end, r.Rx.FIN)
		}
		b.initialBytes, b.initialPackets = uint32(min(end-r.Rx.Start, 1<<32-1)), b.data
	}
	if b.flags.has(statsStamping) && r.S.Bits&wire.HasTimestamps != 0 && int32(r.S.TSecr-b.stamp) >= 0 && !unseen {
		r.stamped()
	}
	if b.recovery != 0 {
		r.repaired(high)
	}
}

// sample takes the round trip of a segment of some size, the last that an ACK acknowledges. It is clean if neither that nor one before it
// was sent again or missing (Karn).
func (r *Reader) sample(last *flight.Segment, size uint32, clean bool) {
	b, d := r.b, r.now-last.Time
	switch {
	case clean:
		b.RTT.Sample(&r.p.hists, &b.codes, d)
		r.V.RTT = max(time.Duration(d), 1)
		if size == b.segmentMax && size > 0 {
			b.full.Add(d)
		}
		if last.Flags&flight.IsSYN != 0 {
			b.Handshake = max(d, 1)
		}
	case last.Flags&(flight.Hole|flight.Merged|flight.Skipped) != 0:
	case last.Times > 0:
		r.p.RecoveryOf(b, r.Rx).ambiguous.Add(d)
	default:
		r.p.RecoveryOf(b, r.Rx).PostLossACKs++
	}
}

// weigh adds to the account of bytes in flight that so many were up to now, since that changed last.
func (b *SenderStats) weigh(inFlight reassembly.Pos, now conn.Time) {
	if d := now - max(b.LastData, b.advanced); d > 0 && b.firstData != 0 && inFlight > 0 && inFlight < 1<<32 {
		if hi, area := bits.Mul64(uint64(inFlight), uint64(d/1000)); hi == 0 && area < math.MaxUint64-b.flightArea {
			b.flightArea += area
		} else {
			b.flightArea = math.MaxUint64
		}
	}
}

// stamped is the echo of a timestamp: a round trip, be the segment one that was sent again.
func (r *Reader) stamped() {
	b := r.b
	if d := r.now - b.stampTime; r.S.TSecr == b.stamp && d >= 0 {
		if b.stampN == 0 {
			b.stampMin = d
		}
		b.stampN++
		b.stampSum = b.stampSum.Add(time.Duration(d))
		b.stampMin, b.stampMax = min(b.stampMin, d), max(b.stampMax, d)
	}
	b.flags &^= statsStamping
}

// Offered is the window that the segment offers, in bytes.
func (r *Reader) Offered() uint32 {
	w := uint32(r.S.Window)
	if r.Tx.Flags.Has(conn.HasWScale) && r.Rx.Flags.Has(conn.HasWScale) && r.S.Flags&wire.SYN == 0 {
		w <<= r.Tx.Wscale & 15
	}
	return w
}

// readWindow takes the window of an ACK that is not older than one before.
func (r *Reader) readWindow() {
	a, w := r.A, r.window
	edge := r.ack + reassembly.Pos(w)
	if r.S.Flags&wire.SYN == 0 { // the window of a SYN is never scaled: it says little
		if !a.flags.has(statsScaled) {
			a.flags |= statsScaled
			a.windowMin = w
		} else if edge < a.edge && a.edge <= r.Tx.RightWin && a.edge-edge >= reassembly.Pos(1)<<r.Tx.Wscale { // more than rounding
			r.V.Notes |= reading.NoteWindowShrunk
		}
		a.windowMin, a.windowMax = min(a.windowMin, w), max(a.windowMax, w)
		a.windowSum += uint64(w)
		a.windows++
	}
	a.flags |= statsHasEdge
	a.edge, a.window = edge, w
	if w == 0 {
		r.V.Notes |= reading.NoteZeroWindow
		if !a.flags.has(statsZero) {
			a.flags |= statsZero
			r.recovery().shut(r.now)
		}
	} else if a.flags.has(statsZero) {
		r.p.RecoveryOf(a, r.Tx).reopen(r.now)
		a.flags &^= statsZero
	}
}

// takeProbe is an ACK of what came as a zero-window probe: its bytes are as good as any others.
func (r *Reader) takeProbe(rp *Recovery) {
	end := min(r.ack, rp.probeEnd)
	if n := rp.captured.Missing(r.p.Recoveries.Ranges, rp.probe, end); n > 0 {
		rp.captured.Add(r.p.Recoveries.Ranges, rp.probe, end)
		rp.taken += uint64(n)
	}
	if rp.probe = 0; r.ack < rp.probeEnd {
		rp.probe = r.ack
	}
}

// shut begins a time without window.
func (rp *Recovery) shut(t conn.Time) {
	rp.ZeroWindows++
	rp.zeroSince = t
}

// reopen ends it.
func (rp *Recovery) reopen(t conn.Time) {
	d := t - rp.zeroSince
	rp.zeroTime += max(d, 0)
	rp.zeroMax = max(rp.zeroMax, d)
}

// readSACK takes the SACK blocks and reports whether they tell of bytes that were not acknowledged.
func (r *Reader) readSACK(high reassembly.Pos) (news bool) {
	s := r.S
	p := &r.p.Recoveries
	rp := r.p.RecoveryOf(r.b, r.Rx)
	if !rp.acked.Known() {
		rp.acked.Start(max(r.Tx.Acked, r.Rx.Start))
	}
	var blocks [4][2]uint32
	n := copy(blocks[:], s.Sack[:s.NSack])
	sent := max(high, r.ack) // what was acknowledged was sent, captured or not
	if r.Rx.Packets == 0 {
		sent = r.ack + conn.Farthest
	}
	got := rp.acked.Ack(p.Ranges, r.ack, sent, blocks[:n])
	rp.sacks++
	rp.mostBlocks = max(rp.mostBlocks, s.NSack)
	if got.Invalid > 0 || got.DSACK.Len() > 0 && got.DSACK.Lo < r.Rx.Start-1 {
		r.strangeBlocks(blocks[:n])
	}
	if got.Reneged > 0 {
		r.takesBack(rp, got.Reneged)
	}
	if got.DSACK.Len() > 0 {
		r.V.Notes |= reading.NoteDSACK
		rp.dsacks++
		r.proveTwice(rp, got.DSACK)
	}
	if got.Sacked > 0 {
		rp.heard = r.now
	}
	if r.A.isFull(reassembly.Pos(got.Sacked)) {
		r.b.flags |= statsFullACKed
	}
	return got.Sacked > 0
}

// repaired is an ACK that advances over bytes that were sent again or not captured.
func (r *Reader) repaired(high reassembly.Pos) {
	p := &r.p.Recoveries
	rp := p.At(r.b.recovery)
	if rp.acked.Known() && r.S.NSack == 0 {
		if got := rp.acked.Ack(p.Ranges, r.ack, high, nil); got.Reneged > 0 {
			r.takesBack(rp, got.Reneged)
		}
	}
	if rp.old.frame != 0 && r.ack >= rp.old.end {
		r.tookStamp(rp)
	}
	if rp.probe != 0 && r.ack > rp.probe {
		r.takeProbe(rp)
	}
	switch {
	case rp.recover == 0:
	case r.ack >= rp.recover:
		rp.recover, rp.recovered = 0, r.now
	case rp.by == conn.CauseFast || rp.by == conn.CauseSACK:
		r.V.Notes |= reading.NotePartialACK
	}
	if rp.unjudged > 0 {
		r.settleResent(rp)
	}
	if rp.unanswered {
		r.answered(rp)
	}
}
