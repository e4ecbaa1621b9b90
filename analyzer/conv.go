package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// half is one direction of a connection: what one endpoint sent. Like conv, it
// holds no pointers: a million of them cost the garbage collector nothing.
//
// Positions are sequence numbers unwrapped to 64 bits (package reassembly);
// zero means that none is known yet.
type half struct {
	end      reassembly.Pos // behind the highest byte, SYN or FIN sent
	acked    reassembly.Pos // highest acknowledgment sent, in the other half's positions
	rightWin reassembly.Pos // highest right edge of the window offered to the peer, in the peer's positions

	packets, payload, ipBytes, frameBytes uint64

	flags  halfFlags
	zeek   zeekEndpoint
	wscale uint8 // shift of the window, valid with hasWScale
	deaf   uint8 // segments sent again, or probes, since the peer last sent anything
	_      [1]byte

	last      Time           // when it last sent anything but an RST
	distance  Time           // between the tap and the endpoint, there and back, at least; 0: not measured
	probe     reassembly.Pos // end of a segment whose ACK will measure the peer's distance; 0: none
	probeTime Time
	busySince Time // data has been in flight without a break since then; 0: there was none; longAgo
	idleSince Time // when the peer last had acknowledged all of it, and offered window

	// What an ordinary segment does not touch.
	start          reassembly.Pos // first byte of the stream: ISN+1, or the first position seen
	fin            reassembly.Pos // of the FIN, valid with sentFIN
	finSeq, rstSeq uint32         // of the last FIN and RST (history letters repeat only when they change)
	rewrites       uint32         // data segments that did not advance end
	zeroWindows    uint16         // at most 65535
	finID          uint16         // IPv4 identification of the latest FIN that it sent
	busyAtFIN      Time           // busySince when the first FIN was sent, if it may have waited behind that; 0: it did not
}

type halfFlags uint32

const (
	isnKnown halfFlags = 1 << iota // a SYN, or the ACK of one, gave the ISN
	sentSYN                        // without ACK
	sentSYNACK
	sentACK  // a segment with ACK but no SYN, FIN or RST
	sentData // payload
	sentFIN
	sentRST
	hasWScale
	didACK  // history has its 'a'
	didData // history has its 'd'
	didMulti
	didFINRST
	notedOrdinary // a segment with neither SYN, FIN nor RST is among the facts
	provoked      // was sent what it has to answer by a challenge ACK
	goodSum       // a checksum was right: it is not left to the network card
	badSum        // one was wrong while none had been right
	finBlind      // it is not known that the first FIN does not acknowledge a FIN (showsOctetBefore)
	finFirst      // the first FIN is the first segment captured of its sender
	fragmented    // some bytes are in IP fragments, which are not read
	flying        // the peer has not acknowledged all of it, or offered no window since
	noIPIDs       // its FIN has the IPv4 identification 0
	unaware       // since the peer's latest FIN it sent what does not acknowledge that: a fact
	cutSYN        // the snap length cut the options of its SYN
	finOnSYN      // its SYN had a FIN: Linux drops that, others leave out the FIN, RFC 9293 3.10.7.2 has them take it
	blocked       // the peer acknowledged all of it and offered no window, up to idleSince
)

// spoke: it sent a SYN, or a segment with ACK that is no RST.
const spoke = sentSYN | sentSYNACK | sentACK | sentFIN

func (f halfFlags) has(m halfFlags) bool { return f&m != 0 }

// knowsScale reports whether the scale of the windows between two halves is known: both SYNs were captured, or one
// without the option, so that there is none (RFC 7323 1.3). Where it is not, no segment is ever outside a window.
func knowsScale(a, b *half) bool {
	const syn = sentSYN | sentSYNACK
	bare := a.flags.has(syn) && !a.flags.has(hasWScale|cutSYN) || b.flags.has(syn) && !b.flags.has(hasWScale|cutSYN)
	return bare || a.flags.has(syn) && b.flags.has(syn) && !(a.flags|b.flags).has(cutSYN)
}

// isn is the initial sequence number, valid with isnKnown.
func (h *half) isn() uint32 { return uint32(h.start) - 1 }

// place gives the half a place in sequence space when first heard of.
func (h *half) place(seq uint32) {
	if h.end == 0 {
		h.start = reassembly.Pos(seq) + 1<<32
		h.end = h.start
		h.busyBefore()
	}
}

// busyBefore notes that what the half sent before the capture began may be in flight.
func (h *half) busyBefore() {
	h.flags |= flying
	h.busySince = longAgo
}

// longAgo is the time of what was before the capture began. It is not known, and no time that is known comes before.
const longAgo Time = 1

