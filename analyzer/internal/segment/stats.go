package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/quantile"
	"tcptrace/analyzer/internal/rtt"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// SenderStats is what reading the segments of one direction needs, and what is counted of them. Like a half it
// holds no pointers. It is laid out by cache lines: an ordinary segment touches two or three of its sender and up to four of
// its peer. What disorder needs is in a Recovery.
type SenderStats struct {
	// A line of what is needed at every segment of either side,
	flight   flight.List
	edge     reassembly.Pos // right edge of the window that it offered last
	LastData conn.Time
	advanced conn.Time // when anything was acknowledged last
	window   uint32    // offered last
	recovery uint32    // in the tracker's RecoveryPool; 0: all was in order
	mss      uint16
	dup      uint16 // ACKs since una was acknowledged that show that later segments arrive
	flags    statsFlags
	mode     mode
	before   mode // the one before its mode

	// one of what is counted at every segment that it sends,
	IdleMax              conn.Time
	FlightSum, windowSum uint64
	tsMax                uint32 // latest TSval
	windows              uint32 // values in windowSum
	windowMin, windowMax uint32
	data, pushed         uint32 // segments with payload; those with PSH
	acks, pure           uint32
	ttlMin, ttlMax       uint8
	idSteps, idJumps     uint8  // how often the IP ID went up by a little, and otherwise
	id                   uint16 // latest IP ID
	wscale               uint8  // of its SYN

	// one for data and the ACKs that come for it,
	firstData  conn.Time
	flightArea uint64 // sum of bytes in flight by us
	conn.Tally        // most of it of data
	flights    uint32 // values in FlightSum
	flightMin  uint32 // 0: none so far
	flightMax  uint32
	segmentMax uint32
	turn       uint32 // where what it sends in its turn begins, valid with lastData
	segmentMin uint32 // 0: none so far

	// and two for ACKs.
	RTT       rtt.RoundTrips
	transfer  uint32 // in the tracker's pool of transfers; 0: what it sent in each turn fits an initial window
	dupACKs   uint32
	full      conn.Distribution // round trips of segments of segmentMax
	stampTime conn.Time         // since when the echo of stamp is awaited
	stampSum  conn.Time
	stamp     uint32 // TSval whose echo is awaited, valid with statsStamping
	stampN    uint32

	// One for turns.
	since              conn.Time               // in its mode
	spent              [numModes - 1]conn.Time // in each but modeIdle
	thinkSum, thinkMax conn.Time
	stampMin, stampMax conn.Time

	// What few segments touch.
	codes                        quantile.Codes
	Handshake                    conn.Time // from its SYN to the ACK of that, both at the tap; 0: not known
	initialBytes, initialPackets uint32
	synOptions                   wire.Bits
	echo                         uint32 // TSecr of its first SYN-ACK
	syns, fins, rsts             uint16 // segments with that flag, at most 65535
	synWindow                    uint16 // of its SYN
}

// TouchPrompt loads what Prompt, and TTLs, look at.
func (l *Stats) TouchPrompt() (sum conn.Time) {
	sum = l.spent.awaited
	for i := range l.Of {
		a := &l.Of[i]
		sum += a.IdleMax + a.RTT.Min + a.thinkMax + a.Handshake
	}
	return sum
}

type statsFlags uint16

const (
	statsOpen       statsFlags = 1 << iota // a TTL was seen
	statsHasEdge                           // edge and window are valid
	statsProbed                            // its last segment was a keep-alive
	statsZeroProbed                        // its last segment was a zero-window probe
	statsACKed                             // the initial window is known
	statsSACK                              // its SYN permits SACK
	statsStamps                            // tsMax is valid
	statsScaled                            // it offered a window in a segment without SYN
	statsZero                              // its window is closed, since zeroSince
	statsStamping                          // an echo of stamp is awaited
	statsFullACKed                         // a segment as large as its peer's MSS allows may have been acknowledged
	statsOldStamps                         // its peer takes what has an old timestamp
	statsEpisode                           // something lasts that further segments may end (episode.go)
	statsRepairs                           // something was sent again, up to repairTo, and is not acknowledged
	statsAsked                             // all that it sent was acknowledged when its peer sent data: what it sends next may answer
	statsTransfer                          // a transfer is under way
)

func (f statsFlags) has(m statsFlags) bool { return f&m != 0 }

// Stats is the SenderStats of both sides of a connection, by direction. It has the slot of its Conn, if that is read.
type Stats struct {
	Of    [2]SenderStats
	spent spending
}

// StatsTable is a slab beside that of the connections, with chunks where a conversation is read. They are smaller than those of the
// connections, since a table reads few.
type StatsTable struct {
	chunks [][]Stats // as those of a pool
	used   uint32    // behind the last slot that ever had any
}

const statsBits = 5 // a chunk holds 32 of them

