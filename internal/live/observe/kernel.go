package observe

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/live/metrics"
	"tcptrace/report"
)

// Silent is what the view asks for connections without packets; nil if nobody can be asked.
func (s *Session) Silent() func() []*analyzer.Conversation {
	if s.Kernel == nil {
		return nil
	}
	return func() []*analyzer.Conversation { return s.ends.StillSilent() }
}

// CloseKernel asks the kernel no more.
func (s *Session) CloseKernel() {
	if s.Kernel == nil {
		return
	}
	if s.ends != nil && s.ends.SilentsLeftOut() > s.silentsTold {
		s.Note("%s without a packet were not shown: there were too many", report.Counted(uint64(s.ends.SilentsLeftOut()-s.silentsTold), "connection"))
	}
	if n := s.held.leftOut(); n > 0 {
		s.Note("too much was to be held back until processes were known: %s not written from the beginning", report.Counted(n, "conversation"))
	}
	if n := s.Kernel.Lost(); n > 0 {
		s.Note("the kernel told more than there was room for: %s missing", report.Counted(n, "change"))
	}
	if n := s.Kernel.Unlisted(); n > 0 {
		s.Note("more processes have sockets than there was room for: %s of a socket missing, and so may be the processes of connections", report.Counted(n, "holder"))
	}
	s.Warn(s.Kernel.Close())
}

// NoteKernel tells the user what is not known of the kernel's word.
func (s *Session) NoteKernel() {
	for _, text := range s.Kernel.Notes() {
		s.Note("%s", text)
	}
	s.blind = s.Kernel.Blind() != ""
}

// noteBlind tells, once, that processes are not looked for any more.
func (s *Session) noteBlind(why string) {
	if why != "" && !s.blind {
		s.blind = true
		s.Note("%s", why)
	}
}

// KernelStays is what remains of the rights that asking took, as the end of a sentence.
func (s *Session) KernelStays() string {
	if s.Kernel == nil {
		return ""
	}
	return "; " + s.Kernel.Stays()
}

// word is what the kernel said of a conversation, or of something else.
type word struct {
	at    analyzer.Time
	state *ends.Told   // nil: of something else
	write func() error // valid without state
}

// words are those that are not written yet. The kernel's word is there at once, and packets take a while through the capture: it waits until they
// have come up to its time, so that the events of both are in order.
type words struct {
	lock    sync.Mutex // several goroutines may tell at once
	list    []word
	packets uint64        // that had come at the end of the batch before
	flushed analyzer.Time // when that was
	hurried uint64        // words that did not wait, for want of room
}

// mostWords bounds those that wait. What is more is written in front of events that it belongs behind.
const mostWords = 1 << 16

// reached is up to which time packets have come, at the end of a batch: to that of the latest; or, when none came for a while, to the end of the batch
// before, as that is longer ago than a packet takes.
func (w *words) reached(now, clock analyzer.Time, packets uint64) analyzer.Time {
	until := clock
	if packets == w.packets {
		until = max(until, w.flushed)
	}
	w.packets, w.flushed = packets, now
	return until
}

func (w *words) add(one word) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.list = append(w.list, one)
}

// told has what the kernel says of a conversation written.
func (s *Session) told(t *ends.Told) {
	if s.Events != nil {
		s.words.add(word{at: analyzer.Time(t.Time.UnixNano()), state: t})
	}
}

// tellWords writes what the kernel said up to a time, and what else it said of conversations that are over.
func (s *Session) tellWords(until analyzer.Time) {
	list := s.words.list
	slices.SortStableFunc(list, func(a, b word) int { return cmp.Compare(a.at, b.at) })
	most := len(list) - mostWords
	waiting := list[:0]
	for i, w := range list {
		if i < most && w.at > until {
			s.words.hurried++
		}
		switch {
		case w.at > until && i >= most && (w.state == nil || !s.over[w.state.Stream]):
			waiting = append(waiting, w)
		case w.state == nil:
			s.Fail(w.write())
		case s.Where == nil || s.holds(w.state.Stream):
			s.Fail(s.Events.Kernel(kernelState(w.state)))
		case s.held != nil:
			s.held.word(w.state, s.Loop.Monitor().Clock())
		}
	}
	clear(list[len(waiting):])
	s.words.list = waiting
	for stream := range s.over {
		delete(s.begun, stream)
		s.held.forget(stream)
	}
	clear(s.over)
}

