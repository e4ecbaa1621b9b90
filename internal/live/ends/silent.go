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

// Silent is what the kernel says of an end of a connection of which no packet has been captured: it was open when the watch began, or its SYN does not leave.
// It is no conversation of the analysis, which has nothing but packets: Conversation has the sockets and what this host says of its ends. Time is now; since
// when it is in its state, Since says.
type Silent struct {
	kernel.Change
	Conversation *analyzer.Conversation // without packets and frames; its number is above those of all that have some
	Side         analyzer.Side
}

// A connection that is used shows it soon: what is silent for so long is told. As many are told, and what is over is told no more.
const (
	silence    = time.Second
	mostSilent = 1 << 12
	mostBegun  = 1 << 14
	noStream   = 1 << 63 // above the numbers of all conversations
)

// silents are the silent connections.
type silents struct {
	may   func(client, server netip.AddrPort) bool
	tell  func(*Silent)    // nil: nobody is told
	begun []begun          // that may be silent, or not be captured; those known first come first
	late  []*Silent        // held back, oldest first
	all   map[pair]*silent // that are
	n     uint64           // how many there have been
	more  int              // that there was no room for
}

// pair is client and server.
type pair = [2]netip.AddrPort

// silent is a silent connection.
type silent struct {
	*analyzer.Conversation
	told [2]bool // by Side
}

// begun is an end that is in SYN_SENT, or was open when the watch began.
type begun struct {
	key  kernel.Key
	side analyzer.Side
	at   time.Time // when it was known
}

func (b *begun) addr() (addr pair) {
	addr[b.side], addr[b.side.Peer()] = b.key.Local, b.key.Remote
	return addr
}

// Silents has tell called with each end of those connections that are open now, may be captured, and stay silent; with those whose SYN is not captured; and with
// what becomes of them. Their server is who listens; where nobody does, it is taken to be the other host. more is how many that are open there was no room for.
func (e *Ends) Silents(may func(client, server netip.AddrPort) bool, tell func(*Silent)) (more int) {
	e.silent = silents{may: may, tell: tell, all: map[pair]*silent{}}
	now := time.Now()
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
	slices.SortFunc(open, func(a, b *kernel.Endpoint) int { return compare(pair{a.Local, a.Remote}, pair{b.Local, b.Remote}) })
	for _, end := range open {
		addr, side := pair{end.Local, end.Remote}, analyzer.Client
		if listening[end.Local.Port()] {
			addr, side = pair{end.Remote, end.Local}, analyzer.Server
		}
		if c := e.silent.add(addr, now); c != nil {
			say(c, side, end, now)
			e.silent.begun = append(e.silent.begun, begun{end.Key, side, now})
		}
	}
	slices.SortStableFunc(e.silent.begun, func(a, b begun) int { return compare(a.addr(), b.addr()) })
	return e.silent.more
}

// compare puts connections in an order.
func compare(a, b pair) int { return cmp.Or(a[0].Compare(b[0]), a[1].Compare(b[1])) }

// SilentsLeftOut is how many silent connections there was no room for.
func (e *Ends) SilentsLeftOut() int { return e.silent.more }

// add is the silent connection with these addresses; nil if it is not captured, or there is no room for it.
func (s *silents) add(addr pair, now time.Time) *silent {
	c := s.all[addr]
	switch {
	case c != nil:
		return c
	case !s.may(addr[analyzer.Client], addr[analyzer.Server]):
		return nil
	case len(s.all) == mostSilent:
		s.more++
		return nil
	}
	c = &silent{Conversation: &analyzer.Conversation{}}
	c.Stream = noStream + s.n
	c.Addr, c.Start, c.End = addr, analyzer.Time(now.UnixNano()), analyzer.Time(now.UnixNano())
	s.all[addr] = c
	s.n++
	return c
}

// say has an end be in a state, since a time at the latest.
func say(c *silent, side analyzer.Side, end *kernel.Endpoint, at time.Time) {
	if !end.Since.IsZero() {
		at = end.Since
	}
	if end.State == fsm.SynSent {
		c.Outcome = analyzer.Unanswered
	} else if end.State != fsm.Closed {
		c.Outcome = analyzer.Open
	}
	c.Hosts[side] = &host.End{Words: []host.Word{{State: end.State, Time: at.UnixNano(), Found: true}}, All: true, Process: end.Process, Info: end.Info}
}

// heard is that a conversation has begun, whoever its client is.
func (s *silents) heard(addr pair) {
	delete(s.all, addr)
	delete(s.all, pair{addr[1], addr[0]})
}

// flush tells of those that have been silent for long enough. isFollowed says which sockets have a conversation.
func (s *silents) flush(k Kernel, now time.Time, isFollowed func(pair) bool) {
	s.settle(now)
	n := 0
	for ; n < len(s.begun) && now.Sub(s.begun[n].at) >= silence; n++ {
		b := &s.begun[n]
		addr := b.addr()
		end, ok := k.Lookup(b.key)
		c := s.all[addr]
		if ok && c == nil && end.State == fsm.SynSent && !isFollowed(addr) {
			since := end.Since
			if since.IsZero() {
				since = now
			}
			c = s.add(addr, since)
		}
		if !ok || c == nil || c.told[b.side] {
			continue
		}
		say(c, b.side, &end, now)
		c.told[b.side] = true
		s.tell(&Silent{kernel.Change{Endpoint: end, Before: fsm.Unknown, Time: now, Found: true}, c.Conversation, b.side})
	}
	s.begun = s.begun[n:]
}

// change takes what becomes of an end. It is held back: a packet that shows it may be on its way.
func (s *silents) change(c *kernel.Change) {
	if s.tell == nil {
		return
	}
	for side, addr := range [2]pair{{c.Local, c.Remote}, {c.Remote, c.Local}} {
		held := s.all[addr]
		switch {
		case held == nil || held.Hosts[side] == nil:
			continue
		case len(s.late) == mostSilent: // nobody would say that it is over
			delete(s.all, addr)
			s.more++
		default:
			s.late = append(s.late, &Silent{*c, held.Conversation, analyzer.Side(side)})
		}
		return
	}
	if c.State == fsm.SynSent && c.Before != fsm.SynSent && c.Socket && len(s.begun) < mostBegun {
		s.begun = append(s.begun, begun{c.Key, analyzer.Client, time.Now()}) // not c.Time: where much waits, a conversation of then may not be told yet
	}
}

// settle tells what has been held back for long enough of those that are still silent.
func (s *silents) settle(now time.Time) {
	n := 0
	for ; n < len(s.late) && isRipe(s.late[n].Time, now); n++ {
		t := s.late[n]
		held := s.all[t.Conversation.Addr]
		if held == nil || held.Conversation != t.Conversation {
			continue
		}
		say(held, t.Side, &t.Endpoint, t.Time)
		if held.told[t.Side] {
			t.Time = now
			s.tell(t)
		}
		if other := held.Hosts[t.Side.Peer()]; t.State == fsm.Closed && (other == nil || other.Words[0].State == fsm.Closed) {
			delete(s.all, held.Addr)
		}
	}
	s.late = slices.Delete(s.late, 0, n)
}

// StillSilent lists the connections that have been silent for long enough, as of now, in an order.
func (e *Ends) StillSilent() []*analyzer.Conversation {
	list := make([]*analyzer.Conversation, 0, len(e.silent.all))
	for _, c := range e.silent.all {
		if c.told != [2]bool{} {
			list = append(list, c.Conversation)
		}
	}
	slices.SortFunc(list, func(a, b *analyzer.Conversation) int { return compare(a.Addr, b.Addr) })
	return list
}
