package conn

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// An ICMP error about a segment becomes an incident of the direction that sent the segment. Of each kind a direction has one, which keeps
// what the first message says and counts the others, however many somebody sends.
//
// Of such an incident Hole is who sent the first message (setRouter), Causes its code, Run.N the sequence number that the latest quotes.
// Of IncidentTooBig amount is the least MTU that any names, 0 if none does, Run.Total how large the largest packet was that they quote,
// Run.Times and Run.Longest are how many segments were sent later that are too large, and that are not, and Run.Most how many of which
// that is not known. Of IncidentForged TTL is the ICMPKind of the first.

// icmpIncidents are the incidents that messages become that are believed.
var icmpIncidents = [wire.NumICMPKinds]IncidentKind{
	wire.ICMPUnreachable: IncidentUnreachable, wire.ICMPTooBig: IncidentTooBig, wire.ICMPTimeExceeded: IncidentTimeExceeded,
}

// NoteICMP notes an error about a segment of c, which frame holds.
func (c *Conn) NoteICMP(p *IncidentPool, e *wire.ICMPError, at Time, frame uint64) {
	kind := icmpIncidents[e.Kind]
	if !c.MayBeInFlight(p, e.Dir, e.Seq) || e.Kind == wire.ICMPTooBig && e.Size != 0 && e.MTU >= e.Size {
		kind = IncidentForged
	}
	at = max(at, c.Last)
	m := c.Find(p, kind, e.Dir)
	if m != nil && m.Run.N == e.Seq && m.router() == e.From && at-m.Last <= CaptureSkew {
		return // captured twice
	}
	s := wire.Segment{Time: int64(at), Frame: frame}
	first := m == nil
	m = c.Note(p, kind, e.Dir, &s, 0)
	m.Run.N = e.Seq
	if first {
		m.setRouter(e.From)
		m.TTL, m.Causes = uint8(e.Kind), e.Code
	}
	if kind != IncidentTooBig {
		return
	}
	if e.MTU != 0 && (m.Amount == 0 || int64(e.MTU) < m.Amount) {
		m.Amount = int64(e.MTU)
	}
	m.Run.Total = max(m.Run.Total, Time(e.Size))
}

// leastMTU6 is what every link takes (RFC 8200 5), so that no sender heeds less (RFC 8201 4).
const leastMTU6 = 1280

// hears is how long after the tap the half has a packet at the latest, and its answer is back.
func (h *Half) hears() Time {
	if h.Distance == 0 {
		return RoundTrip
	}
	return h.margin()
}

func (m *Incident) router() wire.Addr {
	return wire.Addr{Hi: uint64(m.Hole.From), Lo: uint64(m.Hole.To)}
}

func (m *Incident) setRouter(a wire.Addr) {
	m.Hole = Hole{From: reassembly.Pos(a.Hi), To: reassembly.Pos(a.Lo)}
}

// Router is who sent the first of the messages that an incident is of.
func (m *Incident) Router(v6 bool) netip.Addr {
	a := m.router()
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	if v6 {
		return netip.AddrFrom16(b)
	}
	return netip.AddrFrom4([4]byte(b[12:]))
}

// MayBeInFlight reports whether seq can be the number of a segment of dir that is on its way: not before what its peer has acknowledged, nor
// behind what it has sent, which is what its sender asks (RFC 5927 4.1). Where the capture does not show how far either is, it can be.
func (c *Conn) MayBeInFlight(p *IncidentPool, dir uint8, seq uint32) bool {
	tx, rx := &c.Half[dir], &c.Half[1-dir]
	if tx.End == 0 {
		return true
	}
	pos := reassembly.Unwrap(tx.End, reassembly.Seq(seq))
	low, high := rx.Acked, tx.End
	switch {
	case low != 0:
	case tx.Flags.Has(ISNKnown):
		low = tx.Start - 1
	default:
		low = tx.Start - Slack
	}
	if tx.Packets == 0 || rx.Acked > tx.End || c.Flags.Has(Holed) || c.Find(p, IncidentUnseen, dir) != nil {
		high = max(tx.End, rx.Acked) + Slack
	}
	return pos >= low && pos <= high
}

// Heeds looks at a segment of a connection with an IncidentTooBig: does its sender send smaller ones from when it can have had the
// message? What is larger than the packet that was too big was not sent like this: the sender's network card makes packets of it.
func (c *Conn) Heeds(p *IncidentPool, s *wire.Segment) {
	m := c.Find(p, IncidentTooBig, s.Dir)
	if m == nil || s.Len == 0 || Time(s.Time) <= m.Time+c.Half[s.Dir].hears() {
		return
	}
	limit := m.Amount
	switch {
	case limit == 0:
		limit = int64(m.Run.Total) - 1
	case s.Key.V6&1 != 0:
		limit = max(limit, leastMTU6)
	}
	switch size := int64(s.IPLen); {
	case size <= limit:
		m.Run.Longest++
	case m.Run.Total != 0 && size > int64(m.Run.Total), s.Key.V6&1 == 0 && !s.V4DF: // routers may cut it
		m.Run.Most++
	default:
		m.Run.Times++
	}
}

