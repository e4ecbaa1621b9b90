package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// A number stands for one octet. So an endpoint that sends data, or a SYN, where a FIN in its name was did not send that FIN, unless its
// peer has acknowledged it by then; nor did one that ends elsewhere, or talks on, in front of a FIN that lies ahead of missing bytes; nor
// one whose later ACK has a number that is not behind the FIN: the number of an ACK is the next that its sender uses (RFC 9293 3.10.7.4).

// turns is how often an endpoint has to send on, each time at the peer's answer, in front of a FIN that lies ahead of missing bytes, until
// it is not repairing a loss: a repair is in flight all at once, or doubles each round trip, unless duplicate ACKs had begun it (RFC 6582).
const turns = 3

// Disown takes from the sender of s what passed in its name, ahead of missing bytes or with a FIN, and s shows that it did not send. It returns
// what disownFIN does.
func (c *Conn) Disown(p *FactPool, s *wire.Segment) (since Time) {
	if c.Half[s.Dir&1].Flags.Has(SentFIN) {
		return c.DisownFIN(p, s)
	}
	return c.DisownAhead(p, s)
}

// DisownFIN takes the FIN from the sender of s that s shows it did not send. If that lay ahead of missing bytes, since is when it passed: what
// filled the hole from then on its sender sent for the first time. Else it is Never.
func (c *Conn) DisownFIN(p *FactPool, s *wire.Segment) (since Time) {
	since = Never
	tx, rx := &c.Half[s.Dir&1], &c.Half[1-s.Dir&1]
	if !tx.Flags.Has(SentFIN) || tx.Flags.Has(FinOnSYN) || rx.Acked > tx.FIN || !s.Flags.Has(wire.ACK) || s.Flags.Any(wire.RST) || IsSelf(&c.Key) {
		return since // a socket that is connected to itself has sent all that it receives
	}
	pos := reassembly.Unwrap(tx.End, reassembly.Seq(s.Seq))
	end := pos + reassembly.Pos(s.Len)
	hole := c.holeBefore(p, s.Dir, tx.FIN)
	switch {
	case s.Flags.Any(wire.SYN):
		if pos >= tx.FIN && pos-tx.FIN <= Farthest && !tx.Flags.Has(ISNKnown|SentACK|SentData) {
			since = c.disownFIN(p, s, hole, BadEnd|BadOctet)
		}
	case s.SeqLen() == 0:
		if pos <= tx.FIN && c.acksBehindFIN(p, tx, rx, s) {
			since = c.disownFIN(p, s, hole, BadEnd|BadOctet)
		}
	case pos <= tx.FIN && tx.FIN < end && !(s.Len == 1 && pos == tx.FIN): // one octet may be a keep-alive
		since = c.disownFIN(p, s, hole, BadEnd|BadOctet)
	case s.Len > 0 && end == tx.FIN:
		tx.Flags &^= finUnproved
	case c.isAcked(p, tx, s, pos):
		since = c.disownFIN(p, s, hole, BadEnd|BadOctet)
		c.drop(&p.Incidents, IncidentUnsent, 1-s.Dir)
	case s.Flags.Any(wire.FIN) && end < tx.FIN && pos == rx.Acked && tx.Flags.Has(finUnproved|finFirst):
		since = c.disownFIN(p, s, hole, BadEnd|BadPosition)
		tx.End, c.run[s.Dir] = pos, s.Seq
	case hole == nil || pos != hole.Hole.From || end >= tx.FIN:
	case s.Flags.Any(wire.FIN), s.Len > 0 && hole.isTurn(c, tx, rx, s, tx.FIN):
		since = c.disownFIN(p, s, hole, BadEnd|BadPosition)
	}
	return since
}

// acksBehindFIN reports whether s, a pure ACK, acknowledges for the first time what its sender cannot have had before the FIN in its name. A
// peer that took back window may have its sender say less than the next number.
func (c *Conn) acksBehindFIN(p *FactPool, tx, rx *Half, s *wire.Segment) bool {
	if !c.acksNew(tx, rx, s) || tx.FIN >= rx.RightWin && c.holeBefore(p, s.Dir, tx.FIN) == nil {
		return false
	}
	fin := c.Facts.Find(p, func(f *Fact) bool {
		return f.Dir() == s.Dir && IsFIN(f) && f.Seq+uint32(f.Len) == uint32(tx.FIN)
	})
	return fin != nil && tx.SentBehind(Ending{Time: fin.Time}, rx, s, false)
}

