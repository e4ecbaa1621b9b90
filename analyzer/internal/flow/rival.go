package flow

import (
	"slices"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/reuse"
	"tcptrace/analyzer/internal/segment"
	"tcptrace/internal/wire"
)

// A SYN may be answered by several SYN-ACKs with different ISNs: of servers that share an address, or of one that has forgotten the first.
// The first counts, until the client acknowledges another. All that was said by the first is then taken back. So it is with the SYN of who
// opens at the same time as its peer, and answers that by a SYN-ACK with another ISN.

// rival keeps the SYN-ACK s if it differs from the SYN or SYN-ACK before in its ISN, and the peer has acknowledged neither.
func (t *Tracker) rival(slot uint32, s *wire.Segment) {
	c := t.Slab.At(slot)
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if s.Flags&(wire.SYN|wire.ACK|wire.FIN) != wire.SYN|wire.ACK || s.Seq == tx.ISN() || rx.Acked != 0 {
		return
	}
	answers := tx.Flags&(conn.SentSYN|conn.SentSYNACK|conn.ISNKnown|conn.SentFIN) == conn.SentSYNACK|conn.ISNKnown
	if crosses := tx.Unheard(rx) && rx.Flags.Has(conn.SentSYN); !answers && !crosses {
		return
	}
	if len(t.rivals[slot]) == reuse.MaxHeld {
		t.unheld++
		return
	}
	t.rivals[slot] = append(t.rivals[slot], *s)
	c.Flags |= conn.Disputed
}

// chooseISN settles which of several SYN-ACKs the peer took, if s is its first acknowledgment. An RST may answer what was not taken.
func (t *Tracker) chooseISN(slot uint32, s *wire.Segment) {
	c, rivals := t.Slab.At(slot), t.rivals[slot]
	client, server := &c.Half[s.Dir], &c.Half[1-s.Dir]
	if s.Flags&(wire.RST|wire.ACK) != wire.ACK || s.Dir == rivals[0].Dir || s.Bits&wire.BadSum != 0 || !client.Spans(s.Seq) {
		return
	}
	delete(t.rivals, slot)
	c.Flags &^= conn.Disputed
	if s.Ack-server.ISN()-1 <= uint32(server.End-server.Start) || server.Flags.Has(conn.SentFIN) || !t.sentOnlySYNs(c, 1-s.Dir) {
		return
	}
	taken := slices.IndexFunc(rivals, func(a wire.Segment) bool { return s.Ack-a.Seq-1 <= a.Len && isFact(c, &t.Facts, &a) })
	if taken < 0 {
		return // it took none of them
	}
	isn, rtt := rivals[taken].Seq, time.Duration(0)
	if _, tries := c.Dialed(&t.Facts, s.Dir, c.Ahead(&rivals[taken])); tries == 1 {
		rtt = reading.NoRTT
	}
	rivals = slices.DeleteFunc(rivals[taken:], func(a wire.Segment) bool { return a.Seq != isn || !isFact(c, &t.Facts, &a) })
	for f := range c.Facts.All(&t.Facts) {
		if f.Dir() == s.Dir || !f.Any(wire.SYN) || conn.IsRST(f) {
			continue
		}
		f.Bits &^= conn.FactForeign
		if f.Seq != isn {
			f.Bits |= conn.FactForeign
			if c.Flags.Has(conn.IsRead) {
				t.reviseTo(c, s, reading.Reading{Kind: reading.KindUnacceptable, RTT: rtt, Amends: c.FirstFrame + uint64(f.Ahead)})
			}
		}
	}
	t.Facts.News++
	client.Flags &^= conn.Provoked
	t.beginAnew(slot, s, rivals)
}

// sentOnlySYNs reports whether all payload of a direction came with its SYNs.
func (t *Tracker) sentOnlySYNs(c *conn.Conn, dir uint8) bool {
	payload := c.Half[dir].Payload
	for f := range c.Facts.All(&t.Facts) {
		if f.Dir() == dir && f.Any(wire.SYN) && !conn.IsRST(f) {
			payload -= uint64(f.Len)
		}
	}
	return payload == 0
}

// isFact reports whether the SYN-ACK s is among the facts: its checksum may have been wrong.
func isFact(c *conn.Conn, p *conn.FactPool, s *wire.Segment) bool {
	return c.Facts.Find(p, func(f *conn.Fact) bool {
		return f.Dir() == s.Dir && f.Has(wire.SYN|wire.ACK) && f.Seq == s.Seq && f.Ahead == c.Ahead(s)
	}) != nil
}

// beginAnew has a half and its statistics begin with the SYN-ACKs that its peer took, which s shows.
func (t *Tracker) beginAnew(slot uint32, s *wire.Segment, synacks []wire.Segment) {
	c := t.Slab.At(slot)
	dir := synacks[0].Dir
	tx, rx, last := &c.Half[dir], &c.Half[1-dir], c.Half[dir].Last
	if tx.Flags.Has(conn.SentSYN) {
		c.DisownSYN(dir)
	}
	tx.Flags &^= conn.ISNKnown | conn.SentSYNACK | conn.SentData | conn.HasWScale | conn.CutSYN | conn.FinOnSYN
	tx.Start, tx.End, tx.Acked, tx.RightWin, tx.Wscale, tx.Last = 0, 0, 0, 0, 0, 0
	syn, tries := c.Dialed(&t.Facts, 1-dir, c.Ahead(&synacks[0]))
	if tx.Distance = 0; tries == 1 {
		tx.Distance = max(conn.Time(synacks[0].Time)-syn.Time, 1)
	}
	if c.Flags.Has(conn.IsRead) {
		l := t.stats.At(slot)
		t.Pools.ResetStats(&l.Of[dir], tx.Payload)
		if tries == 1 { // else what came before the SYN was sent again was lost, and an answer all the same
			t.AwaitAnew(&l.Of[1-dir], &syn)
		}
	}
	for i := range synacks {
		a := &synacks[i]
		if c.Flags.Has(conn.IsRead) {
			var r segment.Reader
			r.Begin(&t.Pools, c, t.stats.At(slot), a)
			r.Place()
			r.V.Kind = r.OpenAnew()
			r.ReadACK()
			r.A.Stamps(a)
			t.reviseTo(c, s, reading.Reading{Kind: r.V.Kind, Cause: r.V.Cause, Spurious: r.V.Spurious, Notes: r.V.Notes, RTT: r.V.RTT, Amends: a.Frame})
		}
		c.Syn(tx, rx, a)
		if a.Len > 0 {
			tx.Flags |= conn.SentData
		}
		tx.Acknowledge(rx, a)
		tx.Last = conn.Time(a.Time)
	}
	tx.Last = last
	tx.Probe, tx.ProbeTime = 0, 0
	if len(synacks) == 1 {
		tx.Probe, tx.ProbeTime = tx.End, conn.Time(synacks[0].Time)
	}
}
