package analyzer

import (
	"iter"
	"net/netip"
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
	"tcptrace/fsm"
	"tcptrace/internal/topk"
)

// Monitor follows conversations and reports what happens as it happens. It is fed by Frame or Batch. At any moment, what it has reported is what
// an analysis of the capture up to that moment would say; it retracts what later segments disprove.
// Its clock is the capture's, which Flush advances. It must be used by one goroutine only.
type Monitor struct {
	decoder  pipeline.Decoder
	group    group
	one      one
	parts    []*part
	trackers []*flow.Tracker // of the parts
	fewest   int             // segments, or conversations to judge, for which several goroutines are worth their while
	idle     Idle
	tell     func(*Event)
	apart    bool                                                // TellApart
	late     func() bool                                         // Options.Late
	ask      func(*Conversation) (hosts [2]*host.End, more bool) // what the hosts of its endpoints say; nil: nobody asks
	endsOnly bool                                                // EndsOnly
	but      func(addr [2]netip.AddrPort) bool                   // of EndsOnly; may be nil

	next     uint64 // stream number
	swept    Time   // when the last of the sweeps for idle ones was
	sweeping int    // which part of the slots it was for
	surveys  survey
	watching func(*Reading) // all that Watch was given

	dropped  uint64 // packets that the capture lost so far
	timedOut uint64
	leftOut  uint64                   // conversations
	causes   [NumCauses]uint64        // Retransmissions
	inState  [2][fsm.NumStates]uint64 // States
}

// Idle is how long a conversation may be silent before a Monitor releases it; zero means forever. The ends that
// come by themselves are not affected: 2 MSL, and when the sender of a SYN gives up.
type Idle struct {
	Opening     time.Duration // a SYN-ACK was sent, and nothing shows that it arrived
	Established time.Duration
	Closing     time.Duration // a FIN was sent
}

// limit is how long a conversation with this outcome may be silent.
func (i *Idle) limit(o Outcome) Time {
	switch o {
	case HalfOpen:
		return Time(i.Opening)
	case Open:
		return Time(i.Established)
	case Closing:
		return Time(i.Closing)
	}
	return 0
}

// NewMonitor returns a Monitor that calls tell with its events. o.Workers is the number of goroutines that track and judge conversations in parallel,
// 0 being one; the flows and MaxFlows are divided among a power of two of them. Events are still reported by the caller's goroutine. They do
// not depend on the number, except for the order of events of different conversations between two calls of Flush, unless the clock is set back
// past the end of a conversation.
func NewMonitor(o Options, idle Idle, tell func(*Event)) *Monitor {
	tracking := pipeline.Tracking(o)
	tracking.Undivided = true
	m := &Monitor{
		decoder: pipeline.NewDecoder(o), idle: idle, tell: tell, fewest: fewest, late: o.Late, surveys: survey{top: topk.New(maxSurveyed, compareCandidates)},
	}
	tracking.Parts = partsFor(o.Workers)
	for range tracking.Parts {
		p := newPart(m, tracking)
		m.parts, m.trackers = append(m.parts, p), append(m.trackers, p.tracker)
	}
	m.group = newGroup(tracking.Parts)
	return m
}

// Flush reports what is new. now is the capture's clock.
func (m *Monitor) Flush(now Time) {
	now = min(now, packet.MaxTime)
	for _, t := range m.trackers {
		now = max(now, t.Now)
	}
	news := 0
	for _, p := range m.parts {
		p.pass(now)
	}
	m.sweep(now)
	for _, p := range m.parts {
		p.recheck()
		news += len(p.news)
	}
	if len(m.parts) > 1 && news >= m.fewest {
		m.flushTogether()
		return
	}
	for _, p := range m.parts {
		p.flush()
	}
}

// Parts is the number of goroutines that track and judge conversations in parallel.
func (m *Monitor) Parts() int { return len(m.parts) }

// TellApart has the events of each part reported to the function that tell returns for that part. Any goroutine may call that function, but only one
// at a time, and none between calls of m's methods. Finish reports the events of open conversations itself. TellApart must be called
// before there are any events; it is for callers that gain from reporting in parallel.
func (m *Monitor) TellApart(tell func(part int) func(*Event)) {
	m.apart = true
	for i, p := range m.parts {
		p.tell = tell(i)
	}
}

