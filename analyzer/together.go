package analyzer

import (
	"math/bits"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/internal/state"
)

// If a Monitor has several parts, they track the segments of a group in parallel, and judge in parallel what is new: whatever needs no number
// that another part must know, and reports nothing. The caller's goroutine then goes through the packets in order, numbers the conversations that
// began, and reports the events, so these are the same as with one part.
const (
	mostParts    = 64
	mostTogether = 1024 // packets
	mostAhead    = 256  // conversations that a part judges before they are reported
	fewest       = 128  // segments, or conversations to judge, that are worth waking other goroutines for
)

// partsFor is the number of parts for a number of workers.
func partsFor(workers int) int {
	return 1 << (bits.Len(uint(min(max(workers, 1), mostParts))) - 1)
}

// ahead is what a part did before its turn.
type ahead struct {
	tasks    []pipeline.Task // of the group
	asides   []aside
	marks    []mark
	caughtUp int         // marks that were taken
	verdicts []*Judgment // of the conversations that are over, as out has them, or at least room for that
	judged   int         // how many of these were judged

	apart   bool     // endings wait
	endings []ending // that are not told

	ready []verdict // of news, in their order
	room  []*likeness
	from  int // the first of news that is not in ready, nor was
}

// aside is a notice, and the number of a part's tasks that it comes after.
type aside struct {
	*flow.Notice
	behind int
}

// course is room for that of a conversation that is over: the one that its judgment has.
func (a *ahead) course(done int) *state.Course {
	if done == len(a.verdicts) {
		a.verdicts = append(a.verdicts, &Judgment{})
	}
	return &a.verdicts[done].Course
}

// mark is the result of a segment or a notice.
type mark struct {
	events    int // of part.out, up to there
	at        flow.Placement
	news      bool // of the conversation there
	older     uint32
	olderNews bool
}

// verdict is a conversation that was judged ahead; room is nil if it was not.
type verdict struct {
	number uint32
	room   *likeness
}

// trackTogether has all parts track their segments of the group in parallel, and judge the conversations that these end.
func (m *Monitor) trackTogether() {
	g := &m.group
	for _, p := range m.parts {
		p.ahead.tasks, p.ahead.asides, p.ahead.marks, p.ahead.caughtUp, p.ahead.judged = p.ahead.tasks[:0], p.ahead.asides[:0], p.ahead.marks[:0], 0, 0
	}
	notices := g.notices
	for i, done := 0, 0; i < g.n; i++ {
		if g.packets[i].TCP {
			a := &m.parts[g.tasks[done].Tracker].ahead
			a.tasks = append(a.tasks, g.tasks[done])
			done++
		}
		for ; len(notices) > 0 && notices[0].packet == i; notices = notices[1:] {
			a := &m.parts[notices[0].part].ahead
			a.asides = append(a.asides, aside{&notices[0].Notice, len(a.tasks)})
		}
	}
	pipeline.Together(len(m.parts), func(i int) { m.parts[i].trackAhead(m) })
	for _, p := range m.parts {
		p.ahead.apart = m.apart
		p.touchTold()
	}
}

// touchTold brings what was told of the conversations of the group that there is news of, or that are over, into the cache of the caller's
// processor: their cache misses overlap.
func (p *part) touchTold() {
	if p.tracker.Slab.Used*len(p.m.parts) < cached {
		return
	}
	var numbers [pipeline.GroupSize]uint32
	n := 0
	load := func() {
		for _, number := range numbers[:n] {
			p.touched += uint32(p.ledger.all.At(number).is)
		}
		n = 0
	}
	touch := func(number uint32) {
		if number == 0 {
			return
		}
		numbers[n] = number
		if n++; n == len(numbers) {
			load()
		}
	}
	for i := range p.ahead.marks {
		if k := &p.ahead.marks[i]; k.news && !p.ledger.isHushed(k.at.Slot) {
			touch(p.ledger.number(k.at.Slot))
		}
	}
	for i := range p.out.Events {
		if e := &p.out.Events[i]; e.Kind == flow.EventDone {
			touch(p.ledger.number(e.Slot))
		}
	}
	load()
}

