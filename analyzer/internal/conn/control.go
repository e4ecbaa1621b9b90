package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// control handles the segments that open and end connections. It keeps each as a fact.
func (c *Conn) control(p *FactPool, tx, rx *Half, s *wire.Segment) {
	if s.Bits&wire.GoodSum != 0 {
		tx.Flags |= GoodSum
	}
	if s.Bits&wire.GoodHeader != 0 {
		tx.Flags |= goodHeader
	}
	c.zeekControl(tx, rx, s)
	if s.Flags&(wire.SYN|wire.ACK) == wire.ACK {
		c.Seen |= ackOrData(s)
	}
	before := tx.End
	var bits FactBits
	switch {
	case s.Flags.Any(wire.RST):
		c.NoteControl(p, s, c.controlRST(p, tx, rx, s)) // neither its ACK nor its window says anything (RFC 9293 3.10.7.4)
		return
	case s.Flags.Any(wire.SYN):
		bits = c.controlSYN(p, tx, rx, s)
	case !s.Flags.Has(wire.ACK), !c.TakesFIN(tx, s):
		// Nobody takes a FIN without ACK (RFC 9293 3.10.7.4), and who sent it did not send the one that is out of place.
		c.NoteControl(p, s, FactForeign)
		return
	default:
		tx.place(s.Seq)
		if (tx.Flags | rx.Flags).Has(doubted) {
			c.weigh(p, s, tx.Acked, before)
			c.disregard(p, tx, rx, s)
		}
	}
	if s.Flags.Has(wire.ACK) && bits&FactForeign == 0 {
		c.controlACK(p, tx, rx, s)
	}
	if s.Len > 0 {
		tx.Flags |= SentData
	}
	if s.Flags&(wire.SYN|wire.FIN) == wire.FIN { // with a SYN nobody knows what becomes of it
		bits |= c.controlFIN(p, tx, rx, s, before)
	} else {
		if bits&FactForeign == 0 {
			tx.Last = Time(s.Time)
		}
		tx.measure(rx, s, tx.End > before)
	}
	c.NoteControl(p, s, bits)
}

// controlRST is what is to be kept of an RST. If what its sender sent before was not heard, it was not either, but at its receiver's own tap.
func (c *Conn) controlRST(p *FactPool, tx, rx *Half, s *wire.Segment) (bits FactBits) {
	before, first := tx.End, !c.Flags.Has(WasReset)
	pos := reassembly.Unwrap(before, reassembly.Seq(s.Seq))
	ok := c.rst(tx, rx, s)
	if s.Bits&wire.HasText != 0 {
		c.markText(&p.Incidents, s, first && ok)
	}
	switch {
	case !ok:
		bits = FactOutside
		if tx.declines(s) {
			bits |= FactForeign
		}
		c.Provoke(rx)
	case tx.deaf < 2 && !(pos > before && tx.OnlyAsked(rx)) || rx.AtTap():
		bits = FactAccepted
	}
	answers := !s.Flags.Has(wire.ACK) && tx.Flags.Has(SentACK)
	if tx.Packets > 1 && pos >= tx.Start && pos <= before && (!answers || tx.prompted(rx, Time(s.Time))) {
		bits |= FactOwnNumber
	}
	if s.Flags&wire.ACK == 0 && c.tooSoon(p, tx, rx, Time(s.Time)) || ok && c.cutsBoth(p, tx, rx, s) {
		bits |= FactOnPath | FactForeign
	}
	if ok && tx.Flags.Has(SentACK|SentSYNACK) {
		tx.Flags |= mayBeGone
		if rx.ProbeTime <= Time(s.Time)-tx.Distance/2 {
			rx.Probe = 0 // what comes next tells more
		}
	}
	return bits
}

// controlSYN is what is to be kept of a SYN beside its flags.
func (c *Conn) controlSYN(p *FactPool, tx, rx *Half, s *wire.Segment) (bits FactBits) {
	before := tx.End
	tx.Flags &^= mayBeGone // what follows may be of another connection
	rx.Flags &^= mayBeGone
	old := s.Flags&(wire.SYN|wire.ACK) == wire.SYN && tx.Flags.Has(ISNKnown) && tx.Flags.Has(SentACK) ||
		!tx.Flags.Has(ISNKnown) && (tx.Flags.Has(SentFIN) || tx.Flags.Has(SentACK) && tx.Flags.Has(SentRST))
	again := tx.LeftSYNRCVD(rx, s)
	switch {
	case !c.Syn(tx, rx, s):
		bits = FactForeign
		c.Provoke(rx)
	case old, again:
		bits = FactForeign // the network held it back, or its host has forgotten the connection
		tx.End = max(before, tx.Start)
		c.Provoke(rx)
	}
	if c.CopiesSYN(p, tx, s) {
		bits |= FactCopy
	}
	c.rare[s.Dir].controlID = s.IPID
	return bits
}

