package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Recovery is what a direction needs once its bytes are not all in order: most never do.
type Recovery struct {
	captured  reassembly.Ranges     // bytes that passed the tap, from when the first were missing or sent again
	twice     reassembly.Ranges     // of these, what passed more than once; of what is acknowledged not all
	acked     reassembly.Scoreboard // what the receiver says it has
	recover   reassembly.Pos        // until this is acknowledged the sender repairs a loss; 0: it does not
	recovered conn.Time             // when the last such time ended
	probe     reassembly.Pos        // where zero-window probes with data begin; 0: there were none
	probeEnd  reassembly.Pos        // and where the longest of them ends
	tail      reassembly.Pos        // the latest retransmission
	tailTime  conn.Time
	tailTimes uint8
	heard     conn.Time      // when a duplicate ACK or news in SACK blocks came last
	by        conn.Cause     // what began the recovery, also of the last one
	repairTo  reassembly.Pos // what was in flight when anything was sent again, valid with statsRepairs
	repairing conn.Time      // for how long it was not acknowledged, and before it was sent again
	renegedTo reassembly.Pos // bytes before it, selectively acknowledged, may have been thrown away by the receiver
	renegedAt conn.Time      // when the ACK of them stopped where they begin
	renegedIn uint64         // in that frame; 0: it did not, or stuck to it
	old       oldStamp
	nResent   uint8             // valid entries of resent
	unjudged  uint8             // of these, how many were not acknowledged when last looked at
	resent    [MaxResent]resent // the latest retransmissions of which it is not known whether they were needed

	// Counts for the report: of what it sent,
	causes [conn.NumCauses]uint32 // retransmissions
	conn.DisorderTally
	lostPackets uint32            // retransmissions with bytes that were not captured before
	lost        uint32            // segments that they repaired, but for those that proved unneeded
	damaged     uint32            // of these, SYNs with a wrong checksum, which its receiver drops if it is not left to a network card
	untaken     bool              // the peer had them, as it seems, and took none
	unanswered  bool              // none was acknowledged since the latest of these
	lossPos     reassembly.Pos    // of the latest retransmission of anything lost
	lossRest    reassembly.Pos    // where the rest of that begins; 0: it was all
	lossSince   conn.Time         // when what it repairs passed first, or was missed
	bytes       uint64            // of retransmissions, those that were captured before
	twiceBytes  uint64            // of these, each once
	gaps        conn.Distribution // between two transmissions of the same bytes
	ambiguous   conn.Distribution // from the latest transmission of a segment that was sent again to its ACK
	lateMax     conn.Time         // by how much the latest one was late
	taken       uint64            // bytes of probes, the ones that the receiver took
	copies      uint64            // bytes of capture duplicates
	rejected    uint64            // bytes of unacceptable segments
	mostOften   uint8             // so often was the same sent again

	// and of the ACKs for it, and of its own window.
	mostBlocks        uint8
	sacks, dsacks     uint32
	zeroSince         conn.Time // the last time, valid with statsZero
	zeroTime, zeroMax conn.Time
}

// resent is a retransmission that may prove unneeded.
type resent struct {
	lo, hi reassembly.Pos
	time   conn.Time
	frame  uint64
	tsval  uint32
	cause  conn.Cause
	head   bool // the first bytes in flight: the first ACK that advances tells
	stamps bool // tsval is valid
	before bool // its bytes had not been captured
	lost   uint8
}

const MaxResent = 8 // the oldest is given up

// RecoveryPool holds the Recoveries of a tracker's connections.
type RecoveryPool struct {
	pool.Pool[Recovery]
	Ranges *reassembly.Pool
	fins   map[uint64]wire.Segment // by frame, those of an oldStamp; nil: there were none
	Causes [conn.NumCauses]uint64  // retransmissions of all connections, those that are over, too
}

func (p *RecoveryPool) get() uint32 {
	i := p.Get()
	*p.At(i) = Recovery{}
	return i
}

func (p *RecoveryPool) put(i uint32) {
	r := p.At(i)
	r.captured.Release(p.Ranges)
	r.twice.Release(p.Ranges)
	r.acked.Release(p.Ranges)
	p.forget(&r.old)
	p.Put(i)
}

// again counts a retransmission.
func (p *RecoveryPool) again(r *Recovery, cause conn.Cause) {
	r.causes[cause]++
	p.Causes[cause]++
}

// RecoveryOf is the Recovery of a direction, made if there was none: so far all from the start to the end was
// captured.
func (p *Pools) RecoveryOf(a *SenderStats, tx *conn.Half) *Recovery {
	if a.recovery == 0 {
		a.recovery = p.Recoveries.get()
		if tx.End != 0 {
			p.Recoveries.At(a.recovery).captured.Add(p.Recoveries.Ranges, tx.Start, tx.EndOfBytes())
		}
	}
	return p.Recoveries.At(a.recovery)
}

// recovery is the Recovery of the sender, once the segment is read: the Conn does not have it yet, and if it was in order its bytes passed, too.
func (r *Reader) recovery() *Recovery {
	inOrder := r.A.recovery == 0 && 1<<r.V.Kind&(1<<reading.KindData|1<<reading.KindFIN|1<<reading.KindSYN|1<<reading.KindSYNACK) != 0
	rp := r.p.RecoveryOf(r.A, r.Tx)
	if inOrder {
		r.capture(rp)
	}
	return rp
}

// interval notes the time between two transmissions of the same bytes.
func (r *Recovery) interval(d conn.Time, times uint8) {
	r.gaps.Add(d)
	r.mostOften = max(r.mostOften, times)
}

// resends is how many retransmissions there were.
func (r *Recovery) resends() (n uint32) {
	for _, k := range r.causes {
		n += k
	}
	return n
}

// Copied counts a second copy.
func (r *Recovery) Copied(s *wire.Segment) {
	r.Duplicates++
	if s.Flags&wire.RST == 0 {
		r.copies += uint64(s.Len)
	}
}

// remember keeps a retransmission until it is known whether it was needed.
func (r *Recovery) remember(one resent) {
	if r.nResent == MaxResent {
		copy(r.resent[:], r.resent[1:])
		r.nResent--
	}
	r.resent[r.nResent] = one
	r.nResent++
	r.unjudged++
}

// forget takes out the i-th of the retransmissions.
func (r *Recovery) forget(i int) {
	copy(r.resent[i:r.nResent], r.resent[i+1:r.nResent])
	r.nResent--
}

// beginAnew leaves of a Recovery what is counted of any segment.
func (p *RecoveryPool) beginAnew(r *Recovery) {
	for cause, n := range r.causes {
		p.Causes[cause] -= uint64(n)
	}
	r.captured.Release(p.Ranges)
	r.twice.Release(p.Ranges)
	r.acked.Release(p.Ranges)
	kept := conn.DisorderTally{Duplicates: r.Duplicates, CEMarks: r.CEMarks}
	*r = Recovery{DisorderTally: kept, copies: r.copies, repairing: r.repairing}
}
