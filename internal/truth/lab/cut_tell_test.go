package lab_test

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/wire"
	"tcptrace/report"
)

// telling is what is said of a capture that is cut.
type telling struct {
	conversations []told
	of            map[uint64]uint64 // the first frame of the conversation of each frame
	strays        map[uint64]bool   // the frames that are said to be of another connection
	problems      []string          // what contradicts itself
}

// told is what is said of one conversation. Frames are those of the capture that is not cut.
type told struct {
	addr         [2]netip.AddrPort // in order, the side of the first is client
	client       analyzer.Side     // the side of addr[0]
	outcome      analyzer.Outcome
	completeness analyzer.Completeness
	acknowledged [2]bool            // by address: it sent anything with ACK that is neither SYN-ACK nor RST
	packets      [2]uint64          // by address
	steps        [2][]analyzer.Step // by address
	anomalies    []anomaly
	first, last  uint64
}

// anomaly is what is compared of one.
type anomaly struct {
	id       string
	severity analyzer.Severity
	frame    uint64
}

// tell analyzes what is left of c.
func tell(a *analyzer.Analyzer, c *capture, k *cut) *telling {
	w := watched{cut: k, telling: telling{of: map[uint64]uint64{}, strays: map[uint64]bool{}}}
	a.Reset(analyzer.Options{MaxFlows: 1 << 13}, &w)
	a.Watch(w.read)
	for _, f := range k.of(c) {
		err := a.Frame(layers.LinkType(f.Link), gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), Length: f.WireLen}, f.Data)
		if err != nil {
			w.problems = append(w.problems, err.Error())
		}
	}
	if _, err := a.Close(); err != nil {
		w.problems = append(w.problems, err.Error())
	}
	w.segments()
	slices.SortFunc(w.conversations, func(a, b told) int { return int(a.first) - int(b.first) })
	return &w.telling
}

// watched is the sink of tell.
type watched struct {
	telling
	cut      *cut
	judgment analyzer.Judgment
	kept     []*analyzer.Conversation
	readings []*analyzer.Reading // in order of frames, when all have been read
}

// read keeps what is said of a segment.
func (w *watched) read(r *analyzer.Reading) {
	if r.Notes.Has("of-another-connection") {
		frame := r.Amends
		if frame == 0 {
			frame = r.Segment.Frame
		}
		w.strays[w.original(frame)] = true
	}
	if r.Amends == 0 {
		kept, s := *r, *r.Segment
		kept.Segment = &s
		w.readings = append(w.readings, &kept)
		w.of[w.original(s.Frame)] = w.original(r.First)
		return
	}
	for _, k := range w.readings {
		if k.Segment.Frame == r.Amends {
			k.Kind, k.Cause, k.Spurious = r.Kind, r.Cause, r.Spurious
		}
	}
}

func (w *watched) Conversation(c *analyzer.Conversation) error {
	j := &w.judgment
	j.Judge(c)
	w.problems = append(w.problems, invariant.Check(c, j)...)
	w.problems = append(w.problems, invariant.Story(c, j, report.Story(c, j))...)
	v := told{
		addr: c.Addr, outcome: c.Outcome, completeness: c.Completeness,
		first: w.original(c.FirstFrame), last: w.original(c.LastFrame),
	}
	if v.addr[0].Compare(v.addr[1]) > 0 {
		v.addr[0], v.addr[1], v.client = v.addr[1], v.addr[0], 1
	}
	for side := range analyzer.Server + 1 {
		v.packets[side^v.client] = c.Sent[side].Packets
		steps := slices.Clone(j.Trajectory[side])
		for i := range steps {
			steps[i].Frame, steps[i].ProofFrame = w.original(steps[i].Frame), w.original(steps[i].ProofFrame)
		}
		v.steps[side^v.client] = steps
	}
	for i := range j.Anomalies {
		a := &j.Anomalies[i]
		v.anomalies = append(v.anomalies, anomaly{a.Kind.ID, a.Kind.Severity, w.original(a.Frame)})
	}
	w.conversations = append(w.conversations, v)
	kept := new(analyzer.Conversation)
	c.CopyTo(kept)
	w.kept = append(w.kept, kept)
	return nil
}

// original is the frame of the whole capture that is a frame of what is left of it.
func (w *watched) original(frame uint64) uint64 {
	if frame == 0 || frame > uint64(len(w.cut.left)) {
		return 0
	}
	return uint64(w.cut.left[frame-1]) + 1
}

// segments checks what is said of the segments of the conversations.
func (w *watched) segments() {
	type shown struct {
		timeline analyzer.Timeline
		check    *invariant.Segments
		told     *told
	}
	var (
		byFirst   = map[uint64]*shown{}
		timelines analyzer.Timelines
		view      analyzer.SegmentView
	)
	for i, v := range w.kept {
		j := new(analyzer.Judgment)
		j.Judge(v)
		byFirst[v.FirstFrame] = &shown{timelines.New(v), invariant.NewSegments(v, j), &w.conversations[i]}
	}
	slices.SortStableFunc(w.readings, func(a, b *analyzer.Reading) int { return cmp.Compare(a.Segment.Frame, b.Segment.Frame) })
	for _, r := range w.readings {
		if s := byFirst[r.First]; s != nil {
			s.timeline.Segment(r, &view)
			s.check.Segment(&view)
			if flags := r.Segment.Flags; flags.Has(wire.ACK) && !flags.Any(wire.SYN|wire.RST) {
				s.told.acknowledged[view.From^s.told.client] = true
			}
		} else {
			w.problems = append(w.problems, "a segment of no conversation")
		}
	}
	for _, v := range w.kept {
		w.problems = append(w.problems, byFirst[v.FirstFrame].check.Problems()...)
	}
}
