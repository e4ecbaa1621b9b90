package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// Not every stack drops what comes with an old timestamp (PAWS, RFC 7323 5.3). Whether a receiver does shows by what it acknowledges.

const (
	// forgetStamp is for how long a receiver keeps to the timestamp that it saw last (RFC 7323 5.5).
	forgetStamp conn.Time = 24 * 86400e9
	// stampPause is the least silence in front of an old timestamp that tells since when none newer came.
	stampPause conn.Time = 1e9
)

// oldStamp is what is known of old timestamps of a sender.
type oldStamp struct {
	newest uint32         // the timestamp against which
	since  conn.Time      // it was last sent; 0: not known
	frame  uint64         // of the segment that its receiver drops, if it goes by the RFC; 0: none, or it was sent again
	end    reassembly.Pos // of that
	tsval  uint32
}

// isOlder reports whether the segment has a timestamp that is older than the newest of its sender's.
func (r *Reader) isOlder() bool {
	return r.S.Bits&wire.HasTimestamps != 0 && r.A.flags.has(statsStamps) && int32(r.S.TSval-r.A.tsMax) < 0
}

// stampTooOld reports whether the receiver drops a segment for its timestamp: it has acknowledged all
// that came before, and thus one with a later timestamp.
func (r *Reader) stampTooOld() bool {
	return r.isOlder() && r.una == r.next && !r.A.flags.has(statsOldStamps) && r.stampAge() < forgetStamp
}

// stampAge is how long ago the newest timestamp of the sender was last sent.
func (r *Reader) stampAge() conn.Time {
	if r.A.recovery != 0 {
		if old := &r.p.Recoveries.At(r.A.recovery).old; old.since != 0 && old.newest == r.A.tsMax {
			return r.now - old.since
		}
	}
	return r.now - r.Tx.Last
}

// keepStamp has a timestamp that is older than the newest take its place if its receiver has forgotten that. Else that was last sent before.
func (r *Reader) keepStamp() {
	switch {
	case !r.isOlder() || r.V.Kind == reading.KindUnacceptable && r.V.Notes&reading.NotePAWS == 0:
	case r.stampAge() >= forgetStamp:
		r.A.tsMax = r.S.TSval
	case r.now-r.Tx.Last >= stampPause:
		if old := &r.recovery().old; old.since == 0 || old.newest != r.A.tsMax {
			old.newest, old.since = r.A.tsMax, r.Tx.Last
		}
	}
}

// doubtStamp remembers a segment that is dropped for its timestamp: its receiver may acknowledge it all the same.
func (r *Reader) doubtStamp() {
	old := &r.p.RecoveryOf(r.A, r.Tx).old
	r.p.Recoveries.forget(old)
	old.frame, old.end, old.tsval = r.S.Frame, r.end, r.S.TSval
	if r.S.Flags&wire.FIN != 0 {
		if r.p.Recoveries.fins == nil {
			r.p.Recoveries.fins = map[uint64]wire.Segment{}
		}
		r.p.Recoveries.fins[old.frame] = *r.S
	}
}

// forget drops the segment of old.
func (p *RecoveryPool) forget(old *oldStamp) {
	if old.frame != 0 {
		delete(p.fins, old.frame)
		old.frame = 0
	}
}

// takeFIN gives the Conn a FIN that was said to be dropped for its timestamp, now that it is acknowledged. It returns how far the sender has
// come, which was high.
func (r *Reader) takeFIN(high reassembly.Pos) reassembly.Pos {
	rp := r.p.Recoveries.At(r.b.recovery)
	fin, ok := r.p.Recoveries.fins[rp.old.frame]
	if !ok || r.ack < rp.old.end {
		return high
	}
	rp.rejected -= uint64(fin.Len)
	rp.captured.Add(r.p.Recoveries.Ranges, rp.old.end-reassembly.Pos(fin.SeqLen()), rp.old.end-1)
	r.C.TakeLate(&r.p.Facts, &fin)
	return r.Rx.End
}

// tookStamp is an ACK of a segment that was said to be dropped for its timestamp, and was not sent again: its receiver does not go by
// timestamps.
func (r *Reader) tookStamp(rp *Recovery) {
	b, old := r.b, &rp.old
	b.flags |= statsOldStamps
	b.tsMax = old.tsval
	kind := reading.KindData
	if _, fin := r.p.Recoveries.fins[old.frame]; fin {
		kind = reading.KindFIN
	}
	r.revise(reading.Reading{Kind: kind, Amends: old.frame})
	if m := r.find(conn.IncidentOldStamp, 1-r.S.Dir); m != nil {
		m.Count--
	}
	r.p.Recoveries.forget(old)
}