// ICMPError is ICMP errors of one kind about what one side sent: the first of them, and how many there were.
type ICMPError struct {
	Kind      string // "unreachable", "too-big" or "time-exceeded"
	Code      string // in words, such as "port unreachable"
	Number    uint8  // the code as sent
	From      netip.Addr
	About     Side   // who had sent the segments that they quote
	Frame     uint64 // of the first
	Time      Time
	Count     uint32
	MTU       uint32 // of "too-big": the least that they name; 0: none
	Forged    bool   // none quotes a segment that can have been in flight (RFC 5927 4.1), or they name an MTU that fits
	TooLarge  uint32 // of "too-big": segments sent since that are larger than MTU
	Fitting   uint32 // those that are not
	Undecided uint32 // those of which that is not known: the sender's network card cuts them, or routers may
}

var icmpKindNames = [wire.NumICMPKinds]string{
	wire.ICMPUnreachable: "unreachable", wire.ICMPTooBig: "too-big", wire.ICMPTimeExceeded: "time-exceeded",
}

// ICMP lists the ICMP errors that quote segments of the conversation, in the order of their first frames.
func (c *Conversation) ICMP() []ICMPError {
	var list []ICMPError
	for i := range c.Incidents {
		if m := &c.Incidents[i]; m.Kind >= IncidentUnreachable && m.Kind <= IncidentForged {
			list = append(list, c.icmpError(m))
		}
	}
	for i := range list { // they are few
		for j := i; j > 0 && list[j].Frame < list[j-1].Frame; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	return list
}

func (c *Conversation) icmpError(m *Incident) ICMPError {
	v6 := c.Addr[0].Addr().Is6()
	e := ICMPError{
		Kind: icmpKindNames[m.ICMPKind()], Code: ICMPText(m.ICMPKind(), m.Causes, v6), Number: m.Causes, From: m.Router(v6),
		About: Side(m.Dir ^ c.ClientDir), Frame: c.FirstFrame + uint64(m.Ahead), Time: m.Time, Count: m.Count, Forged: m.Kind == IncidentForged,
	}
	if m.Kind == IncidentTooBig {
		e.MTU, e.TooLarge, e.Fitting, e.Undecided = uint32(m.Amount), m.Run.Times, uint32(m.Run.Longest), m.Run.Most
	}
	return e
}

// ICMPKind is that of the first message that an incident is of.
func (m *Incident) ICMPKind() wire.ICMPKind { return wire.ICMPKind(m.TTL) % wire.NumICMPKinds }

// The codes of "destination unreachable": RFC 792, RFC 1122 3.2.2.1 and RFC 1812 5.2.7.1; RFC 4443 3.1, and RFC 7084 and RFC 8883.
var (
	unreachable4 = [...]string{
		0: "network unreachable", 1: "host unreachable", 2: "protocol unreachable", 3: "port unreachable", 5: "source route failed",
		6: "network unknown", 7: "host unknown", 8: "source host isolated", 9: "network administratively prohibited",
		10: "host administratively prohibited", 11: "network unreachable for this type of service", 12: "host unreachable for this type of service",
		13: "administratively prohibited", 14: "host precedence violation", 15: "precedence cutoff",
	}
	unreachable6 = [...]string{
		0: "no route", 1: "administratively prohibited", 2: "beyond the scope of the source address", 3: "address unreachable", 4: "port unreachable",
		5: "source address failed policy", 6: "route rejected", 7: "error in source routing header", 8: "headers too long",
	}
)

// ICMPText is a code in words.
func ICMPText(kind wire.ICMPKind, code uint8, v6 bool) string {
	texts := unreachable4[:]
	if v6 {
		texts = unreachable6[:]
	}
	switch {
	case kind == wire.ICMPTooBig:
		return "packet too big"
	case kind == wire.ICMPTimeExceeded && code == 1:
		return "fragments did not come in time"
	case kind == wire.ICMPTimeExceeded && v6:
		return "hop limit exceeded"
	case kind == wire.ICMPTimeExceeded:
		return "TTL exceeded"
	case int(code) < len(texts) && texts[code] != "":
		return texts[code]
	}
	return "unreachable, code " + strconv.Itoa(int(code))
}
