package flow

import (
	"math"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/intake"
)

// Merger gives conversations their stream numbers and hands them to the sink, in the
// same order however many goroutines did the tracking: by the frame that ended them.
// It belongs to one goroutine.
type Merger struct {
	sink    Sink
	numbers Unnumbered        // the sink, if it is one
	skimmer Skimmer           // likewise
	skimmed conn.Conversation // what it gets
	next    uint64
	streams []SlotStreams // by tracker
	heads   []int         // by tracker: its next event of the batch

	conversations uint64
	outcomes      [conn.NumOutcomes]uint64
	unwritten     uint64 // letters of histories that did not fit
}

// SlotStreams holds the stream numbers of a tracker's slots.
type SlotStreams struct {
	open    []uint64 // of the conversation in the slot
	embryos []uint64 // the same, of embryos
	held    []uint64 // reserved for the one that what is held may begin, or noStream
}

// NewMerger returns a merger for so many trackers.
func NewMerger(trackers int, sink Sink) *Merger {
	skimmer, _ := sink.(Skimmer)
	numbers, _ := sink.(Unnumbered)
	return &Merger{sink: sink, numbers: numbers, skimmer: skimmer, streams: make([]SlotStreams, trackers), heads: make([]int, trackers)}
}

// Batch takes what the trackers said about one batch of segments, one Output
// for each tracker, and empties them. Batches come in order.
func (m *Merger) Batch(outs []Output) error {
	for i := m.earliest(outs); i >= 0; i = m.earliest(outs) {
		e := outs[i].Events[m.heads[i]]
		m.heads[i]++
		s := &m.streams[i]
		switch e.Kind {
		case EventDone:
			c := &outs[i].Done[e.Arg]
			c.Stream = s.Of(e.Slot)
			if err := m.emit(c); err != nil {
				return err
			}
		case eventWritten:
			r, text := outs[i].Records.at(e.Arg)
			m.count(r.outcome, r.unwritten)
			if err := m.numbers.Numbered(s.Of(e.Slot), text); err != nil {
				return err
			}
		case eventSound:
			o := &outs[i].sound[e.Arg]
			m.count(conn.Closed, o.unwritten)
			if err := emitSound(m.skimmer, o, s.Of(e.Slot), &m.skimmed); err != nil {
				return err
			}
		case eventSkipped:
			m.count(conn.Outcome(e.Arg), uint8(e.Slot))
		default:
			m.next = s.Begin(&e, m.next)
		}
	}
	clear(m.heads)
	for i := range outs {
		outs[i].Discard()
	}
	return nil
}

// earliest is the tracker whose next event comes first, or -1. The events of one
// frame are all of one tracker.
func (m *Merger) earliest(outs []Output) int {
	best, frame := -1, uint64(math.MaxUint64)
	for i, head := range m.heads {
		if ev := outs[i].Events; head < len(ev) && ev[head].frame < frame {
			best, frame = i, ev[head].frame
		}
	}
	return best
}

// Begin numbers the conversation that e begins, or may begin. next is the first free number; it returns that of
// the event after e.
func (s *SlotStreams) Begin(e *event, next uint64) uint64 {
	switch e.Kind {
	case eventOpen:
		if isEmbryo(e.Slot) {
			set(&s.embryos, e.Slot&^embryoBit, next)
		} else {
			set(&s.open, e.Slot, next)
		}
	case EventHatched:
		set(&s.open, e.Slot, s.Of(e.Arg))
		return next
	case EventHold:
		if e.Arg != 0 {
			set(&s.held, e.Slot, noStream)
			return next
		}
		set(&s.held, e.Slot, next)
	case eventOpenHeld:
		if n := s.held[e.Arg]; n != noStream {
			set(&s.open, e.Slot, n)
			return next
		}
		set(&s.open, e.Slot, next)
	}
	return next + 1
}

// Of is the stream number of the conversation in a slot.
func (s *SlotStreams) Of(slot uint32) uint64 {
	if isEmbryo(slot) {
		return s.embryos[slot&^embryoBit]
	}
	return s.open[slot]
}

// noStream stands for the number of what is held and has none before it begins a conversation.
const noStream = math.MaxUint64

func set(numbers *[]uint64, slot uint32, n uint64) {
	for int(slot) >= len(*numbers) {
		*numbers = append(*numbers, 0)
	}
	(*numbers)[slot] = n
}

func (m *Merger) emit(c *conn.Conversation) error {
	m.count(c.Outcome, c.History.Cut)
	return m.sink.Conversation(c)
}

func (m *Merger) count(o conn.Outcome, cut uint8) {
	m.conversations++
	m.outcomes[o]++
	m.unwritten += uint64(cut)
}

// Finish hands out what is still open, in order of stream numbers. The trackers
// must be at rest; they cannot be used afterwards. It adds its counts to sum.
func (m *Merger) Finish(trackers []*Tracker, sum *intake.Summary) error {
	rest := m.Rest(trackers, sum)
	return rest.Each(0, rest.Len(), m.sink.Conversation)
}
