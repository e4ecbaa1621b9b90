// Package ends tells which conversations of a live analysis end on this host, and what its kernel says of those ends.
//
// It tells each word of the kernel at once, and has it ready for the analysis a little later, when the packets that show the same have come
// (Hosts). It is about connections in the network namespace that the capture is made in.
//
// Not its job: how the kernel is asked (package kernel), what follows from what it says (package analyzer), what is written of it (package report).
package ends

import (
	"iter"
	"net/netip"
	"slices"
	"sync"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// Kernel is what a kernel.Watcher knows.
type Kernel interface {
	Read(func(kernel.Change)) error
	Lookup(kernel.Key) (kernel.Endpoint, bool)
	Want(kernel.Key)
	Cookies() kernel.Cookies
	Endpoints() iter.Seq[*kernel.Endpoint]
	Namespace() uint32
	Source() kernel.Source
}

// Told is a change of one end of a conversation.
type Told struct {
	kernel.Change
	Stream  uint64
	Between *[2]netip.AddrPort // client and server, who may turn out to be the other way round before this is written
	owner   bool               // it belongs to another process than what was said of the end before
}

// Side is whose change it is, as far as is known by now.
func (t *Told) Side() analyzer.Side {
	if t.Local == t.Between[analyzer.Client] {
		return analyzer.Client
	}
	return analyzer.Server
}

// Ends holds the ends of conversations. Flush and Lookup are for the goroutine of a loop, while no other is in Event or Hosts, which several may call.
type Ends struct {
	kernel  Kernel
	here    here
	lock    sync.Mutex // of what is below, in Event and Hosts
	tell    func(*Told)
	again   func(stream uint64)            // a conversation has more words
	full    func(*kernel.Change)           // a listening socket had no room
	streams map[[2]netip.AddrPort]uint64   // conversations that are followed, by client and server
	all     map[uint64]*conversation       // by stream
	early   map[kernel.Key][]kernel.Change // of connections whose conversations have not begun
	late    []*Told                        // that are not among the words yet, oldest first
	cleared time.Time
	silent  silents
	cookies func(kernel.Cookies) // nil: nobody is told
}

// conversation is what is known of both ends of one.
type conversation struct {
	addr   [2]netip.AddrPort // by Side
	hosts  [2]*host.End      // by Side; nil: not on this host
	untold []*Told           // until it is told that the conversation began
	last   [2]fsm.State      // by Side: what was said of it last
	opened bool
}

// New calls tell with each change of an end of a conversation, again when Hosts has more of one, and full when a listening socket had no room for a
// connection.
func New(k Kernel, tell func(*Told), again func(stream uint64), full func(*kernel.Change)) *Ends {
	e := &Ends{kernel: k, here: here{}, tell: tell, again: again, full: full, streams: map[[2]netip.AddrPort]uint64{}, all: map[uint64]*conversation{},
		early: map[kernel.Key][]kernel.Change{}}
	e.here.interfaces()
	for end := range k.Endpoints() { // an address may be no interface's
		if end.Namespace == k.Namespace() {
			e.here.add(end.Local.Addr())
		}
	}
	return e
}

// Cookies has f called with the SYN cookies since the last time, if there are any.
func (e *Ends) Cookies(f func(kernel.Cookies)) { e.cookies = f }

// What the kernel does may be known before the packets that show it. What no conversation begins for is forgotten: the capture does not
// see it. When there is no room for more, conversations begin with the state that they are in.
const (
	patience  = 5 * time.Second
	mostEarly = 1 << 14
)

// Words are held back for as long as packets may take through the capture, so that a step is not told twice: without a frame and with it. By
// then what a packet shows, and the kernel does not say, is not so: without BPF it says what it is asked for once a second, or more seldom.
const (
	holdBack  = 250 * time.Millisecond
	lateTold  = time.Second
	lateAsked = 4 * time.Second
	mostWords = 16 // of an end; a connection has fewer states
)

// Event takes an event of the loop. What the kernel told before the conversation was opened is told to tell then.
func (e *Ends) Event(ev *analyzer.Event, tell func(*Told)) {
	if !e.here.has(ev.Conversation.Addr) {
		return
	}
	for _, t := range e.follow(ev) {
		tell(t)
	}
}

// follow takes an event of a conversation of this host, and returns what is to be told of that behind it.
func (e *Ends) follow(ev *analyzer.Event) (untold []*Told) {
	c := ev.Conversation
	e.lock.Lock()
	defer e.lock.Unlock()
	if ev.Kind == analyzer.EventConversation && ev.Over != analyzer.NotOver {
		if held := e.all[c.Stream]; held != nil {
			e.leave(held, c.Stream)
			delete(e.all, c.Stream)
		}
		return nil
	}
	held := e.of(c) // where its address was not known to be this host's, it was opened before
	held.opened = true
	untold, held.untold = held.untold, nil
	return untold
}

// leave has the sockets of a conversation, as they are known, be those of none, unless they are another's by now.
func (e *Ends) leave(held *conversation, stream uint64) {
	if e.streams[held.addr] == stream {
		delete(e.streams, held.addr)
	}
}

// Hosts is what this host says of the ends of a conversation, and whether it may say more.
func (e *Ends) Hosts(c *analyzer.Conversation) (hosts [2]*host.End, more bool) {
	if !e.here.has(c.Addr) {
		return hosts, false
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	held := e.of(c)
	for side, end := range held.hosts {
		if end == nil {
			continue
		}
		if known, ok := e.kernel.Lookup(e.key(c.Addr, analyzer.Side(side))); ok && known.Info != end.Info && known.Info != nil {
			more := *end
			more.Info = known.Info
			held.hosts[side] = &more
		}
	}
	return held.hosts, true
}

// of is what is known of a conversation, which begins with it.
func (e *Ends) of(c *analyzer.Conversation) *conversation {
	held := e.all[c.Stream]
	switch {
	case held == nil:
		held = &conversation{addr: c.Addr}
		e.all[c.Stream], e.streams[c.Addr] = held, c.Stream
		e.silent.heard(c.Addr)
		for side := range c.Addr {
			if side := analyzer.Side(side); side == analyzer.Client || !c.Self() {
				e.begin(held, c, side)
			}
		}
	case held.addr != c.Addr: // the client was thought to be the server
		e.leave(held, c.Stream)
		held.turn(c)
		e.streams[c.Addr] = c.Stream
	}
	return held
}

// turn has each end be the other side's, and what was told of it, too, wherever that waits.
func (held *conversation) turn(c *analyzer.Conversation) {
	held.addr = c.Addr
	slices.Reverse(held.hosts[:])
	slices.Reverse(held.last[:])
}

// host notes what is known of an end: of both, if the conversation is one of a socket with itself.
func (held *conversation) host(side analyzer.Side, end *host.End) {
	held.hosts[side] = end
	if held.addr[analyzer.Client] == held.addr[analyzer.Server] {
		held.hosts[side.Peer()] = end
	}
}

// begin takes what is known already of an end of a conversation.
func (e *Ends) begin(held *conversation, c *analyzer.Conversation, side analyzer.Side) {
	k := e.key(c.Addr, side)
	if changes, ok := e.early[k]; ok {
		delete(e.early, k)
		for i := range changes {
			if isAnother(held.last[side], &changes[i]) {
				e.early[k] = changes[i:]
				break
			}
			e.take(held, &Told{Change: changes[i], Stream: c.Stream, Between: &held.addr})
		}
		return
	}
	known, ok := e.kernel.Lookup(k)
	switch {
	case !ok:
		if e.here.is(k.Local.Addr()) {
			e.kernel.Want(k)
		}
	case known.State != fsm.Closed && known.State != fsm.TimeWait: // of what is over it may be another connection that is known
		found := time.Unix(0, int64(c.Start))
		if known.Since.After(found) {
			found = known.Since
		}
		e.take(held, &Told{Change: kernel.Change{Endpoint: known, Before: fsm.Unknown, Time: found, Found: true}, Stream: c.Stream, Between: &held.addr})
	}
}

func (e *Ends) key(addr [2]netip.AddrPort, side analyzer.Side) kernel.Key {
	return kernel.Key{Namespace: e.kernel.Namespace(), Local: addr[side], Remote: addr[side.Peer()]}
}

// Lookup is what the kernel says of one end of a conversation now; false if it is not on this host, or another conversation has its sockets by now.
func (e *Ends) Lookup(c *analyzer.Conversation, side analyzer.Side) (kernel.Endpoint, bool) {
	if stream, ok := e.streams[c.Addr]; ok && stream != c.Stream {
		return kernel.Endpoint{}, false
	}
	return e.kernel.Lookup(e.key(c.Addr, side))
}

// take tells what the kernel says of a conversation, and keeps it for a while.
func (e *Ends) take(held *conversation, t *Told) {
	if held.opened {
		e.tell(t)
	} else {
		held.untold = append(held.untold, t)
	}
	side := t.Side()
	end := host.End{All: e.kernel.Source() == kernel.BPF}
	if old := held.hosts[side]; old != nil {
		end = *old
	}
	if end.Late = lateTold; !end.All || !t.Socket && t.State != fsm.Closed { // what becomes of what no socket stands for is asked for
		end.Late = lateAsked
	}
	t.owner = end.Process != t.Process
	end.Process = t.Process
	held.last[side] = t.State
	held.host(side, &end)
	e.late = append(e.late, t)
}

// say makes words of what has been held back for long enough.
func (e *Ends) say(now time.Time) {
	n := 0
	for ; n < len(e.late) && isRipe(e.late[n].Time, now); n++ {
		t := e.late[n]
		held := e.all[t.Stream]
		if held == nil {
			continue
		}
		side := t.Side()
		end := *held.hosts[side]
		words := AppendWord(end.Words, &t.Change)
		news := len(words) > len(end.Words) && len(words) <= mostWords
		if news {
			end.Words = words
			held.host(side, &end)
		}
		if news || t.owner {
			e.again(t.Stream)
		}
	}
	e.late = slices.Delete(e.late, 0, n)
}

// isRipe reports whether a word has been held back for long enough. What is to come was said before the clock was set back.
func isRipe(at, now time.Time) bool {
	age := now.Sub(at)
	return age >= holdBack || age < -holdBack
}

// AppendWord is a copy of words with what the kernel told behind them, and before the first the state that it says was left; words, if there is nothing
// new in it: a socket has ended, and its remains are in its state.
func AppendWord(words []host.Word, c *kernel.Change) []host.Word {
	all := slices.Clip(words)
	if len(all) == 0 && c.Before != fsm.Unknown && c.Before != fsm.Closed {
		all = append(all, host.Word{State: c.Before})
	}
	if len(all) > 0 && all[len(all)-1].State == c.State {
		return all
	}
	return append(all, host.Word{State: c.State, Time: c.Time.UnixNano(), Found: c.Found})
}

// isAnother reports whether a change begins another connection than the one that was in a state last.
func isAnother(last fsm.State, c *kernel.Change) bool {
	if last == fsm.Unknown || last == fsm.SynSent || last == fsm.SynRcvd {
		return false
	}
	return last == fsm.Closed || c.State == fsm.SynSent || c.State == fsm.SynRcvd || c.Before == fsm.SynRcvd
}

// isPast reports whether a change ends a connection that was closing already, of whose sockets another one of which nothing has been said has a
// conversation.
func isPast(last fsm.State, c *kernel.Change) bool {
	return last == fsm.Unknown && c.State == fsm.Closed && (c.Before == fsm.FinWait2 || c.Before == fsm.TimeWait)
}

// Flush tells what has changed since the last time. It is for the end of a batch.
func (e *Ends) Flush() error {
	namespace, now := e.kernel.Namespace(), time.Now()
	err := e.kernel.Read(func(c kernel.Change) {
		switch {
		case c.Namespace != namespace:
		case c.Drops > 0:
			e.overflow(&c)
			e.full(&c)
		case c.State != fsm.Listen:
			e.change(&c)
		}
	})
	e.say(now)
	e.silent.flush(e.kernel, now, e.isFollowed)
	if n := e.kernel.Cookies(); n != (kernel.Cookies{}) && e.cookies != nil {
		e.cookies(n)
	}
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

// isFollowed reports whether sockets have a conversation, whoever its client is.
func (e *Ends) isFollowed(addr pair) bool {
	_, is := e.streams[addr]
	_, isTurned := e.streams[pair{addr[1], addr[0]}]
	return is || isTurned
}

// change takes what the kernel says of an end on this host, whatever conversation it is of.
func (e *Ends) change(c *kernel.Change) {
	e.here.add(c.Local.Addr()) // an address may be new
	for side, addr := range [2][2]netip.AddrPort{{c.Local, c.Remote}, {c.Remote, c.Local}} {
		stream, ok := e.streams[addr]
		if !ok {
			continue
		}
		held := e.all[stream]
		if held != nil && isPast(held.last[side], c) {
			return
		}
		if held == nil || e.early[c.Key] != nil || isAnother(held.last[side], c) {
			break
		}
		e.take(held, &Told{Change: *c, Stream: stream, Between: &held.addr})
		return
	}
	e.silent.change(c)
	changes := e.early[c.Key]
	if changes == nil && (isPast(fsm.Unknown, c) || len(e.early) >= mostEarly) {
		return // its conversation is over, and the next one of these sockets begins with its own
	}
	e.early[c.Key] = append(withRoom(changes), *c)
}

// withRoom is changes of one pair of sockets without those of its oldest connection, if there are too many to keep another: the capture does not see it, or
// its conversation would have begun.
func withRoom(changes []kernel.Change) []kernel.Change {
	if len(changes) < mostWords {
		return changes
	}
	for i := 1; i < len(changes); i++ {
		if isAnother(changes[i-1].State, &changes[i]) {
			return changes[i:]
		}
	}
	return changes[1:]
}
