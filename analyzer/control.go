package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// control handles the segments that open and end connections. It keeps each as a fact.
func (c *conv) control(p *factPool, tx, rx *half, s *wire.Segment) {
	before := tx.end
	var bits factBits
	if s.Bits&wire.GoodSum != 0 {
		tx.flags |= goodSum
	}
	c.zeekControl(tx, rx, s)
	if s.Flags&(wire.SYN|wire.ACK) == wire.ACK {
		c.seen |= ackOrData(s)
	}
	switch {
	case s.Flags.Any(wire.RST):
		// If what came before was not heard, the RST was not either, but at its receiver's own tap.
		first := !c.flags.has(reset)
		ok := c.rst(tx, rx, s)
		if s.Bits&wire.HasText != 0 {
			c.markText(&p.marks, s, first && ok)
		}
		switch {
		case !ok:
			bits = factOutside
			c.provoke(rx)
		case tx.deaf < 2 || rx.atTap():
			bits = factAccepted
		}
		if pos := reassembly.Unwrap(before, reassembly.Seq(s.Seq)); tx.packets > 1 && pos >= tx.start && pos <= before && (s.Flags.Has(wire.ACK) || !tx.flags.has(sentACK) || tx.prompted(rx, Time(s.Time))) {
			bits |= factOwnNumber
		}
		if s.Flags&wire.ACK == 0 && c.tooSoon(p, tx, rx, Time(s.Time)) {
			bits |= factTooSoon | factForeign
		}
		c.noteControl(p, s, bits) // neither its ACK nor its window says anything (RFC 9293 3.10.7.4)
		return
	case s.Flags.Any(wire.SYN):
		old := s.Flags&(wire.SYN|wire.ACK) == wire.SYN && tx.flags.has(isnKnown) && tx.flags.has(sentACK) ||
			!tx.flags.has(isnKnown) && (tx.flags.has(sentFIN) || tx.flags.has(sentACK) && tx.flags.has(sentRST))
		switch {
		case !c.syn(tx, rx, s):
			bits = factForeign
			c.provoke(rx)
		case old:
			bits = factForeign // the network held it back
		}
	case !s.Flags.Has(wire.ACK), !c.takesFIN(tx, s):
		// Nobody takes a FIN without ACK (RFC 9293 3.10.7.4), and who sent it did not send the one that is out of place.
		c.noteControl(p, s, factForeign)
		return
	default:
		tx.place(s.Seq)
	}
	if acked := tx.acked; s.Flags.Has(wire.ACK) {
		tx.acknowledge(rx, s)
		if tx.acked > rx.end {
			c.unseen(&p.marks, tx, rx, s, acked)
		}
	}
	if s.Len > 0 {
		tx.flags |= sentData
	}
	fin := s.Flags&(wire.SYN|wire.FIN) == wire.FIN // with a SYN nobody knows what becomes of it
	if fin {
		c.markFIN(&p.marks, tx, rx, s)
		if c.copiesFIN(p, tx, s) {
			bits |= factCopy
		}
		c.finSent(tx, s)
		rx.flags &^= unaware
	}
	if bits&factForeign == 0 {
		tx.last = Time(s.Time)
	}
	was := tx.flags
	tx.measure(rx, s, tx.end > before)
	if fin && tx.end > before {
		tx.busyAtFIN = c.waited(p, tx, rx, s, was)
		pause := Time(s.Time) - tx.idleSince
		unbroken := was.has(flying) || tx.idleSince == 0 || pause <= tx.distance+tx.distance/10+breakTime
		if fin := c.firstFIN(p, 1-s.Dir); s.Len > 0 && rx.flags.has(sentFIN) && tx.busySince <= fin && tx.idleSince != fin && unbroken {
			bits |= factBusy
		}
	}
	c.noteControl(p, s, bits)
}

// copiesFIN reports whether s is the latest FIN of its sender once more: a copy that the network made. Who sends it again numbers it anew,
// and dates it.
func (c *conv) copiesFIN(p *factPool, tx *half, s *wire.Segment) bool {
	return tx.flags.has(sentFIN) && s.IPID != 0 && s.IPID == tx.finID && c.facts.find(p, func(f *fact) bool {
		return f.dir() == s.Dir && isFIN(f) && f.seq == s.Seq && f.ack == s.Ack && f.tsval == s.TSval
	}) != nil
}

