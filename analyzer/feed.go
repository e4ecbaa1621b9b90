package analyzer

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/intake"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// Numbered is a packet that a Monitor has taken, and where it belongs. It is valid only during the call that gets it.
type Numbered struct {
	*packet.Packet
	Data   []byte
	Frame  uint64 // the number of the packet, from 1
	Stream uint64 // the number of its conversation, valid with TCP
	TCP    bool   // it belongs to a conversation

	Segment *Segment // the decoded segment, valid with TCP
}

// Payload is the captured part of the segment's payload; nil without TCP, and if the segment was reassembled from fragments.
func (p *Numbered) Payload() []byte {
	if !p.TCP || p.Segment.Bits&wire.Reassembled != 0 {
		return nil
	}
	return p.Data[p.Segment.PayloadOff:][:p.Segment.PayloadCap]
}

// group is some packets that are decoded before the first is tracked, so that the cache misses of their conversations
// overlap.
type group struct {
	packets  []Numbered
	segments []wire.Segment
	tasks    []pipeline.Task // of those packets that are TCP, in order
	n, tcp   int             // packets and tasks
	notices  []notice        // in order
}

// newGroup has room for as many packets as a number of parts takes at a time.
func newGroup(parts int) group {
	n := pipeline.GroupSize
	if parts > 1 {
		n = mostTogether
	}
	return group{packets: make([]Numbered, n), segments: make([]wire.Segment, n), tasks: make([]pipeline.Task, n)}
}

// notice is what a packet says apart from being a segment.
type notice struct {
	flow.Notice
	packet int // of the group, behind which it comes
	part   int // whose it is
}

// Frame adds one captured frame, like Analyzer.Frame, and returns the number of the conversation that it belongs to; tcp is false
// if it belongs to none. The next Flush reports what is new.
func (m *Monitor) Frame(link layers.LinkType, ci gopacket.CaptureInfo, data []byte) (stream uint64, tcp bool) {
	m.Batch(m.one.of(link, ci, data), func(p *Numbered) { stream, tcp = p.Stream, p.TCP })
	return stream, tcp
}

// Batch adds the packets of b, which follow the previous ones. see, unless it is nil, is called with each packet that passes Options.Filter, once
// it has been added. b may be reused afterwards.
func (m *Monitor) Batch(b *packet.Batch, see func(*Numbered)) {
	for i := 0; i < len(b.Packets); {
		i = m.decode(b, i)
		ahead := len(m.parts) > 1 && m.group.tcp >= m.fewest && m.watching == nil
		if ahead {
			m.trackTogether()
		}
		m.take(see, ahead)
		if ahead {
			m.discard()
		}
	}
}

// take goes through the packets of the group and tracks their segments, unless they were tracked ahead.
func (m *Monitor) take(see func(*Numbered), ahead bool) {
	g := &m.group
	tasks, notices := g.tasks[:g.tcp], g.notices
	var at flow.Placement
	for i := range g.n {
		p := &g.packets[i]
		if p.TCP {
			at = m.parts[tasks[0].Tracker].take(&g.segments[tasks[0].Segment], tasks[0].Hash, ahead)
			p.Stream = m.parts[tasks[0].Tracker].streams.Of(at.Slot)
			tasks = tasks[1:]
		}
		for ; len(notices) > 0 && notices[0].packet == i; notices = notices[1:] {
			if part := m.parts[notices[0].part]; ahead {
				part.catchUp()
			} else {
				part.notice(&notices[0].Notice, at)
			}
		}
		if see != nil {
			see(p)
		}
	}
}

// take is track for a segment that may have been tracked ahead.
func (p *part) take(s *wire.Segment, hash uint32, ahead bool) flow.Placement {
	if ahead {
		return p.catchUp()
	}
	return p.track(s, hash)
}

// notice has the tracker take a notice. at is where the latest segment went.
func (p *part) notice(n *flow.Notice, at flow.Placement) {
	before := p.tracker.Facts.Incidents.News
	slot := p.tracker.Notice(n, at, &p.out)
	if len(p.out.Events) > 0 {
		p.happened()
	}
	if p.tracker.Facts.Incidents.News != before {
		p.changed(slot)
	}
}

// decode makes a group of the packets of b from a given one on, and returns which is next.
func (m *Monitor) decode(b *packet.Batch, i int) (next int) {
	g := &m.group
	g.n, g.tcp, g.notices = 0, 0, g.notices[:0]
	parts := len(m.parts)
	for ; i < len(b.Packets) && g.n < len(g.packets); i++ {
		p, data, s := &b.Packets[i], b.Data(i), &g.segments[g.n]
		passed, tcp := m.decoder.Packet(p, data, s)
		if !passed {
			continue
		}
		if tcp {
			g.tasks[g.tcp] = pipeline.NewTask(g.n, s.Key.Partition(parts), s)
			g.tcp++
		}
		for _, n := range m.decoder.Notices() {
			g.notices = append(g.notices, notice{n, g.n, n.Key.Partition(parts)})
		}
		g.packets[g.n] = Numbered{Packet: p, Data: data, Frame: m.decoder.Number(), TCP: tcp, Segment: s}
		g.n++
	}
	return i
}

// Segment adds a segment that was decoded elsewhere, such as that of a Reading, and returns the number of the conversation that it belongs
// to. A SYN that is held until it is clear where it belongs counts as belonging to the conversation that has its sockets.
func (m *Monitor) Segment(s *Segment) (stream uint64) {
	p := m.parts[s.Key.Partition(len(m.parts))]
	return p.streams.Of(p.track(s, flow.Hash(&s.Key)).Slot)
}

// track has the tracker track a segment whose key has that hash, and returns where it belongs.
func (p *part) track(s *wire.Segment, hash uint32) flow.Placement {
	t := p.tracker
	before := t.Facts.News + t.Facts.Incidents.News
	at := t.Segment(s, hash, &p.out)
	if len(p.out.Events) > 0 {
		p.happened()
	}
	if t.Facts.News+t.Facts.Incidents.News != before {
		p.changed(at.Slot)
		if older, ok := t.Before(at.Slot); ok {
			p.changed(older)
		}
	}
	return at
}

// Packets is the number of packets so far, including those that Options.Filter left out.
func (m *Monitor) Packets() uint64 { return m.decoder.Summary.Packets }

// Clock is the latest packet time.
func (m *Monitor) Clock() Time { return m.decoder.Summary.End }

// Summary summarizes what was seen so far.
func (m *Monitor) Summary() Summary {
	sum := m.decoder.Summary
	sum.TimedOut = m.timedOut
	for _, t := range m.trackers {
		sum.Evicted += t.Evicted
		sum.ReleasedEarly += t.ReleasedEarly
		sum.StrayICMP += t.StrayICMP
		t.AddBounds(&sum)
	}
	sum.Bounds[intake.BoundHistory] = 0
	for _, p := range m.parts {
		sum.Conversations += p.counts.over
		sum.Bounds[intake.BoundHistory] += p.counts.unwritten
		for o, n := range p.counts.outcomes {
			sum.Outcomes[o] += n
		}
	}
	sum.LeftOut = m.leftOut
	return sum
}
