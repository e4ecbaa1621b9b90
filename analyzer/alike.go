package analyzer

import (
	"tcptrace/analyzer/host"
	"tcptrace/analyzer/internal/anomaly"
	"tcptrace/analyzer/internal/flow"
)

// alike holds what was worked out of SYNs that nothing answered so far. Most that come are like others, but for their sockets, times and numbers: what
// is known of one is then known of the next. A SYN unlike them all is worked out as any conversation, and takes the place of one.
type alike struct {
	all [numAlike]*likeness
}

// numAlike is a power of two: some systems on both sides of a link, seen in both directions.
const numAlike = 64

type likeness struct {
	shape    flow.Shape
	valid    bool // the rest stands for all SYNs of that shape
	conv     Conversation
	evidence flow.Evidence
	judgment Judgment
}

// of is where a shape belongs.
func (a *alike) of(s *flow.Shape) *likeness {
	at := &a.all[s.Hash()/(1<<32/numAlike)]
	if *at == nil {
		*at = &likeness{}
	}
	return *at
}

// judgeAlike works out what is known of a conversation of which one SYN was seen, by what is known of others. It returns false if none was like it,
// or more is to be said of it.
func (p *part) judgeAlike(t *announced) bool {
	shape, ok := p.tracker.Shape(t.slot)
	if !ok {
		return false
	}
	l := p.alike.of(&shape)
	if !l.valid || l.shape != shape {
		p.workOut(t, l)
		l.shape, l.valid = shape, shape.Stands(&l.conv, &l.judgment.Course)
		p.hear(t, l)
		l.valid = l.valid && l.conv.Hosts == [2]*host.End{}
		return true
	}
	p.conv, p.judgment = &l.conv, &l.judgment
	p.tracker.Rewrite(t.slot, p.conv, &p.judgment.Course)
	p.identify(p.conv, t, p.streams.Of(t.slot))
	if p.conv.Hosts != [2]*host.End{} {
		return false
	}
	if p.judgment.Anomalies = p.judgment.Anomalies[:0]; p.conv.Now-p.conv.Start >= anomaly.Soonest {
		anomaly.Conclude(p.judgment, p.conv, true)
	}
	return true
}
