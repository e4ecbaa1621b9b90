package conn

import "tcptrace/internal/wire"

// zeekEndpoint is the state Zeek keeps for an endpoint: what it sent, not what
// it received. Zeek's conn_state is a function of two of them.
type zeekEndpoint uint8

const (
	zeekInactive zeekEndpoint = iota
	zeekPartial               // seen in mid-connection
	zeekSYNSent
	zeekSYNACKSent
	zeekEstablished
	zeekClosed // sent a FIN
)

// dirHistory is Zeek's history while the roles may still change: letters are upper
// case for direction 0, lower case for direction 1.
type dirHistory struct {
	letters [24]byte
	n       uint8
}

// add appends a letter; what does not fit is dropped (Zeek's own histories are not bounded).
func (h *dirHistory) add(dir uint8, letter byte) {
	if int(h.n) < len(h.letters) {
		h.letters[h.n] = letter - 'a' + 'A' + dir*('a'-'A')
	}
	if h.n < 255 {
		h.n++
	}
}

// isLogStep reports whether n is 1, 10, 100 ...: repeated events get a letter at these counts.
func isLogStep(n uint32) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}

// repeat appends a letter for an event of dir that has now come n times.
func (h *dirHistory) repeat(dir uint8, letter byte, n uint32) {
	if isLogStep(n) {
		h.add(dir, letter)
	}
}

// zeekOrdinary keeps Zeek's view for a segment with neither SYN, FIN nor RST.
func (c *Conn) zeekOrdinary(tx, rx *Half, s *wire.Segment, grew bool) {
	switch {
	case s.Len > 0 && tx.Flags&didData == 0:
		tx.Flags |= didData
		c.History.add(s.Dir, 'd')
	case s.Len == 0 && s.Flags.Has(wire.ACK) && tx.Flags&didACK == 0:
		tx.Flags |= didACK
		c.History.add(s.Dir, 'a')
	}
	if s.Len > 0 && !grew {
		c.rare[s.Dir].rewrites++
		c.History.repeat(s.Dir, 't', c.rare[s.Dir].rewrites)
	}
	if s.Window == 0 && rx.zeek != zeekClosed {
		Tick(&c.rare[s.Dir].zeroWindows)
		c.History.repeat(s.Dir, 'w', uint32(c.rare[s.Dir].zeroWindows))
	}
	switch {
	case tx.zeek == zeekInactive && s.Len == 0 && rx.zeek == zeekSYNSent:
		// Some stacks acknowledge a SYN before they send their own.
	case tx.zeek == zeekInactive && s.Flags.Has(wire.ACK) && rx.zeek == zeekEstablished:
		tx.zeek = zeekEstablished
	case tx.zeek == zeekInactive:
		tx.zeek = zeekPartial
	}
}

// zeekControl keeps Zeek's view for a segment with SYN, FIN or RST.
func (c *Conn) zeekControl(tx, rx *Half, s *wire.Segment) {
	c.zeekLetters(tx, s)
	if s.Flags.Any(wire.SYN) && tx.zeek == zeekInactive {
		if s.Flags.Has(wire.ACK) || rx.zeek == zeekSYNSent {
			if rx.zeek == zeekSYNSent {
				rx.zeek = zeekEstablished
			}
			tx.zeek = zeekEstablished
		} else {
			tx.zeek = zeekSYNSent
			if rx.zeek == zeekEstablished { // the SYN-ACK was captured first
				tx.zeek = zeekEstablished
			}
		}
	}
}

