package conn

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Half is one direction of a connection: what one endpoint sent. Like Conn, it
// holds no pointers: a million of them cost the garbage collector nothing.
//
// Positions are sequence numbers unwrapped to 64 bits (package reassembly);
// zero means that none is known yet. It takes two cache lines, which are all that most segments touch.
type Half struct {
	End      reassembly.Pos // behind the highest byte, SYN or FIN sent
	Acked    reassembly.Pos // highest acknowledgment sent, in the other half's positions
	RightWin reassembly.Pos // highest right edge of the window offered to the peer, in the peer's positions

	Packets, Payload, ipBytes, frameBytes uint64

	Flags  halfFlags
	zeek   zeekEndpoint
	Wscale uint8 // shift of the window, valid with HasWScale
	deaf   uint8 // segments sent again, or probes, since the peer last sent anything
	_      [1]byte

	Last      Time           // when it last sent anything but an RST
	Distance  Time           // between the tap and the endpoint, there and back, at least; 0: not measured
	Probe     reassembly.Pos // end of a segment whose ACK will measure the peer's distance; 0: none
	ProbeTime Time
	BusySince Time // data has been in flight without a break since then; 0: there was none; LongAgo
	idleSince Time // when the peer last had acknowledged all of it, and offered window

	Start reassembly.Pos // first byte of the stream: ISN+1, or the first position seen
	FIN   reassembly.Pos // of the FIN, valid with SentFIN, and of that of a SYN with FinOnSYN
}

// rarity is what an ordinary segment does not touch of its sender's direction.
type rarity struct {
	finSeq, rstSeq uint32 // of the last FIN and RST (history letters repeat only when they change)
	rewrites       uint32 // data segments that did not advance end
	zeroWindows    uint16 // at most 65535
	controlID      uint16 // IPv4 identification of the latest SYN or FIN that it sent
	busyAtFIN      Time   // BusySince when the first FIN was sent, if it may have waited behind that; 0: it did not
}

type halfFlags uint32

const (
	ISNKnown halfFlags = 1 << iota // a SYN, or the ACK of one, gave the ISN
	SentSYN                        // without ACK
	SentSYNACK
	SentACK  // a segment with ACK but no SYN, FIN or RST
	SentData // payload
	SentFIN
	SentRST
	HasWScale
	didACK  // history has its 'a'
	didData // history has its 'd'
	didMulti
	didFINRST
	notedOrdinary // a segment with neither SYN, FIN nor RST is among the facts
	Provoked      // was sent what it has to answer by a challenge ACK
	GoodSum       // a checksum was right: it is not left to the network card
	badSum        // one was wrong while none had been right
	finBlind      // it is not known that the first FIN does not acknowledge a FIN (showsOctetBefore)
	finFirst      // the first FIN is the first segment captured of its sender
	finUnproved   // its FIN, without data, lies ahead of what it had sent, or has a wrong header checksum, and nothing shows yet that it sent that
	Fragmented    // some bytes are in IP fragments, which are not read
	flying        // the peer has not acknowledged all of it, or offered no window since
	notLinux      // its FIN has the IPv4 identification 0, or its SYN a window scale in front of SACK permitted: Linux does neither
	unaware       // since the peer's latest FIN it sent what does not acknowledge that: a fact
	CutSYN        // the snap length cut the options of its SYN
	FinOnSYN      // its SYN had a FIN: Linux drops that, others leave out the FIN, RFC 9293 3.10.7.2 has them take it
	doubted       // it acknowledges what was not captured, and may not have been sent
	blocked       // the peer acknowledged all of it and offered no window, up to idleSince
	goodHeader    // the checksum of an IPv4 header was right: it is not left to the network card
	mayBeGone     // an RST in its name passed that would have ended its connection, and it was open (goesOn)
	askedFirst    // it sent the first payload
	WaitedFor     // of the first half: a segment came when only patience had the connection wait (package flow)
	wentOn        // of the first half: the RSTs that seemed to end the connection were not its endpoints' (goesOn)
)

// Spoke: it sent a SYN, or a segment with ACK that is no RST.
const Spoke = SentSYN | SentSYNACK | SentACK | SentFIN

func (f halfFlags) Has(m halfFlags) bool { return f&m != 0 }

// KnowsScale reports whether the scale of the windows between two halves is known: both SYNs were captured, or one
// without the option, so that there is none (RFC 7323 1.3). Where it is not, no segment is ever outside a window.
func KnowsScale(a, b *Half) bool {
	const syn = SentSYN | SentSYNACK
	bare := a.Flags.Has(syn) && !a.Flags.Has(HasWScale|CutSYN) || b.Flags.Has(syn) && !b.Flags.Has(HasWScale|CutSYN)
	return bare || a.Flags.Has(syn) && b.Flags.Has(syn) && !(a.Flags|b.Flags).Has(CutSYN)
}

// ISN is the initial sequence number, valid with ISNKnown.
func (h *Half) ISN() uint32 { return uint32(h.Start) - 1 }

// place gives the half a place in sequence space when first heard of.
func (h *Half) place(seq uint32) {
	if h.End == 0 {
		h.Start = reassembly.Pos(seq) + 1<<32
		h.End = h.Start
		h.busyBefore()
	}
}

// busyBefore notes that what the half sent before the capture began may be in flight.
func (h *Half) busyBefore() {
	h.Flags |= flying
	h.BusySince = LongAgo
}

// LongAgo is the time of what was before the capture began. It is not known, and no time that is known comes before.
const LongAgo Time = 1

