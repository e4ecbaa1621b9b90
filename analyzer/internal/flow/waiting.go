package flow

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// mayWait reports whether s, which begins a connection, can be tracked when more is seen of that.
func (t *Tracker) mayWait(s *wire.Segment) bool {
	return t.Waits && s.Flags&(wire.SYN|wire.ACK|wire.FIN|wire.RST) == wire.SYN && s.Time >= 0 && !conn.IsSelf(&s.Key) &&
		s.PayloadCap == s.Len && s.TSecr == 0 && s.NSack == 0
}

// abridge makes e the embryo of s, which may wait. What all of those have in common is left out.
func (e *embryo) abridge(s *wire.Segment) {
	*e = embryo{
		key: s.Key, time: s.Time, frame: s.Frame, seq: s.Seq, ack: s.Ack, tsval: s.TSval, len: s.Len, payloadOff: s.PayloadOff,
		wireLen: s.WireLen, ipLen: s.IPLen, bits: s.Bits, net: s.Net, vlan: s.VLAN, mss: s.MSS, window: s.Window, flags: s.Flags,
		ipid: s.IPID, urgent: s.Urgent, sum: s.Sum, iface: s.Iface, wscale: s.WScale, ttl: s.TTL, tos: s.TOS,
		gen: e.gen, serial: e.serial, names: e.names, n: e.n, how: e.how & isRead,
	}
	if s.Dir != 0 {
		e.how |= sentByB
	}
	if s.V4DF {
		e.how |= dontFragment
	}
}

// dir is Segment.Dir of the SYN.
func (e *embryo) dir() uint8 { return uint8(e.how & sentByB) }

// segment is the SYN as it came.
func (e *embryo) segment() wire.Segment {
	return wire.Segment{
		Key: e.key, Time: e.time, Clock: e.time, Frame: e.frame, Seq: e.seq, Ack: e.ack, TSval: e.tsval, Len: e.len,
		PayloadOff: e.payloadOff, PayloadCap: e.len, WireLen: e.wireLen, IPLen: e.ipLen, Bits: e.bits, Net: e.net, VLAN: e.vlan,
		MSS: e.mss, Window: e.window, Flags: e.flags, IPID: e.ipid, Urgent: e.urgent, Sum: e.sum, Iface: e.iface, WScale: e.wscale,
		TTL: e.ttl, TOS: e.tos, Dir: e.dir(), V4DF: e.how&dontFragment != 0,
	}
}

// maxRepeats is how often a SYN that waits is repeated and waits on: as often as Linux does by default.
const maxRepeats = 6

// repeat is a waiting SYN that was sent, or captured, once more: all that differs, in parts that leave no gap between two of them.
type repeat struct {
	time      [3]uint16 // since the first, of the highest bits first
	behind    [2]uint16 // by how many frames the first, likewise, with againBit
	tsval     [2]uint16 // likewise
	ipid, sum uint16
}

// repeatsTogether is of how many repeats the memory is taken at once.
const repeatsTogether = 3

type repeats [repeatsTogether]repeat

const (
	againBit     = 1 << 31 // in repeat.behind: a frame like it passed just before (recent)
	longestAfter = 1 << 48 // ns, three days: longer than any SYN is repeated
)

// apply makes of s, the first SYN, the repeated one, and reports whether a frame like it passed just before.
func (r *repeat) apply(s *wire.Segment) (again bool) {
	s.Time += r.after()
	s.Clock, s.Frame, s.TSval, s.IPID, s.Sum = s.Time, s.Frame+uint64(r.frames()), whole(r.tsval), r.ipid, r.sum
	return whole(r.behind)&againBit != 0
}

// after is how long after the first it came.
func (r *repeat) after() int64 {
	return int64(r.time[0])<<32 | int64(r.time[1])<<16 | int64(r.time[2])
}

// frames is by how many frames it is behind the first.
func (r *repeat) frames() uint32 { return whole(r.behind) &^ againBit }

func halves(v uint32) [2]uint16 { return [2]uint16{uint16(v >> 16), uint16(v)} }
func whole(v [2]uint16) uint32  { return uint32(v[0])<<16 | uint32(v[1]) }

// repeatOf is what s differs in from the SYN that waits. ok is false if it differs in more than a SYN does that is sent again at once.
func (e *embryo) repeatOf(s *wire.Segment, again bool) (r repeat, ok bool) {
	behind, after := s.Frame-e.frame, s.Time-e.time
	if behind >= againBit || after >= longestAfter {
		return r, false
	}
	r = repeat{[3]uint16{uint16(after >> 32), uint16(after >> 16), uint16(after)}, halves(uint32(behind)), halves(s.TSval), s.IPID, s.Sum}
	if again {
		r.behind = halves(uint32(behind) | againBit)
	}
	is := *e
	is.abridge(s)
	is.time, is.frame, is.tsval, is.ipid, is.sum = e.time, e.frame, e.tsval, e.ipid, e.sum
	return r, is == *e
}
