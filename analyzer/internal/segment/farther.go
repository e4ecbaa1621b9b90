package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
	"tcptrace/reassembly"
)

// A capture may be of two taps with a router between them, which shows each segment twice: farther from its sender with a lower TTL, and
// later, by the time that it travels from one to the other. Most are known by that they are alike in all else (flow.recent). Of many
// segments the first may be forgotten when the second comes; then it tells that copies had its TTL before.

// farther reports whether the segment passed the tap that is farther from its sender, and nothing shows that it was sent after all that passed
// the other.
func (r *Reader) farther() bool {
	if r.S.TTL >= r.A.ttlMax || r.order() > 0 {
		return false
	}
	m := r.C.Find(&r.p.Facts.Incidents, conn.IncidentDuplicate, r.S.Dir)
	return m != nil && m.TTL == r.S.TTL
}

// saysNothingNew reports whether a segment without payload acknowledges no more than its sender did before, which spoke just now.
func (r *Reader) saysNothingNew() bool {
	return r.S.Flags.Has(wire.ACK) && r.pos <= r.next && r.now-r.Tx.Last < conn.CaptureDelay && r.Tx.Acked != 0 &&
		reassembly.Unwrap(r.Rx.End, reassembly.Seq(r.S.Ack)) <= r.Tx.Acked
}
