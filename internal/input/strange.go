package input

import (
	"fmt"

	"tcptrace/analyzer/packet"
)

// strangeTimes is the packets of a file with a timestamp that no clock had when TCP was captured: before 1970, or after packet.MaxTime.
type strangeTimes struct {
	n     uint64
	first uint64 // number of the first in the file, from 1
	value string // as the file has it
}

// time is when a packet was captured, ts being its timestamp. One that cannot be is told (warning), and the packet has the time of that
// before it in the file, or if there is none the nearest that can be.
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

// warning says what in the file cannot be meant; "" if there is nothing.
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
