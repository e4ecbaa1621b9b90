package analyzer

import (
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
	"tcptrace/internal/wire"
)

// SegmentView is one segment, seen with knowledge of the whole conversation.
type SegmentView struct {
	Stream   uint64
	Addr     [2]netip.AddrPort // by Side
	Frame    uint64
	Time     Time
	Since    time.Duration // since the conversation's first frame
	From     Side
	Flags    string // letters of FSRPAUEC
	Seq      int64  // relative to the sender's ISN; if that was not captured, the first byte seen is 1
	Ack      int64  // relative to the receiver's ISN, valid with HasAck
	HasAck   bool
	Len      uint32 // payload bytes on the wire
	Window   uint64
	Unscaled bool // Window is as sent: the window scale is unknown, since the handshake was not captured
	Kind     Kind
	Cause    Cause        // valid if Kind is Retransmission
	Spurious bool         // so is this
	State    [2]fsm.State // of both endpoints after the segment, by Side
	Evidence [2]Evidence  // how State is known, unless it is Unknown
	Text     string       // the beginning of the text in an RST (RFC 9293 3.5.3); bytes other than printable ASCII are \xNN
	Notes    []string     // valid until the Timeline is used again
	Comments []string     // packet comments of the capture; not set by a Timeline
}

// Timeline shows one conversation segment by segment. It is made from the result of a first pass,
// and gets the conversation's segments from a second one.
type Timeline struct {
	seqSpaces
	stream    uint64
	addr      [2]netip.AddrPort // by Side
	start     Time
	state     [2]fsm.State // by Side
	evidence  [2]Evidence  // by Side
	changes   [2][]change  // by Side: those to come
	anomalies []anomalyAt  // those to come
}

// change is a step of a trajectory in one word: the state, its evidence, whether it is due at a time rather than with a frame, and
// the frame, or the time since the start of the conversation.
type change uint64

const (
	changeState change = 1<<4 - 1
	changeTimed change = 1 << 4

	changeEvidence = 5 // two bits from this one on
	changeShift    = 7

	maxTimed Time = 1<<(64-changeShift) - 1 // ns, about 4 years
)

func (c change) evidence() Evidence { return Evidence(c >> changeEvidence & 3) }

func (t *Timeline) newChange(s *Step) change {
	is := change(s.State) | change(s.Evidence)<<changeEvidence
	if s.Frame == 0 {
		return change(min(max(0, s.Time-t.start), maxTimed))<<changeShift | changeTimed | is
	}
	return change(s.Frame)<<changeShift | is
}

// due reports whether c has happened once s has passed.
func (t *Timeline) due(c change, s *wire.Segment) bool {
	if c&changeTimed != 0 {
		return Time(c>>changeShift) <= Time(s.Time)-t.start
	}
	return uint64(c>>changeShift) <= s.Frame
}

// anomalyAt is where an anomaly was raised.
type anomalyAt struct {
	frame uint64
	kind  *AnomalyKind
}

// Timelines makes timelines, with little memory for each: there may be as many as conversations.
type Timelines struct {
	judgment  Judgment
	changes   []change
	anomalies []anomalyAt
}

// New returns the Timeline of c.
func (m *Timelines) New(c *Conversation) Timeline {
	m.judgment.Judge(c)
	t := Timeline{seqSpaces: newSeqSpaces(c), stream: c.Stream, addr: c.Addr, start: c.Start}
	for side, steps := range m.judgment.Trajectory {
		if len(steps) > 0 && steps[0].State == fsm.Listen { // its SYN-ACK shows it, and that it was there before
			t.state[side], t.evidence[side], steps = fsm.Listen, steps[0].Evidence, steps[1:]
		}
		m.changes = roomFor(m.changes, len(steps))
		n := len(m.changes)
		for i := range steps {
			m.changes = append(m.changes, t.newChange(&steps[i]))
		}
		t.changes[side] = m.changes[n:len(m.changes):len(m.changes)]
	}
	list := m.judgment.Anomalies
	m.anomalies = roomFor(m.anomalies, len(list))
	n := len(m.anomalies)
	for i := range list {
		m.anomalies = append(m.anomalies, anomalyAt{list[i].Frame, list[i].Kind})
	}
	t.anomalies = m.anomalies[n:len(m.anomalies):len(m.anomalies)]
	return t
}

// roomFor returns s with room for n more elements, or an empty slice that has the room: slices of s stay where they are.
func roomFor[T any](s []T, n int) []T {
	if cap(s)-len(s) < n {
		return make([]T, 0, max(n, 4096))
	}
	return s
}

// Segment writes the conversation's next segment, whose reading is r, into v.
func (t *Timeline) Segment(r *Reading, v *SegmentView) {
	s := r.Segment
	t.advance(s)
	*v = SegmentView{
		Stream: t.stream, Addr: t.addr, Frame: s.Frame, Time: Time(s.Time), Since: Time(s.Time).Sub(t.start),
		From: t.side(s.Dir), Flags: flagNames[uint8(s.Flags)], Len: s.Len,
		Seq:    t.relative(s.Dir, s.Seq),
		HasAck: s.Flags.Has(wire.ACK),
		Kind:   r.Kind, Cause: r.Cause, Spurious: r.Spurious,
		State: t.state, Evidence: t.evidence,
		Notes: t.raised(s.Frame, slices.AppendSeq(v.Notes[:0], r.Notes.All())),
	}
	if len(r.Text) > 0 {
		v.Text = conn.EscapeText(r.Text[:min(len(r.Text), conn.LongText)], int(s.Len))
	}
	if v.HasAck {
		v.Ack = t.relative(1-s.Dir, s.Ack)
	}
	v.Window, v.Unscaled = t.window(s)
}

// advance updates the states to those after s.
func (t *Timeline) advance(s *wire.Segment) {
	for side := range t.changes {
		list := t.changes[side]
		for len(list) > 0 && t.due(list[0], s) {
			t.state[side], t.evidence[side], list = fsm.State(list[0]&changeState), list[0].evidence(), list[1:]
		}
		t.changes[side] = list
	}
}

// raised appends the anomalies raised at a frame.
func (t *Timeline) raised(frame uint64, notes []string) []string {
	for len(t.anomalies) > 0 && t.anomalies[0].frame <= frame {
		if id := t.anomalies[0].kind.ID; t.anomalies[0].frame == frame && !slices.Contains(notes, id) {
			notes = append(notes, id)
		}
		t.anomalies = t.anomalies[1:]
	}
	return notes
}

// flagNames is the letters of the low eight control bits.
var flagNames = func() (names [256]string) {
	for f := range names {
		for bit, letter := range "FSRPAUEC" {
			if f>>bit&1 != 0 {
				names[f] += string(letter)
			}
		}
	}
	return names
}()
