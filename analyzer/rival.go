package analyzer

import (
	"slices"

	"tcptrace/internal/wire"
)

// A SYN may be answered by several SYN-ACKs with different ISNs: of servers that share an address, or of one that has forgotten the first.
// The first counts, until the client acknowledges another. All that was said by the first is then taken back.

// rival keeps the SYN-ACK s if it differs from the one before in its ISN, and the client has acknowledged neither. Where
// data came with them, before any ACK, they are left as they are.
func (t *Tracker) rival(slot uint32, s *wire.Segment) {
	c := t.slab.at(slot)
	tx, rx := &c.half[s.Dir], &c.half[1-s.Dir]
	if s.Flags&(wire.SYN|wire.ACK|wire.FIN) != wire.SYN|wire.ACK || s.Len > 0 || s.Seq == tx.isn() || rx.acked != 0 {
		return
	}
	if tx.flags&(sentSYN|sentSYNACK|isnKnown|sentData|sentFIN) != sentSYNACK|isnKnown {
		return
	}
	if len(t.rivals[slot]) == maxHeld {
		t.unheld++
		return
	}
	t.rivals[slot] = append(t.rivals[slot], *s)
	c.flags |= disputed
}

// chooseISN settles which of several SYN-ACKs the client took, if s is its first acknowledgment. An RST may answer what was not taken.
func (t *Tracker) chooseISN(slot uint32, s *wire.Segment) {
	c, rivals := t.slab.at(slot), t.rivals[slot]
	client, server := &c.half[s.Dir], &c.half[1-s.Dir]
	if s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.ACK || s.Dir == rivals[0].Dir || s.Bits&wire.BadSum != 0 || !client.spans(s.Seq) {
		return
	}
	delete(t.rivals, slot)
	c.flags &^= disputed
	if s.Ack-1 == server.isn() || server.flags.has(sentData|sentFIN) {
		return
	}
	rivals = slices.DeleteFunc(rivals, func(a wire.Segment) bool { return a.Seq != s.Ack-1 || !isFact(c, &t.facts, &a) })
	if len(rivals) == 0 {
		return // it took none of them
	}
	for f := range c.facts.all(&t.facts) {
		if f.dir() == s.Dir || !f.has(wire.SYN|wire.ACK) {
			continue
		}
		f.bits &^= factForeign
		if f.seq != s.Ack-1 {
			f.bits |= factForeign
			if c.flags.has(isRead) {
				r := newReader(&t.pools, c, t.ledgers.at(slot), s)
				t.reviseTo(&r, Reading{Kind: KindUnacceptable, Amends: c.firstFrame + uint64(f.ahead)})
			}
		}
	}
	t.facts.news++
	client.flags &^= provoked
	t.beginAnew(slot, s, rivals)
}

// counts reports whether the SYN-ACK s is among the facts: its checksum may have been wrong.
func isFact(c *conv, p *factPool, s *wire.Segment) bool {
	return c.facts.find(p, func(f *fact) bool {
		return f.dir() == s.Dir && f.has(wire.SYN|wire.ACK) && f.seq == s.Seq && f.ahead == c.ahead(s)
	}) != nil
}

// beginAnew has the server's half and book begin with the SYN-ACKs that the client took, which s shows.
func (t *Tracker) beginAnew(slot uint32, s *wire.Segment, synacks []wire.Segment) {
	c := t.slab.at(slot)
	dir := synacks[0].Dir
	tx, rx, last := &c.half[dir], &c.half[1-dir], c.half[dir].last
	tx.flags &^= isnKnown | sentSYNACK | hasWScale | cutSYN | finOnSYN
	tx.start, tx.end, tx.acked, tx.rightWin, tx.wscale, tx.last = 0, 0, 0, 0, 0, 0
	if c.flags.has(isRead) {
		t.pools.resetBook(&t.ledgers.at(slot).book[dir])
	}
	for i := range synacks {
		a := &synacks[i]
		if c.flags.has(isRead) {
			r := newReader(&t.pools, c, t.ledgers.at(slot), a)
			r.place()
			r.v.kind = r.opening()
			r.readACK()
			r.a.stamps(a)
			by := newReader(&t.pools, c, t.ledgers.at(slot), s)
			t.reviseTo(&by, Reading{Kind: r.v.kind, Cause: r.v.cause, Spurious: r.v.spurious, Notes: r.v.notes, Amends: a.Frame})
		}
		c.syn(tx, rx, a)
		tx.acknowledge(rx, a)
		tx.last = Time(a.Time)
	}
	tx.last = last
	tx.probe, tx.probeTime = 0, 0
	if len(synacks) == 1 {
		tx.probe, tx.probeTime = tx.end, Time(synacks[0].Time)
	}
}
