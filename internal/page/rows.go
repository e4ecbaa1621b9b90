package page

import (
	"strconv"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/dimension"
	"tcptrace/internal/findings"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// row is what the table has of a conversation. Texts are numbers of Page.words.
type row struct {
	stream         uint64
	start          analyzer.Time
	duration       time.Duration
	packets, bytes [2]uint64 // by Side
	lost, sent     uint64    // segments; sent is 0 if they are not known
	roundTrip      time.Duration
	host           [2]uint32
	port           [2]uint16
	name           uint32
	ended, cause   uint32
	failure        uint32
	set            uint32 // of anomalies
	state          [2]uint8
	outcome        uint8
	severity       uint8 // of the worst anomaly, from 1; 0: there is none
	inferred       bool  // who is the client
}

// marked is the mark of a row.
type marked struct {
	stream uint64
	findings.Mark
}

// addRow adds the row of c, of which j is the judgment.
func (p *Page) addRow(c *analyzer.Conversation, j *analyzer.Judgment) {
	b := report.NewBrief(c, j)
	r := row{
		stream: c.Stream, start: c.Start, duration: c.Duration(),
		lost: b.Lost, sent: b.Sent, roundTrip: b.RoundTrip,
		ended: p.words.of(b.Ended), cause: p.words.of(b.Cause), failure: p.words.of(dimension.Failed(c, j).String()),
		name:    p.words.of(c.Names[analyzer.Server].Text),
		outcome: uint8(c.Outcome), inferred: c.Roles == analyzer.RolesInferred,
		set: p.setOf(j, b.Worst),
	}
	if b.Worst != nil {
		r.severity = uint8(b.Worst.Severity) + 1
	}
	for side := range c.Sent {
		r.packets[side], r.bytes[side] = c.Sent[side].Packets, c.Sent[side].PayloadBytes
		r.host[side], r.port[side] = p.words.of(c.Addr[side].Addr().String()), c.Addr[side].Port()
		r.state[side] = uint8(j.State[side])
	}
	p.rows = append(p.rows, r)
	if m := p.found.Mark(j); m.Affected() {
		p.marks = append(p.marks, marked{c.Stream, m})
	}
}

// setOf is the number of the set of anomalies that j has, each once, the worst first.
func (p *Page) setOf(j *analyzer.Judgment, worst *analyzer.AnomalyKind) uint32 {
	if worst == nil {
		return p.sets.of("")
	}
	first := p.kindOf(worst)
	text := strconv.AppendUint(nil, uint64(first), 10)
	var seen [8]uint64
	if int(first) < 64*len(seen) {
		seen[first/64] = 1 << (first % 64)
	}
	for i := range j.Anomalies {
		n := p.kindOf(j.Anomalies[i].Kind)
		if int(n) >= 64*len(seen) || seen[n/64]>>(n%64)&1 != 0 {
			continue
		}
		seen[n/64] |= 1 << (n % 64)
		text = strconv.AppendUint(append(text, ','), uint64(n), 10)
	}
	return p.sets.of(string(text))
}

// kindOf is the number of a kind of anomaly.
func (p *Page) kindOf(k *analyzer.AnomalyKind) uint32 {
	n := p.kinds.of(k.ID)
	if int(n) == len(p.known) {
		p.known = append(p.known, noticed{kind: k})
	}
	return n
}

// noticed is where anomalies of a kind are.
type noticed struct {
	kind          *analyzer.AnomalyKind
	conversations uint64        // that have it
	latest        uint64        // of them
	last          analyzer.Time // when it was last
	first         analyzer.Time
	stream, frame uint64 // of the first
	detail        string // what is to say of that
}

// notice takes an anomaly of c.
func (p *Page) notice(c *analyzer.Conversation, a *analyzer.Anomaly) {
	n := &p.known[p.kindOf(a.Kind)]
	if n.conversations == 0 || a.Time < n.first {
		n.first, n.stream, n.frame, n.detail = a.Time, c.Stream, a.Frame, report.Detail(c, a)
	}
	n.last = max(n.last, a.Time)
	if n.conversations == 0 || n.latest != c.Stream {
		n.conversations++
	}
	n.latest = c.Stream
}

// counting is what of a conversation the timeline is to count.
type counting int

const (
	countNothing counting = iota
	countCourse           // all but its opening
	countAll
)

// count adds c to the timeline.
func (p *Page) count(c *analyzer.Conversation, j *analyzer.Judgment, what counting) {
	if what == countNothing {
		return
	}
	if what == countAll {
		p.events[opened].add(c.Start, 1)
	}
	countCourseOf(&p.events, c, j)
	p.losses = append(p.losses, lossesOf(c)...)
	if len(p.losses) > 2*MostRows { // those that come later are not shown in detail, most of them
		p.spreadLosses(nil)
	}
}

// countCourseOf counts when c ended and failed.
func countCourseOf(events *[numEvents]series, c *analyzer.Conversation, j *analyzer.Judgment) {
	if j.Close.Kind != analyzer.CloseNone {
		events[ended].add(c.End, 1)
	}
	if dimension.Failed(c, j) != dimension.NoFailure {
		events[failed].add(c.End, 1)
	}
}

// lossesOf are those of both sides of c.
func lossesOf(c *analyzer.Conversation) (list []losses) {
	for side := range c.Sent {
		if n := c.Sent[side].Lost; n > 0 {
			from, to, known := c.Losing(analyzer.Side(side))
			if !known { // SYNs and FINs, say
				from, to = c.Start, c.End
			}
			list = append(list, losses{c.Stream, analyzer.Side(side), from, to, n})
		}
	}
	return list
}

// losses are segments that a side of a conversation lost, from one time to another.
type losses struct {
	stream   uint64
	side     analyzer.Side
	from, to analyzer.Time
	n        uint64
}

// spreadLosses puts what was lost on the timeline: of conversations that are shown in detail, by when it was sent again; of others, spread over the time
// in which they had losses.
func (p *Page) spreadLosses(details []*detail) {
	again := map[uint64]*[2]series{}
	for _, d := range details {
		again[d.c.Stream] = &d.again
	}
	for _, l := range p.losses {
		if times := again[l.stream]; times != nil && len(times[l.side].buckets) > 0 {
			p.events[lost].addAll(&times[l.side], float64(l.n))
		} else {
			p.events[lost].spread(l.from, l.to, float64(l.n))
		}
	}
	p.losses = nil
}

// Source is src, of which the first pass counts the bytes by time.
func (p *Page) Source(src input.Source) input.Source {
	if p.first {
		return src
	}
	p.first = true
	return &counted{src, &p.traffic}
}

type counted struct {
	input.Source
	bytes *series
}

// Next is for [input.Source].
func (s *counted) Next(b *packet.Batch) error {
	err := s.Source.Next(b)
	for i := range b.Packets {
		s.bytes.add(analyzer.Time(b.Packets[i].Time), float64(b.Packets[i].WireLen))
	}
	return err
}