// EndsOnly has nothing be told of conversations before the last event of each, and so they need not be judged before, and then only by
// Judgment.JudgeEnd. but, unless it is nil, says for whose addresses, in any order, that does not hold, and is asked when a conversation
// begins and, unless that holds, at the next Flush, by several goroutines at once. States knows of the others only that they are there. EndsOnly must be called before there are any events.
func (m *Monitor) EndsOnly(but func(addr [2]netip.AddrPort) bool) { m.endsOnly, m.but = true, but }

// onlyEnd reports whether nothing but the end is told of a conversation between these addresses.
func (m *Monitor) onlyEnd(addr [2]netip.AddrPort) bool {
	return m.endsOnly && (m.but == nil || !m.but(addr))
}

// Ask has f say of every conversation that is judged from now on what the hosts of its endpoints know of them, and whether they may know more later,
// which Again then tells. It is for an analysis on one of these hosts. With TellApart f is called as the events are told.
func (m *Monitor) Ask(f func(c *Conversation) (hosts [2]*host.End, more bool)) {
	m.ask = f
	for _, p := range m.parts {
		p.numbers = map[uint64]uint32{}
	}
}

// Spare has the segments of conversations that begin from now on not read, as with Options.Quick, or has them read again: for who cannot keep up
// with the packets. Summary.Shortfalls counts these conversations. Who watches (Watch) is told of every segment all the same.
func (m *Monitor) Spare(on bool) {
	for _, t := range m.trackers {
		t.Spares = on && m.watching == nil
	}
}

// Again has a conversation judged at the next Flush, because a host has more to say about it.
func (m *Monitor) Again(stream uint64) {
	for _, p := range m.parts {
		if number, ok := p.numbers[stream]; ok {
			p.dirty(number)
		}
	}
}

// sweeps is the number of parts that the slots are divided into; one part is searched each second for
// conversations that have been silent too long.
const sweeps = 64

func (m *Monitor) sweep(now Time) {
	if now < m.swept+Time(time.Second) {
		return
	}
	m.swept = now
	m.sweeping = (m.sweeping + 1) % sweeps
	for _, p := range m.parts {
		t := p.tracker
		for slot, c := range t.Slab.Part(m.sweeping, sweeps) { // what waits for an answer to its SYN has a deadline
			if limit := m.idle.limit(c.Phase()); limit > 0 && now-c.Last > limit {
				p.ledger.of(slot).is.set(idle, true)
				m.timedOut++
				t.Finish(slot, 0, &p.out)
			}
		}
		p.happened()
	}
}

// Dropped says that the capture lost n more packets.
func (m *Monitor) Dropped(n uint64) { m.dropped += n }

// Finish reports the final state of all open conversations, in the order of their numbers, until it is too late for that (Options.Late), and
// returns the summary. The Monitor cannot be used afterwards.
func (m *Monitor) Finish() Summary {
	m.Flush(m.Clock())
	for _, p := range m.parts {
		p.tracker.ReleaseAll(&p.out)
		p.happened()
	}
	for _, p := range m.parts {
		p.tell = m.tell
	}
	for o := range m.open() {
		if m.late != nil && m.late() {
			o.counts.over++
			m.leftOut++
			o.counts.outcomes[o.tracker.Outcome(o.slot)]++
			continue
		}
		told := o.ledger.of(o.slot)
		o.judge(told)
		o.last(told, OverEnded)
	}
	return m.Summary()
}

// Report reports everything known about each open conversation that had a packet since that time, in the order of their numbers.
func (m *Monitor) Report(since Time) {
	for o := range m.open() {
		if o.tracker.Last(o.slot) < since {
			continue
		}
		o.judge(o.ledger.of(o.slot))
		o.update(o.ledger.number(o.slot))
		o.say(&Event{Kind: EventConversation, Time: o.tracker.Now})
	}
}

// place is where a conversation is stored.
type place struct {
	*part
	slot uint32
}

// open iterates over all open conversations in the order of their numbers. There may be many, so those of several parts are not put into one list.
func (m *Monitor) open() iter.Seq[place] {
	return func(yield func(place) bool) {
		lists := make([][]uint32, len(m.parts))
		for i, p := range m.parts {
			lists[i] = p.tracker.Live()
		}
		for {
			first, stream := -1, uint64(0)
			for i, list := range lists {
				if len(list) == 0 {
					continue
				}
				if n := m.parts[i].streams.Of(list[0]); first < 0 || n < stream {
					first, stream = i, n
				}
			}
			if first < 0 || !yield(place{m.parts[first], lists[first][0]}) {
				return
			}
			lists[first] = lists[first][1:]
		}
	}
}
