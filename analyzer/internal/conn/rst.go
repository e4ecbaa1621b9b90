package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// rst reports whether the receiver of the RST would take it.
func (c *Conn) rst(tx, rx *Half, s *wire.Segment) bool {
	c.Seen |= SawRST
	tx.Flags |= SentRST
	dialing, accepted := c.TakesRST(tx, rx, s)
	if accepted {
		c.Flags |= WasReset | Ended
		c.Half[0].Flags &^= wentOn
		if dialing {
			c.Flags |= WasRefused
		}
	}
	return accepted
}

// IsReset reports whether an RST ended the connection, so far: one that was acceptable, and no endpoint went on as if it had not sent it.
func (c *Conn) IsReset() bool { return c.Flags.Has(WasReset) && !c.Half[0].Flags.Has(wentOn) }

// OnlySeemedReset reports whether all that spoke for a close so far is an RST that was not its endpoints'.
func (c *Conn) OnlySeemedReset() bool {
	return c.Flags.Has(WasReset) && !c.IsReset() && !(c.Half[0].Flags | c.Half[1].Flags).Has(SentFIN)
}

// Dialing reports whether h is in SYN_SENT, as far as the tap saw.
func (h *Half) Dialing(peer *Half) bool {
	return h.Flags&(SentSYN|SentACK|SentSYNACK) == SentSYN && peer.Flags&(SentSYN|SentSYNACK) == 0
}

// TakesRST reports whether the receiver of an RST is dialing, and whether it takes it.
func (c *Conn) TakesRST(tx, rx *Half, s *wire.Segment) (dialing, accepted bool) {
	// SYN_SENT takes an RST only if it acknowledges the SYN (RFC 9293 3.10.7.3). A SYN-ACK that passed may not
	// have reached it.
	ack := reassembly.Unwrap(rx.End, reassembly.Seq(s.Ack))
	acks := s.Flags.Has(wire.ACK) && ack >= rx.Start && ack <= rx.End
	switch {
	case rx.Dialing(tx):
		return true, acks
	case rx.Flags&(SentSYN|SentACK|SentSYNACK|SentFIN) == SentSYN:
		return false, acks || tx.acceptsRST(rx, s)
	}
	return false, tx.acceptsRST(rx, s)
}

// acceptsRST reports whether the receiver of an RST from tx would take it: RFC 5961
// 3.2 wants exactly RCV.NXT. The tap knows that only as lying between what the
// receiver last acknowledged and the end of what was sent to it.
func (tx *Half) acceptsRST(rx *Half, s *wire.Segment) bool {
	if tx.End == 0 {
		return true
	}
	pos := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
	if rx.Acked == 0 {
		return pos >= tx.Start && pos <= tx.End || pos == tx.End+1 && s.Flags.Has(wire.ACK) && tx.OnlyAsked(rx)
	}
	return pos >= min(rx.Acked, tx.End) && pos <= max(rx.Acked, tx.End) || tx.skips(rx, s, pos)
}

// OnlyAsked reports whether all that h sent may have been keep-alives, one below what it sends next (RFC 9293 3.8.4): ACKs without data that
// have one number, while nothing came back.
func (h *Half) OnlyAsked(peer *Half) bool {
	return peer.Packets == 0 && h.Start == h.End && h.Flags&(SentACK|SentSYN|SentSYNACK|SentData|SentFIN) == SentACK
}

// skips reports whether the RST in s lies a little beyond all that was captured, and so does what it acknowledges: the capture lacks what both
// sent before. Who guesses the one number does not know the other.
func (tx *Half) skips(rx *Half, s *wire.Segment, pos reassembly.Pos) bool {
	beyond := reassembly.Unwrap(rx.End, reassembly.Seq(s.Ack)) - rx.End
	return s.Flags.Has(wire.ACK) && pos > tx.End && pos <= tx.End+Slack && beyond > 0 && beyond <= Slack
}

// tooSoon reports whether an RST without ACK, in the name of tx, comes sooner than it can be its answer. If the capture lacks segments,
// what was taken for the way may have been the time that an application took.
func (c *Conn) tooSoon(p *FactPool, tx, rx *Half, now Time) bool {
	return tx.tooSoon(rx, now) && !c.lacks(p, 0) && !c.lacks(p, 1)
}

// tooSoon reports whether an RST without ACK, in the name of h, comes sooner than it can be its answer: less than a quarter of the
// way there and back after its peer sent, out of a silence in which nothing else can have been on its way. A few samples do not show the
// shortest way, but none becomes so much shorter; of an endpoint that is near, queues say more than the way. One that has closed may just
// have gone.
func (h *Half) tooSoon(peer *Half, now Time) bool {
	if h.Flags.Has(SentFIN) || h.Distance < CaptureSkew || now-h.Last <= h.Distance+peer.Distance+longestDelay {
		return false
	}
	since := peer.Last // of a keep-alive
	if peer.Flags.Has(flying) {
		since = peer.ProbeTime
		if peer.deaf > 0 || peer.Probe == 0 {
			return false // it was sent again
		}
	} else if peer.deaf == 0 {
		return false
	}
	return now-since < h.Distance/4
}

// prompted reports whether the capture shows what an RST without ACK, in the name of h, may be its answer to. A device on the path can
// send one, too, which only the time tells.
func (h *Half) prompted(peer *Half, now Time) bool {
	since := now - peer.Last
	return h.Distance > 0 && peer.Last >= h.Last && since <= max(2*h.Distance, RoundTrip) && (h.Distance < CaptureSkew || since >= h.Distance/4)
}

// longestDelay is how long an ACK is delayed at most (RFC 9293 3.8.6.3).
const longestDelay Time = 500e6
