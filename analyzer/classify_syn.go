package analyzer

import "tcptrace/internal/wire"

// opening reads a SYN or RST.
func (r *reader) opening() Kind {
	s, tx := r.s, r.tx
	switch {
	case s.Flags.Any(wire.RST):
		dialing, ok := r.c.takesRST(tx, r.rx, s)
		if !ok {
			return KindUnacceptable
		}
		if dialing {
			r.refused()
		}
		return KindRST
	case tx.flags.has(isnKnown) && s.Seq != tx.isn():
		return KindUnacceptable // no endpoint takes a second ISN within one connection
	}
	if tx.end != 0 && (s.Len > 0 || !tx.flags.has(isnKnown)) {
		r.p.repairOf(r.a, tx) // before the SYN moves the start, which was that of what was captured
	}
	if s.Flags.Has(wire.ACK) && r.rx.end != 0 && !r.rx.flags.has(isnKnown) {
		r.p.repairOf(r.b, r.rx)
	}
	kind, sent := KindSYN, sentSYN
	if s.Flags.Any(wire.ACK) {
		kind, sent = KindSYNACK, sentSYNACK
	}
	if r.a.mss == 0 {
		r.a.mss, r.a.wscale, r.a.synOptions, r.a.synWindow = s.MSS, s.WScale, s.Bits, s.Window
	}
	if s.Bits&wire.HasSACKPerm != 0 {
		r.a.flags |= bookSACK
	}
	if tx.flags.has(sent) {
		if kind = r.openAgain(); kind == KindRetransmission {
			r.compareOptions()
		}
	} else {
		kind = r.open(kind)
	}
	if r.a.repair != 0 && kind != KindCaptureDuplicate {
		rp := r.p.repairs.at(r.a.repair)
		if kind == KindSYN || kind == KindSYNACK {
			r.countRepeated(rp)
		}
		r.capture(rp)
	}
	return kind
}

// refused notes that the SYNs in flight came, and were not taken.
func (r *reader) refused() {
	for i := range int(r.b.flight.n) {
		if e := r.b.flight.at(&r.p.flights, i); e.flags&sentIsSYN != 0 {
			e.flags |= sentInVain
		}
	}
}

// comparedOptions are the options of a SYN that are the same each time, with most stacks.
const comparedOptions = wire.HasMSS | wire.HasWScale | wire.HasSACKPerm | wire.HasTimestamps

// compareOptions compares the options of a repeated SYN or SYN-ACK with those of the first.
func (r *reader) compareOptions() {
	s, a := r.s, r.a
	if (s.Bits|a.synOptions)&(wire.CutOptions|wire.BadOptions) != 0 || r.tx.flags&(sentSYN|sentSYNACK) == sentSYN|sentSYNACK {
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
		m := r.note(markSYNOptions, s.Dir)
		m.amount |= int64(changed)
	}
}

// open is a SYN or SYN-ACK of which no other was captured.
func (r *reader) open(kind Kind) Kind {
	r.push(sentIsSYN | r.damage())
	if r.echoesEarlier(kind) {
		r.v.cause = CauseTimeout
		r.resend(int(r.a.flight.n)-1, 0)
		return KindRetransmission
	}
	return kind
}

// damage is sentDamaged if the segment has a wrong checksum.
func (r *reader) damage() sentFlags {
	if r.s.Bits&wire.BadSum != 0 {
		return sentDamaged
	}
	return 0
}

// echoesEarlier reports whether a SYN, the first captured, was sent before: a SYN-ACK that was captured already echoes
// an earlier one's timestamp. If a SYN-ACK does so after the SYN, that one is amended.
func (r *reader) echoesEarlier(kind Kind) bool {
	if r.s.Bits&wire.HasTimestamps == 0 || !r.rx.flags.has(sentSYN|sentSYNACK) {
		return false
	}
	if kind == KindSYN {
		return r.rx.flags.has(sentSYNACK) && r.rx.packets > 0 && r.b.echo != 0 && int32(r.s.TSval-r.b.echo) > 0
	}
	r.a.echo = r.s.TSecr
	if r.b.syns == 1 && r.b.repair == 0 && r.rx.packets == 1 && r.c.firstDir != r.s.Dir && r.b.flags.has(bookStamps) &&
		r.s.TSecr != 0 && int32(r.s.TSecr-r.b.tsMax) < 0 {
		r.p.repairs.again(r.p.repairOf(r.b, r.rx), CauseTimeout)
		r.revise(Reading{Kind: KindRetransmission, Cause: CauseTimeout, Amends: r.c.firstFrame})
	}
	return false
}

// openAgain is a SYN or SYN-ACK that was sent before.
func (r *reader) openAgain() Kind {
	i := r.a.flight.find(&r.p.flights, r.pos, r.pos)
	var e *sent
	if i >= 0 {
		e = r.a.flight.at(&r.p.flights, i)
	}
	switch r.origin(e) {
	case samePacket:
		return r.doubled(r.p.repairOf(r.a, r.tx), e)
	case overtook:
		r.late(r.p.repairOf(r.a, r.tx), -1, nil)
		return KindOutOfOrder
	}
	r.v.cause = CauseTimeout
	if r.s.Flags.Any(wire.ACK) && r.answersSYN(e) {
		r.v.cause = CauseUnknown
		r.v.notes |= NoteAnswersSYN
	}
	if r.v.spurious = e == nil && r.rx.acked != 0; r.v.spurious && r.s.Flags.Any(wire.ACK) && (r.a.syns > 2 || r.tx.atTap()) && r.now-r.tx.last >= leastTimer {
		r.untaken()
	}
	r.resend(i, 0)
	return KindRetransmission
}

// answersSYN reports whether a SYN-ACK that was sent as e before, nil if that was acknowledged, is sent again because the SYN came again: as
// soon as it can, or sooner after the one before than a timer waits.
func (r *reader) answersSYN(e *sent) bool {
	if r.b.repair == 0 || r.p.repairs.at(r.b.repair).resends() == 0 {
		return false
	}
	if r.now-r.tx.last < minRTO {
		return true
	}
	soon := r.responseTime()
	if soon == 0 {
		soon = firstRTO / 2
	}
	return e != nil && r.rx.last > e.time && r.now-r.rx.last < soon
}