// controlACK takes the ACK of a SYN or FIN.
func (c *Conn) controlACK(p *FactPool, tx, rx *Half, s *wire.Segment) {
	acked := tx.Acked
	tx.Acknowledge(rx, s)
	if tx.Acked > rx.End {
		c.unseen(&p.Incidents, tx, rx, s, acked)
	} else if s.Flags.Any(wire.FIN) && rx.unheardAnswer(tx) {
		c.Flags |= Disputed
	}
}

// controlFIN is what is to be kept of a FIN that its receiver takes beside its flags; its sender had come to before.
func (c *Conn) controlFIN(p *FactPool, tx, rx *Half, s *wire.Segment, before reassembly.Pos) (bits FactBits) {
	c.markFIN(&p.Incidents, tx, rx, s)
	if c.CopiesFIN(p, tx, s) {
		bits |= FactCopy
	}
	c.finSent(tx, s, before)
	rx.Flags &^= unaware
	tx.Last = Time(s.Time)
	grew := tx.End > before
	if tx.Flags.Has(mayBeGone) {
		c.goesOn(p, tx, rx, s, grew)
	}
	was := tx.Flags
	tx.measure(rx, s, grew)
	if !grew {
		return bits
	}
	c.rare[s.Dir].busyAtFIN = c.waited(p, tx, rx, s, was)
	pause := Time(s.Time) - tx.idleSince
	unbroken := was.Has(flying) || tx.idleSince == 0 || pause <= tx.margin()+BreakTime
	if s.Len > 0 && rx.Flags.Has(SentFIN) && unbroken {
		if fin := c.firstFIN(p, 1-s.Dir); tx.BusySince <= fin && tx.idleSince != fin {
			bits |= FactBusy
		}
	}
	return bits
}

// LeftSYNRCVD reports whether s is a SYN-ACK of h once more that acknowledges less than h did, and comes so long after h was heard of last that a timer
// may have sent it: h was in SYN_RCVD no more, and RCV.NXT does not go back. Who opens at the same time as its peer, though, may take data and send its
// SYN-ACK again as it was. A copy that came late, or the answer of a host that has forgotten the connection, may look so, but no retransmission.
func (h *Half) LeftSYNRCVD(peer *Half, s *wire.Segment) bool {
	const was = ISNKnown | SentSYNACK | SentACK
	both := h.Flags.Has(SentSYN) || peer.Flags.Has(SentSYNACK)
	return !both && s.Flags&(wire.SYN|wire.ACK|wire.RST) == wire.SYN|wire.ACK && h.Flags&was == was && s.Seq == h.ISN() &&
		reassembly.Unwrap(h.Acked, reassembly.Seq(s.Ack)) < h.Acked && Time(s.Time)-h.Last >= MinRTO
}

// CopiesSYN reports whether s is the latest SYN of its sender once more, sooner than that sends it again: a copy that the network made.
func (c *Conn) CopiesSYN(p *FactPool, tx *Half, s *wire.Segment) bool {
	return tx.Flags.Has(SentSYN) && Time(s.Time)-tx.Last < MinRTO && c.copies(p, s, IsSYN)
}

// CopiesFIN reports whether s is the latest FIN of its sender once more: a copy that the network made.
func (c *Conn) CopiesFIN(p *FactPool, tx *Half, s *wire.Segment) bool {
	return tx.Flags.Has(SentFIN) && c.copies(p, s, IsFIN)
}

// copies reports whether s is the latest SYN or FIN of its sender in all that tells two of them apart. Who sends one again numbers it anew,
// and dates it.
func (c *Conn) copies(p *FactPool, s *wire.Segment, is func(*Fact) bool) bool {
	return s.IPID != 0 && s.IPID == c.rare[s.Dir].controlID && c.Facts.Find(p, func(f *Fact) bool {
		return f.Dir() == s.Dir && is(f) && f.Seq == s.Seq && f.Ack == s.Ack && f.TSval == s.TSval
	}) != nil
}

