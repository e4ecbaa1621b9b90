package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// An endpoint in SYN_SENT takes nothing without a SYN, and resets what acknowledges anything but that (RFC 9293 3.10.7.3). What its peer sent
// until then was of an older connection on the same sockets.

// ShowsOlder reports whether s shows that all that was sent so far in direction dir, and nothing else of this connection, was of an older one:
// it is the RST by which SYN_SENT answers that, the SYN that comes again behind such an RST, or the SYN-ACK for SYN_SENT, which that does not lie behind, or
// farther than what a server sends at once, or which acknowledges the SYN where that acknowledged something else.
func (c *Conn) ShowsOlder(s *wire.Segment) (dir uint8, ok bool) {
	tx, rx := &c.Half[s.Dir&1], &c.Half[1-s.Dir&1]
	switch s.Flags & (wire.SYN | wire.RST | wire.ACK) {
	case wire.RST:
		return 1 - s.Dir&1, tx.dialsInto(rx) && s.Seq-tx.ISN()-1 > uint32(Slack)
	case wire.SYN:
		return 1 - s.Dir&1, tx.Flags.Has(SentRST) && tx.dialsInto(rx) && s.Seq == tx.ISN()
	case wire.SYN | wire.ACK:
		behind := tx.Start - reassembly.Unwrap(tx.Start, reassembly.Seq(s.Seq+1))
		return s.Dir & 1, rx.dialsInto(tx) && s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start) && (behind < 0 || behind > Slack || tx.misses(rx))
	}
	return 0, false
}

// dialsInto reports whether h is in SYN_SENT, be it with data (RFC 7413), and its peer sent something, but no SYN.
func (h *Half) dialsInto(peer *Half) bool {
	return h.Flags&(SentSYN|SentSYNACK|SentACK|SentFIN) == SentSYN && peer.End != 0 && !peer.Flags.Has(ISNKnown)
}

// misses reports whether all that h sent is of another connection than its peer began: that has sent nothing but SYN, which is not what h
// acknowledges.
func (h *Half) misses(peer *Half) bool {
	return peer.Dialing(h) && !h.Flags.Has(ISNKnown) && h.Flags.Has(SentACK|SentFIN) && (h.Acked < peer.Start || h.Acked > peer.Start+Slack)
}

// Hearsay reports whether s is a SYN-ACK that shows that its peer, which sent a SYN, did not send the SYN-ACK in its name: that acknowledges another
// ISN than the sender of s has, of whom nothing was captured. Who opens at the same time answers a SYN that has this one.
func (c *Conn) Hearsay(s *wire.Segment) bool {
	tx, rx := &c.Half[s.Dir&1], &c.Half[1-s.Dir&1]
	const sent = SentSYN | SentSYNACK
	return s.Flags&(wire.SYN|wire.RST|wire.ACK) == wire.SYN|wire.ACK && rx.Flags&Spoke == sent && tx.Flags&(Spoke|ISNKnown) == ISNKnown &&
		s.Seq != tx.ISN() && s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start)
}

// DisownAnswer takes the SYN-ACK, which is hearsay, from who sent a SYN in direction dir. It calls revise for each copy of it.
func (c *Conn) DisownAnswer(p *FactPool, dir uint8, revise func(*Fact)) {
	for f := range c.Facts.All(p) {
		if f.Dir() == dir && IsSYNACK(f) {
			f.Bits |= FactForeign
			revise(f)
		}
	}
	tx, rx := &c.Half[dir], &c.Half[1-dir]
	tx.Flags &^= SentSYNACK
	tx.Acked, tx.RightWin = 0, 0
	rx.Start, rx.End = 0, 0
	rx.Flags &^= ISNKnown | flying
	c.Seen &^= SawSYNACK
	c.Flags |= Watching
	p.News++
}

// Forget has a direction begin with what it sends next.
func (c *Conn) Forget(p *FactPool, dir uint8) {
	for f := range c.Facts.All(p) {
		if f.Dir() == dir && IsFIN(f) {
			f.Bits |= FactForeign
		}
	}
	h := &c.Half[dir]
	h.Start, h.End, h.Acked, h.RightWin = 0, 0, 0, 0
	c.rare[dir].busyAtFIN = 0
	h.Flags &^= SentACK | SentData | SentFIN | finBlind | finFirst | finUnproved | flying
	if h.zeek == zeekClosed {
		h.zeek = zeekEstablished
	}
	c.Flags |= Watching
	p.News++
}
