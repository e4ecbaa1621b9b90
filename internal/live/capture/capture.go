package capture

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// Options say what is captured. The zero value of a number means its default.
type Options struct {
	Interfaces  []string // by name, at least one; AnyInterface is all of them
	Filter      string   // pcap-filter(7), or what filterlang has of it without libpcap; "": everything
	SnapLen     int      // bytes of a frame that are kept, default 128
	Promiscuous bool     // also frames for other hosts; AnyInterface cannot have them
	BufferSize  int      // bytes for each interface, most of them the kernel's; default 128 MiB
	Rings       int      // by so many rings at most (Linux), which the interfaces share; default 1

	chunks int // of all readers, for each interface, beside those that each has
}

// AnyInterface is the name that stands for all interfaces of a Linux machine.
const AnyInterface = "any"

const (
	// defaultSnapLen holds Ethernet with two tags, IPv6 and the longest TCP header: 14+8+40+60
	// bytes, and 6 more.
	defaultSnapLen = 128
	// maxSnapLen is the most that libpcap gives and capture files hold.
	maxSnapLen = 262144
	// defaultBuffer holds about 600,000 frames at the default snap length, more than a second at
	// 500,000 packets/s: longer than a burst of connections that end, or another process, holds a reader up.
	defaultBuffer = 128 << 20
	// minBuffer is a few blocks of the ring.
	minBuffer = 1 << 20
	leastRing = minBuffer * 7 / 8 // of several
)

const (
	batchPackets = 1024      // what internal/pipeline takes at once
	batchBytes   = 256 << 10 // a batch is handed on when it holds so much, whatever its packets
	idle         = 100 * time.Millisecond
	// hold is for how long frames are gathered: the kernel hands over a block of the ring that is not full
	// after this time, and a batch is handed on. At most 100 times a second is the price of little traffic.
	hold = 10 * time.Millisecond
	// chunksAlone is how many batches a reader has. The ring is what buffers: these only
	// let one be filled while another is taken.
	chunksAlone = 4
	// chunksMore is how many more those of several readers have together, for each interface, whose frames wait for those of the others (see order):
	// as long as that takes at 2 M packets/s.
	chunksMore = 64
	// mostRings is how many are merged into one. More are not worth their while: that takes longer than they save.
	mostRings = 16
)

// Capture is a running capture. Next is for one goroutine; Stats, Counts, Progress and Close
// may be called from any.
type Capture struct {
	ifaces  interfaces
	readers []*reader
	ready   chan *chunk // of all readers, in the order they were filled
	spare   chan *chunk // for any reader
	opened  time.Time
	buffers uint64 // bytes that the kernel has for frames, of all interfaces
	stop    chan struct{}
	closing sync.Once
	bytes   atomic.Int64

	// Of Next alone.
	running int   // readers whose last chunk has not come
	failed  error // of the last chunk
	order   order // without queues if there is one reader only
}

// Count is what became of the frames of an interface.
type Count struct {
	Received uint64 // delivered by Next, or about to be
	Dropped  uint64 // passed the filter, but the ring had no room
	Missed   uint64 // lost by the interface or its driver, as far as it says
}

func (n *Count) add(more Count) {
	n.Received += more.Received
	n.Dropped += more.Dropped
	n.Missed += more.Missed
}

// Buffers is how many bytes the kernel has for frames, beside what the program has of its own.
func (c *Capture) Buffers() uint64 { return c.buffers }

// chunk is a batch, who filled it and where it belongs.
type chunk struct {
	packet.Batch
	owner *reader
	home  chan *chunk
	last  error // why nothing comes after it

	came int64 // when it was handed on, by Capture.now
}

// Open starts a capture on all interfaces, or on none: the error is about one of them and names
// it; it is a *Permission if rights are lacking.
func Open(opts Options) (*Capture, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	c := &Capture{stop: make(chan struct{}), opened: time.Now(), buffers: uint64(opts.BufferSize) * uint64(len(opts.Interfaces))}
	for i, name := range opts.Interfaces {
		readers, err := newReaders(name, uint16(i), opts)
		if err != nil {
			closeAll(c.readers)
			return nil, err
		}
		c.ifaces.add(input.Interface{Name: name, Link: readers[0].handle.link(), SnapLen: uint32(opts.SnapLen)})
		for _, r := range readers {
			r.number = len(c.readers)
			c.readers = append(c.readers, r)
			if name == AnyInterface {
				r.members = &members{of: &c.ifaces, name: r.watch.interfaceName, all: uint16(i), numbers: map[uint32]uint16{}}
			}
		}
	}
	more := 0
	if len(c.readers) > 1 {
		more = opts.chunks * len(opts.Interfaces)
		c.order = newOrder(len(c.readers))
	}
	c.spare = make(chan *chunk, more)
	for range more {
		c.spare <- &chunk{home: c.spare}
	}
	c.ready = make(chan *chunk, more+chunksAlone*len(c.readers))
	c.running = len(c.readers)
	for _, r := range c.readers {
		go r.run(c)
	}
	return c, nil
}

// openingShare is which part of the buffer is the ring of SYNs, where there are several rings: of connections of four packets it is full when the others
// are.
const openingShare = 4

// divide returns the sizes of the ring of SYNs and of each of the others, of which there is one at least.
func (o *Options) divide() (openings, each int) {
	openings = max(o.BufferSize/openingShare, leastRing)
	return openings, (o.BufferSize - openings) / (o.Rings - 1)
}