// waited is since when the FIN in s may have waited for its turn (half.waited).
func (c *Conn) waited(p *FactPool, tx, rx *Half, s *wire.Segment, was halfFlags) Time {
	if now := Time(s.Time); rx.Flags.Has(SentFIN) && !tx.AtTap() && now-tx.idleSince >= MinRTO {
		// The first copy may have been lost before the tap. What was in flight when the peer's FIN came
		// may have held up that.
		answer := c.Facts.Find(p, func(f *Fact) bool { return f.Dir() == s.Dir && f.Covers(uint32(rx.FIN)) })
		if answer != nil && answer.Time <= tx.idleSince {
			return c.firstFIN(p, 1-s.Dir)
		}
	}
	return tx.waited(Time(s.Time), s.Len > 0, was)
}

// firstFIN is when the first FIN of a direction passed.
func (c *Conn) firstFIN(p *FactPool, dir uint8) Time {
	if f := c.Facts.Find(p, func(f *Fact) bool { return f.Dir() == dir && IsFIN(f) }); f != nil {
		return f.Time
	}
	return 0
}

// showsOctetBefore reports whether the octet before seq was captured as data or a SYN of a direction. If it was
// not it may be its FIN, and who acknowledges it has received that.
func (c *Conn) showsOctetBefore(dir uint8, seq uint32) bool {
	h := &c.Half[dir]
	if h.Flags.Has(ISNKnown) && seq == h.ISN()+1 {
		return true
	}
	pos := reassembly.Unwrap(h.End, reassembly.Seq(seq))
	from := h.Start
	if c.run[dir] != 0 {
		from = reassembly.Unwrap(h.End, reassembly.Seq(c.run[dir]))
	}
	return h.Flags.Has(SentData) && pos > from && pos <= h.End
}

func (c *Conn) NoteControl(p *FactPool, s *wire.Segment, bits FactBits) {
	c.Flags |= Watching
	if f := c.noteFact(p, s); f != nil {
		f.Bits |= bits
	}
}

// Syn takes a SYN or SYN-ACK. It returns false if that is not of the connection, and then nothing changes.
func (c *Conn) Syn(tx, rx *Half, s *wire.Segment) bool {
	if c.IsForeignSYN(tx, s) {
		return false
	}
	c.begin(tx, rx, s)
	tx.offer(s)
	if s.Flags.Has(wire.ACK) {
		c.synACK(tx, rx, s)
		return true
	}
	c.Seen |= SawSYN
	tx.Flags |= SentSYN
	if c.Flags.Has(WasRefused) {
		c.Flags &^= Ended // it is tried again
	}
	if !c.Flags.Has(rolesKnown) {
		c.setRoles(s.Dir)
	}
	return true
}

// IsForeignSYN reports whether the SYN or SYN-ACK in s is not of this connection: it has another ISN, and no endpoint takes a second one. Nor is
// a SYN-ACK in the name of a client that has taken the server's, or was refused, or one that acknowledges what was not sent.
func (c *Conn) IsForeignSYN(tx *Half, s *wire.Segment) bool {
	if tx.Flags.Has(ISNKnown) {
		return s.Seq != tx.ISN() || s.Flags.Has(wire.ACK) && (c.isClient(tx) || c.gaveUp(tx) || c.acksUnsent(tx, s))
	}
	return c.contradicts(tx, s)
}

// acksUnsent reports whether a SYN-ACK with the ISN of tx acknowledges more than its peer's SYN, which was captured, and all that tx acknowledged
// and the peer sent: in SYN_RCVD nothing but the SYN is acknowledged, with what that carries.
func (c *Conn) acksUnsent(tx *Half, s *wire.Segment) bool {
	peer := &c.Half[1-s.Dir]
	return peer.Flags.Has(SentSYN) && int32(s.Ack-uint32(max(peer.End, tx.Acked))) > 0
}

// isClient reports whether tx sent a SYN, and an ACK of the SYN-ACK with which its peer, which sent no SYN, answered.
func (c *Conn) isClient(tx *Half) bool {
	const sent = SentSYN | SentSYNACK
	peer := &c.Half[0]
	if tx == peer {
		peer = &c.Half[1]
	}
	return tx.Flags&(sent|SentACK) == SentSYN|SentACK && peer.Flags&sent == SentSYNACK && tx.Acked >= peer.Start
}

// gaveUp reports whether tx sent a SYN that was refused, and has not sent it again: nothing is left that answers a SYN.
func (c *Conn) gaveUp(tx *Half) bool {
	const over = WasRefused | Ended
	return c.Flags&over == over && tx.Flags&(SentSYN|SentSYNACK) == SentSYN
}

