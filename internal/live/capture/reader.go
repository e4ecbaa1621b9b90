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
	// read appends frames to b until it is full (see room) or hold has passed. It may return without any.
	read(b *packet.Batch, iface uint16) error
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

// reader fills chunks from one interface.
type reader struct {
	name    string
	iface   uint16
	handle  handle
	members *members // nil: it stands for itself
	watch   *watch
	free    chan *chunk
	done    chan struct{} // closed when the handle is not used any more
	err     atomic.Pointer[packet.Error]

	received, dropped, missed atomic.Uint64
}

// newReader opens an interface.
func newReader(name string, iface uint16, chunks int, opts Options) (*reader, error) {
	h, err := open(name, opts)
	if err != nil {
		return nil, err
	}
	if !decodable(h.link()) {
		h.close()
		return nil, fmt.Errorf("%s: frames of link type %d cannot be read", name, h.link())
	}
	w, err := newWatch(name)
	if err != nil {
		h.close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{name: name, iface: iface, handle: h, watch: w, free: make(chan *chunk, chunks), done: make(chan struct{})}
	for range cap(r.free) {
		r.free <- &chunk{owner: r}
	}
	return r, nil
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
		var into *chunk
		select {
		case <-c.stop:
			return
		case into = <-r.free:
		}
		into.Buf, into.Packets = into.Buf[:0], into.Packets[:0]
		err := r.handle.read(&into.Batch, r.iface)
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
			r.free <- into
		} else {
			c.ready <- into
		}
		if err != nil {
			return
		}
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
