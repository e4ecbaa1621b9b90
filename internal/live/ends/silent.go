package ends

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// Silent is what the kernel says of an end of a connection that was open when the watch began, and of which no packet has been captured. It is no
// conversation of the analysis, which has nothing but packets: Conversation has the sockets and what this host says of its ends.
type Silent struct {
	kernel.Change
	Conversation *analyzer.Conversation // without packets and frames; its number is above those of all that have some
	Side         analyzer.Side
}

// A connection that is used shows it soon: what is silent for so long is told. As many are told, and what is over is told no more.
const (
	silence    = time.Second
	mostSilent = 1 << 12
	noStream   = 1 << 63 // above the numbers of all conversations
)

// silents are the silent connections.
type silents struct {
	tell  func(*Silent)
	begun time.Time
	told  bool
	all   map[[2]netip.AddrPort]*analyzer.Conversation // by client and server
	late  []*Silent                                    // held back, oldest first
	more  int                                          // that there was no room for
}

// Silents has tell called with each end of those connections that are open now, may be captured, and stay silent; and with what becomes of them. Their
// server is who listens; where nobody does, it is taken to be the other host. more is how many there was no room for.
func (e *Ends) Silents(may func(client, server netip.AddrPort) bool, tell func(*Silent)) (more int) {
	e.silent = silents{tell: tell, begun: time.Now(), all: map[[2]netip.AddrPort]*analyzer.Conversation{}}
	listening := map[uint16]bool{}
	var open []*kernel.Endpoint
	for end := range e.kernel.Endpoints() {
		switch {
		case end.Namespace != e.kernel.Namespace():
		case end.State == fsm.Listen:
			listening[end.Local.Port()] = true
		case end.Socket && end.State != fsm.Closed:
			one, _ := e.kernel.Lookup(end.Key)
			open = append(open, &one)
		}
	}
	slices.SortFunc(open, func(a, b *kernel.Endpoint) int {
		return cmp.Or(a.Local.Compare(b.Local), a.Remote.Compare(b.Remote))
	})
	for _, end := range open {
		addr, side := [2]netip.AddrPort{end.Local, end.Remote}, analyzer.Client
		if listening[end.Local.Port()] {
			addr, side = [2]netip.AddrPort{end.Remote, end.Local}, analyzer.Server
		}
		if may(addr[analyzer.Client], addr[analyzer.Server]) {
			e.silent.add(addr, side, end)
		}
	}
	return e.silent.more
}

// add takes an end of a silent connection.
func (s *silents) add(addr [2]netip.AddrPort, side analyzer.Side, end *kernel.Endpoint) {
	c := s.all[addr]
	if c == nil {
		if len(s.all) == mostSilent {
			s.more++
			return
		}
		c = &analyzer.Conversation{}
		c.Stream = noStream + uint64(len(s.all))
		c.Addr, c.Start, c.End = addr, analyzer.Time(s.begun.UnixNano()), analyzer.Time(s.begun.UnixNano())
		s.all[addr] = c
	}
	s.say(c, side, end, s.begun)
}

// say has an end be in a state since a time at the latest.
func (s *silents) say(c *analyzer.Conversation, side analyzer.Side, end *kernel.Endpoint, at time.Time) {
	c.Hosts[side] = &host.End{Words: []host.Word{{State: end.State, Time: at.UnixNano(), Found: true}}, All: true, Process: end.Process, Info: end.Info}
}

// heard is that a conversation has begun, whoever its client is.
func (s *silents) heard(addr [2]netip.AddrPort) {
	delete(s.all, addr)
	delete(s.all, [2]netip.AddrPort{addr[1], addr[0]})
}

// flush tells of those that have been silent for long enough.
func (s *silents) flush(k Kernel, now time.Time) {
	s.settle(now)
	if s.told || s.tell == nil || now.Sub(s.begun) < silence {
		return
	}
	s.told = true
	for _, c := range s.list() {
		for side := range c.Addr {
			if c.Hosts[side] == nil {
				continue
			}
			end, ok := k.Lookup(kernel.Key{Namespace: k.Namespace(), Local: c.Addr[side], Remote: c.Addr[1-side]})
			if ok {
				s.tell(&Silent{kernel.Change{Endpoint: end, Before: fsm.Unknown, Time: now, Found: true}, c, analyzer.Side(side)})
			}
		}
	}
}

// change takes what becomes of an end. It is held back: a packet that shows it may be on its way.
func (s *silents) change(c *kernel.Change) {
	for side, addr := range [2][2]netip.AddrPort{{c.Local, c.Remote}, {c.Remote, c.Local}} {
		if held := s.all[addr]; held != nil && held.Hosts[side] != nil && len(s.late) < mostSilent {
			s.late = append(s.late, &Silent{*c, held, analyzer.Side(side)})
		}
	}
}

// settle tells what has been held back for long enough of those that are still silent.
func (s *silents) settle(now time.Time) {
	n := 0
	for ; n < len(s.late) && isRipe(s.late[n].Time, now); n++ {
		t := s.late[n]
		held := t.Conversation
		if s.all[held.Addr] != held {
			continue
		}
		s.say(held, t.Side, &t.Endpoint, t.Time)
		if s.told {
			s.tell(t)
		}
		if other := held.Hosts[t.Side.Peer()]; t.State == fsm.Closed && (other == nil || other.Words[0].State == fsm.Closed) {
			delete(s.all, held.Addr)
		}
	}
	s.late = slices.Delete(s.late, 0, n)
}

// list is the silent connections in an order.
func (s *silents) list() []*analyzer.Conversation {
	list := make([]*analyzer.Conversation, 0, len(s.all))
	for _, c := range s.all {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *analyzer.Conversation) int {
		return cmp.Or(a.Addr[0].Compare(b.Addr[0]), a.Addr[1].Compare(b.Addr[1]))
	})
	return list
}

// StillSilent lists the connections that have been silent for long enough, as of now.
func (e *Ends) StillSilent() []*analyzer.Conversation {
	if !e.silent.told {
		return nil
	}
	return e.silent.list()
}