// contradicts reports whether the ISN in s is not that of the connection, whose SYN of that side was not captured: it has ended, or
// its sender used numbers that are not behind it.
func (c *Conn) contradicts(tx *Half, s *wire.Segment) bool {
	if tx.End == 0 {
		return false
	}
	before := tx.Start - reassembly.Unwrap(tx.Start, reassembly.Seq(s.Seq+1))
	if !tx.Flags.Has(SentData | SentFIN) {
		return before < 0 && c.Half[1-s.Dir].Acked >= tx.Start // its peer has acknowledged what does not follow
	}
	return before < 0 || before > Farthest || before > Slack && c.Flags.Has(Ended)
}

// setISN places the stream behind its SYN.
func (h *Half) setISN(isn uint32) {
	if h.End == 0 {
		h.place(isn + 1)
		h.Flags &^= flying
		h.BusySince = 0
	} else {
		h.Start = reassembly.Unwrap(h.Start, reassembly.Seq(isn+1))
		h.End = max(h.End, h.Start)
	}
	h.Flags |= ISNKnown
}

// finSent enters the FIN in s; before is how far tx had come.
func (c *Conn) finSent(tx *Half, s *wire.Segment, before reassembly.Pos) {
	if s.Flags.Has(wire.ACK) {
		c.Seen |= SawFIN
	}
	fin := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq)) + reassembly.Pos(s.SeqLen()-1)
	if s.Key.V6 == 0 && s.IPID == 0 {
		tx.Flags |= notLinux
	}
	if !tx.Flags.Has(SentFIN) {
		rx := &c.Half[1-s.Dir]
		if !c.showsOctetBefore(1-s.Dir, s.Ack) || s.Ack == rx.ISN()+1 && !rx.Flags.Has(SentSYN|SentSYNACK) { // a SYN may have had a FIN
			tx.Flags |= finBlind
		}
		if tx.Packets == 1 {
			tx.Flags |= finFirst
		}
		if before != 0 && s.Len == 0 && fin > before || s.Bits&wire.BadHeader != 0 {
			tx.Flags |= finUnproved
		}
	}
	tx.FIN, c.rare[s.Dir].controlID = fin, s.IPID
	tx.Flags |= SentFIN
	tx.zeek = zeekClosed
	tx.End = max(tx.End, fin+1)
}

// TakesFIN reports whether the FIN in s, with an ACK, may be that of tx: its number is not of a later connection, the SYN of which
// was not captured, nor of octets that tx sends.
func (c *Conn) TakesFIN(tx *Half, s *wire.Segment) bool {
	return (tx.End == 0 || tx.Spans(s.Seq) && tx.endsBy(s)) && (tx.Flags.Has(SentFIN) || !c.showsOctetBefore(s.Dir, s.Seq+s.Len+1))
}

// endsBy reports whether the FIN in s is where the half can have ended: behind all that it has sent.
func (h *Half) endsBy(s *wire.Segment) bool {
	fin := reassembly.Unwrap(h.End, reassembly.Seq(s.Seq)) + reassembly.Pos(s.Len)
	switch {
	case h.Flags.Has(ISNKnown) && fin < h.Start:
		return false
	case !h.Flags.Has(SentFIN):
		return fin+1 >= h.End // the FIN may have been lost before the tap, and what follows it not
	}
	return fin == h.FIN || fin > h.FIN && h.End > h.FIN+1 && fin+1 >= h.End
}

// AtTap reports whether the tap is at the endpoint itself: what passes is received.
func (h *Half) AtTap() bool { return h.Distance > 0 && h.Distance < 400e3 }

// Phase is how the connection seems to stand by what was sent, for the flow table: whom to let go first, and when. What became of it
// is the trajectories' to say (outcome.go).
func (c *Conn) Phase() Outcome {
	cl, _ := c.Client()
	client, server := &c.Half[cl], &c.Half[1-cl]
	switch {
	case client.finAcked(server) && server.finAcked(client):
		return Closed
	case c.Flags.Has(WasRefused):
		return Refused
	case c.Flags.Has(WasReset):
		return Reset
	case (client.Flags | server.Flags).Has(SentFIN):
		return Closing
	case c.Seen == SawSYN && server.Packets == 0:
		return Unanswered
	case server.Flags&(SentSYNACK|SentACK) == SentSYNACK && !client.Flags.Has(SentACK) && server.Packets > 0:
		return HalfOpen
	}
	return Open
}

// finAcked reports whether h sent a FIN and its peer acknowledged that.
func (h *Half) finAcked(peer *Half) bool { return h.Flags.Has(SentFIN) && peer.Acked > h.FIN }
