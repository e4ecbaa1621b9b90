package segment

import "tcptrace/analyzer/internal/conn"

// Nagle's algorithm holds a small segment back while anything is in flight (RFC 9293 3.7.4), and a receiver delays the ACK of a single segment,
// by up to half a second (3.8.6.3): 40 ms on Linux, 200 ms or less elsewhere. Where both do, and what was sent calls for no answer yet, each waits
// for the other. What is seen of that: an ACK without data comes later than the round trip, by such a time, and the small segment goes out at once
// behind it. Once, that may be by chance.

// The times by which an ACK that is delayed comes later than others.
const (
	leastDelay conn.Time = 25e6
	mostDelay  conn.Time = 500e6
)

// defaultMSS is that of who offers none (RFC 9293 3.7.1).
const defaultMSS = 536

// holdsBack notes whether the payload waited for a delayed ACK of all that was in flight. Its sender had the last word before.
func (r *Reader) holdsBack() {
	a, full := r.A, uint32(0)
	if r.b.mss > 2*fullOptions {
		full = uint32(r.b.mss - fullOptions)
	} else {
		full = max(r.A.segmentMax, defaultMSS)
	}
	if r.S.Len == 0 || r.S.Len >= full || a.RTT.N == 0 || conn.KnowsScale(r.Tx, r.Rx) && r.b.window < 2*full {
		return
	}
	late := a.advanced - a.LastData - a.RTT.Min
	if late < max(leastDelay, a.RTT.Min/4) || late > mostDelay {
		return
	}
	incidents := &r.p.Facts.Incidents
	if after := r.now - a.advanced - r.Tx.Distance; after > late/8 || after < -r.Tx.Distance/4 {
		if m := r.C.Find(incidents, conn.IncidentHeld, r.S.Dir); m != nil {
			m.Run.N++
		}
		return
	}
	m := r.C.Note(incidents, conn.IncidentHeld, r.S.Dir, r.S, int64(late))
	m.Run.Longest = max(m.Run.Longest, late)
}