func (c *Conn) zeekLetters(tx *Half, s *wire.Segment) {
	f := s.Flags & (wire.SYN | wire.FIN | wire.RST)
	switch {
	case f == wire.FIN|wire.RST:
		if tx.Flags&didFINRST == 0 {
			tx.Flags |= didFINRST
			c.History.add(s.Dir, 'i')
		}
		return
	case f&(f-1) != 0: // any other pair
		if tx.Flags&didMulti == 0 {
			tx.Flags |= didMulti
			c.History.add(s.Dir, 'q')
		}
		return
	}
	first := tx.Packets == 1 // s is counted already
	switch f {
	case wire.SYN:
		again := tx.Flags&(SentSYN|SentSYNACK) != 0
		if again && s.Seq == tx.ISN() {
			return
		}
		if s.Flags.Has(wire.ACK) {
			c.History.add(s.Dir, 'h')
		} else {
			c.History.add(s.Dir, 's')
		}
	case wire.FIN:
		if seq := s.Seq + s.Len; first || !tx.Flags.Has(SentFIN) || c.rare[s.Dir].finSeq != seq {
			c.rare[s.Dir].finSeq = seq
			c.History.add(s.Dir, 'f')
		}
	case wire.RST:
		if first || !tx.Flags.Has(SentRST) || c.rare[s.Dir].rstSeq != s.Seq {
			c.rare[s.Dir].rstSeq = s.Seq
			c.History.add(s.Dir, 'r')
		}
	}
}

// inactive reports whether Zeek saw nothing of the endpoint, or began in mid-connection.
func (h *Half) inactive() bool { return h.zeek <= zeekPartial }

// ZeekState is Zeek's conn_state for originator o and responder r of a connection with that outcome; by
// is whose RST it was, if one ended it. Zeek goes by what each side sent, also if its peer did not take it; here
// an RST counts if it ended the connection.
func ZeekState(outcome Outcome, by Side, o, r *Half) ConnState {
	switch outcome {
	case Refused:
		return StateREJ
	case Unanswered:
		return unansweredState(o)
	case Reset:
		return resetState(by, o, r)
	}
	switch {
	case o.closed(r) && r.closed(o):
		return StateSF
	case o.closed(r) && r.inactive():
		return StateSH
	case o.closed(r):
		return StateS2
	case r.closed(o) && o.inactive():
		return StateSHR
	case r.closed(o):
		return StateS3
	case o.zeek == zeekEstablished && r.zeek == zeekEstablished:
		return StateS1
	}
	return StateOTH
}

// closed reports whether the endpoint sent a FIN. One with the SYN, which Zeek does not count, is one when the handshake is done.
// An ACK that is out of reach (Acknowledge) does for that.
func (h *Half) closed(peer *Half) bool {
	return h.zeek == zeekClosed || h.Flags.Has(FinOnSYN) && h.Flags.Has(SentFIN) && h.Flags.Has(SentACK) && (h.Acked == 0 || h.Acked >= peer.Start)
}

// unansweredState tells how an originator without any answer gave up.
func unansweredState(o *Half) ConnState {
	switch {
	case o.Flags.Has(SentRST):
		return StateRSTOS0
	case o.zeek == zeekClosed:
		return StateSH
	}
	return StateS0
}

func resetState(by Side, o, r *Half) ConnState {
	switch {
	case by == Server && o.inactive():
		return StateRSTRH
	case by == Server:
		return StateRSTR
	case r.Packets == 0 || o.inactive() && r.inactive():
		return StateOTH
	}
	return StateRSTO
}

// Unwritten is how many letters of the history do not fit.
func (c *Conn) Unwritten() uint8 {
	client, _ := c.Client()
	h := c.History.Orient(client, c.FirstDir)
	return h.Cut
}

// Orient turns the history for the client: its letters in upper case. A history
// that begins with the server is marked "^", as Zeek does when it swaps the ends.
func (h *dirHistory) Orient(client, firstDir uint8) History {
	out := History{}
	if client != firstDir {
		out.letters[0] = '^'
		out.n = 1
	}
	kept := min(int(h.n), len(h.letters)-int(out.n))
	out.Cut = h.n - uint8(kept)
	for _, l := range h.letters[:kept] {
		if client == 1 {
			l ^= 'a' - 'A'
		}
		out.letters[out.n] = l
		out.n++
	}
	return out
}
