package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// waitingSYN is a SYN without ACK, as small as it can be without loss: what all of those have in common is left out (mayWait).
type waitingSYN struct {
	key         wire.Key
	time        int64
	frame       uint64
	seq, ack    uint32
	tsval       uint32
	len         uint32
	payloadOff  uint32
	wireLen     uint32
	ipLen       uint32
	bits        wire.Bits
	net         uint32
	vlan        [2]uint16
	mss, window uint16
	flags       wire.Flags
	ipid        uint16
	urgent      uint16
	sum, iface  uint16
	wscale, ttl uint8
	tos, dir    uint8
	df          bool
}

// mayWait reports whether s, which begins a connection, can be tracked when more is seen of that.
func (t *Tracker) mayWait(s *wire.Segment) bool {
	return t.Waits && s.Flags&(wire.SYN|wire.ACK|wire.FIN|wire.RST) == wire.SYN && s.Time >= 0 && !conn.IsSelf(&s.Key) &&
		s.PayloadCap == s.Len && s.TSecr == 0 && s.NSack == 0
}

// abridge is s, which may wait.
func abridge(s *wire.Segment) waitingSYN {
	return waitingSYN{
		key: s.Key, time: s.Time, frame: s.Frame, seq: s.Seq, ack: s.Ack, tsval: s.TSval, len: s.Len, payloadOff: s.PayloadOff,
		wireLen: s.WireLen, ipLen: s.IPLen, bits: s.Bits, net: s.Net, vlan: s.VLAN, mss: s.MSS, window: s.Window, flags: s.Flags,
		ipid: s.IPID, urgent: s.Urgent, sum: s.Sum, iface: s.Iface, wscale: s.WScale, ttl: s.TTL, tos: s.TOS, dir: s.Dir, df: s.V4DF,
	}
}

// segment is the SYN as it came.
func (w *waitingSYN) segment() wire.Segment {
	return wire.Segment{
		Key: w.key, Time: w.time, Clock: w.time, Frame: w.frame, Seq: w.seq, Ack: w.ack, TSval: w.tsval, Len: w.len,
		PayloadOff: w.payloadOff, PayloadCap: w.len, WireLen: w.wireLen, IPLen: w.ipLen, Bits: w.bits, Net: w.net, VLAN: w.vlan,
		MSS: w.mss, Window: w.window, Flags: w.flags, IPID: w.ipid, Urgent: w.urgent, Sum: w.sum, Iface: w.iface, WScale: w.wscale,
		TTL: w.ttl, TOS: w.tos, Dir: w.dir, V4DF: w.df,
	}
}

// maxRepeats is how often a SYN that waits is repeated and waits on: as often as Linux does by default.
const maxRepeats = 6

// repeat is a waiting SYN that was sent, or captured, once more: all that differs. Its time is in two parts, so that it takes no more
// room than it must.
type repeat struct {
	timeHigh, timeLow uint32
	behind            uint32 // by how many frames the first
	tsval             uint32
	ipid, sum         uint16
}

// again is in repeat.behind that a frame like it passed just before (recent).
const againBit = 1 << 31

// apply makes of s, the first SYN, the repeated one, and reports whether a frame like it passed just before.
func (r *repeat) apply(s *wire.Segment, first uint64) (again bool) {
	s.Time = r.time()
	s.Clock, s.Frame, s.TSval, s.IPID, s.Sum = s.Time, first+uint64(r.behind&^againBit), r.tsval, r.ipid, r.sum
	return r.behind&againBit != 0
}

func (r *repeat) time() int64 { return int64(r.timeHigh)<<32 | int64(r.timeLow) }

// repeatOf is what s differs in from the SYN that waits. ok is false if it differs in more than a SYN does that is sent again at once.
func (w *waitingSYN) repeatOf(s *wire.Segment, again bool) (r repeat, ok bool) {
	behind := s.Frame - w.frame
	if behind >= againBit {
		return r, false
	}
	r = repeat{uint32(s.Time >> 32), uint32(s.Time), uint32(behind), s.TSval, s.IPID, s.Sum}
	if again {
		r.behind |= againBit
	}
	is := abridge(s)
	is.time, is.frame, is.tsval, is.ipid, is.sum = w.time, w.frame, w.tsval, w.ipid, w.sum
	return r, is == *w
}