// Conn is a connection being tracked. Its first cache line and the halves are
// what every packet touches; a test keeps the size a multiple of the line.
type Conn struct {
	Key       wire.Key
	Last      Time
	LastFrame uint64
	Gen       uint32 // how often the slot was used; even: free
	Flags     ConnFlags
	Seen      Completeness
	opener    uint8 // direction of the client, valid with rolesKnown

	Half [2]Half

	First      Time
	FirstFrame uint64
	Prev       uint32 // slot of the conversation that had this key before, valid if its gen is prevGen
	PrevGen    uint32 // 0: none
	FirstDir   uint8  // direction of the first packet
	History    dirHistory
	kindsAbove uint16 // see kinds
	Facts      factList
	Incidents  IncidentList
	kinds      uint32    // of incidents, as bits; from the 32nd on they are in kindsAbove, for want of room
	run        [2]uint32 // by direction: sequence number from which on all up to half.end was captured; 0: from start
	rare       [2]rarity // by direction
}

type ConnFlags uint16

const (
	rolesKnown ConnFlags = 1 << iota
	asked
	WasReset   // an acceptable RST was seen
	WasRefused // it answered a SYN
	Ended      // closed or reset: only stragglers can follow
	Replaced   // a newer conversation has the key
	Pending    // a SYN with another ISN waits for an answer (choose.go)
	Succeeded  // another had the key before: prev
	Queued     // is in the queue of ended conversations
	Watching   // ordinary segments are facts, too
	Evicted    // ended because the flow table was full
	alert      // an endpoint is provoked, or the capture skips bytes
	Holed      // the capture skips bytes
	WasHeld    // began with a SYN that was held until something confirmed it
	IsRead     // its segments are read: it has a Stats (package segment)
	Disputed   // its SYN was answered by an ACK of something else (stray_syn.go), or by several SYN-ACKs (rival.go)
)

func (f ConnFlags) Has(m ConnFlags) bool { return f&m != 0 }

func (c *Conn) setRoles(client uint8) {
	c.opener = client
	c.Flags |= rolesKnown
}

// Client is the direction of the client: of who opened, or as far as ports and
// order tell.
func (c *Conn) Client() (dir uint8, how Roles) {
	how = RolesInferred
	if c.Flags.Has(rolesKnown) {
		how = RolesHandshake
	}
	a, b := portClass(c.Key.PortA), portClass(c.Key.PortB)
	switch {
	case IsSelf(&c.Key):
		return 0, how
	case how == RolesHandshake:
		return c.opener, how
	case c.probed():
		return c.FirstDir, RolesInferred
	case a != b && a > b:
		return 0, RolesInferred
	case a != b:
		return 1, RolesInferred
	case c.Flags.Has(asked):
		if c.Half[1].Flags.Has(askedFirst) {
			return 1, RolesInferred
		}
		return 0, RolesInferred
	}
	return c.FirstDir, RolesInferred
}

// probed reports whether nothing was seen so far that an endpoint with a connection sends, and what was seen first is no RST.
func (c *Conn) probed() bool {
	a, b := &c.Half[c.FirstDir], &c.Half[1-c.FirstDir]
	return !(a.Flags | b.Flags).Has(Spoke) && a.Packets > 0 && !a.Flags.Has(SentRST)
}

// portClass ranks a port by how likely a client has it: well-known, registered, ephemeral.
// 32768 is where Linux's ephemeral ports start; IANA's start above, at 49152.
func portClass(port uint16) int {
	switch {
	case port < 1024:
		return 0
	case port < 32768:
		return 1
	}
	return 2
}

// IsSelf reports whether both sockets of k are one.
func IsSelf(k *wire.Key) bool { return k.PortA == k.PortB && k.A == k.B }

func (h *Half) Spans(seq uint32) bool {
	pos := reassembly.Unwrap(h.End, reassembly.Seq(seq))
	low := h.Start - Slack
	if h.Flags.Has(ISNKnown) {
		low = h.Start - 1 // a keep-alive may precede the first octet
	}
	return pos >= low && pos <= h.End+Slack
}

// Farthest is how far from what is known a number may be: no window is larger (RFC 7323 2.3).
const Farthest reassembly.Pos = 65535 << 14

// EndOfBytes is end, without the FIN.
func (h *Half) EndOfBytes() reassembly.Pos {
	if h.Flags.Has(SentFIN|FinOnSYN) && h.FIN == h.End-1 {
		return h.FIN
	}
	return h.End
}

// Relative is a sequence number of the half, from its ISN, or from the first number seen.
func (h *Half) Relative(seq uint32) int64 {
	if h.End == 0 {
		return 0
	}
	n := int64(reassembly.Unwrap(h.End, reassembly.Seq(seq)) - h.Start)
	if h.Flags.Has(ISNKnown) {
		n++
	}
	return n
}

// GivesUp is when a connection of which only SYNs were seen is taken to be over. The time from the
// first to the last is about the interval to the next.
func (c *Conn) GivesUp() Time { return GivesUp(c.First, c.Last) }

// GivesUp is Conn.GivesUp for the times of the first and the last SYN.
func GivesUp(first, last Time) Time {
	last = max(first, last)
	return last + max(4*min(last-first, Time(MaxConnectTimeout)/4), Time(MinConnectTimeout))
}

// PrecededBy reports whether seq is the ISN of h, or, if that is not known, may be: it is a little before all that was captured.
func (h *Half) PrecededBy(seq uint32) bool {
	if h.Flags.Has(ISNKnown) {
		return seq == h.ISN()
	}
	return h.End != 0 && uint32(h.Start)-seq-1 <= Slack
}

// Tick adds one, up to what the counter holds.
func Tick(n *uint16) {
	if *n < 1<<16-1 {
		*n++
	}
}

// Near reports whether two numbers may be of one stream.
func Near(a, b uint32) bool { return a-b+Slack <= 2*Slack }

// Slack is how far before and behind the known stream a number is taken for part of it, but not before its ISN.
const Slack = 1 << 20
