package capture

import (
	"cmp"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// A handle is an open interface. All of it is for one goroutine.
type handle interface {
	// read appends frames to b until it is full (see room) or hold has passed. It may return without any. It is dry if it
	// has read all that was there when it was called.
	read(b *packet.Batch, iface uint16) (dry bool, err error)
	// drops is what the kernel says so far: frames the ring had no room for, and those the interface lost.
	drops() (ring, missed uint64)
	link() wire.LinkType
	close()
}

// room reports whether another frame may be put in.
func room(b *packet.Batch) bool {
	return len(b.Packets) < batchPackets && len(b.Buf) < batchBytes
}

var (
	errDown        = errors.New("the interface went down")
	errDisappeared = errors.New("the interface disappeared")
)

// reader fills chunks from one interface, or from one of several rings of it.
type reader struct {
	name    string
	iface   uint16
	number  int // among all readers
	handle  handle
	members *members // nil: it stands for itself
	watch   *watch
	free    chan *chunk   // its own
	done    chan struct{} // closed when the handle is not used any more
	err     atomic.Pointer[packet.Error]
	dry     atomic.Int64 // when all that was there had been read, and handed on, by Capture.now

	received, dropped, missed atomic.Uint64
}

// newReaders opens an interface.
func newReaders(name string, iface uint16, opts Options) (all []*reader, err error) {
	handles, err := openAll(name, opts)
	if err != nil {
		return nil, err
	}
	for i, h := range handles {
		r := &reader{name: name, iface: iface, handle: h, free: make(chan *chunk, chunksAlone), done: make(chan struct{})}
		if !decodable(h.link()) {
			err = fmt.Errorf("%s: frames of link type %d cannot be read", name, h.link())
		} else if r.watch, err = newWatch(name); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		if err != nil {
			closeAll(all)
			for _, h := range handles[i:] {
				h.close()
			}
			return nil, err
		}
		for range cap(r.free) {
			r.free <- &chunk{owner: r, home: r.free}
		}
		all = append(all, r)
	}
	return all, nil
}

// openAll opens an interface by opts.Rings rings, or by one where several cannot be had, or only libpcap understands the filter.
func openAll(name string, opts Options) ([]handle, error) {
	if opts.Rings > 1 {
		if all, err := openRings(name, opts); err == nil {
			return all, nil
		}
	}
	h, err := open(name, opts)
	if err != nil {
		return nil, err
	}
	return []handle{h}, nil
}

func closeAll(readers []*reader) {
	for _, r := range readers {
		r.close()
	}
}

// close gives back the interface. The reader must not be running.
func (r *reader) close() {
	r.handle.close()
	r.watch.close()
}

// decodable reports whether the decoder knows the link type. An empty frame tells.
func decodable(link wire.LinkType) bool {
	var d wire.Decoder
	var s wire.Segment
	return d.Decode(link, nil, 0, &s) != wire.UnsupportedLink
}

// run reads until the capture is closed or the interface fails.
func (r *reader) run(c *Capture) {
	defer close(r.done)
	defer r.ask()
	var asked time.Time
	wasDown := false // when it was last asked
	for {
		into := r.chunk(c)
		if into == nil {
			return
		}
		into.Buf, into.Packets = into.Buf[:0], into.Packets[:0]
		began := c.now()
		dry, err := r.handle.read(&into.Batch, r.iface)
		// A packet socket hears of both in the same words.
		if err == errDown {
			err = cmp.Or(r.watch.down(), err)
		}
		if r.members != nil {
			r.members.tell(&into.Batch)
		}
		r.received.Add(uint64(len(into.Packets)))
		if now := time.Now(); err != nil || now.Sub(asked) >= idle {
			asked = now
			r.ask()
			// Once the ring is empty: what came before it went down is to be delivered, and may be in a block that is not handed over yet.
			if err == nil && len(into.Packets) == 0 {
				down := r.watch.down()
				if wasDown {
					err = down
				}
				wasDown = down != nil
			}
		}
		if err != nil {
			failed := &packet.Error{File: r.name, Offset: -1, Reason: err.Error(), Err: err}
			r.err.Store(failed)
			into.last = failed
		}
		// There is room for all chunks of all readers: neither is waited for.
		if len(into.Packets) == 0 && err == nil {
			into.home <- into
		} else {
			into.owner, into.came = r, c.now()
			c.ready <- into
		}
		if err != nil {
			return
		}
		if dry {
			r.dry.Store(began)
		}
	}
}

// chunk waits for one to fill: of its own if there is one, so that those that all share are touched when they are needed. It is nil when the
// capture is closed.
func (r *reader) chunk(c *Capture) *chunk {
	select {
	case <-c.stop:
		return nil
	default:
	}
	select {
	case into := <-r.free:
		return into
	default:
	}
	select {
	case <-c.stop:
		return nil
	case into := <-r.free:
		return into
	case into := <-c.spare:
		return into
	}
}

// ask keeps what the kernel says, for other goroutines.
func (r *reader) ask() {
	ring, missed := r.handle.drops()
	r.dropped.Store(ring)
	r.missed.Store(missed)
}

func (r *reader) count() Count {
	return Count{Received: r.received.Load(), Dropped: r.dropped.Load(), Missed: r.missed.Load()}
}