// waited is since when the FIN in s may have waited for its turn (half.waited).
func (c *conv) waited(p *factPool, tx, rx *half, s *wire.Segment, was halfFlags) Time {
	if now := Time(s.Time); rx.flags.has(sentFIN) && !tx.atTap() && now-tx.idleSince >= minRTO {
		// The first copy may have been lost before the tap. What was in flight when the peer's FIN came
		// may have held up that.
		answer := c.facts.find(p, func(f *fact) bool { return f.dir() == s.Dir && f.covers(uint32(rx.fin)) })
		if answer != nil && answer.time <= tx.idleSince {
			return c.firstFIN(p, 1-s.Dir)
		}
	}
	return tx.waited(Time(s.Time), s.Len > 0, was)
}

// firstFIN is when the first FIN of a direction passed.
func (c *conv) firstFIN(p *factPool, dir uint8) Time {
	if f := c.facts.find(p, func(f *fact) bool { return f.dir() == dir && isFIN(f) }); f != nil {
		return f.time
	}
	return 0
}

// showsOctetBefore reports whether the octet before seq was captured as data or a SYN of a direction. If it was
// not it may be its FIN, and who acknowledges it has received that.
func (c *conv) showsOctetBefore(dir uint8, seq uint32) bool {
	h := &c.half[dir]
	if h.flags.has(isnKnown) && seq == h.isn()+1 {
		return true
	}
	pos := reassembly.Unwrap(h.end, reassembly.Seq(seq))
	from := h.start
	if c.run[dir] != 0 {
		from = reassembly.Unwrap(h.end, reassembly.Seq(c.run[dir]))
	}
	return h.flags.has(sentData) && pos > from && pos <= h.end
}

func (c *conv) noteControl(p *factPool, s *wire.Segment, bits factBits) {
	c.flags |= watching
	if f := c.note(p, s); f != nil {
		f.bits |= bits
	}
}

// syn reports whether the SYN belongs to the connection.
func (c *conv) syn(tx, rx *half, s *wire.Segment) bool {
	if tx.flags.has(isnKnown) && s.Seq != tx.isn() || !tx.flags.has(isnKnown) && c.contradicts(tx, s) {
		return false // no endpoint takes a second ISN within one connection
	}
	anew := s.Flags.Has(wire.ACK) && tx.end != 0 && uint32(tx.start) != s.Seq+1 && !tx.flags.has(isnKnown|sentData|sentFIN)
	if !tx.flags.has(isnKnown) && tx.end != 0 && uint32(tx.start) != s.Seq+1 && c.run[s.Dir] == 0 {
		c.run[s.Dir] = uint32(tx.start) // what lies between was not captured
	}
	tx.setISN(s.Seq)
	if anew { // the ACKs before were of a connection that its peer no longer knew
		tx.end, tx.acked, tx.rightWin = tx.start, 0, 0
	}
	tx.end = max(tx.end, tx.start+reassembly.Pos(s.SeqLen())-1) // data on a SYN: TCP Fast Open
	if s.Flags.Any(wire.FIN) {
		tx.flags |= finOnSYN
	}
	if s.Bits&wire.HasWScale != 0 {
		tx.flags |= hasWScale
		tx.wscale = min(s.WScale, 14) // RFC 7323 2.3
	} else if s.Bits&wire.CutOptions != 0 {
		tx.flags |= cutSYN
	}
	if s.Flags.Has(wire.ACK) {
		c.seen |= SawSYNACK
		if !tx.flags.has(sentSYNACK) || c.flags.has(refused) {
			// The SYN was tried again, and let in. What came before was of a connection that the client
			// no longer knew (RFC 9293 3.5.1).
			c.flags &^= refused | reset | ended
			tx.flags &^= notedOrdinary
			rx.flags &^= notedOrdinary
		}
		tx.flags |= sentSYNACK
		if rx.flags.has(finOnSYN) && s.Ack+1 == uint32(rx.end) {
			rx.end-- // the FIN was not taken
			rx.flags &^= finOnSYN
		}
		if !rx.flags.has(isnKnown) {
			rx.setISN(s.Ack - 1)
		}
		if !c.flags.has(rolesKnown) {
			c.setRoles(1 - s.Dir)
		}
		return true
	}
	c.seen |= SawSYN
	tx.flags |= sentSYN
	if c.flags.has(refused) {
		c.flags &^= ended // it is tried again
	}
	if !c.flags.has(rolesKnown) {
		c.setRoles(s.Dir)
	}
	return true
}

