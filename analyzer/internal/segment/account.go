package segment

import (
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/timing"
)

// Account writes into out what the statistics say of a direction.
func (p *Pools) Account(out *conn.Sent, c *conn.Conn, l *Stats, dir uint8) {
	a, peer := &l.Of[dir], &l.Of[1-dir]
	out.DataPackets, out.PushedPackets = uint64(a.data), uint64(a.pushed)
	out.UniqueBytes = out.PayloadBytes
	out.Tally = a.Tally
	out.ACKs, out.PureACKs, out.DuplicateACKs = uint64(a.acks), uint64(a.pure), uint64(a.dupACKs)
	out.SYNs, out.FINs, out.RSTs = uint64(a.syns), uint64(a.fins), uint64(a.rsts)
	out.Options, out.MSS, out.WindowShift = conn.SYNOptions(a.synOptions), a.mss, a.wscale
	out.SegmentMin, out.SegmentMax = a.segmentMin, a.segmentMax
	out.WindowMin, out.WindowMax = uint64(a.windowMin), uint64(a.windowMax)
	if a.windows > 0 {
		out.WindowAvg = a.windowSum / uint64(a.windows)
	}
	out.FlightMin, out.FlightMax = uint64(a.flightMin), uint64(a.flightMax)
	if a.flights > 0 {
		out.FlightAvg = a.FlightSum / uint64(a.flights)
	}
	if d := (max(a.LastData, a.advanced) - a.firstData) / 1000; d > 0 && a.firstData != 0 {
		out.FlightTimeAvg = min(a.flightArea/uint64(d), out.FlightMax) // a clock that goes back makes some of the time pass twice
	}
	out.InitialBytes, out.InitialPackets = uint64(a.initialBytes), uint64(a.initialPackets)
	out.TTLMin, out.TTLMax = a.ttlMin, a.ttlMax
	a.times(out, c)
	out.SlowTurns, out.UnpromptedTurns = p.slowTurns(c, l, dir), l.spent.turns[dir].Unprompted
	if a.transfer != 0 {
		out.Limits = p.transfers.At(a.transfer).Limits(a.landed(c.Last), a.held(c.Last))
	}
	out.RTT, out.FullRTT = a.RTT.Report(&p.hists, &a.codes), a.full.Report()
	out.HandshakeRTT = time.Duration(a.Handshake)
	if a.stampN > 0 {
		out.TimestampRTT = conn.Times{
			Samples: uint64(a.stampN), Min: time.Duration(a.stampMin), Max: time.Duration(a.stampMax),
			Avg: time.Duration(a.stampSum) / time.Duration(a.stampN),
		}
	}
	if a.recovery != 0 {
		p.Recoveries.At(a.recovery).account(out, c.Half[dir].Flags.Has(conn.GoodSum) || c.Half[1-dir].Acked < c.Half[dir].Start)
	}
	p.missing(c, l, dir).account(out)
	if m := c.Find(&p.Facts.Incidents, conn.IncidentHeld, dir); m != nil {
		out.HeldBack, out.HeldBackTime = m.Count, time.Duration(m.Amount)
	}
	if !a.flags.has(statsACKed) { // nothing was ever acknowledged
		out.InitialBytes, out.InitialPackets = out.UniqueBytes, uint64(a.data)
	}
	out.UniqueBytes = min(out.UniqueBytes, out.StreamBytes)
	out.MissedBytes = p.missed(a, &c.Half[dir], &c.Half[1-dir])
	if a.flags.has(statsZero) { // to the end
		d := time.Duration(max(c.Last-p.RecoveryOf(a, &c.Half[dir]).zeroSince, 0))
		out.ZeroWindowTime += d
		out.ZeroWindowMax = max(out.ZeroWindowMax, d)
	}
	if peer.recovery != 0 {
		rp := p.Recoveries.At(peer.recovery)
		out.SACKs, out.DSACKs, out.MaxSACKBlocks = uint64(rp.sacks), uint64(rp.dsacks), rp.mostBlocks
	}
}