// trackAhead tracks a part's segments of the group.
func (p *part) trackAhead(m *Monitor) {
	a, t := &p.ahead, p.tracker
	t.Overflow, t.Defers = nil, true
	asides := p.noticeAhead(a.asides, 0, flow.Placement{})
	for i := range a.tasks {
		task := &a.tasks[i]
		before := t.Facts.News + t.Facts.Incidents.News
		k := mark{at: t.Segment(&m.group.segments[task.Segment], task.Hash, &p.out)}
		if k.events = len(p.out.Events); t.Facts.News+t.Facts.Incidents.News != before {
			k.news = true
			k.older, k.olderNews = t.Before(k.at.Slot)
		}
		a.marks = append(a.marks, k)
		if len(asides) > 0 {
			asides = p.noticeAhead(asides, i+1, k.at)
		}
	}
	t.Overflow, t.Defers = p.happened, false
	for i := range p.out.Done {
		p.judgeEnd(a.verdicts[i], &p.out.Done[i], p.out.Followed[i])
	}
	a.judged = len(p.out.Done)
}

// noticeAhead takes the notices that come after that many tasks, and returns the others.
func (p *part) noticeAhead(asides []aside, done int, at flow.Placement) []aside {
	t := p.tracker
	for ; len(asides) > 0 && asides[0].behind == done; asides = asides[1:] {
		before := t.Facts.Incidents.News
		var k mark
		k.at.Slot = t.Notice(asides[0].Notice, at, &p.out)
		k.events, k.news = len(p.out.Events), t.Facts.Incidents.News != before
		p.ahead.marks = append(p.ahead.marks, k)
	}
	return asides
}

// catchUp reports the result of the part's next segment or notice, and returns where it belongs.
func (p *part) catchUp() flow.Placement {
	k := &p.ahead.marks[p.ahead.caughtUp]
	p.ahead.caughtUp++
	p.upTo(k.events)
	if k.news {
		p.changed(k.at.Slot)
		if k.olderNews {
			p.changed(k.older)
		}
	}
	return k.at
}

// discard forgets the results of the group.
func (m *Monitor) discard() {
	if m.apart {
		pipeline.Together(len(m.parts), func(i int) { m.parts[i].tellEndings() })
	}
	for _, p := range m.parts {
		p.happened()
		p.ahead.judged, p.ahead.apart = 0, false
	}
}

// tellEndings reports the end of the conversations that the group ended.
func (p *part) tellEndings() {
	for _, end := range p.ahead.endings {
		p.finish(end)
	}
	p.ahead.endings = p.ahead.endings[:0]
}

// flushTogether has all parts judge what is new, a bounded number of conversations at a time, and then reports it.
func (m *Monitor) flushTogether() {
	if m.apart {
		pipeline.Together(len(m.parts), func(i int) { m.parts[i].flush() })
		return
	}
	for _, p := range m.parts {
		p.ahead.from = 0
	}
	for more := true; more; {
		pipeline.Together(len(m.parts), func(i int) { m.parts[i].judgeAhead() })
		more = false
		for _, p := range m.parts {
			p.tellReady()
			more = more || p.ahead.from < len(p.news)
		}
	}
	for _, p := range m.parts {
		p.forgetNews()
	}
}

// judgeAhead judges some of the news. For a lone SYN, waking another goroutine would cost more than judging it.
func (p *part) judgeAhead() {
	a := &p.ahead
	a.ready = a.ready[:0]
	for rooms := 0; a.from < len(p.news) && len(a.ready) < mostAhead; a.from++ {
		number := p.news[a.from]
		t := p.ledger.all.At(number)
		if !p.isNews(t) {
			continue
		}
		v := verdict{number: number}
		if _, alone := p.tracker.Shape(t.slot); !alone {
			if rooms == len(a.room) {
				a.room = append(a.room, &likeness{})
			}
			v.room = a.room[rooms]
			rooms++
			p.workOut(t, v.room)
		}
		a.ready = append(a.ready, v)
	}
}

// tellReady reports what was judged ahead.
func (p *part) tellReady() {
	for _, v := range p.ahead.ready {
		t := p.ledger.all.At(v.number)
		if v.room == nil {
			p.judge(t)
		} else {
			p.hear(t, v.room)
		}
		p.update(v.number)
	}
}
