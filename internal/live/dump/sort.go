package dump

import (
	"container/heap"
	"errors"
	"slices"
	"time"

	"tcptrace/analyzer/packet"
)

// SortOptions bound what a Sorter holds. Zero means the default.
type SortOptions struct {
	Wait  time.Duration // for older packets, by the capture's clock, default 10 s
	Bytes int64         // of the packets held, default 32 MiB
}

const (
	sortWait  = 10 * time.Second
	sortBytes = 32 << 20
)

// Sorter puts packets in the order of the capture. A Keeper gives the packets of a conversation when it is known to be wanted, behind younger ones
// of others; a Sorter waits for those. What comes later still is written out of order, and counted.
type Sorter struct {
	write   func(p *packet.Packet, data []byte, frame uint64) error
	wait    int64
	most    int64
	now     int64 // time of the newest packet
	held    waiting
	bytes   int64
	written uint64 // frame of the newest packet that was written
	late    uint64 // packets behind it
	spare   [][]byte
}

// waits is a packet that is held.
type waits struct {
	p     packet.Packet
	frame uint64
	data  []byte
}

// waiting is a heap, the oldest packet first.
type waiting []waits

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].frame < w[j].frame }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(waits)) }
func (w *waiting) Pop() any {
	last := len(*w) - 1
	x := (*w)[last]
	*w = slices.Delete(*w, last, last+1)
	return x
}

// NewSorter passes packets on to write, which is a Writer's Packet.
func NewSorter(o SortOptions, write func(p *packet.Packet, data []byte, frame uint64) error) *Sorter {
	s := &Sorter{write: write, wait: int64(o.Wait), most: o.Bytes}
	if s.wait <= 0 {
		s.wait = int64(sortWait)
	}
	if s.most <= 0 {
		s.most = sortBytes
	}
	return s
}

// Packet takes a packet, which it copies.
func (s *Sorter) Packet(p *packet.Packet, data []byte, frame uint64) error {
	var own []byte
	if n := len(s.spare); n > 0 {
		own, s.spare = s.spare[n-1], s.spare[:n-1]
	}
	own = append(own[:0], data...)
	heap.Push(&s.held, waits{*p, frame, own})
	s.bytes += int64(len(own))
	return s.Flush(p.Time)
}

// Flush writes what has waited long enough when the capture's clock is at now.
func (s *Sorter) Flush(now int64) error {
	s.now = max(s.now, now)
	var errs error
	for len(s.held) > 0 && (s.held[0].p.Time <= s.now-s.wait || s.bytes > s.most) {
		errs = errors.Join(errs, s.next())
	}
	return errs
}

// Close writes the rest.
func (s *Sorter) Close() error {
	var errs error
	for len(s.held) > 0 {
		errs = errors.Join(errs, s.next())
	}
	return errs
}

// Late is how many packets were written behind younger ones.
func (s *Sorter) Late() uint64 { return s.late }

const mostSpare = 1024 // buffers

func (s *Sorter) next() error {
	x := heap.Pop(&s.held).(waits)
	s.bytes -= int64(len(x.data))
	if x.frame < s.written {
		s.late++
	}
	s.written = max(s.written, x.frame)
	err := s.write(&x.p, x.data, x.frame)
	if len(s.spare) < mostSpare {
		s.spare = append(s.spare, x.data)
	}
	return err
}
