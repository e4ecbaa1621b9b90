package observe

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/live/ends"
)

// holdback keeps what is told of conversations while Where, which asks whose they are, lets nothing of them through: the process of an end on this host may be
// known only after a look or two, and what the conversation began with is written then. Where it is known, and Where does not hold, that may be because it has
// not been handed to another process yet, nor run another program: such conversations are the first to make room for others.
type holdback struct {
	mayEndHere func([2]netip.AddrPort) bool
	owned      func(*analyzer.Conversation) bool // the processes of its ends on this host are known
	streams    map[uint64]*held
	queue      []heldSince // oldest first
	known      []uint64    // streams of which the processes have become known, in that order; some are not held back any more
	n          int         // events
	lost       uint64      // conversations that were written, without their beginnings, for want of room
}

// held is what is held back of a conversation.
type held struct {
	events  []heldEvent
	gone    bool // it was held back for too long, or there was no room for it
	crowded bool // there was none
	known   bool // it is in holdback.known
}

// heldEvent is an event without its conversation, or a word of the kernel.
type heldEvent struct {
	at    analyzer.Time
	event analyzer.Event
	word  *ends.Told // nil: it is an event
}

type heldSince struct {
	stream uint64
	at     analyzer.Time
}

// For as long, and as many events of one conversation and of all, are held back.
const (
	heldFor      = 10 * time.Second
	mostHeldEach = 64
	mostHeld     = 1 << 16
)

// newHoldback holds back what is told of conversations that may have an end on this host; owned reports whether the processes of all those are known.
func newHoldback(mayEndHere func([2]netip.AddrPort) bool, owned func(*analyzer.Conversation) bool) *holdback {
	return &holdback{mayEndHere: mayEndHere, owned: owned, streams: map[uint64]*held{}}
}

// of is what is held back of a conversation, to which something is to be added at a time; nil if it is not kept.
func (h *holdback) of(stream uint64, addr [2]netip.AddrPort, now analyzer.Time) *held {
	if h == nil || !h.mayEndHere(addr) {
		return nil
	}
	one := h.streams[stream]
	if one == nil {
		one = &held{}
		h.streams[stream] = one
		h.queue = append(h.queue, heldSince{stream, now})
	}
	if !one.gone && len(one.events) < mostHeldEach {
		h.makeRoom()
	}
	if h.n >= mostHeld || len(one.events) >= mostHeldEach {
		h.crowd(one)
	}
	if one.gone {
		return nil
	}
	return one
}

// makeRoom drops what is held back of conversations whose processes are known, the oldest first, until there is room for an event.
func (h *holdback) makeRoom() {
	for h.n >= mostHeld && len(h.known) > 0 {
		if known := h.streams[h.known[0]]; known != nil {
			h.crowd(known)
		}
		h.known = h.known[1:]
	}
}

// crowd drops what is held back of a conversation, for want of room.
func (h *holdback) crowd(one *held) {
	if !one.gone {
		h.drop(one)
		one.crowded = true
	}
}

// look notes whether the processes of a conversation, for which Where does not hold, are known.
func (h *holdback) look(c *analyzer.Conversation) {
	if h == nil {
		return
	}
	if one := h.streams[c.Stream]; one != nil && !one.known && h.owned(c) {
		one.known = true
		h.known = append(h.known, c.Stream)
	}
}

func (h *holdback) drop(one *held) {
	h.n -= len(one.events)
	one.events, one.gone = nil, true
}

// event holds back an event, or forgets what it takes back. A record is not held back: it says what is known at its time.
func (h *holdback) event(ev *analyzer.Event, now analyzer.Time) {
	if ev.Kind == analyzer.EventConversation {
		return
	}
	one := h.of(ev.Conversation.Stream, ev.Conversation.Addr, now)
	h.look(ev.Conversation)
	switch {
	case one == nil:
	case ev.Kind == analyzer.EventCorrection:
		before := len(one.events)
		one.events = slices.DeleteFunc(one.events, func(e heldEvent) bool { return e.isTakenBack(ev) })
		h.n -= before - len(one.events)
	default:
		e := heldEvent{at: ev.Time, event: *ev}
		e.event.Conversation, e.event.Judgment = nil, nil
		if ev.Step != nil {
			step := *ev.Step
			e.event.Step = &step
		}
		if ev.Anomaly != nil {
			a := *ev.Anomaly
			e.event.Anomaly = &a
		}
		h.add(one, e)
	}
}

// word holds back what the kernel says.
func (h *holdback) word(t *ends.Told, now analyzer.Time) {
	if one := h.of(t.Stream, *t.Between, now); one != nil {
		h.add(one, heldEvent{at: analyzer.Time(t.Time.UnixNano()), word: t})
	}
}

func (h *holdback) add(one *held, e heldEvent) {
	one.events = append(one.events, e)
	h.n++
}

// isTakenBack reports whether a correction is of the event.
func (e *heldEvent) isTakenBack(correction *analyzer.Event) bool {
	c := &correction.Correction
	switch {
	case e.word != nil:
		return false
	case c.Of == analyzer.EventOpened: // all is told again
		return true
	case c.Of != e.event.Kind:
		return false
	case c.Of == analyzer.EventState:
		return e.event.Side == correction.Side && e.event.Step.State == c.State && e.event.Step.Frame == c.Frame
	case c.Of == analyzer.EventAnomaly:
		a := e.event.Anomaly
		return a.Kind == c.Anomaly && a.Frame == c.Frame && a.HasSide == c.HasSide && (!a.HasSide || e.event.Side == correction.Side)
	}
	return true
}

// take is what is held back of a conversation that is written, in order of time, and is not any more.
func (h *holdback) take(stream uint64) []heldEvent {
	if h == nil || h.streams[stream] == nil {
		return nil
	}
	one := h.streams[stream]
	if one.crowded {
		h.lost++
	}
	events := one.events
	h.forget(stream)
	slices.SortStableFunc(events, func(a, b heldEvent) int { return cmp.Compare(a.at, b.at) })
	return events
}

// forget is for a conversation that is over.
func (h *holdback) forget(stream uint64) {
	if h == nil {
		return
	}
	if one := h.streams[stream]; one != nil {
		h.drop(one)
		delete(h.streams, stream)
	}
}

// leftOut is how many conversations were written without their beginnings.
func (h *holdback) leftOut() uint64 {
	if h == nil {
		return 0
	}
	return h.lost
}

// pass drops what has been held back for too long.
func (h *holdback) pass(now analyzer.Time) {
	if h == nil {
		return
	}
	n := 0
	for ; n < len(h.queue) && now >= h.queue[n].at.Add(heldFor); n++ {
		if one := h.streams[h.queue[n].stream]; one != nil {
			h.drop(one)
		}
	}
	h.queue = h.queue[n:]
	for n = 0; n < len(h.known) && (h.streams[h.known[n]] == nil || h.streams[h.known[n]].gone); n++ {
	}
	h.known = h.known[n:]
}

// release writes what was held back of a conversation, of which Where lets something through now.
func (s *Session) release(c *analyzer.Conversation, j *analyzer.Judgment) {
	for _, e := range s.held.take(c.Stream) {
		if e.word != nil {
			s.Fail(s.Events.Kernel(kernelState(e.word)))
			continue
		}
		e.event.Conversation, e.event.Judgment = c, j
		s.Fail(s.Events.Event(&e.event))
	}
}