// share takes the chunks of several rings from the buffer, an eighth of it at most, and reports whether what is left is enough for the rings.
func (o *Options) share() bool {
	o.chunks = min(chunksMore, max(1, o.BufferSize/8/batchBytes))
	o.BufferSize -= o.chunks * batchBytes
	_, each := o.divide()
	return each >= leastRing
}

// complete checks the options and puts the defaults in.
func (o Options) complete() (Options, error) {
	if len(o.Interfaces) == 0 {
		return o, errors.New("no interface to capture from")
	}
	for i, name := range o.Interfaces {
		if slices.Contains(o.Interfaces[:i], name) {
			return o, fmt.Errorf("%s is named twice", name)
		}
	}
	if o.SnapLen <= 0 {
		o.SnapLen = defaultSnapLen
	}
	o.SnapLen = min(o.SnapLen, maxSnapLen)
	if o.BufferSize <= 0 {
		o.BufferSize = defaultBuffer
	}
	o.BufferSize = max(o.BufferSize, minBuffer)
	o.Rings = max(1, min(o.Rings/len(o.Interfaces), mostRings))
	for ; o.Rings > 1; o.Rings-- {
		if shared := o; shared.share() {
			o = shared
			break
		}
	}
	if o.Rings == 1 {
		o.chunks = chunksMore
	}
	return o, nil
}

// Next implements input.Source, but b is empty if nothing came for 100 ms. Frames of several interfaces or rings are
// in the order of their times, and come about 40 ms later for it. An interface that fails
// ends its own frames only and is in Stats; when none is left, Next returns the last one's
// error. After Close it returns io.EOF.
func (c *Capture) Next(b *packet.Batch) error {
	b.Buf, b.Packets = b.Buf[:0], b.Packets[:0]
	for end := time.Now().Add(idle); ; {
		if c.merge(b) {
			c.bytes.Add(int64(len(b.Buf)))
			return nil
		}
		// All readers have ended, and their last chunks have come.
		if c.running == 0 {
			return c.failed
		}
		wait := time.Until(end)
		if wait <= 0 {
			return nil
		}
		if c.order.waiting > 0 {
			wait = min(wait, hold/2)
		}
		select {
		case <-c.stop:
			return io.EOF
		case got := <-c.ready:
			if c.accept(b, got) {
				return nil
			}
		case <-time.After(wait):
		}
	}
}

// now is the time since the capture was opened.
func (c *Capture) now() int64 { return int64(time.Since(c.opened)) }

// merge fills b with what has come from several readers and is due.
func (c *Capture) merge(b *packet.Batch) bool {
	if len(c.order.queues) == 0 {
		return false
	}
	// What a reader had read when it was dry has come, if it is looked for afterwards.
	for i, r := range c.readers {
		c.order.queues[i].dry = r.dry.Load()
	}
	for {
		select {
		case got := <-c.ready:
			c.accept(b, got)
			continue
		default:
		}
		return c.order.fill(b)
	}
}

// accept takes a chunk that has come, and reports whether b has its frames.
func (c *Capture) accept(b *packet.Batch, got *chunk) bool {
	if got.last != nil {
		c.running--
		c.failed = got.last
	}
	switch {
	case len(c.order.queues) > 0:
		c.order.add(got)
		return false
	case len(got.Packets) == 0:
		return false
	}
	c.take(b, got)
	return true
}

// take exchanges the buffers, so that the bytes are not copied once more.
func (c *Capture) take(b *packet.Batch, got *chunk) {
	*b, got.Batch = got.Batch, *b
	got.home <- got
	c.bytes.Add(int64(len(b.Buf)))
}

// Stats implements input.Source. It may be called at any time and tells the state at most a moment ago.
func (c *Capture) Stats() packet.Stats {
	s := packet.Stats{Drop: true}
	told := -1
	for _, r := range c.readers {
		n := r.count()
		s.Drops += n.Dropped + n.Missed
		if err := r.err.Load(); err != nil && told != int(r.iface) { // the rings of an interface fail together
			told = int(r.iface)
			s.Errors = append(s.Errors, err)
		}
	}
	return s
}

// Counts has a Count for each of Interfaces, but those that others stand for.
func (c *Capture) Counts() []Count {
	counts := make([]Count, c.readers[len(c.readers)-1].iface+1)
	for _, r := range c.readers {
		counts[r.iface].add(r.count())
	}
	return counts
}

// Interfaces implements input.Source. Behind those that were asked for come those that AnyInterface stands for, as frames of theirs come.
func (c *Capture) Interfaces() []input.Interface { return c.ifaces.all() }

// Interface is the name of the interface with that number.
func (c *Capture) Interface(number uint16) string {
	return c.ifaces.at(number).Name
}

// SnapLen is how many bytes of each of its frames are captured.
func (c *Capture) SnapLen(number uint16) uint32 { return c.ifaces.at(number).SnapLen }

// Progress implements input.Source: the bytes delivered, of nobody knows how many.
func (c *Capture) Progress() (done, total int64) { return c.bytes.Load(), 0 }

// Close ends the capture. A Next in progress returns io.EOF.
func (c *Capture) Close() error {
	c.closing.Do(func() {
		close(c.stop)
		for _, r := range c.readers {
			<-r.done
			r.close()
		}
	})
	return nil
}
