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

// Numbered is a packet that a Monitor has taken, and where it belongs. It is valid during the call that gets it.
type Numbered struct {
	*packet.Packet
	Data   []byte
	Frame  uint64 // the number of the packet, from 1
	Stream uint64 // that of its conversation, valid with TCP
	TCP    bool   // it belongs to a conversation

	Segment *Segment // valid with TCP: what it is decoded to
}

// Payload is what was captured of the segment's payload; nil without TCP, and if it was put together from fragments.
func (p *Numbered) Payload() []byte {
	if !p.TCP || p.Segment.Bits&wire.Reassembled != 0 {
		return nil
	}
	return p.Data[p.Segment.PayloadOff:][:p.Segment.PayloadCap]
}

// group is some packets that are decoded before the first is tracked, so that the cache misses of their conversations
// overlap.
type group struct {
	packets  [pipeline.GroupSize]Numbered
	segments [pipeline.GroupSize]wire.Segment
	tasks    [pipeline.GroupSize]pipeline.Task // of those packets that are TCP, in order
	n, tcp   int                               // packets and tasks
	notices  []notice                          // in order
}

// notice is what a packet tells beside being a segment.
type notice struct {
	flow.Notice
	packet int // of the group, behind which it comes
}

// Frame adds one captured frame, as that of Analyzer does, and returns the number of the conversation that it belongs to; tcp is false
// if it belongs to none. What is new is told by the next Flush.
func (m *Monitor) Frame(link layers.LinkType, ci gopacket.CaptureInfo, data []byte) (stream uint64, tcp bool) {
	m.Batch(m.one.of(link, ci, data), func(p *Numbered) { stream, tcp = p.Stream, p.TCP })
	return stream, tcp
}

// Batch adds the packets of b, which come behind those before. see, unless it is nil, gets each that Options.Filter lets through, once
// it has been added. b may be reused afterwards.
func (m *Monitor) Batch(b *packet.Batch, see func(*Numbered)) {
	for i := 0; i < len(b.Packets); {
		i = m.decode(b, i)
		g := &m.group
		pipeline.Touch(m.trackers[:], g.segments[:], g.tasks[:g.tcp])
		tasks, notices := g.tasks[:g.tcp], g.notices
		var at flow.Placement
		for i := range g.n {
			p := &g.packets[i]
			if p.TCP {
				t := &tasks[0]
				tasks = tasks[1:]
				p.Stream, at = m.track(&g.segments[t.Segment], t.Hash)
			}
			for ; len(notices) > 0 && notices[0].packet == i; notices = notices[1:] {
				m.notice(&notices[0].Notice, at)
			}
			if see != nil {
				see(p)
			}
		}
	}
}

// notice has the tracker take a notice. at is where the latest segment went.
func (m *Monitor) notice(n *flow.Notice, at flow.Placement) {
	before := m.tracker.Facts.Incidents.News
	slot := m.tracker.Notice(n, at, &m.out)
	if len(m.out.Events) > 0 {
		m.happened()
	}
	if m.tracker.Facts.Incidents.News != before {
		m.dirty(*m.ledger.slots.At(slot))
	}
}

// decode makes a group of packets of b, from one on, and returns which is next.
func (m *Monitor) decode(b *packet.Batch, i int) (next int) {
	g := &m.group
	g.n, g.tcp, g.notices = 0, 0, g.notices[:0]
	for ; i < len(b.Packets) && g.n < len(g.packets); i++ {
		p, data, s := &b.Packets[i], b.Data(i), &g.segments[g.n]
		passed, tcp := m.decoder.Packet(p, data, s)
		if !passed {
			continue
		}
		if tcp {
			g.tasks[g.tcp] = pipeline.NewTask(g.n, 0, s)
			g.tcp++
		}
		for _, n := range m.decoder.Notices() {
			g.notices = append(g.notices, notice{n, g.n})
		}
		g.packets[g.n] = Numbered{Packet: p, Data: data, Frame: m.decoder.Number(), TCP: tcp, Segment: s}
		g.n++
	}
	return i
}

// Segment adds a segment that was made elsewhere, such as one that a Reading shows, and returns the number of the conversation that it belongs
// to. A SYN that waits for what follows to tell where it belongs counts for the conversation that has its sockets.
func (m *Monitor) Segment(s *Segment) (stream uint64) {
	stream, _ = m.track(s, flow.Hash(&s.Key))
	return stream
}

// track is Segment; hash is that of its key. It also returns where the tracker put it.
func (m *Monitor) track(s *wire.Segment, hash uint32) (stream uint64, at flow.Placement) {
	t := m.tracker
	before := t.Facts.News + t.Facts.Incidents.News
	p := t.Segment(s, hash, &m.out)
	if len(m.out.Events) > 0 {
		m.happened()
	}
	if number := m.ledger.slots.At(p.Slot); t.Facts.News+t.Facts.Incidents.News != before {
		m.dirty(*number)
		if older, ok := t.Before(p.Slot); ok {
			m.dirty(*m.ledger.slots.At(older))
		}
	}
	return m.streams.Of(p.Slot), p
}

// Packets is how many packets there were so far, with those that Options.Filter left out.
func (m *Monitor) Packets() uint64 { return m.decoder.Summary.Packets }

// Clock is the latest time of a packet.
func (m *Monitor) Clock() Time { return m.decoder.Summary.End }

// Summary is what was seen so far.
func (m *Monitor) Summary() Summary {
	sum := m.decoder.Summary
	t := m.tracker
	sum.Conversations, sum.Outcomes = m.over, m.outcomes
	sum.Evicted, sum.ReleasedEarly, sum.TimedOut = t.Evicted, t.ReleasedEarly, m.timedOut
	sum.StrayICMP = t.StrayICMP
	t.AddBounds(&sum)
	sum.Bounds[intake.BoundHistory] = m.unwritten
	sum.LeftOut = m.leftOut
	return sum
}
