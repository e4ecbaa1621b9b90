package analyzer

import (
	"time"

	"tcptrace/reassembly"
)

// account writes into out what the books say of a direction.
func (p *pools) account(out *Sent, c *conv, l *ledger, dir uint8) {
	a, peer := &l.book[dir], &l.book[1-dir]
	out.DataPackets, out.PushedPackets = uint64(a.data), uint64(a.pushed)
	out.UniqueBytes = out.PayloadBytes
	out.TruncatedPackets, out.TruncatedBytes = uint64(a.truncatedPackets), a.truncated
	out.ACKs, out.PureACKs, out.DuplicateACKs = uint64(a.acks), uint64(a.pure), uint64(a.dupACKs)
	out.SYNs, out.FINs, out.RSTs = uint64(a.syns), uint64(a.fins), uint64(a.rsts)
	out.Options, out.MSS, out.WindowShift = a.synOptions, a.mss, a.wscale
	out.SegmentMin, out.SegmentMax = a.segmentMin, a.segmentMax
	out.WindowMin, out.WindowMax = uint64(a.windowMin), uint64(a.windowMax)
	if a.windows > 0 {
		out.WindowAvg = a.windowSum / uint64(a.windows)
	}
	out.FlightMin, out.FlightMax = uint64(a.flightMin), uint64(a.flightMax)
	if a.flights > 0 {
		out.FlightAvg = a.flightSum / uint64(a.flights)
	}
	if d := (max(a.lastData, a.advanced) - a.firstData) / 1000; d > 0 && a.firstData != 0 {
		out.FlightTimeAvg = min(a.flightArea/uint64(d), out.FlightMax) // a clock that goes back makes some of the time pass twice
	}
	out.TripleDuplicateACKs, out.CumulativePackets = uint64(a.triples), uint64(a.cumulated)
	out.InitialBytes, out.InitialPackets = uint64(a.initialBytes), uint64(a.initialPackets)
	out.TTLMin, out.TTLMax = a.ttlMin, a.ttlMax
	a.times(out, c)
	out.RTT, out.FullRTT = a.rtt.report(&p.hists, &a.codes), a.full.report()
	out.HandshakeRTT = time.Duration(a.handshake)
	if a.stampN > 0 {
		out.TimestampRTT = Times{
			Samples: uint64(a.stampN), Min: time.Duration(a.stampMin), Max: time.Duration(a.stampMax),
			Avg: time.Duration(a.stampSum) / time.Duration(a.stampN),
		}
	}
	if a.repair != 0 {
		p.repairs.at(a.repair).account(out, c.half[dir].flags.has(goodSum) || c.half[1-dir].acked < c.half[dir].start)
	}
	p.missing(c, l, dir).account(out)
	if !a.flags.has(bookACKed) { // nothing was ever acknowledged
		out.InitialBytes, out.InitialPackets = out.UniqueBytes, uint64(a.data)
	}
	out.UniqueBytes = min(out.UniqueBytes, out.StreamBytes)
	out.MissedBytes = p.missed(a, &c.half[dir], &c.half[1-dir])
	if a.flags.has(bookZero) { // to the end
		d := time.Duration(max(c.last-p.repairOf(a, &c.half[dir]).zeroSince, 0))
		out.ZeroWindowTime += d
		out.ZeroWindowMax = max(out.ZeroWindowMax, d)
	}
	if peer.repair != 0 {
		rp := p.repairs.at(peer.repair)
		out.SACKs, out.DSACKs, out.MaxSACKBlocks = uint64(rp.sacks), uint64(rp.dsacks), rp.mostBlocks
	}
}

// times is where the time of the conversation went.
func (a *book) times(out *Sent, c *conv) {
	spent := a.spent
	if a.mode != modeIdle && c.last > a.since {
		spent[a.mode-1] += c.last - a.since
	}
	out.Transferring, out.WindowLimited = time.Duration(spent[modeTransfer-1]), time.Duration(spent[modeWindow-1])
	out.Recovering = time.Duration(spent[modeRecovery-1])
	out.Idle = max(0, c.last.Sub(c.first)-out.Transferring-out.WindowLimited-out.Recovering)
	out.IdleMax = time.Duration(a.idleMax)
	out.DataTime = max(0, a.lastData.Sub(a.firstData))
	out.Thinks, out.ThinkTime, out.ThinkMax = uint64(a.thinks), time.Duration(a.thinkSum), time.Duration(a.thinkMax)
}

// account writes into out what disorder there was. What has a wrong checksum is not lost by the network if its receiver drops it for that.
func (r *repair) account(out *Sent, drops bool) {
	out.UniqueBytes -= min(out.UniqueBytes, r.bytes+r.probeBytes-r.taken+r.copies+r.rejected)
	for i, n := range r.causes {
		out.Retransmissions[i] = uint64(n)
	}
	out.RetransmittedBytes, out.SpuriousPackets, out.MostCopies = r.bytes, uint64(r.spurious), uint32(r.mostOften)
	out.RepeatedBytes = min(r.twiceBytes, out.StreamBytes)
	out.OutOfOrderPackets, out.OutOfOrderBytes, out.ReorderingMax = uint64(r.reordered), r.reorderedBytes, time.Duration(r.lateMax)
	out.ProbePackets, out.ProbeBytes = uint64(r.probes), r.probeBytes
	out.UrgentPackets, out.UrgentBytes, out.CEMarks = uint64(r.urgent), r.urgentBytes, uint64(r.marked)
	out.Duplicates = uint64(r.copyPackets)
	out.LostBefore = uint64(r.lostPackets)
	if out.Lost = uint64(r.lost); drops {
		out.Lost -= min(out.Lost, uint64(r.damaged))
	}
	out.LostBehind = out.Lost - min(out.Lost, out.LostBefore)
	out.ZeroWindows, out.ZeroWindowTime, out.ZeroWindowMax = uint64(r.zeros), time.Duration(r.zeroTime), time.Duration(r.zeroMax)
	out.Interval, out.AmbiguousRTT, out.PostLossACKs = r.gaps.report(), r.ambiguous.report(), uint64(r.postLoss)
}

// missed is how many bytes were acknowledged that the capture does not have. One beyond all that was captured may
// be a FIN.
func (p *pools) missed(a *book, tx, rx *half) uint64 {
	if rx.acked == 0 || tx.packets == 0 {
		return 0
	}
	n := int64(0)
	if a.repair != 0 {
		n = p.repairs.at(a.repair).captured.Missing(p.repairs.ranges, tx.start, min(rx.acked, tx.endOfBytes()))
	}
	if beyond := rx.acked - tx.end; beyond > 1 && beyond < reassembly.Pos(1)<<30 {
		n += int64(beyond)
	}
	return uint64(n)
}