// contradicts reports whether the ISN in s is not that of the connection, whose SYN of that side was not captured: it has ended, or
// its sender used numbers that are not behind it.
func (c *conv) contradicts(tx *half, s *wire.Segment) bool {
	if tx.end == 0 {
		return false
	}
	before := tx.start - reassembly.Unwrap(tx.start, reassembly.Seq(s.Seq+1))
	if !tx.flags.has(sentData | sentFIN) {
		return before < 0 && c.half[1-s.Dir].acked >= tx.start // its peer has acknowledged what does not follow
	}
	return before < 0 || before > farthest || before > slack && c.flags.has(ended)
}

// setISN places the stream behind its SYN.
func (h *half) setISN(isn uint32) {
	if h.end == 0 {
		h.place(isn + 1)
		h.flags &^= flying
		h.busySince = 0
	} else {
		h.start = reassembly.Unwrap(h.start, reassembly.Seq(isn+1))
		h.end = max(h.end, h.start)
	}
	h.flags |= isnKnown
}

func (c *conv) finSent(tx *half, s *wire.Segment) {
	if s.Flags.Has(wire.ACK) {
		c.seen |= SawFIN
	}
	fin := reassembly.Unwrap(tx.end, reassembly.Seq(s.Seq)) + reassembly.Pos(s.SeqLen()-1)
	if s.Key.V6 == 0 && s.IPID == 0 {
		tx.flags |= noIPIDs
	}
	if !tx.flags.has(sentFIN) {
		if !c.showsOctetBefore(1-s.Dir, s.Ack) {
			tx.flags |= finBlind
		}
		if tx.packets == 1 {
			tx.flags |= finFirst
		}
	}
	tx.fin, tx.finID = fin, s.IPID
	tx.flags |= sentFIN
	tx.zeek = zeekClosed
	tx.end = max(tx.end, fin+1)
}

// takesFIN reports whether the FIN in s, with an ACK, may be that of tx: its number is not of a later connection, the SYN of which
// was not captured, nor of octets that tx sends.
func (c *conv) takesFIN(tx *half, s *wire.Segment) bool {
	return (tx.end == 0 || tx.spans(s.Seq) && tx.endsBy(s)) && (tx.flags.has(sentFIN) || !c.showsOctetBefore(s.Dir, s.Seq+s.Len+1))
}

// endsBy reports whether the FIN in s is where the half can have ended: behind all that it has sent.
func (h *half) endsBy(s *wire.Segment) bool {
	fin := reassembly.Unwrap(h.end, reassembly.Seq(s.Seq)) + reassembly.Pos(s.Len)
	switch {
	case h.flags.has(isnKnown) && fin < h.start:
		return false
	case !h.flags.has(sentFIN):
		return fin+1 >= h.end // the FIN may have been lost before the tap, and what follows it not
	}
	return fin == h.fin || fin > h.fin && h.end > h.fin+1 && fin+1 >= h.end
}

// atTap reports whether the tap is at the endpoint itself: what passes is received.
func (h *half) atTap() bool { return h.distance > 0 && h.distance < 400e3 }

// rst reports whether the receiver of the RST would take it.
func (c *conv) rst(tx, rx *half, s *wire.Segment) bool {
	c.seen |= SawRST
	tx.flags |= sentRST
	dialing, accepted := c.takesRST(tx, rx, s)
	if accepted {
		c.flags |= reset | ended
		if dialing {
			c.flags |= refused
		}
	}
	return accepted
}

// dialing reports whether h is in SYN_SENT, as far as the tap saw.
func (h *half) dialing(peer *half) bool {
	return h.flags&(sentSYN|sentACK|sentSYNACK) == sentSYN && peer.flags&(sentSYN|sentSYNACK) == 0
}