// conv is a connection being tracked. Its first cache line and that of a half are
// what every packet touches; a test keeps the size a multiple of the line.
type conv struct {
	key       wire.Key
	last      Time
	lastFrame uint64
	gen       uint32 // how often the slot was used; even: free
	flags     convFlags
	seen      Completeness
	opener    uint8 // direction of the client, valid with rolesKnown

	half [2]half

	first      Time
	firstFrame uint64
	prev       uint32 // slot of the conversation that had this key before, valid if its gen is prevGen
	prevGen    uint32 // 0: none
	firstDir   uint8  // direction of the first packet
	asker      uint8  // direction of the first payload, valid with asked
	history    dirHistory
	kindsAbove uint8 // see kinds
	facts      factList
	marks      marks
	kinds      uint32    // of marks, as bits; from the 32nd on they are in kindsAbove, for want of room
	run        [2]uint32 // by direction: sequence number from which on all up to half.end was captured; 0: from start
}

type convFlags uint16

const (
	rolesKnown convFlags = 1 << iota
	asked
	reset     // an acceptable RST was seen
	refused   // it answered a SYN
	ended     // closed or reset: only stragglers can follow
	replaced  // a newer conversation has the key
	pending   // a SYN with another ISN waits for an answer (choose.go)
	succeeded // another had the key before: prev
	queued    // is in the queue of ended conversations
	watching  // ordinary segments are facts, too
	evicted   // ended because the flow table was full
	alert     // an endpoint is provoked, or the capture skips bytes
	holed     // the capture skips bytes
	wasHeld   // began with a SYN that was held until something confirmed it
	isRead    // its segments are read: it has a ledger
	disputed  // its SYN was answered by an ACK of something else (stray_syn.go), or by several SYN-ACKs (rival.go)
)

func (f convFlags) has(m convFlags) bool { return f&m != 0 }

func (c *conv) setRoles(client uint8) {
	c.opener = client
	c.flags |= rolesKnown
}

// client is the direction of the client: of who opened, or as far as ports and
// order tell.
func (c *conv) client() (dir uint8, how Roles) {
	how = RolesInferred
	if c.flags.has(rolesKnown) {
		how = RolesHandshake
	}
	a, b := portClass(c.key.PortA), portClass(c.key.PortB)
	switch {
	case isSelf(&c.key):
		return 0, how
	case how == RolesHandshake:
		return c.opener, how
	case c.probed():
		return c.firstDir, RolesInferred
	case a != b && a > b:
		return 0, RolesInferred
	case a != b:
		return 1, RolesInferred
	case c.flags.has(asked):
		return c.asker, RolesInferred
	}
	return c.firstDir, RolesInferred
}

// probed reports whether nothing was seen so far that an endpoint with a connection sends, and what was seen first is no RST.
func (c *conv) probed() bool {
	a, b := &c.half[c.firstDir], &c.half[1-c.firstDir]
	return !(a.flags | b.flags).has(spoke) && a.packets > 0 && !a.flags.has(sentRST)
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

// isSelf reports whether both sockets of k are one.
func isSelf(k *wire.Key) bool { return k.PortA == k.PortB && k.A == k.B }

func (h *half) spans(seq uint32) bool {
	pos := reassembly.Unwrap(h.end, reassembly.Seq(seq))
	low := h.start - slack
	if h.flags.has(isnKnown) {
		low = h.start - 1 // a keep-alive may precede the first octet
	}
	return pos >= low && pos <= h.end+slack
}

// farthest is how far from what is known a number may be: no window is larger (RFC 7323 2.3).
const farthest reassembly.Pos = 1 << 30

// maxWindow is how far apart the numbers of one direction can be (RFC 7323 2.3).
const maxWindow = 1 << 30

// endOfBytes is end, without the FIN.
func (h *half) endOfBytes() reassembly.Pos {
	if h.flags.has(sentFIN) && h.fin == h.end-1 {
		return h.fin
	}
	return h.end
}

// relative is a sequence number of the half, from its ISN, or from the first number seen.
func (h *half) relative(seq uint32) int64 {
	if h.end == 0 {
		return 0
	}
	n := int64(reassembly.Unwrap(h.end, reassembly.Seq(seq)) - h.start)
	if h.flags.has(isnKnown) {
		n++
	}
	return n
}

// givesUp is when a connection of which only SYNs were seen is taken to be over. The time from the
// first to the last is about the interval to the next.
func (c *conv) givesUp() Time {
	last := max(c.last, c.first)
	return last + min(max(4*(last-c.first), Time(minConnectTimeout)), Time(maxConnectTimeout))
}

// precededBy reports whether seq is the ISN of h, or, if that is not known, may be: it is a little before all that was captured.
func (h *half) precededBy(seq uint32) bool {
	if h.flags.has(isnKnown) {
		return seq == h.isn()
	}
	return h.end != 0 && uint32(h.start)-seq-1 <= slack
}

// tick adds one, up to what the counter holds.
func tick(n *uint16) {
	if *n < 1<<16-1 {
		*n++
	}
}

// near reports whether two numbers may be of one stream.
func near(a, b uint32) bool { return a-b+slack <= 2*slack }

// slack is how far before and behind the known stream a number is taken for part of it, but not before its ISN.
const slack = 1 << 20
