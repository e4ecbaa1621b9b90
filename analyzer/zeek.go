package analyzer

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
func (c *conv) zeekOrdinary(tx, rx *half, s *wire.Segment, grew bool) {
	switch {
	case s.Len > 0 && tx.flags&didData == 0:
		tx.flags |= didData
		c.history.add(s.Dir, 'd')
	case s.Len == 0 && s.Flags.Has(wire.ACK) && tx.flags&didACK == 0:
		tx.flags |= didACK
		c.history.add(s.Dir, 'a')
	}
	if s.Len > 0 && !grew {
		tx.rewrites++
		c.history.repeat(s.Dir, 't', tx.rewrites)
	}
	if s.Window == 0 && rx.zeek != zeekClosed {
		tick(&tx.zeroWindows)
		c.history.repeat(s.Dir, 'w', uint32(tx.zeroWindows))
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
func (c *conv) zeekControl(tx, rx *half, s *wire.Segment) {
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

func (c *conv) zeekLetters(tx *half, s *wire.Segment) {
	f := s.Flags & (wire.SYN | wire.FIN | wire.RST)
	switch {
	case f == wire.FIN|wire.RST:
		if tx.flags&didFINRST == 0 {
			tx.flags |= didFINRST
			c.history.add(s.Dir, 'i')
		}
		return
	case f&(f-1) != 0: // any other pair
		if tx.flags&didMulti == 0 {
			tx.flags |= didMulti
			c.history.add(s.Dir, 'q')
		}
		return
	}
	first := tx.packets == 1 // s is counted already
	switch f {
	case wire.SYN:
		again := tx.flags&(sentSYN|sentSYNACK) != 0
		if again && s.Seq == tx.isn() {
			return
		}
		if s.Flags.Has(wire.ACK) {
			c.history.add(s.Dir, 'h')
		} else {
			c.history.add(s.Dir, 's')
		}
	case wire.FIN:
		if seq := s.Seq + s.Len; first || !tx.flags.has(sentFIN) || tx.finSeq != seq {
			tx.finSeq = seq
			c.history.add(s.Dir, 'f')
		}
	case wire.RST:
		if first || !tx.flags.has(sentRST) || tx.rstSeq != s.Seq {
			tx.rstSeq = s.Seq
			c.history.add(s.Dir, 'r')
		}
	}
}

// inactive reports whether Zeek saw nothing of the endpoint, or began in mid-connection.
func (h *half) inactive() bool { return h.zeek <= zeekPartial }

// connState is Zeek's conn_state for originator o and responder r of a connection with that outcome; by
// is whose RST it was, if one ended it. Zeek goes by what each side sent, also if its peer did not take it; here
// an RST counts if it ended the connection.
func connState(outcome Outcome, by Side, o, r *half) ConnState {
	switch outcome {
	case Refused:
		return StateREJ
	case Unanswered:
		return unansweredState(o)
	case Reset:
		return resetState(by, o, r)
	}
	switch {
	case o.zeek == zeekClosed && r.zeek == zeekClosed:
		return StateSF
	case o.zeek == zeekClosed && r.inactive():
		return StateSH
	case o.zeek == zeekClosed:
		return StateS2
	case r.zeek == zeekClosed && o.inactive():
		return StateSHR
	case r.zeek == zeekClosed:
		return StateS3
	case o.zeek == zeekEstablished && r.zeek == zeekEstablished:
		return StateS1
	}
	return StateOTH
}

// unansweredState tells how an originator without any answer gave up.
func unansweredState(o *half) ConnState {
	switch {
	case o.flags.has(sentRST):
		return StateRSTOS0
	case o.zeek == zeekClosed:
		return StateSH
	}
	return StateS0
}

func resetState(by Side, o, r *half) ConnState {
	switch {
	case by == Server && o.inactive():
		return StateRSTRH
	case by == Server:
		return StateRSTR
	case r.packets == 0 || o.inactive() && r.inactive():
		return StateOTH
	}
	return StateRSTO
}

// unwritten is how many letters of the history do not fit.
func (c *conv) unwritten() uint8 {
	client, _ := c.client()
	h := c.history.orient(client, c.firstDir)
	return h.cut
}

// orient turns the history for the client: its letters in upper case. A history
// that begins with the server is marked "^", as Zeek does when it swaps the ends.
func (h *dirHistory) orient(client, firstDir uint8) History {
	out := History{}
	if client != firstDir {
		out.letters[0] = '^'
		out.n = 1
	}
	kept := min(int(h.n), len(h.letters)-int(out.n))
	out.cut = h.n - uint8(kept)
	for _, l := range h.letters[:kept] {
		if client == 1 {
			l ^= 'a' - 'A'
		}
		out.letters[out.n] = l
		out.n++
	}
	return out
}
