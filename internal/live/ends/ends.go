// Package ends tells which conversations of a live analysis end on this host, and what its kernel says of those ends.
//
// What the kernel says stands beside what is inferred from packets, so that each can be held against the other: it changes nothing
// of it. It is about connections in the network namespace that the capture is made in.
//
// Not its job: how the kernel is asked (package kernel), what is written of it (package report).
package ends

import (
	"net/netip"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// Kernel is what a kernel.Watcher knows.
type Kernel interface {
	Read(func(kernel.Change)) error
	Lookup(kernel.Key) (kernel.Endpoint, bool)
	Namespace() uint32
}

// Told is a change of one end of a conversation.
type Told struct {
	kernel.Change
	Stream uint64
	Addr   [2]netip.AddrPort // by Side
	Side   analyzer.Side
}

// Ends holds the ends of conversations. It is for the goroutine of a loop.
type Ends struct {
	kernel  Kernel
	tell    func(*Told)
	streams map[[2]netip.AddrPort]uint64   // conversations that are followed, by client and server
	early   map[kernel.Key][]kernel.Change // of connections whose conversations have not begun
	cleared time.Time
}

// New calls tell with each change of an end of a conversation.
func New(k Kernel, tell func(*Told)) *Ends {
	return &Ends{kernel: k, tell: tell, streams: map[[2]netip.AddrPort]uint64{}, early: map[kernel.Key][]kernel.Change{}}
}

// What the kernel does may be known before the packets that show it. What no conversation begins for is forgotten: the capture does not
// see it. When there is no room for more, conversations begin with the state that they are in.
const (
	patience  = 5 * time.Second
	mostEarly = 1 << 14
)

// Event takes an event of the loop.
func (e *Ends) Event(ev *analyzer.Event) {
	c := ev.Conversation
	switch {
	case ev.Kind == analyzer.EventOpened:
		e.streams[c.Addr] = c.Stream
		for side := range c.Addr {
			e.begin(c, analyzer.Side(side), time.Unix(0, int64(ev.Time)))
		}
	case ev.Kind == analyzer.EventConversation && ev.Over != analyzer.NotOver && e.streams[c.Addr] == c.Stream:
		delete(e.streams, c.Addr)
	}
}

// begin tells what is known already of an end of a conversation.
func (e *Ends) begin(c *analyzer.Conversation, side analyzer.Side, now time.Time) {
	k := e.key(c.Addr, side)
	if changes, ok := e.early[k]; ok {
		delete(e.early, k)
		for i := range changes {
			e.tell(&Told{changes[i], c.Stream, c.Addr, side})
		}
		return
	}
	// Of what is over it may be another connection that is known.
	if known, ok := e.kernel.Lookup(k); ok && known.State != fsm.Closed && known.State != fsm.TimeWait {
		e.tell(&Told{kernel.Change{Endpoint: known, Before: fsm.Unknown, Time: now}, c.Stream, c.Addr, side})
	}
}

func (e *Ends) key(addr [2]netip.AddrPort, side analyzer.Side) kernel.Key {
	return kernel.Key{Namespace: e.kernel.Namespace(), Local: addr[side], Remote: addr[side.Peer()]}
}

// Lookup is what the kernel says of one end now; false if it is not on this host.
func (e *Ends) Lookup(addr [2]netip.AddrPort, side analyzer.Side) (kernel.Endpoint, bool) {
	return e.kernel.Lookup(e.key(addr, side))
}

// Flush tells what has changed since the last time. It is for the end of a batch.
func (e *Ends) Flush() error {
	namespace, now := e.kernel.Namespace(), time.Now()
	err := e.kernel.Read(func(c kernel.Change) {
		if c.Namespace != namespace {
			return
		}
		for side, addr := range [2][2]netip.AddrPort{{c.Local, c.Remote}, {c.Remote, c.Local}} {
			if stream, ok := e.streams[addr]; ok {
				e.tell(&Told{c, stream, addr, analyzer.Side(side)})
				return
			}
		}
		if changes := e.early[c.Key]; changes != nil || len(e.early) < mostEarly {
			e.early[c.Key] = append(changes, c)
		}
	})
	if now.Sub(e.cleared) < patience {
		return err
	}
	e.cleared = now
	for k, changes := range e.early {
		if now.Sub(changes[len(changes)-1].Time) > patience {
			delete(e.early, k)
		}
	}
	return err
}
