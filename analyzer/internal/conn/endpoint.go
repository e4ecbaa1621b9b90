package conn

import "tcptrace/reassembly"

// SideOf is what the analyzer knows of the endpoint that sends in a direction.
func (c *Conn) SideOf(dir uint8, now Time) Endpoint {
	h, peer := &c.Half[dir], &c.Half[1-dir]
	busySince, landed := c.rare[dir].busyAtFIN, Time(0)
	if !h.Flags.Has(SentFIN) {
		busySince, landed = h.busy(peer, now)
	}
	end, rightWin := reassembly.Pos(0), reassembly.Pos(0)
	if h.Flags.Has(SentACK) {
		end = h.End
	}
	if KnowsScale(h, peer) {
		rightWin = h.RightWin
	}
	return Endpoint{
		Unacked: h.unacked(peer), End: end,
		ISN: h.ISN(), KnowsISN: h.Flags.Has(ISNKnown),
		FIN: uint32(h.FIN), KnowsFIN: h.Flags.Has(SentFIN),
		Unseen: h.Packets == 0, Unplaced: h.End == 0, Distance: h.Distance, Last: h.Last, BusySince: busySince, Landed: landed,
		FirstFIN: -1, GoodSum: h.Flags.Has(GoodSum), GoodHeader: h.Flags.Has(goodHeader), Spoke: h.Flags.Has(Spoke), SentData: h.Flags.Has(SentData),
		FinBlind: h.Flags.Has(finBlind), FinFirst: h.Flags.Has(finFirst), FinUnproved: h.Flags.Has(finUnproved) && peer.Acked <= h.FIN,
		EndBlind: peer.Acked != 0 && peer.Acked >= h.End && !c.showsOctetBefore(dir, uint32(peer.Acked)),
		Acked:    h.Acked, RightWin: rightWin, AtTap: h.AtTap(), NotLinux: h.Flags.Has(notLinux),
	}
}

// unacked is how much of the payload that h sent its peer has not acknowledged, as far as it is seen to acknowledge.
func (h *Half) unacked(peer *Half) uint64 {
	end := h.End
	if h.Flags.Has(SentFIN) && h.FIN+1 == end {
		end--
	}
	if peer.Acked == 0 || !h.Flags.Has(SentData) || end <= peer.Acked {
		return 0
	}
	return uint64(end - peer.Acked)
}

// Endpoint is what is known of one endpoint apart from its facts.
type Endpoint struct {
	ISN, FIN           uint32 // sequence numbers of its SYN and FIN
	KnowsISN, KnowsFIN bool
	Unseen             bool           // none of its segments was captured
	Unplaced           bool           // nothing tells its numbers: isn means nothing
	Distance           Time           // between the tap and it, there and back
	Last               Time           // when it last sent anything but an RST
	BusySince          Time           // since when its first FIN may have waited, or waits, for its turn; 0: it did not; LongAgo
	Landed             Time           // when nothing was in flight any more, which it may not have heard; 0: it is, or it has
	FirstFIN           int            // index of its first FIN in facts, -1
	GoodSum            bool           // it computes checksums
	GoodHeader         bool           // likewise, those of IPv4 headers
	Spoke              bool           // it sent a SYN, or a segment with ACK that is no RST
	SentData           bool           // it sent payload
	End                reassembly.Pos // behind all that was captured of it; 0: it said nothing but SYN
	Unacked            uint64         // payload sent, and not acknowledged by anything captured
	FinBlind, FinFirst bool           // what its first FIN does not prove (Conn.go)
	FinUnproved        bool           // its FIN lies ahead of octets that were not captured, or has a wrong header checksum; nothing shows that it sent that
	Acked              reassembly.Pos // the most that it acknowledged; 0: nothing
	RightWin           reassembly.Pos // behind the most that it offered to take; 0: not known
	EndBlind           bool           // the last octet that its peer acknowledged was not captured, and may be a FIN (showsOctetBefore)
	AtTap              bool           // what passes it has
	NotLinux           bool           // its segments are not what Linux sends
	Holed              bool           // some of what it sent was neither captured nor acknowledged, although what follows was captured
	Challenged         bool           // it answered what it did not accept by a challenge ACK
}

// Margin is how much later than a segment towards the endpoint its own segment must
// pass the tap to have been sent after hearing of that. Anything sooner crossed it.
func (d *Endpoint) Margin() Time { return margin(d.Distance) }

// margin is Endpoint.Margin of the half while it is tracked.
func (h *Half) margin() Time { return margin(h.Distance) }

// margin is a distance and a tenth more: round trips vary.
func margin(distance Time) Time { return distance + distance/10 }

// SentSince is the earliest that the endpoint can have sent what passed the tap at t; 0: not known.
func (d *Endpoint) SentSince(t Time) Time {
	if d.Distance == 0 || t <= LongAgo {
		return 0
	}
	return t - d.Distance
}
