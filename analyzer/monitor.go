package analyzer

import (
	"time"

	"tcptrace/analyzer/host"
	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
	"tcptrace/fsm"
	"tcptrace/internal/topk"
)

// Monitor follows conversations and tells what happens while it happens. It is fed by Frame or Batch. What it believes at a moment is what an
// analysis of the capture up to that moment would say; what later segments disprove it takes back.
// It has the capture's clock, which Flush moves on, and belongs to one goroutine.
type Monitor struct {
	decoder  pipeline.Decoder
	group    group
	one      one
	trackers [1]*flow.Tracker
	tracker  *flow.Tracker // trackers[0]
	idle     Idle
	tell     func(*Event)
	late     func() bool                      // Options.Late
	ask      func(*Conversation) [2]*host.End // what the hosts of its endpoints say; nil: nobody asks
	numbers  map[uint64]uint32                // in the ledger, by stream; with ask

	out      flow.Output
	streams  flow.SlotStreams
	next     uint64 // stream number
	ledger   ledger
	news     []uint32              // numbers in the ledger, of those to judge
	again    [recheckLevels]agenda // conversations to judge again, by how long they wait
	swept    Time                  // when the last of the sweeps for idle ones was
	part     int                   // which part of the slots it was for
	surveys  survey
	watching func(*Reading) // all that Watch was given

	conv     *Conversation // at hand
	judgment *Judgment     // of it
	own      likeness      // room for them
	alike    alike
	event    Event

	dropped   uint64 // packets that the capture lost so far
	timedOut  uint64
	outcomes  [NumOutcomes]uint64 // of those that are over
	leftOut   uint64              // conversations
	unwritten uint64              // letters of their histories that did not fit
	over      uint64
	inState   [2][fsm.NumStates]uint64 // of those that are not, by Side
}

// Idle is for how long a conversation may be silent until a Monitor lets it go; zero: for ever. An end that
// can be waited for is not affected: 2 MSL, and when the sender of a SYN gives up.
type Idle struct {
	Opening     time.Duration // a SYN-ACK was sent, and nothing shows that it arrived
	Established time.Duration
	Closing     time.Duration // a FIN was sent
}

// limit is for how long a conversation with an outcome may be silent.
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

// missedAfter is for how long something must be missing, such as an answer, until that is told. It is longer
// than most first retransmission timers (RFC 6298 2.1: 1 s, formerly 3 s).
const (
	missedAfter   = Time(3 * time.Second)
	mostNews      = 1 << 14 // numbers for which memory is kept
	recheckLevels = 6       // missedAfter, and each time twice as long, to about 100 s; then that again and again
)

// NewMonitor returns a Monitor that tells its events to tell. Of o, Workers do not matter to it.
func NewMonitor(o Options, idle Idle, tell func(*Event)) *Monitor {
	tracking := pipeline.Tracking(o)
	tracking.Undivided = true
	m := &Monitor{
		decoder: pipeline.NewDecoder(o), tracker: flow.NewTracker(tracking, nil), idle: idle, tell: tell, late: o.Late,
		surveys: survey{top: topk.New(maxSurveyed, compareCandidates)},
	}
	m.trackers[0], m.conv, m.judgment = m.tracker, &m.own.conv, &m.own.judgment
	m.tracker.Overflow, m.tracker.Beside = m.happened, &m.ledger
	return m
}

// happened takes the tracker's events.
func (m *Monitor) happened() {
	for i := range m.out.Events {
		e := &m.out.Events[i]
		if e.Kind == flow.EventDone {
			c := &m.out.Done[e.Arg]
			m.finish(e.Slot, c)
			continue
		}
		m.next = m.streams.Begin(e, m.next)
		switch e.Kind {
		case flow.EventHatched:
			m.ledger.move(e.Arg, e.Slot)
		case flow.EventHold:
		default:
			m.begin(e.Slot, m.streams.Of(e.Slot))
		}
	}
	m.out.Discard()
}

// begin is for the conversation that begins in a slot.
func (m *Monitor) begin(slot uint32, stream uint64) {
	number := m.ledger.begin(slot, m.dropped)
	if m.ask != nil {
		m.numbers[stream] = number
	}
	m.inState[Client][fsm.Unknown]++
	m.inState[Server][fsm.Unknown]++
	m.dirty(number)
}

// dirty notes that a conversation is to be judged.
func (m *Monitor) dirty(number uint32) {
	if t := m.ledger.all.At(number); !t.is.has(dirty) {
		t.is.set(dirty, true)
		m.news = append(m.news, number)
	}
}

// Flush tells what is new. now is the capture's clock.
func (m *Monitor) Flush(now Time) {
	t := m.tracker
	t.Now = max(t.Now, min(now, packet.MaxTime))
	if t.Now >= t.Wake {
		t.Expire(t.Now, 0, &m.out)
		m.happened()
	}
	m.sweep()
	m.recheck()
	for _, number := range m.news {
		if t := m.ledger.all.At(number); t.gen%2 == 1 && t.is.has(dirty) {
			m.judge(t)
			m.update(number)
		}
	}
	m.news = m.news[:0]
	if cap(m.news) > mostNews {
		m.news = nil
	}
}

// judge works out what is known of a conversation that is open.
func (m *Monitor) judge(t *announced) {
	if m.judgeAlike(t) {
		return
	}
	m.conv, m.judgment = &m.own.conv, &m.own.judgment
	m.build(t, &m.own.evidence)
}