func (l *StatsTable) At(slot uint32) *Stats { return &l.chunks[slot>>statsBits][slot&(1<<statsBits-1)] }

// Alloc clears the Stats of a slot.
func (l *StatsTable) Alloc(slot uint32) {
	for int(slot>>statsBits) >= len(l.chunks) {
		l.chunks = append(l.chunks, nil)
	}
	if l.chunks[slot>>statsBits] == nil {
		l.chunks[slot>>statsBits] = make([]Stats, 1<<statsBits)
		if slot > 0 && slot == l.used { // the one before is read, and so will be those that follow
			pool.Populate(l.chunks[slot>>statsBits])
		}
	}
	if slot < l.used {
		*l.At(slot) = Stats{}
	}
	l.used = max(l.used, slot+1)
}

// Release gives back what the statistics hold of the pools.
func (l *Stats) Release(p *Pools) {
	for i := range l.Of {
		b := &l.Of[i]
		b.flight.Release(&p.Flights)
		if b.recovery != 0 {
			p.Recoveries.put(b.recovery)
		}
		if b.RTT.Hist != 0 {
			p.hists.Put(b.RTT.Hist)
		}
		if b.transfer != 0 {
			p.transfers.Put(b.transfer)
		}
	}
}

// Observe counts what every segment has.
func (a *SenderStats) Observe(tx *conn.Half, s *wire.Segment) {
	if s.TTL != a.ttlMax {
		a.hops(s.TTL)
	}
	if gap := conn.Time(s.Time) - tx.Last; gap > a.IdleMax && tx.Last != 0 {
		a.IdleMax = gap
	}
	if s.PayloadCap < s.Len && s.Flags&wire.RST == 0 {
		a.TruncatedPackets++
		a.TruncatedBytes += uint64(s.Len - s.PayloadCap)
	}
	if s.Len > 0 && s.Flags&wire.RST == 0 {
		a.data++
		if s.Flags&wire.PSH != 0 {
			a.pushed++
		}
		if s.Len > a.segmentMax {
			a.segmentMax, a.full = s.Len, conn.Distribution{}
		}
		if a.segmentMin-1 >= s.Len { // 0: none so far
			a.segmentMin = s.Len
		}
	}
}

// hops keeps the extremes of the TTL.
func (a *SenderStats) hops(ttl uint8) {
	if a.flags&statsOpen == 0 {
		a.flags |= statsOpen
		a.ttlMin = ttl
	}
	a.ttlMin, a.ttlMax = min(a.ttlMin, ttl), max(a.ttlMax, ttl)
}

// largestStep is how far apart the IP IDs of two segments of a connection are at most if its host counts them:
// for each connection (Linux), or for all (others, then a busy host skips many).
const largestStep = 1024

// Stamps keeps the latest IP ID and timestamp: the order in which segments were sent.
func (a *SenderStats) Stamps(s *wire.Segment) {
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
		if a.flags&statsStamps == 0 || int32(s.TSval-a.tsMax) > 0 {
			a.tsMax = s.TSval
			a.flags |= statsStamps
		}
	}
}

// counts reports whether the sender numbers its IP packets in order.
func (a *SenderStats) counts() bool { return a.id != 0 && a.idSteps > 1 && a.idJumps <= a.idSteps/8 }

// mode is what a sender does with its time.
type mode uint8

const (
	modeIdle     mode = iota // all that it sent is acknowledged: the application has no more
	modeTransfer             // data in flight
	modeWindow               // the receiver's window has no room for another segment
	modeRecovery             // it repairs a loss
	numModes
)

// in is for how long the sender was in a mode, but modeIdle, up to now.
func (a *SenderStats) in(m mode, now conn.Time) conn.Time {
	d := a.spent[m-1]
	if a.mode == m && now > a.since {
		d += now - a.since
	}
	return d
}

// enter begins another mode. way is the time from the tap to the sender and back: what it sends as it hears the ACK of all passes
// the tap that much later, and it was not idle.
func (a *SenderStats) enter(m mode, now, start, way conn.Time) {
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

// ResetStats takes from statistics what the SYNs and SYN-ACKs so far said. Their payload, of that many bytes with copies, was rejected.
func (p *Pools) ResetStats(a *SenderStats, payload uint64) {
	a.flight.Release(&p.Flights)
	if a.recovery == 0 && payload > 0 {
		a.recovery = p.Recoveries.get()
	}
	if a.recovery != 0 {
		r := p.Recoveries.At(a.recovery)
		p.Recoveries.beginAnew(r)
		r.rejected = payload - min(payload, r.copies)
	}
	a.flags &^= statsSACK | statsHasEdge | statsStamps | statsZero | statsStamping
	a.mss, a.wscale, a.synOptions, a.synWindow = 0, 0, 0, 0
	a.edge, a.window, a.echo, a.dup = 0, 0, 0, 0
}
