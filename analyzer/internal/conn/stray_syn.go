package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// A capture may begin with a SYN that is of no connection: an old duplicate, or a forged one, into a connection that lives. Its
// receiver answers by an ACK of what it has (RFC 5961 4.2), as it does if the SYN is that of a peer which forgot the connection.
// Such a peer resets (RFC 9293 3.5.1). One that goes on with the connection, by numbers that are not behind the SYN, did not send that.
// So it is with a SYN-ACK, if its receiver has acknowledged what comes before it, or is beyond any window.

// firstACK looks at the first acknowledgment of a direction.
func (c *Conn) firstACK(p *FactPool, rx *Half, s *wire.Segment) {
	tx := &c.Half[s.Dir]
	if tx.Unheard(rx) {
		c.SettleSYN(p, s)
		if !tx.Flags.Has(ISNKnown) { // it was placed anew
			pos := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
			tx.Start, tx.End = min(tx.Start, pos), max(tx.End, pos+reassembly.Pos(s.Len))
		}
	}
	if ack := reassembly.Unwrap(rx.End, reassembly.Seq(s.Ack)); rx.Unheard(tx) && (ack < rx.Start || ack > rx.End) {
		c.Flags |= Disputed
	}
}

// Unheard reports whether h sent nothing but a SYN, which its peer, be it that it opens at the same time, did not acknowledge.
func (h *Half) Unheard(peer *Half) bool {
	return h.Flags&(SentSYN|SentACK|SentSYNACK) == SentSYN && !peer.Flags.Has(SentSYNACK) && (peer.Acked < h.Start || peer.Acked > h.End)
}

// WentOn reports whether the opener is known to have gone on behind its SYN, or nothing of it was captured.
func (c *Conn) WentOn(opener uint8) bool {
	h, peer := &c.Half[opener], &c.Half[1-opener]
	reset := c.Flags.Has(WasReset) && h.Flags.Has(SentRST) && int32(c.rare[opener].rstSeq-uint32(h.Start)) > 0
	return h.Packets == 0 || h.Flags.Has(SentACK) || peer.Flags.Has(SentSYNACK) && (peer.Acked > h.Start || reset)
}

// unheardAnswer reports whether h sent nothing but a SYN-ACK, which its peer did not acknowledge.
func (h *Half) unheardAnswer(peer *Half) bool {
	return h.Flags.Has(ISNKnown) && h.Flags&(SentSYN|SentACK|SentSYNACK|SentData|SentFIN) == SentSYNACK && peer.Acked < h.Start
}

// SettleSYN takes the SYN or SYN-ACK from c if s shows that its supposed sender goes on with another connection, which its peer has
// acknowledged: c is that.
func (c *Conn) SettleSYN(p *FactPool, s *wire.Segment) {
	tx, rx := &c.Half[s.Dir], &c.Half[1-s.Dir]
	switch {
	case !tx.Unheard(rx) && rx.Unheard(tx), rx.unheardAnswer(tx):
		return // it is not from who sent the SYN
	case tx.unheardAnswer(rx) && !s.Flags.Any(wire.SYN|wire.RST):
		if !s.Flags.Has(wire.ACK) || rx.Acked != 0 && !Near(s.Seq, uint32(rx.Acked)) || !rx.Spans(s.Ack) || s.Seq-tx.ISN() <= uint32(Farthest) {
			return
		}
	case s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.SYN|wire.ACK && rx.Acked != 0 && uint32(rx.Acked) == s.Seq+1 && tx.Unheard(rx):
		// its peer has acknowledged this one
	case s.Flags&(wire.SYN|wire.RST) == wire.SYN && s.Seq != tx.ISN():
		return // it may be neither's
	case !tx.Unheard(rx) || s.Flags.Any(wire.SYN|wire.RST):
		c.Flags &^= Disputed
		return
	case !s.Flags.Has(wire.ACK) || rx.Acked != 0 && !Near(s.Seq, uint32(rx.Acked)) || !rx.Spans(s.Ack):
		return
	case s.Seq-uint32(tx.Start) <= uint32(Farthest):
		return // what lies between may not have been captured
	}
	for f := range c.Facts.All(p) {
		if f.Dir() == s.Dir && f.Any(wire.SYN) {
			f.Bits |= FactForeign
		}
	}
	c.DisownSYN(s.Dir)
	if tx.Start, tx.End = rx.Acked, rx.Acked; rx.Acked == 0 { // it is beyond any window of the SYN
		tx.place(s.Seq)
	}
}

// DisownSYN has the SYN or SYN-ACK of a direction, which is not its own, say nothing of it any more. If its peer sent a SYN, that opened the
// connection.
func (c *Conn) DisownSYN(dir uint8) {
	tx := &c.Half[dir]
	if rx := &c.Half[1-dir]; tx.Flags.Has(SentSYNACK) && !rx.Flags.Has(SentSYNACK) {
		c.Seen &^= SawSYNACK
		if !rx.Flags.Has(SentSYN) {
			rx.Flags &^= ISNKnown
		}
	}
	tx.Flags &^= ISNKnown | SentSYN | SentSYNACK | SentFIN | HasWScale | CutSYN | FinOnSYN | finBlind | finFirst | finUnproved
	tx.zeek, tx.Wscale, tx.FIN, tx.Probe = zeekInactive, 0, 0, 0
	c.rare[dir].busyAtFIN = 0
	c.Flags &^= rolesKnown | Disputed
	if c.Half[1-dir].Flags.Has(SentSYN) {
		c.setRoles(1 - dir)
	} else {
		c.Seen &^= SawSYN
	}
}

// Dialed is the latest SYN of dir in front of the frame that is ahead of the first by so many, and how often it was sent until then.
func (c *Conn) Dialed(p *FactPool, dir uint8, ahead uint32) (syn Fact, times uint8) {
	for f := range c.Facts.All(p) {
		if f.Dir() == dir && IsSYN(f) && f.Ahead < ahead && !f.Bits.Has(FactCopy) {
			syn = *f
			times++
		}
	}
	return syn, times
}
