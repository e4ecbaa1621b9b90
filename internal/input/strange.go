package input

import (
	"fmt"

	"tcptrace/analyzer/packet"
)

// strangeTimes counts the packets of a file with an impossible timestamp: before 1970, or after packet.MaxTime.
type strangeTimes struct {
	n     uint64
	first uint64 // number of the first in the file, from 1
	value string // as the file has it
}

// time returns the time of a packet with timestamp ts. If that is impossible, it is reported (warning) and replaced by the time of the packet
// before it in the file, or, without one, by the nearest possible time.
func (f *pcapngFile) time(in *iface, ts uint64) int64 {
	t := in.time(ts)
	if t >= 0 && t <= packet.MaxTime {
		return t
	}
	if f.strange.n++; f.strange.n == 1 {
		f.strange.first, f.strange.value = f.packets, in.timestamp(ts)
	}
	if f.packets > 1 {
		return f.last
	}
	return min(max(t, 0), packet.MaxTime)
}

// timestamp is a timestamp of the interface as the file has it.
func (in *iface) timestamp(ts uint64) string {
	base := 10
	if in.res&binaryRes != 0 {
		base = 2
	}
	text := fmt.Sprintf("%d x %d^-%d s", ts, base, in.res&^binaryRes)
	if in.offset != 0 {
		text += fmt.Sprintf(" %+d s", in.offset)
	}
	return text
}

// warning describes the impossible timestamps of the file; "" if there are none.
func (f *pcapngFile) warning() string {
	s := &f.strange
	if s.n == 0 {
		return ""
	}
	text := fmt.Sprintf("the timestamp of packet %d, %s since 1970, is not from 1970 to 2116", s.first, s.value)
	if s.n > 1 {
		text += fmt.Sprintf(", nor are those of %d more", s.n-1)
	}
	return text + ": the time of the packet before is taken, or the nearest that can be"
}
