package check

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/check/expect"
	"tcptrace/report"
)

// Scene is the part of a stream's timeline around the frames that show a failure.
type Scene struct {
	Stream int64
	Lines  []string
}

const (
	maxScenes = 3 // streams of one capture that are shown
	around    = 2 // segments before and after a frame of interest
	maxMoment = 8 // frames of interest of one stream

	ladderWidth = 100 // columns
)

// explain adds what a reader of the failures wants to see of the capture.
func (r *Result) explain(ctx context.Context, j *job, c *expect.Capture) {
	wanted := map[uint64][]uint64{}
	r.endpoints = map[int64]ends{}
	for _, f := range r.Failures {
		v := c.Find(f.Stream)
		if v == nil {
			continue
		}
		if r.endpoints[f.Stream].words == "" {
			r.endpoints[f.Stream] = ends{expect.Endpoints(v), v.CommunityID}
		}
		if _, known := wanted[v.Stream]; !known && len(wanted) == maxScenes {
			continue
		}
		for _, frame := range f.Frames {
			if list := wanted[v.Stream]; !slices.Contains(list, frame) && len(list) < maxMoment {
				wanted[v.Stream] = append(list, frame)
			}
		}
	}
	for i := range c.Conversations { // of what no frame shows its end tells most
		if v := &c.Conversations[i]; len(wanted) < maxScenes && r.endpoints[int64(v.Stream)].words != "" && wanted[v.Stream] == nil {
			wanted[v.Stream] = []uint64{v.LastFrame}
		}
	}
	if len(wanted) == 0 {
		return
	}
	d := &director{wanted: wanted}
	if d.shoot(ctx, j) != nil {
		return // the failures stand without pictures
	}
	for _, s := range d.shots {
		r.Scenes = append(r.Scenes, Scene{int64(s.stream), s.lines})
	}
	slices.SortFunc(r.Scenes, func(a, b Scene) int { return cmp.Compare(a.Stream, b.Stream) })
}

// director reads the capture again, twice: once to know the streams' states, once to draw their segments.
type director struct {
	wanted   map[uint64][]uint64
	choice   analyzer.Choice
	maker    analyzer.Timelines
	judgment analyzer.Judgment
	shots    []*shot
	view     analyzer.SegmentView
}

// shot is what is kept of a stream's ladder: the lines around some frames.
type shot struct {
	stream   uint64
	frames   []uint64
	timeline analyzer.Timeline
	ladder   *report.Ladder
	drawn    bytes.Buffer
	recent   [][]string // lines of the segments before, for the case that one of interest follows
	after    int        // segments to keep behind one of interest
	skipped  bool       // something was left out since the last line that was kept
	lines    []string
}

func (d *director) shoot(ctx context.Context, j *job) error {
	d.choice.Options = j.options.Options
	src := j.source(ctx)
	_, err := j.pass(ctx, src, d)
	src.Close()
	if err != nil {
		return err
	}
	src = j.source(ctx)
	defer src.Close()
	return d.choice.Watch(ctx, src, d.see)
}

// Conversation implements analyzer.Sink.
func (d *director) Conversation(c *analyzer.Conversation) error {
	if d.wanted[c.Stream] == nil {
		d.choice.Leave(c)
		return nil
	}
	d.choice.Take(c)
	d.judgment.Judge(c)
	s := &shot{stream: c.Stream, frames: d.wanted[c.Stream], timeline: d.maker.New(c)}
	s.ladder = report.NewLadder(&s.drawn, c, &d.judgment, report.TimelineOptions{Width: ladderWidth, Full: true})
	d.shots = append(d.shots, s)
	return nil
}

func (d *director) see(f *analyzer.Frame) error {
	s := d.shots[f.Conversation]
	s.timeline.Segment(&f.Reading, &d.view)
	err := s.ladder.Segment(&d.view)
	if s.lines == nil { // the head of the columns comes first
		head, segment := cutHead(s.drawn.String())
		s.lines = []string{"  " + head}
		s.drawn.Reset()
		s.drawn.WriteString(segment)
	}
	s.keep(d.view.Frame)
	s.drawn.Reset()
	return err
}

// cutHead splits a ladder behind the head of its columns, the first line after an empty one.
func cutHead(text string) (head, rest string) {
	_, text, _ = strings.Cut(text, "\n\n")
	head, rest, _ = strings.Cut(text, "\n")
	return head, rest
}

// keep decides what becomes of the lines that were drawn for a frame.
func (s *shot) keep(frame uint64) {
	mark := "  "
	wanted := slices.Contains(s.frames, frame)
	if wanted {
		mark = "> "
	}
	var lines []string
	for l := range strings.Lines(s.drawn.String()) {
		lines = append(lines, mark+strings.TrimSuffix(l, "\n"))
		mark = "  "
	}
	switch {
	case wanted:
		if s.skipped {
			s.lines = append(s.lines, "  ...")
		}
		for _, r := range s.recent {
			s.lines = append(s.lines, r...)
		}
		s.lines = append(s.lines, lines...)
		s.recent, s.skipped, s.after = nil, false, around
	case s.after > 0:
		s.lines = append(s.lines, lines...)
		s.after--
	default:
		s.recent = append(s.recent, lines)
		if len(s.recent) > around {
			s.recent, s.skipped = s.recent[1:], true
		}
	}
}