// times is where the time of the conversation went.
func (a *SenderStats) times(out *conn.Sent, c *conn.Conn) {
	spent := a.spent
	if a.mode != modeIdle && c.Last > a.since {
		spent[a.mode-1] += c.Last - a.since
	}
	out.Transferring, out.WindowLimited = time.Duration(spent[modeTransfer-1]), time.Duration(spent[modeWindow-1])
	out.Recovering = time.Duration(spent[modeRecovery-1])
	out.Idle = max(0, c.Last.Sub(c.First)-out.Transferring-out.WindowLimited-out.Recovering)
	out.IdleMax = time.Duration(a.IdleMax)
	out.DataTime = max(0, a.LastData.Sub(a.firstData))
	out.ThinkTime, out.ThinkMax = time.Duration(a.thinkSum), time.Duration(a.thinkMax)
}

// account writes into out what disorder there was. What has a wrong checksum is not lost by the network if its receiver drops it for that.
func (r *Recovery) account(out *conn.Sent, drops bool) {
	out.UniqueBytes -= min(out.UniqueBytes, r.bytes+r.ProbeBytes-r.taken+r.copies+r.rejected)
	for i, n := range r.causes {
		out.Retransmissions[i] = uint64(n)
	}
	out.DisorderTally = r.DisorderTally
	out.RetransmittedBytes, out.MostCopies = r.bytes, uint32(r.mostOften)
	out.RepeatedBytes = min(r.twiceBytes, out.StreamBytes)
	out.ReorderingMax = time.Duration(r.lateMax)
	out.LostBefore = uint64(r.lostPackets)
	if out.Lost = uint64(r.lost); drops {
		out.Lost -= min(out.Lost, uint64(r.damaged))
	}
	out.LostBehind = out.Lost - min(out.Lost, out.LostBefore)
	out.ZeroWindowTime, out.ZeroWindowMax = time.Duration(r.zeroTime), time.Duration(r.zeroMax)
	out.Interval, out.AmbiguousRTT = r.gaps.Report(), r.ambiguous.Report()
}

// missed is how many bytes were acknowledged that the capture does not have. One beyond all that was captured may
// be a FIN.
func (p *Pools) missed(a *SenderStats, tx, rx *conn.Half) uint64 {
	if rx.Acked == 0 || tx.Packets == 0 {
		return 0
	}
	n := int64(0)
	if a.recovery != 0 {
		n = p.Recoveries.At(a.recovery).captured.Missing(p.Recoveries.Ranges, tx.Start, min(rx.Acked, tx.EndOfBytes()))
	}
	if beyond := rx.Acked - tx.End; beyond > 1 && beyond <= conn.Farthest {
		n += int64(beyond)
	}
	return uint64(n)
}

// Prompt reports whether neither the sender of a direction nor its buffer kept anybody waiting for so long, nor its peer's window for a quarter of
// that, nor a transfer at the rate of the path while round trips grew to several times the shortest, and the sender's SYN was answered about as fast
// as what followed.
func (p *Pools) Prompt(c *conn.Conn, l *Stats, dir uint8, wait conn.Time) bool {
	a := &l.Of[dir]
	if a.thinkMax >= wait || l.spent.awaited >= wait || a.RTT.N > 1 && a.Handshake-a.RTT.Min >= lateAnswer {
		return false
	}
	if a.transfer == 0 {
		return true
	}
	limits := p.transfers.At(a.transfer).Limits(a.landed(c.Last), a.held(c.Last))
	return conn.Time(limits[timing.ReceiveWindow]) < wait/briefly && conn.Time(limits[timing.SendBuffer]) < wait &&
		(conn.Time(limits[timing.PathRate]) < wait || !a.RTT.Grew(longer))
}

// briefly is the part of the time that somebody notices from which on a window that holds up a short transfer is told of.
const briefly = 4

// longer is how many times the shortest round trip those are in a queue that somebody may notice.
const longer = 4

// lateAnswer is by how much longer an answer to a SYN takes than one to what follows, at least, to be slow.
const lateAnswer conn.Time = 100e6

// TTLs are the least and the greatest TTL, or hop limit, of the sender.
func (a *SenderStats) TTLs() (least, most uint8) { return a.ttlMin, a.ttlMax }
