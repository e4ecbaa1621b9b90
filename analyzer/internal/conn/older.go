package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// An endpoint in SYN_SENT takes nothing without a SYN, and resets what acknowledges anything but that (RFC 9293 3.10.7.3). What its peer sent
// until then was of an older connection on the same sockets.

// ShowsOlder reports whether s shows that all that was sent so far in direction dir, and nothing else of this connection, was of an older one:
// it is the RST by which SYN_SENT answers that, the SYN that comes again behind such an RST, or the SYN-ACK for SYN_SENT, which that does not lie behind, or
// farther than what a server sends at once.
func (c *Conn) ShowsOlder(s *wire.Segment) (dir uint8, ok bool) {
	tx, rx := &c.Half[s.Dir&1], &c.Half[1-s.Dir&1]
	switch s.Flags & (wire.SYN | wire.RST | wire.ACK) {
	case wire.RST:
		return 1 - s.Dir&1, tx.dialsInto(rx) && s.Seq-tx.ISN()-1 > uint32(Slack)
	case wire.SYN:
		return 1 - s.Dir&1, tx.Flags.Has(SentRST) && tx.dialsInto(rx) && s.Seq == tx.ISN()
	case wire.SYN | wire.ACK:
		behind := tx.Start - reassembly.Unwrap(tx.Start, reassembly.Seq(s.Seq+1))
		return s.Dir & 1, rx.dialsInto(tx) && s.Ack-rx.ISN()-1 <= uint32(rx.End-rx.Start) && (behind < 0 || behind > Slack)
	}
	return 0, false
}

// dialsInto reports whether h is in SYN_SENT, be it with data (RFC 7413), and its peer sent something, but no SYN.
func (h *Half) dialsInto(peer *Half) bool {
	return h.Flags&(SentSYN|SentSYNACK|SentACK|SentFIN) == SentSYN && peer.End != 0 && !peer.Flags.Has(ISNKnown)
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
