package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/rtt"
	"tcptrace/internal/wire"
)

// Opening reads a SYN or RST.
func (r *Reader) Opening() reading.Kind {
	s, tx := r.S, r.Tx
	switch {
	case s.Flags.Any(wire.RST):
		dialing, ok := r.C.TakesRST(tx, r.Rx, s)
		if !ok {
			return reading.KindUnacceptable
		}
		if dialing {
			r.p.SYNCame(r.b)
		}
		return reading.KindRST
	case r.C.IsForeignSYN(tx, s):
		return reading.KindUnacceptable
	}
	if tx.End != 0 && (s.Len > 0 || !tx.Flags.Has(conn.ISNKnown)) {
		r.p.RecoveryOf(r.A, tx) // before the SYN moves the start, which was that of what was captured
	}
	if s.Flags.Has(wire.ACK) && r.Rx.End != 0 && !r.Rx.Flags.Has(conn.ISNKnown) {
		r.p.RecoveryOf(r.b, r.Rx)
	}
	kind, sent := reading.KindSYN, conn.SentSYN
	if s.Flags.Any(wire.ACK) {
		kind, sent = reading.KindSYNACK, conn.SentSYNACK
	}
	if r.A.mss == 0 {
		r.A.mss, r.A.wscale, r.A.synOptions, r.A.synWindow = s.MSS, s.WScale, s.Bits, s.Window
	}
	if s.Bits&wire.HasSACKPerm != 0 {
		r.A.flags |= statsSACK
	}
	if tx.Flags.Has(sent) {
		if kind = r.openAgain(); kind == reading.KindRetransmission {
			r.compareOptions()
		}
	} else {
		kind = r.open(kind)
	}
	if r.A.recovery != 0 && kind != reading.KindCaptureDuplicate {
		rp := r.p.Recoveries.At(r.A.recovery)
		if kind == reading.KindSYN || kind == reading.KindSYNACK {
			r.countRepeated(rp)
		}
		r.capture(rp)
	}
	return kind
}

// OpenAnew reads a SYN-ACK that was not accepted before, and is now.
func (r *Reader) OpenAnew() reading.Kind {
	if r.A.recovery != 0 {
		rp := r.p.Recoveries.At(r.A.recovery)
		rp.rejected -= min(rp.rejected, uint64(r.S.Len))
	}
	return r.Opening()
}

// SYNCame notes that the SYNs of a in flight came, and were not taken.
func (p *Pools) SYNCame(a *SenderStats) {
	for i := range int(a.flight.N) {
		if e := a.flight.At(&p.Flights, i); e.Flags&flight.IsSYN != 0 {
			e.Flags |= flight.InVain
		}
	}
}

// AwaitAnew takes from a the round trip of its SYN, f: what seemed to answer that did not. It is in flight again.
func (p *Pools) AwaitAnew(a *SenderStats, f *conn.Fact) {
	if a.flight.N > 0 || a.RTT.N > 1 || a.data > 0 {
		return
	}
	a.RTT, a.full, a.Handshake = rtt.RoundTrips{}, conn.Distribution{}, 0
	a.flight.Push(&p.Flights, flight.Segment{Time: f.Time, End: f.Seq + f.SeqLen(), Flags: flight.IsSYN}, false)
	a.stampN, a.stampSum, a.stampMin, a.stampMax = 0, 0, 0, 0
	if f.Bits.Has(conn.FactTimestamps) {
		a.stamp, a.stampTime = f.TSval, f.Time
		a.flags |= statsStamping
	}
}

// comparedOptions are the options of a SYN that are the same each time, with most stacks.
const comparedOptions = wire.HasMSS | wire.HasWScale | wire.HasSACKPerm | wire.HasTimestamps

// compareOptions compares the options of a repeated SYN or SYN-ACK with those of the first.
func (r *Reader) compareOptions() {
	s, a := r.S, r.A
	if (s.Bits|a.synOptions)&(wire.CutOptions|wire.BadOptions) != 0 || r.Tx.Flags&(conn.SentSYN|conn.SentSYNACK) == conn.SentSYN|conn.SentSYNACK {
		return // not known, or perhaps of a SYN where this is a SYN-ACK
	}
	changed := (s.Bits ^ a.synOptions) & comparedOptions
	if s.Bits&wire.HasMSS != 0 && s.MSS != a.mss {
		changed |= wire.HasMSS
	}
	if s.Bits&wire.HasWScale != 0 && s.WScale != a.wscale {
		changed |= wire.HasWScale
	}
	if changed != 0 {
		m := r.noteIncident(conn.IncidentSYNOptions, s.Dir)
		m.Amount |= int64(changed)
	}
}