// takesRST reports whether the receiver of an RST is dialing, and whether it takes it.
func (c *conv) takesRST(tx, rx *half, s *wire.Segment) (dialing, accepted bool) {
	// SYN_SENT takes an RST only if it acknowledges the SYN (RFC 9293 3.10.7.3). A SYN-ACK that passed may not
	// have reached it.
	ack := reassembly.Unwrap(rx.end, reassembly.Seq(s.Ack))
	acks := s.Flags.Has(wire.ACK) && ack >= rx.start && ack <= rx.end
	switch {
	case rx.dialing(tx):
		return true, acks
	case rx.flags&(sentSYN|sentACK|sentSYNACK|sentFIN) == sentSYN:
		return false, acks || tx.acceptsRST(rx, s)
	}
	return false, tx.acceptsRST(rx, s)
}

// acceptsRST reports whether the receiver of an RST from tx would take it: RFC 5961
// 3.2 wants exactly RCV.NXT. The tap knows that only as lying between what the
// receiver last acknowledged and the end of what was sent to it.
func (tx *half) acceptsRST(rx *half, s *wire.Segment) bool {
	if tx.end == 0 {
		return true
	}
	pos := reassembly.Unwrap(tx.end, reassembly.Seq(s.Seq))
	if rx.acked == 0 {
		return pos >= tx.start && pos <= tx.end
	}
	return pos >= min(rx.acked, tx.end) && pos <= max(rx.acked, tx.end)
}

// tooSoon reports whether an RST without ACK, in the name of tx, comes sooner than it can be its answer. If the capture lacks segments,
// what was taken for the way may have been the time that an application took.
func (c *conv) tooSoon(p *factPool, tx, rx *half, now Time) bool {
	return tx.tooSoon(rx, now) && !c.lacks(p, 0) && !c.lacks(p, 1)
}

// tooSoon reports whether an RST without ACK, in the name of h, comes sooner than it can be its answer: less than a quarter of the
// way there and back after its peer sent, out of a silence in which nothing else can have been on its way. A few samples do not show the
// shortest way, but none becomes so much shorter; of an endpoint that is near, queues say more than the way. One that has closed may just
// have gone.
func (h *half) tooSoon(peer *half, now Time) bool {
	if h.flags.has(sentFIN) || h.distance < captureSkew || now-h.last <= h.distance+peer.distance+longestDelay {
		return false
	}
	since := peer.last // of a keep-alive
	if peer.flags.has(flying) {
		since = peer.probeTime
		if peer.deaf > 0 || peer.probe == 0 {
			return false // it was sent again
		}
	} else if peer.deaf == 0 {
		return false
	}
	return now-since < h.distance/4
}

// prompted reports whether the capture shows what an RST without ACK, in the name of h, may be its answer to. A device on the path can
// send one, too, which only the time tells.
func (h *half) prompted(peer *half, now Time) bool {
	since := now - peer.last
	return h.distance > 0 && peer.last >= h.last && since <= max(2*h.distance, roundTrip) && (h.distance < captureSkew || since >= h.distance/4)
}

// longestDelay is how long an ACK is delayed at most (RFC 9293 3.8.6.3).
const longestDelay Time = 500e6

// phase is how the connection seems to stand by what was sent, for the flow table: whom to let go first, and when. What became of it
// is the trajectories' to say (outcome.go).
func (c *conv) phase() Outcome {
	cl, _ := c.client()
	client, server := &c.half[cl], &c.half[1-cl]
	switch {
	case client.finAcked(server) && server.finAcked(client):
		return Closed
	case c.flags.has(refused):
		return Refused
	case c.flags.has(reset):
		return Reset
	case (client.flags | server.flags).has(sentFIN):
		return Closing
	case c.seen == SawSYN && server.packets == 0:
		return Unanswered
	case server.flags&(sentSYNACK|sentACK) == sentSYNACK && !client.flags.has(sentACK) && server.packets > 0:
		return HalfOpen
	}
	return Open
}

// finAcked reports whether h sent a FIN and its peer acknowledged that.
func (h *half) finAcked(peer *half) bool { return h.flags.has(sentFIN) && peer.acked > h.fin }
