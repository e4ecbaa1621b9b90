package analyzer

import (
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// announced is what a Monitor told of a conversation, so that it tells everything once and can take it back. It is known by its number in
// the ledger, whatever becomes of the slot.
type announced struct {
	dropped uint64       // what the capture had lost when the conversation began
	slot    uint32       // of the tracker
	gen     uint32       // odd while it is in use
	told    uint32       // the first in ledger.told: steps and anomalies
	state   [2]fsm.State // by Side
	outcome Outcome      // valid with closed
	is      announcedBits
}

// announcedBits are what takes a bit of it.
type announcedBits uint8

const (
	clientIsB announcedBits = 1 << iota // the client's direction; valid with opened
	opened                              // EventOpened was told
	closed                              // EventClosed was told
	dirty                               // is in Monitor.news
	waiting                             // is in Monitor.again
	dialed                              // of the client's steps only the first was told: that the conversation's first frame is its SYN; it is not in the list
	withheld                            // something is missing, and not for long enough to be told
	idle                                // the monitor ends it, OverIdle
)

func (b announcedBits) has(some announcedBits) bool { return b&some != 0 }

func (b *announcedBits) set(some announcedBits, to bool) {
	*b &^= some
	if to {
		*b |= some
	}
}

type announcedStep struct {
	frame uint64
	time  Time
	state fsm.State
}

type announcedAnomaly struct {
	frame   uint64
	time    Time
	kind    uint8 // in ledger.kinds
	side    Side
	hasSide bool
}

// unsettled reports whether time alone may change what can be said: an endpoint is on its way to another state, something is
// missing, or lasts.
func (t *announced) unsettled(j *Judgment) bool {
	if t.is.has(withheld) {
		return true
	}
	for _, s := range j.State {
		switch s {
		case fsm.SynSent, fsm.SynRcvd, fsm.FinWait1, fsm.FinWait2, fsm.CloseWait, fsm.Closing, fsm.LastAck:
			return true
		}
	}
	for side, end := range j.View.C.Hosts { // what it does not say in time does not hold
		if n := len(j.Trajectory[side]); end != nil && n > 0 && j.Trajectory[side][n-1].Evidence != EvidenceKernel {
			return true
		}
	}
	for i := range j.View.C.Incidents {
		switch j.View.C.Incidents[i].Kind {
		case conn.IncidentTimer, conn.IncidentZeroWindow, conn.IncidentKeepAlive:
			return true
		}
	}
	return false
}

// compare tells what is new of the conversation that was judged.
func (p *part) compare(a *announced, why Over) {
	t := p.ledger.open(a, p.conv)
	defer t.close()
	c, j := p.conv, p.judgment
	if t.is.has(opened) && uint8(t.is&clientIsB) != c.ClientDir {
		p.correct(Client, Correction{Of: EventOpened, Frame: c.FirstFrame, Time: c.Start})
		t.forget()
	}
	if !t.is.has(opened) {
		t.is.set(opened, true)
		t.is.set(clientIsB, c.ClientDir != 0)
		p.say(&Event{Kind: EventOpened, Time: c.Start})
	}
	ended := c.Outcome == Closed || c.Outcome == Reset || c.Outcome == Refused
	if t.is.has(closed) && (!ended || c.Outcome != t.outcome) {
		p.correct(Client, Correction{Of: EventClosed, Outcome: t.outcome})
		t.is.set(closed, false)
	}
	p.steps(t, why != NotOver)
	p.anomalies(t, why != NotOver)
	for side, state := range j.State {
		p.counts.inState[side][t.state[side]]--
		p.counts.inState[side][state]++
	}
	t.state = j.State
	if ended && !t.is.has(closed) {
		t.is.set(closed, true)
		t.outcome = c.Outcome
		p.say(&Event{Kind: EventClosed, Time: c.End})
	}
}

func (p *part) correct(side Side, c Correction) {
	p.say(&Event{Kind: EventCorrection, Time: p.tracker.Now, Side: side, Correction: c})
}

// steps tells what is new in the trajectories, in order of time. What was told and is not there any more is
// taken back before, the latest first.
func (p *part) steps(t *tale, over bool) {
	var next [2]int
	var steady [2][]Step
	for side, steps := range p.judgment.Trajectory {
		told := t.steps[side]
		if !over && len(told) < len(steps) && p.passes(Side(side)) {
			steps = steps[:len(steps)-1]
		}
		steady[side] = steps
		same := 0
		for same < len(told) && same < len(steps) && told[same].state == steps[same].State && told[same].frame == steps[same].Frame {
			same++
		}
		for i := len(told) - 1; i >= same; i-- {
			p.correct(Side(side), Correction{Of: EventState, State: told[i].state, Frame: told[i].frame, Time: told[i].time})
		}
		t.steps[side], next[side] = told[:same], same
	}
	a, b := steady[Client][next[Client]:], steady[Server][next[Server]:]
	for len(a)+len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].Time <= b[0].Time {
			p.step(t, Client, &a[0])
			a = a[1:]
		} else {
			p.step(t, Server, &b[0])
			b = b[1:]
		}
	}
}

// passes reports whether an endpoint came to TIME_WAIT by one segment that acknowledged its FIN and had the other's, and its host may say yet that it was in
// FIN_WAIT_2 between (RFC 9293, 3.10.7.4: the ACK comes first): TIME_WAIT would be taken back to tell that.
func (p *part) passes(side Side) bool {
	steps, end := p.judgment.Trajectory[side], p.conv.Hosts[side]
	n := len(steps)
	if n < 2 || end == nil || !end.All || steps[n-1].State != fsm.TimeWait || steps[n-2].State != fsm.FinWait1 {
		return false
	}
	return steps[n-1].Evidence != EvidenceKernel // once it is too late for a word, there is no such step
}

func (p *part) step(t *tale, side Side, s *Step) {
	t.steps[side] = append(t.steps[side], announcedStep{s.Frame, s.Time, s.State})
	p.say(&Event{Kind: EventState, Time: s.Time, Side: side, Step: s})
}

// anomalies tells those that are new, and takes back those that are gone. What would only say that something
// is missing waits until that is for long, or nothing more can come.
func (p *part) anomalies(t *tale, over bool) {
	list := p.judgment.Anomalies
	t.is.set(withheld, false)
	t.anomalies = slices.DeleteFunc(t.anomalies, func(a announcedAnomaly) bool {
		if slices.ContainsFunc(list, func(b Anomaly) bool { return p.ledger.same(&a, &b) }) {
			return false
		}
		p.correct(a.side, Correction{Of: EventAnomaly, Anomaly: p.ledger.kinds[a.kind], HasSide: a.hasSide, Frame: a.frame, Time: a.time})
		return true
	})
	for i := range list {
		a := &list[i]
		if slices.ContainsFunc(t.anomalies, func(b announcedAnomaly) bool { return p.ledger.same(&b, a) }) {
			continue
		}
		if a.Kind.Missing && !over && !a.Ended() && p.tracker.Now < a.Awaited()+missedAfter {
			t.is.set(withheld, true)
			continue
		}
		t.anomalies = append(t.anomalies, announcedAnomaly{a.Frame, a.Time, p.ledger.kind(a.Kind), a.Side, a.HasSide})
		p.say(&Event{Kind: EventAnomaly, Time: a.Time, Side: a.Side, Anomaly: a})
	}
}
