package analyzer

import (
	"time"

	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/fsm"
)

// part is what a Monitor knows of one partition of the flows, which is all of them where there is one.
type part struct {
	m       *Monitor
	tracker *flow.Tracker
	tell    func(*Event)

	out     flow.Output
	told    int // events of out that were taken
	streams flow.SlotStreams
	ledger  ledger
	news    []uint32              // numbers in the ledger, of those to judge
	again   [recheckLevels]agenda // conversations to judge again, by how long they wait
	soon    agenda                // those to judge once more beside that, since they have come to wait for something else
	numbers map[uint64]uint32     // in the ledger, by stream, of conversations that hosts may say more of
	before  []sentBefore          // by number in the ledger: what was sent up to the survey before

	conv     *Conversation // at hand
	judgment *Judgment     // of it
	own      likeness      // room for them
	alike    alike
	event    Event
	ahead    ahead
	counts   counts
	touched  uint32 // keeps the loads of touch from being optimized away
}

// counts are what a part counts of its conversations.
type counts struct {
	outcomes  [NumOutcomes]uint64 // of those that are over
	unwritten uint64              // letters of their histories that did not fit
	over      uint64
	inState   [2][fsm.NumStates]uint64 // of those that are not, by Side
}

// missedAfter is for how long something must be missing, such as an answer, until that is told. It is longer
// than most first retransmission timers (RFC 6298 2.1: 1 s, formerly 3 s).
const (
	missedAfter   = Time(3 * time.Second)
	mostNews      = 1 << 14 // numbers for which memory is kept
	recheckLevels = 6       // missedAfter, and each time twice as long, to about 100 s; then that again and again
)

func newPart(m *Monitor, o flow.Options) *part {
	p := &part{m: m, tracker: flow.NewTracker(o, nil), tell: m.tell}
	p.conv, p.judgment = &p.own.conv, &p.own.judgment
	p.tracker.Overflow, p.tracker.Beside, p.tracker.Course = p.happened, &p.ledger, p.ahead.course
	return p
}

// happened takes the tracker's events.
func (p *part) happened() {
	p.upTo(len(p.out.Events))
	p.out.Discard()
	p.told = 0
}

// upTo takes its events that come before number end.
func (p *part) upTo(end int) {
	for ; p.told < end; p.told++ {
		e := &p.out.Events[p.told]
		if e.Kind == flow.EventDone {
			end := ending{p.ledger.number(e.Slot), p.streams.Of(e.Slot), e.Arg}
			*p.ledger.slots.At(e.Slot) = 0
			if p.ahead.apart {
				p.ahead.endings = append(p.ahead.endings, end)
			} else {
				p.finish(end)
			}
			continue
		}
		p.m.next = p.streams.Begin(e, p.m.next)
		switch e.Kind {
		case flow.EventHatched:
			p.ledger.move(e.Arg, e.Slot)
		case flow.EventHold:
		default:
			p.begin(e.Slot, p.streams.Of(e.Slot))
		}
	}
}

// begin is for the conversation that begins in a slot.
func (p *part) begin(slot uint32, stream uint64) {
	number := p.ledger.begin(slot, p.m.dropped)
	p.counts.inState[Client][fsm.Unknown]++
	p.counts.inState[Server][fsm.Unknown]++
	if p.m.onlyEnd(p.tracker.Addr(slot)) {
		p.ledger.hush(slot)
		if p.m.but == nil { // nobody will say otherwise
			return
		}
	}
	p.dirty(number)
}

// changed notes that there is news of the conversation in a slot.
func (p *part) changed(slot uint32) {
	if !p.ledger.isHushed(slot) {
		p.dirty(p.ledger.number(slot))
	}
}

// dirty notes that a conversation is to be judged.
func (p *part) dirty(number uint32) {
	if t := p.ledger.all.At(number); !t.is.has(dirty) {
		t.is.set(dirty, true)
		p.news = append(p.news, number)
	}
}

// pass moves the clock.
func (p *part) pass(now Time) {
	t := p.tracker
	t.Now = now
	if now >= t.Wake {
		t.Expire(now, 0, &p.out)
		p.happened()
	}
}

// flush tells what is new.
func (p *part) flush() {
	for i, number := range p.news {
		if i%pipeline.GroupSize == 0 {
			p.touch(p.news[i:min(i+pipeline.GroupSize, len(p.news))])
		}
		if t := p.ledger.all.At(number); p.isNews(t) {
			p.judge(t)
			p.update(number)
		}
	}
	p.forgetNews()
}

// cached is of how many conversations a processor's cache holds most of what is asked of those that are judged.
const cached = 2000

// touch brings into the processor's cache what is known of some of the news, before the first is judged: their cache misses overlap.
func (p *part) touch(news []uint32) {
	if p.tracker.Slab.Used*len(p.m.parts) < cached {
		return
	}
	var slots [pipeline.GroupSize]uint32
	var told [pipeline.GroupSize]uint32
	for i, number := range news {
		t := p.ledger.all.At(number)
		slots[i], told[i] = t.slot, t.told
	}
	p.tracker.TouchJudged(slots[:len(news)])
	for _, list := range told[:len(news)] {
		if list != 0 {
			p.touched += *p.ledger.told.Next(list) + uint32(p.ledger.told.At(list)[0].what)
		}
	}
}

