package live

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
)

// pace is how many bytes of a buffer the packets of a second take, by their own times.
type pace struct {
	from  analyzer.Time // of the stretch of time that is being counted
	bytes int           // in it
	rate  float64       // in the one before
}

// perPacket is what one takes beside what is captured of it: its address and time, and what aligns it.
const perPacket = 96

// paceOver is how long a stretch is, at least.
const paceOver = analyzer.Time(100 * time.Millisecond)

// add counts the packets of b, which has some.
func (p *pace) add(b *packet.Batch) {
	first := analyzer.Time(b.Packets[0].Time)
	if d := first - p.from; d < 0 || p.bytes == 0 { // the clock was set back, or nothing was counted
		p.from, p.bytes = first, 0
	} else if d >= paceOver {
		p.rate = float64(p.bytes) / time.Duration(d).Seconds()
		p.from, p.bytes = first, 0
	}
	p.bytes += len(b.Buf) + perPacket*len(b.Packets)
}

// isBehind reports whether so many packets wait to be analyzed, in the kernel too, that soon some are dropped: they take more than an eighth of the buffer.
func (l *Loop) isBehind(b *packet.Batch) bool {
	if l.opts.Waited == nil || len(b.Packets) == 0 {
		return false
	}
	l.pace.add(b)
	return l.pace.rate*l.opts.Waited(analyzer.Time(b.Packets[0].Time)).Seconds() > float64(l.opts.Buffer)/8
}