// acksNew reports whether s acknowledges for the first time what was captured, and its number is the next that its sender uses: its peer did not
// take back window.
func (c *Conn) acksNew(tx, rx *Half, s *wire.Segment) bool {
	ack := reassembly.Unwrap(rx.End, reassembly.Seq(s.Ack))
	return ack > tx.Acked && ack <= rx.End && rx.RightWin != 0 && !c.HasKind(IncidentShrunk)
}

// isAcked reports whether s brings data beyond the FIN in its sender's name, from where the peer had acknowledged it to be, although that had
// not been captured: both go on as if there had been no FIN.
func (c *Conn) isAcked(p *FactPool, tx *Half, s *wire.Segment, pos reassembly.Pos) bool {
	m := c.Find(&p.Incidents, IncidentUnsent, 1-s.Dir)
	return m != nil && s.Len > 0 && pos > tx.FIN+1 && pos == m.Hole.To
}

// holeBefore is the incident of the bytes that are missing before a position in a direction, nil if there are none.
func (c *Conn) holeBefore(p *FactPool, dir uint8, end reassembly.Pos) *Incident {
	m := c.Find(&p.Incidents, IncidentHole, dir)
	if m == nil || m.Hole.Passed || m.Hole.From >= m.Hole.To || m.Hole.To > end {
		return nil
	}
	return m
}

// isTurn counts s, which begins where the hole of m does, if its sender waited for its peer's answer before, and reports whether it did so
// often enough: once, if its peer's window did not allow what lies ahead of the hole.
func (m *Incident) isTurn(c *Conn, tx, rx *Half, s *wire.Segment, ahead reassembly.Pos) bool {
	if rx.Acked < m.Hole.From {
		m.Run.N = 0
		return false
	}
	if tx.Flags.Has(ISNKnown) && KnowsScale(tx, rx) && rx.RightWin != 0 && ahead > rx.RightWin && !c.HasKind(IncidentUnseen) {
		return true
	}
	quiet := uint32(rx.Packets)-m.Run.Most <= m.Run.N // each answers one of them, none is a duplicate ACK
	if s.Ack != uint32(rx.End) || int64(rx.End) <= m.Amount && !quiet {
		m.Run.N = 0
		return false
	}
	m.Amount = int64(rx.End)
	m.Run.N++
	return m.Run.N >= turns
}

// disownFIN has the sender of s be where it was before the FINs in its name. It returns what DisownFIN does.
func (c *Conn) disownFIN(p *FactPool, s *wire.Segment, hole *Incident, what Betrayal) (since Time) {
	tx := &c.Half[s.Dir]
	edge, first := tx.FIN, (*Fact)(nil)
	for f := range c.Facts.All(p) {
		if f.Dir() != s.Dir || !IsFIN(f) {
			continue
		}
		if f.Bits |= FactForeign; first == nil {
			first = f
			edge = min(edge, reassembly.Unwrap(tx.End, reassembly.Seq(f.Seq)))
		}
	}
	if hole != nil {
		edge = hole.Hole.From
		hole.Hole = Hole{}
	}
	if tx.End <= tx.FIN+1 { // else it sent what lies behind
		tx.End = max(edge, c.Half[1-s.Dir].Acked)
	}
	tx.Flags &^= SentFIN | finBlind | finFirst | finUnproved
	c.rare[s.Dir].busyAtFIN = 0
	if tx.zeek == zeekClosed {
		tx.zeek = zeekEstablished
	}
	if !tx.Flags.Has(ISNKnown | SentACK | SentData) { // only the FIN gave it a place
		tx.Start, tx.End = 0, 0
	}
	c.Flags |= Watching
	p.News++
	c.drop(&p.Incidents, IncidentUnsolicited, 1-s.Dir)
	c.drop(&p.Incidents, IncidentPastFIN, s.Dir)
	if first == nil {
		return Never
	}
	if hole != nil {
		c.forgetRepairs(p, s.Dir, first.Time)
	}
	m := c.Find(&p.Incidents, IncidentStrange, s.Dir)
	if m == nil {
		m = c.Note(&p.Incidents, IncidentStrange, s.Dir, s, 0)
	}
	if m.Amount == 0 {
		m.Time, m.Ahead, m.Count = first.Time, first.Ahead, 1
	}
	m.Amount |= what
	if hole == nil {
		return Never
	}
	return first.Time
}
