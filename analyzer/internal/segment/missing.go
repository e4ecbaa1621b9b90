package segment

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flight"
	"tcptrace/reassembly"
)

// missing is what was lost and not repaired when a conversation ended, in segments.
type missing struct {
	all    uint32
	fresh  uint32 // of these, the ones that were not sent again either
	before uint32 // of those, the ones that were not captured: lost before the tap
}

// reportsHole is an ACK that shows that later bytes arrived than the first that it asks for.
func (r *Reader) reportsHole() {
	dir := 1 - r.S.Dir
	m := r.find(conn.IncidentMissing, dir)
	if m == nil {
		m = r.noteIncident(conn.IncidentMissing, dir)
	} else if m.Hole.From == r.ack {
		return
	}
	m.Time, m.Ahead, m.Hole.From = r.now, r.C.Ahead(r.S), r.ack
}

// missing works out what of a direction is lost at the end: its peer reports a hole, by SACK or by duplicate ACKs, and nothing has filled it
// in the time that reordering takes.
func (p *Pools) missing(c *conn.Conn, l *Stats, dir uint8) (n missing) {
	a, tx, una := &l.Of[dir], &c.Half[dir], c.Half[1-dir].Acked
	m := c.Find(&p.Facts.Incidents, conn.IncidentMissing, dir)
	if m == nil || a.flight.N == 0 || una == 0 {
		return n
	}
	var acked *reassembly.Scoreboard
	sacked := una // up to where the receiver has some
	if a.recovery != 0 {
		acked = &p.Recoveries.At(a.recovery).acked
		sacked = max(una, acked.High())
	}
	if sacked == una && m.Hole.From != una || a.dup < dupThresh && c.Last-m.Time < max(conn.CaptureSkew, 2*(a.RTT.SRTT+tx.Distance)) {
		return n
	}
	size := reassembly.Pos(l.Of[1-dir].mss)
	if size == 0 {
		size = ethernetMSS
	}
	from := una
	for i := 0; i < int(a.flight.N) && (i == 0 || from < sacked); i++ {
		e := a.flight.At(&p.Flights, i)
		end := reassembly.Unwrap(tx.End, reassembly.Seq(e.End))
		lone := tx.Flags.Has(conn.SentFIN) && from >= tx.FIN // a FIN without data has an anomaly of its own
		if !lone && e.Flags&(flight.InVain|flight.IsSYN) == 0 && (acked == nil || !acked.Has(p.Recoveries.Ranges, from, end)) {
			k := uint32(1)
			if e.Flags&(flight.Hole|flight.Merged) != 0 {
				k = uint32((end - from + size - 1) / size)
			}
			n.add(e, k)
		}
		from = end
	}
	return n
}

// add adds k segments, which are e.
func (n *missing) add(e *flight.Segment, k uint32) {
	n.all += k
	if e.Times == 0 {
		n.fresh += k
		if e.Flags&flight.Hole != 0 {
			n.before += k
		}
	}
}

// account writes into out what is missing.
func (n missing) account(out *conn.Sent) {
	out.Unrepaired, out.NeverRepeated, out.NeverPassed = uint64(n.all), uint64(n.fresh), uint64(n.before)
	out.Lost += uint64(n.fresh)
	out.LostBefore += uint64(n.before)
	out.LostBehind += uint64(n.fresh - n.before)
}
