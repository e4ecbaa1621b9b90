package analyzer

// sideOf is what the analyzer knows of the endpoint that sent h.
func (h *half) sideOf(peer *half, now Time) side {
	busySince, landed := h.busyAtFIN, Time(0)
	if !h.flags.has(sentFIN) {
		busySince, landed = h.busy(peer, now)
	}
	return side{
		unacked: h.unacked(peer),
		isn:     h.isn(), knowsISN: h.flags.has(isnKnown),
		fin: uint32(h.fin), knowsFIN: h.flags.has(sentFIN),
		unseen: h.packets == 0, unplaced: h.end == 0, distance: h.distance, last: h.last, busySince: busySince, landed: landed,
		firstFIN: -1, goodSum: h.flags.has(goodSum), spoke: h.flags.has(spoke),
		finBlind: h.flags.has(finBlind), finFirst: h.flags.has(finFirst), atTap: h.atTap(), unnumbered: h.flags.has(noIPIDs),
	}
}

// unacked is how much of the payload that h sent its peer has not acknowledged, as far as it is seen to acknowledge.
func (h *half) unacked(peer *half) uint64 {
	end := h.end
	if h.flags.has(sentFIN) && h.fin+1 == end {
		end--
	}
	if peer.acked == 0 || !h.flags.has(sentData) || end <= peer.acked {
		return 0
	}
	return uint64(end - peer.acked)
}

// side is what is known of one endpoint apart from its facts.
type side struct {
	isn, fin           uint32 // sequence numbers of its SYN and FIN
	knowsISN, knowsFIN bool
	unseen             bool   // none of its segments was captured
	unplaced           bool   // nothing tells its numbers: isn means nothing
	distance           Time   // between the tap and it, there and back
	last               Time   // when it last sent anything but an RST
	busySince          Time   // since when its first FIN may have waited, or waits, for its turn; 0: it did not; longAgo
	landed             Time   // when nothing was in flight any more, which it may not have heard; 0: it is, or it has
	firstFIN           int    // index of its first FIN in facts, -1
	goodSum            bool   // it computes checksums
	spoke              bool   // it sent a SYN, or a segment with ACK that is no RST
	unacked            uint64 // payload sent, and not acknowledged by anything captured
	finBlind, finFirst bool   // what its first FIN does not prove (conv.go)
	atTap              bool   // what passes it has
	unnumbered         bool   // it does not number its IPv4 datagrams
	holed              bool   // some of what it sent was neither captured nor acknowledged, although what follows was captured
	challenged         bool   // it answered what it did not accept by a challenge ACK
}

// margin is how much later than a segment towards the endpoint its own segment must
// pass the tap to have been sent after hearing of that. Anything sooner crossed it.
func (d *side) margin() Time { return d.distance + d.distance/10 }

// sentSince is the earliest that the endpoint can have sent what passed the tap at t; 0: not known.
func (d *side) sentSince(t Time) Time {
	if d.distance == 0 || t <= longAgo {
		return 0
	}
	return t - d.distance
}