// build is judge without any knowledge of others.
func (m *Monitor) build(t *announced, ev *flow.Evidence) {
	ev.Reset()
	followed := m.tracker.Build(t.slot, m.conv, ev, &m.judgment.Course)
	m.identify(m.conv, t)
	if followed {
		anomaly.Conclude(m.judgment, m.conv)
	} else {
		m.judgment.Judge(m.conv)
	}
}

// identify adds what the tracker does not know.
func (m *Monitor) identify(c *Conversation, t *announced) {
	c.Stream, c.Dropped = m.streams.Of(t.slot), m.dropped-t.dropped
	if m.ask != nil {
		c.Hosts = m.ask(c)
	}
}

// update tells what is new of a conversation, which was judged, and decides when to look again.
func (m *Monitor) update(number uint32) {
	t := m.ledger.all.At(number)
	t.is.set(dirty, false)
	m.compare(t, NotOver)
	if !t.unsettled(m.judgment) {
		t.is.set(waiting, false)
		return
	}
	if !t.is.has(waiting) {
		t.is.set(waiting, true)
		m.again[0].add(m.tracker.Now+missedAfter, due{number, t.gen})
	}
}

// recheck judges those again of which something is missing, which may be worth telling by now.
func (m *Monitor) recheck() {
	now := m.tracker.Now
	for level := range m.again {
		q := &m.again[level]
		for q.due(now) {
			d := q.next()
			if t := m.ledger.all.At(d.number); t.gen != d.gen || !t.is.has(waiting) {
				continue
			}
			m.dirty(d.number)
			next := min(level+1, recheckLevels-1)
			m.again[next].add(now+missedAfter<<next, d)
		}
	}
}

// Ask has f say of every conversation that is judged from now on what the hosts of its endpoints know of them. It is for an analysis on
// one of these hosts.
func (m *Monitor) Ask(f func(c *Conversation) [2]*host.End) {
	m.ask, m.numbers = f, map[uint64]uint32{}
}

// Again has a conversation be judged at the next Flush: a host says more of it.
func (m *Monitor) Again(stream uint64) {
	if number, ok := m.numbers[stream]; ok {
		m.dirty(number)
	}
}

// sweeps is into how many parts the slots are divided, of which one is looked at every second for
// conversations that were silent too long.
const sweeps = 64

func (m *Monitor) sweep() {
	t := m.tracker
	if t.Now < m.swept+Time(time.Second) {
		return
	}
	m.swept = t.Now
	m.part = (m.part + 1) % sweeps
	for slot, c := range t.Slab.Part(m.part, sweeps) { // what waits for an answer to its SYN has a deadline
		if limit := m.idle.limit(c.Phase()); limit > 0 && t.Now-c.Last > limit {
			m.ledger.of(slot).is.set(idle, true)
			m.timedOut++
			t.Finish(slot, 0, &m.out)
		}
	}
	m.happened()
}

// Dropped tells that the capture lost n more packets.
func (m *Monitor) Dropped(n uint64) { m.dropped += n }

// finish tells the last of a conversation, whose slot is free again.
func (m *Monitor) finish(slot uint32, c *Conversation) {
	t := m.ledger.of(slot)
	m.conv, m.judgment = c, &m.own.judgment
	m.identify(c, t)
	m.judgment.Judge(c)
	var why Over
	switch {
	case t.is.has(idle):
		why = OverIdle
	case c.Evicted:
		why = OverFull
	default:
		why = OverDone
	}
	m.last(t, why)
	m.ledger.end(slot)
}

// last tells the last of the conversation that was judged.
func (m *Monitor) last(t *announced, why Over) {
	m.over++
	m.outcomes[m.conv.Outcome]++
	m.unwritten += uint64(m.conv.History.Cut)
	m.compare(t, why)
	for side, state := range t.state {
		m.inState[side][state]--
	}
	m.say(&Event{Kind: EventConversation, Time: m.tracker.Now, Over: why})
	delete(m.numbers, m.conv.Stream)
}

// Finish tells the last of all conversations that are open, in order of their numbers, until it is too late for that (Options.Late), and returns
// the summary. The monitor cannot be used afterwards.
func (m *Monitor) Finish() Summary {
	t := m.tracker
	m.Flush(max(t.Now, m.Clock()))
	t.ReleaseAll(&m.out)
	m.happened()
	for _, slot := range t.Live() {
		if m.late != nil && m.late() {
			m.over++
			m.leftOut++
			m.outcomes[t.Outcome(slot)]++
			continue
		}
		told := m.ledger.of(slot)
		m.judge(told)
		m.last(told, OverEnded)
	}
	return m.Summary()
}

// say tells an event of the conversation that was judged.
func (m *Monitor) say(e *Event) {
	e.Conversation, e.Judgment = m.conv, m.judgment
	m.event = *e
	m.tell(&m.event)
}

// Report tells all that is known of each open conversation that spoke since a moment, in order of their numbers.
func (m *Monitor) Report(since Time) {
	for _, slot := range m.tracker.Live() {
		if m.tracker.Last(slot) < since {
			continue
		}
		t := m.ledger.of(slot)
		m.judge(t)
		m.update(*m.ledger.slots.At(slot))
		m.say(&Event{Kind: EventConversation, Time: m.tracker.Now})
	}
}