// open is a SYN or SYN-ACK of which no other was captured.
func (r *Reader) open(kind reading.Kind) reading.Kind {
	r.push(flight.IsSYN | r.damage())
	if r.echoesEarlier(kind) {
		r.V.Cause = conn.CauseTimeout
		r.resend(int(r.A.flight.N)-1, 0)
		return reading.KindRetransmission
	}
	return kind
}

// damage is flight.Damaged if the segment has a wrong checksum.
func (r *Reader) damage() flight.Flags {
	if r.S.Bits&wire.BadSum != 0 {
		return flight.Damaged
	}
	return 0
}

// echoesEarlier reports whether a SYN, the first captured, was sent before: a SYN-ACK that was captured already echoes
// an earlier one's timestamp. If a SYN-ACK does so after the SYN, that one is amended.
func (r *Reader) echoesEarlier(kind reading.Kind) bool {
	if r.S.Bits&wire.HasTimestamps == 0 || !r.Rx.Flags.Has(conn.SentSYN|conn.SentSYNACK) {
		return false
	}
	if kind == reading.KindSYN {
		return r.Rx.Flags.Has(conn.SentSYNACK) && r.Rx.Packets > 0 && r.b.echo != 0 && int32(r.S.TSval-r.b.echo) > 0
	}
	r.A.echo = r.S.TSecr
	if r.b.syns == 1 && r.b.recovery == 0 && r.Rx.Packets == 1 && r.C.FirstDir != r.S.Dir && r.b.flags.has(statsStamps) &&
		r.S.TSecr != 0 && int32(r.S.TSecr-r.b.tsMax) < 0 {
		r.p.Recoveries.again(r.p.RecoveryOf(r.b, r.Rx), conn.CauseTimeout)
		r.revise(reading.Reading{Kind: reading.KindRetransmission, Cause: conn.CauseTimeout, Amends: r.C.FirstFrame})
	}
	return false
}

// openAgain is a SYN or SYN-ACK that was sent before.
func (r *Reader) openAgain() reading.Kind {
	i := r.A.flight.Find(&r.p.Flights, r.pos, r.pos)
	var e *flight.Segment
	if i >= 0 {
		e = r.A.flight.At(&r.p.Flights, i)
	}
	switch r.origin(e) {
	case samePacket:
		return r.doubled(r.p.RecoveryOf(r.A, r.Tx), e)
	case overtook:
		r.late(r.p.RecoveryOf(r.A, r.Tx), -1, nil)
		return reading.KindOutOfOrder
	}
	if !r.S.Flags.Any(wire.ACK) && r.Tx.Flags.Has(conn.SentACK) || r.Tx.LeftSYNRCVD(r.Rx, r.S) {
		return reading.KindUnacceptable // who has its answer does not send it again: the network held it back, or somebody forged it
	}
	r.V.Cause = conn.CauseTimeout
	doubled, again := false, r.b.recovery != 0 && r.p.Recoveries.At(r.b.recovery).resends() > 0 // the peer's SYN was sent, too
	if r.S.Flags.Any(wire.ACK) && r.answersSYN(e, again) {
		r.V.Cause = conn.CauseUnknown
		r.V.Notes |= reading.NoteAnswersSYN
		doubled = !again // the SYN, by the network
	}
	if r.V.Spurious = doubled || e == nil && r.Rx.Acked != 0; r.V.Spurious && r.S.Flags.Any(wire.ACK) && (r.A.syns > 2 || r.Tx.AtTap()) && r.now-r.Tx.Last >= conn.MinRTO {
		r.untaken()
	}
	r.resend(i, 0)
	return reading.KindRetransmission
}

// answersSYN reports whether a SYN-ACK that was sent as e before, nil if that was acknowledged, is sent again because the SYN came again: sooner after the
// one before than a timer waits; or, if the SYN was sent again, as its first word behind that.
func (r *Reader) answersSYN(e *flight.Segment, again bool) bool {
	if r.now-r.Tx.Last < conn.MinRTO && (again || e != nil) {
		return true
	}
	if !again {
		return false
	}
	soon := r.responseTime()
	if soon == 0 {
		soon = rtt.First / 2
	}
	return e != nil && r.Rx.Last > e.Time && r.now-r.Rx.Last < soon
}