// holds reports whether --where lets through what the kernel says of a conversation: it holds now, or something of it was told.
func (s *Session) holds(stream uint64) bool {
	if s.begun[stream] {
		return true
	}
	s.Loop.Monitor().FindAsked(stream, func(seen *analyzer.Seen) {
		ok, err := s.Where.Match(seen.Conversation)
		if s.Fail(err); ok && err == nil {
			s.begun[stream] = true
			s.release(seen.Conversation, seen.Judgment)
		} else {
			s.held.look(seen.Conversation)
		}
	})
	return s.begun[stream]
}

// kernelState is what the kernel says, as it is written.
func kernelState(t *ends.Told) *report.KernelState {
	k := &report.KernelState{
		Time: analyzer.Time(t.Time.UnixNano()), Stream: t.Stream, Addr: *t.Between, Side: t.Side(), Before: t.Before, State: t.State, Socket: t.Socket,
		Process: t.Process,
	}
	if k.Before == fsm.Closed {
		k.Before = fsm.Unknown
	}
	return k
}

// Host is what the metrics are told of this host beside conversations; nil if nobody can be asked.
func (s *Session) Host() func() metrics.Host {
	if s.Kernel == nil {
		return nil
	}
	return func() (told metrics.Host) {
		for _, c := range s.ends.StillSilent() {
			for _, end := range c.Hosts {
				if end != nil && len(end.Words) > 0 {
					told.Silent[end.Words[len(end.Words)-1].State]++
				}
			}
		}
		for _, l := range s.Kernel.Listening() {
			told.Queues = append(told.Queues, metrics.Queue{Port: l.Local.Port(), Process: l.Process.Name, Length: l.Listening.Queue, Limit: l.Listening.Backlog})
		}
		return told
	}
}

// cookies counts, and has written, that this host has sent SYN cookies, or had them returned.
func (s *Session) cookies(n kernel.Cookies) {
	if s.Meter != nil {
		s.Meter.Cookies(n.Sent, n.Accepted, n.Refused)
	}
	if s.Events == nil || s.Where != nil {
		return
	}
	at := analyzer.Time(time.Now().UnixNano())
	c := &report.Cookies{Time: at, Sent: n.Sent, Accepted: n.Accepted, Refused: n.Refused}
	s.words.add(word{at: at, write: func() error { return s.Events.Cookies(c) }})
}

// full counts, and has written, that a listening socket had no room for connections. That is about no conversation, which Where could choose.
func (s *Session) full(c *kernel.Change) {
	if s.Meter != nil {
		s.Meter.Overflow(c.Local.Port(), c.Process.Name, c.Drops)
	}
	if s.Events == nil || s.Where != nil {
		return
	}
	at := analyzer.Time(c.Time.UnixNano())
	o := &report.Overflow{
		Time: at, Server: c.Local, Process: c.Process, Dropped: c.Drops, Queue: c.Listening.Queue, Backlog: c.Listening.Backlog,
	}
	s.words.add(word{at: at, write: func() error { return s.Events.Overflow(o) }})
}

// Lookup is what the view asks; nil if nobody can be asked.
func (s *Session) Lookup() func(*analyzer.Conversation, analyzer.Side) (kernel.Endpoint, bool) {
	if s.Kernel == nil {
		return nil
	}
	return func(c *analyzer.Conversation, side analyzer.Side) (kernel.Endpoint, bool) {
		return s.ends.Lookup(c, side) // the ends are there once it is asked
	}
}