// isNews reports whether one of news is there still, was not judged since, and is to be told before it ends.
func (p *part) isNews(t *announced) bool {
	if t.gen%2 == 0 || !t.is.has(dirty) {
		return false
	}
	if p.ledger.isHushed(t.slot) { // it is asked again: the host may have learned meanwhile that the address is its own
		if p.m.onlyEnd(p.tracker.Addr(t.slot)) {
			t.is.set(dirty, false)
			return false
		}
		p.ledger.unhush(t.slot)
	}
	return true
}

func (p *part) forgetNews() {
	p.news = p.news[:0]
	if cap(p.news) > mostNews {
		p.news = nil
	}
}

// judge works out what is known of a conversation that is open.
func (p *part) judge(t *announced) {
	if p.judgeAlike(t) {
		return
	}
	p.workOut(t, &p.own)
	p.hear(t, &p.own)
}

// workOut judges a conversation by packets alone, in l. It tells nobody, and asks nobody.
func (p *part) workOut(t *announced, l *likeness) {
	l.evidence.Reset()
	followed := p.tracker.Build(t.slot, &l.conv, &l.evidence, &l.judgment.Course)
	anomaly.Conclude(&l.judgment, &l.conv, followed)
}

// hear adds what the tracker does not know to what was worked out in l, which is at hand then.
func (p *part) hear(t *announced, l *likeness) {
	p.conv, p.judgment = &l.conv, &l.judgment
	p.identify(p.conv, t, p.streams.Of(t.slot))
	p.judgment.Hear(p.conv)
}

// identify adds what the tracker does not know.
func (p *part) identify(c *Conversation, t *announced, stream uint64) {
	c.Stream, c.Dropped = stream, p.m.dropped-t.dropped
	if p.m.ask == nil {
		return
	}
	var more bool
	if c.Hosts, more = p.m.ask(c); more {
		p.listen(t)
	}
}

// listen has Again find a conversation, unless it is over.
func (p *part) listen(t *announced) {
	if number := p.ledger.number(t.slot); number != 0 && p.ledger.all.At(number) == t {
		p.numbers[p.streams.Of(t.slot)] = number
	}
}

// update tells what is new of a conversation, which was judged, and decides when to look again.
func (p *part) update(number uint32) {
	t := p.ledger.all.At(number)
	t.is.set(dirty, false)
	state, missed := t.state, t.is.has(withheld)
	p.compare(t, NotOver)
	if !t.unsettled(p.judgment) {
		t.is.set(waiting, false)
		return
	}
	at, d := p.tracker.Now+missedAfter, due{number, t.gen}
	switch {
	case !t.is.has(waiting):
		t.is.set(waiting, true)
		p.again[0].add(at, d)
	case t.state != state, t.is.has(withheld) && !missed: // it may have waited for long, and is looked at seldom
		p.soon.add(at, d)
	}
}

// recheck judges those again of which something is missing, which may be worth telling by now.
func (p *part) recheck() {
	now := p.tracker.Now
	for p.soon.due(now) {
		if d := p.soon.next(); p.ledger.all.At(d.number).gen == d.gen {
			p.dirty(d.number)
		}
	}
	for level := range p.again {
		q := &p.again[level]
		for q.due(now) {
			d := q.next()
			if t := p.ledger.all.At(d.number); t.gen != d.gen || !t.is.has(waiting) {
				continue
			}
			p.dirty(d.number)
			next := min(level+1, recheckLevels-1)
			p.again[next].add(now+missedAfter<<next, d)
		}
	}
}

// ending is a conversation that is over: its number in the ledger, its stream, and which it is of out.Done.
type ending struct {
	number uint32
	stream uint64
	done   uint32
}

// finish tells the last of a conversation, whose slot is free again.
func (p *part) finish(end ending) {
	t, c := p.ledger.all.At(end.number), &p.out.Done[end.done]
	j := p.ahead.verdicts[end.done]
	if int(end.done) >= p.ahead.judged {
		p.judgeEnd(j, c, p.out.Followed[end.done])
	}
	p.conv, p.judgment = c, j
	p.identify(c, t, end.stream)
	j.Hear(c)
	var why Over
	switch {
	case t.is.has(idle):
		why = OverIdle
	case c.Evicted:
		why = OverFull
	default:
		why = OverDone
	}
	p.last(t, why)
	p.ledger.end(end.number)
}

// judgeEnd judges a conversation that is over, of which the trajectories are told unless only its end is. j.Course is its course if it was followed.
func (p *part) judgeEnd(j *Judgment, c *Conversation, followed bool) {
	if !followed && p.m.onlyEnd(c.Addr) {
		j.JudgeEnd(c)
	} else {
		anomaly.Conclude(j, c, followed)
	}
}

// last tells the last of the conversation that was judged.
func (p *part) last(t *announced, why Over) {
	p.counts.over++
	p.counts.outcomes[p.conv.Outcome]++
	p.counts.unwritten += uint64(p.conv.History.Cut)
	if !p.m.endsOnly || t.is.has(opened) {
		p.compare(t, why)
	}
	for side, state := range t.state {
		p.counts.inState[side][state]--
	}
	p.say(&Event{Kind: EventConversation, Time: p.tracker.Now, Over: why})
	delete(p.numbers, p.conv.Stream)
}

// say tells an event of the conversation that was judged.
func (p *part) say(e *Event) {
	e.Conversation, e.Judgment = p.conv, p.judgment
	p.event = *e
	p.tell(&p.event)
}
