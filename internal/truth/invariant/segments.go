package invariant

import (
	"slices"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// Segments follows what is said of the segments of one conversation.
type Segments struct {
	k      checker
	next   [2]int // index of the first step of each side that has not come
	last   uint64 // frame
	from   map[uint64]sender
	copies [2]uint64
	again  [2]uint64
}

// sender is who sent a segment, and whether it was an RST.
type sender struct {
	side analyzer.Side
	rst  bool
}

// NewSegments is what checks the segments of c, of which j is the judgment. Both must stay.
func NewSegments(c *analyzer.Conversation, j *analyzer.Judgment) *Segments {
	return &Segments{k: checker{c: c, j: j}, from: map[uint64]sender{}}
}

// Segment is told of each, in order.
func (s *Segments) Segment(v *analyzer.SegmentView) {
	k := &s.k
	if v.Frame <= s.last {
		k.errorf("frame %d behind frame %d", v.Frame, s.last)
	}
	s.last = max(s.last, v.Frame)
	s.from[v.Frame] = sender{v.From, slices.Contains([]byte(v.Flags), 'R')}
	if !k.has(v.Frame) {
		k.errorf("frame %d is not of frames %d to %d", v.Frame, k.c.FirstFrame, k.c.LastFrame)
	}
	if v.Since != v.Time.Sub(k.c.Start) { // it may be negative: frames are not always in order of time
		k.errorf("frame %d: %v after the first one, by their times %v", v.Frame, v.Since, v.Time.Sub(k.c.Start))
	}
	switch v.Kind {
	case analyzer.KindRetransmission:
		s.again[v.From]++
	case analyzer.KindCaptureDuplicate:
		s.copies[v.From]++
	}
	for i, n := range v.Notes {
		if slices.Contains(v.Notes[:i], n) {
			k.errorf("frame %d: %s twice", v.Frame, n)
		}
	}
	for side := range analyzer.Server + 1 {
		s.state(v, side)
	}
}

// state checks that the states beside a segment are those of the trajectory, in their order.
func (s *Segments) state(v *analyzer.SegmentView, side analyzer.Side) {
	steps, i := s.k.j.Trajectory[side], s.next[side]
	for i < len(steps) && (steps[i].Frame != 0 && steps[i].Frame <= v.Frame || steps[i].Frame == 0 && steps[i].Time <= v.Time || i == 0 && steps[0].State == fsm.Listen) {
		i++
	}
	s.next[side] = i
	want := fsm.Unknown
	if i > 0 {
		want = steps[i-1].State
	}
	if v.State[side] != want {
		s.k.errorf("frame %d: the %v is in %v, by its trajectory in %v", v.Frame, side, v.State[side], want)
	}
}

// Problems lists what was wrong, when all segments have passed.
func (s *Segments) Problems() []string {
	for side := range analyzer.Server + 1 {
		sent := &s.k.c.Sent[side]
		if s.again[side] != sent.Retransmitted() {
			s.k.errorf("%v: %d segments are retransmissions, and %d were counted", side, s.again[side], sent.Retransmitted())
		}
		if s.copies[side] != uint64(sent.Duplicates) {
			s.k.errorf("%v: %d segments are copies, and %d were counted", side, s.copies[side], sent.Duplicates)
		}
		for i := range s.k.j.Trajectory[side] {
			s.frames(side, &s.k.j.Trajectory[side][i])
		}
	}
	s.injected()
	return s.k.found
}

// frames checks who sent the segments that a step names.
func (s *Segments) frames(side analyzer.Side, step *analyzer.Step) {
	if step.Cause == fsm.DeleteTCB {
		return // by another conversation's SYN
	}
	// What it sent and the capture lacks is proved by what its peer acknowledges.
	unseen := s.k.c.Sent[side].Packets == 0 || slices.Contains(sends, step.Cause)
	if step.ProofFrame != 0 && !unseen {
		if from, ok := s.from[step.ProofFrame]; !ok || from.side != side {
			s.k.errorf("%v: %v is proved by frame %d, which is not its own", side, step.State, step.ProofFrame)
		}
	}
	if step.Evidence == analyzer.EvidenceSent && !s.k.c.Self() { // of one socket each frame is both endpoints'
		if from, ok := s.from[step.Frame]; !ok || from.side != side {
			s.k.errorf("%v: %v is shown by frame %d, which it did not send", side, step.State, step.Frame)
		}
	}
}

// injected checks that an RST is called injected only where something at it says so, or its supposed sender goes on.
func (s *Segments) injected() {
	cl := &s.k.j.Close
	if cl.Kind != analyzer.CloseReset || cl.Cause.String() != "injected" {
		return
	}
	if slices.ContainsFunc(s.k.j.Anomalies, func(a analyzer.Anomaly) bool { return a.Kind.ID == "suspected-injection" && a.Frame == cl.Frame }) {
		return
	}
	for frame, from := range s.from {
		if from.side == cl.By && !from.rst && frame > cl.Frame {
			return
		}
	}
	s.k.errorf("close: injected by the RST in frame %d, but nothing there says so, and the %v never sends again", cl.Frame, cl.By)
}
