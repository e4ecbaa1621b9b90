package analyzer

import (
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// book is what reading the segments of one direction needs, and what is counted of them. Like a half it
// holds no pointers. Its first cache lines are what an ordinary segment touches; what
// disorder needs is in a repair.
type book struct {
	// A line of what is needed at every segment,
	flight  flight
	edge    reassembly.Pos // right edge of the window that it offered last
	idleMax Time
	tsMax   uint32 // latest TSval
	window  uint32 // offered last
	repair  uint32 // in the tracker's repairPool; 0: all was in order
	stamp   uint32 // TSval whose echo is awaited, valid with bookStamping
	id      uint16 // latest IP ID
	dup     uint16 // ACKs since una was acknowledged that show that later segments arrive
	flags   bookFlags
	mode    mode
	wscale  uint8 // of its SYN

	// one of what is counted at every segment,
	flightSum, windowSum uint64
	flights, windows     uint32 // values in these
	flightMax            uint32
	windowMin, windowMax uint32
	data, pushed         uint32 // segments with payload; those with PSH
	segmentMin           uint32 // 0: none so far
	segmentMax           uint32
	acks, pure           uint32
	ttlMin, ttlMax       uint8
	idSteps, idJumps     uint8 // how often the IP ID went up by a little, and otherwise

	// and two for data and the ACKs that come for it.
	rtt       roundTrips
	advanced  Time // when anything was acknowledged last
	codes     codes
	stampTime Time // since when the echo of stamp is awaited
	lastData  Time
	stampN    uint32
	dupACKs   uint32

	// What few segments touch.
	since                        Time               // in its mode
	spent                        [numModes - 1]Time // in each but modeIdle
	thinkSum, thinkMax           Time
	truncated                    uint64
	truncatedPackets             uint32
	thinks                       uint32
	firstData                    Time
	stampSum, stampMin, stampMax Time
	handshake                    Time // from its SYN to the ACK of that, both at the tap; 0: not known
	initialBytes, initialPackets uint32
	echo                         uint32 // TSecr of its first SYN-ACK
	syns, fins, rsts             uint16 // segments with that flag, at most 65535
	mss                          uint16
	synOptions                   wire.Bits
	synWindow                    uint16 // of its SYN
	before                       mode   // the one before its mode
	triples                      uint32 // third duplicate ACKs
	cumulated                    uint32 // segments acknowledged by the ACK of a later one
	flightMin                    uint32 // 0: none so far
	flightArea                   uint64 // sum of bytes in flight by us
	full                         spread // round trips of segments of segmentMax
}

type bookFlags uint16

const (
	bookOpen       bookFlags = 1 << iota // a TTL was seen
	bookHasEdge                          // edge and window are valid
	bookProbed                           // its last segment was a keep-alive
	bookZeroProbed                       // its last segment was a zero-window probe
	bookACKed                            // the initial window is known
	bookSACK                             // its SYN permits SACK
	bookStamps                           // tsMax is valid
	bookScaled                           // it offered a window in a segment without SYN
	bookZero                             // its window is closed, since zeroSince
	bookStamping                         // an echo of stamp is awaited
	bookFullACKed                        // a segment as large as its peer's MSS allows may have been acknowledged
	bookEpisode                          // something lasts that further segments may end (episode.go)
)

func (f bookFlags) has(m bookFlags) bool { return f&m != 0 }

// ledger is both books of a connection, by direction. It has the slot of its conv, if that is read.
type ledger struct{ book [2]book }

// ledgers is a slab beside that of the convs, with chunks where a conversation is read. They are smaller than those of the
// convs, since a table reads few.
type ledgers struct{ chunks [][]ledger }

const ledgerBits = 5 // a chunk holds 32 ledgers

func (l *ledgers) at(slot uint32) *ledger { return &l.chunks[slot>>ledgerBits][slot&(1<<ledgerBits-1)] }

// alloc clears the ledger of a slot.
func (l *ledgers) alloc(slot uint32) {
	for int(slot>>ledgerBits) >= len(l.chunks) {
		l.chunks = append(l.chunks, nil)
	}
	if l.chunks[slot>>ledgerBits] == nil {
		l.chunks[slot>>ledgerBits] = make([]ledger, 1<<ledgerBits)
	}
	*l.at(slot) = ledger{}
}

// release gives back what the books hold of the pools.
func (l *ledger) release(p *pools) {
	for i := range l.book {
		b := &l.book[i]
		b.flight.release(&p.flights)
		if b.repair != 0 {
			p.repairs.put(b.repair)
		}
		if b.rtt.hist != 0 {
			p.hists.free = append(p.hists.free, b.rtt.hist)
		}
	}
}

// observe counts what every segment has.
func (a *book) observe(tx *half, s *wire.Segment) {
	if s.TTL != a.ttlMax {
		a.hops(s.TTL)
	}
	if gap := Time(s.Time) - tx.last; gap > a.idleMax && tx.last != 0 {
		a.idleMax = gap
	}
	if s.PayloadCap < s.Len && s.Flags&wire.RST == 0 {
		a.truncatedPackets++
		a.truncated += uint64(s.Len - s.PayloadCap)
	}
	if s.Len > 0 && s.Flags&wire.RST == 0 {
		a.data++
		if s.Flags&wire.PSH != 0 {
			a.pushed++
		}
		if s.Len > a.segmentMax {
			a.segmentMax, a.full = s.Len, spread{}
		}
		if a.segmentMin-1 >= s.Len { // 0: none so far
			a.segmentMin = s.Len
		}
	}
}

// hops keeps the extremes of the TTL.
func (a *book) hops(ttl uint8) {
	if a.flags&bookOpen == 0 {
		a.flags |= bookOpen
		a.ttlMin = ttl
	}
	a.ttlMin, a.ttlMax = min(a.ttlMin, ttl), max(a.ttlMax, ttl)
}

// largestStep is how far apart the IP IDs of two segments of a connection are at most if its host counts them:
// for each connection (Linux), or for all (others, then a busy host skips many).
const largestStep = 1024

// stamps keeps the latest IP ID and timestamp: the order in which segments were sent.
func (a *book) stamps(s *wire.Segment) {
	switch step := s.IPID - a.id; {
	case s.IPID == 0: // Linux: of who has no state for the connection, such as a SYN-ACK
	case a.id == 0:
		a.id = s.IPID
	case step-1 < largestStep:
		a.id = s.IPID
		if a.idSteps < 255 {
			a.idSteps++
		}
	case -step < largestStep: // a copy, or overtaken
	default:
		a.id = s.IPID
		if a.idJumps < 255 {
			a.idJumps++
		}
	}
	if s.Bits&wire.HasTimestamps != 0 {
		if a.flags&bookStamps == 0 || int32(s.TSval-a.tsMax) > 0 {
			a.tsMax = s.TSval
			a.flags |= bookStamps
		}
	}
}

// counts reports whether the sender numbers its IP packets in order.
func (a *book) counts() bool { return a.id != 0 && a.idSteps > 1 && a.idJumps <= a.idSteps/8 }

// mode is what a sender does with its time.
type mode uint8

const (
	modeIdle     mode = iota // all that it sent is acknowledged: the application has no more
	modeTransfer             // data in flight
	modeWindow               // the receiver's window has no room for another segment
	modeRecovery             // it repairs a loss
	numModes
)

// enter begins another mode. way is the time from the tap to the sender and back: what it sends as it hears the ACK of all passes
// the tap that much later, and it was not idle.
func (a *book) enter(m mode, now, start, way Time) {
	if a.mode == m {
		return
	}
	if a.since == 0 {
		a.since = start
	}
	if now > a.since {
		switch {
		case a.mode != modeIdle:
			a.spent[a.mode-1] += now - a.since
		case a.before != modeIdle:
			a.spent[a.before-1] += min(now-a.since, way)
		}
		a.since = now
	}
	a.before, a.mode = a.mode, m
}

// resetBook takes from a book what the SYN-ACKs so far said.
func (p *pools) resetBook(a *book) {
	a.flight.release(&p.flights)
	if a.repair != 0 {
		p.repairs.beginAnew(p.repairs.at(a.repair))
	}
	a.flags &^= bookSACK | bookHasEdge | bookStamps | bookZero | bookStamping
	a.mss, a.wscale, a.synOptions, a.synWindow = 0, 0, 0, 0
	a.edge, a.window, a.echo, a.dup = 0, 0, 0, 0
}
