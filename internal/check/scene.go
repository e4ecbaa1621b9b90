package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/engine"
	"tcptrace/internal/expect"
	"tcptrace/report"
)

// Scene is the segments of a stream around the frames that show a failure.
type Scene struct {
	Stream int64
	Lines  []string
}

const (
	maxScenes = 3 // streams of one capture that are shown
	around    = 2 // segments before and after a frame of interest
	maxMoment = 8 // frames of interest of one stream
)

// explain adds what a reader of the failures wants to see of the capture.
func (r *Result) explain(ctx context.Context, j *job, c *expect.Capture) {
	wanted := map[uint64][]uint64{}
	for _, f := range r.Failures {
		i := slices.IndexFunc(c.Conversations, func(v report.Record) bool { return int64(v.Stream) == f.Stream })
		if i < 0 {
			continue
		}
		v := &c.Conversations[i]
		if r.endpointsOf(f.Stream) == "" {
			r.endpoints = append(r.endpoints, sockets{f.Stream, expect.Endpoints(v)})
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
	if len(wanted) == 0 {
		return
	}
	d := &director{wanted: wanted, views: map[uint64][]line{}}
	if d.shoot(ctx, j) != nil {
		return // the failures stand without pictures
	}
	for stream, frames := range wanted {
		r.Scenes = append(r.Scenes, Scene{int64(stream), cut(d.views[stream], frames)})
	}
	slices.SortFunc(r.Scenes, func(a, b Scene) int { return cmp.Compare(a.Stream, b.Stream) })
}

// director reads the capture again, twice: once to know the streams' states, once to see their segments.
type director struct {
	wanted    map[uint64][]uint64
	choice    *engine.Choice
	maker     analyzer.Timelines
	timelines []analyzer.Timeline
	views     map[uint64][]line
	view      analyzer.SegmentView
}

// line is a segment, in words.
type line struct {
	frame uint64
	text  string
}

func (d *director) shoot(ctx context.Context, j *job) error {
	o := engine.Options{Options: j.options.Options}
	d.choice = engine.NewChoice(o)
	src := j.source()
	_, err := j.pass(ctx, src, d)
	src.Close()
	if err != nil {
		return err
	}
	src = j.source()
	defer src.Close()
	return engine.Watch(ctx, src, o, d.choice, d.see)
}

// Conversation implements analyzer.Sink.
func (d *director) Conversation(c *analyzer.Conversation) error {
	if d.wanted[c.Stream] == nil {
		d.choice.Leave(c)
		return nil
	}
	d.choice.Take(c)
	d.timelines = append(d.timelines, d.maker.New(c))
	return nil
}

func (d *director) see(s *engine.Sighting) error {
	d.timelines[s.Conversation].Segment(s.Segment, s.Duplicate, &d.view)
	v := &d.view
	d.views[v.Stream] = append(d.views[v.Stream], line{v.Frame, segmentLine(v)})
	return nil
}

// segmentLine is a segment as a reader of a failure wants to know of it.
func segmentLine(v *analyzer.SegmentView) string {
	arrow := "client > server"
	if v.From == analyzer.Server {
		arrow = "client < server"
	}
	what := v.Kind.String()
	if v.Len > 0 {
		what += " of " + strconv.Itoa(int(v.Len)) + " B"
	}
	text := fmt.Sprintf("frame %-5d %9.6f s  %s  %-4s %-24s %-12s %-12s", v.Frame, float64(v.Since)/float64(time.Second), arrow, v.Flags, what,
		v.State[analyzer.Client], v.State[analyzer.Server])
	for _, note := range v.Notes {
		text += " " + note
	}
	return strings.TrimRight(text, " ")
}

// cut keeps the lines around some frames.
func cut(lines []line, frames []uint64) (out []string) {
	last := -1
	for i, l := range lines {
		near := false
		for _, other := range lines[max(0, i-around):min(len(lines), i+around+1)] {
			near = near || slices.Contains(frames, other.frame)
		}
		if !near {
			continue
		}
		if last >= 0 && i > last+1 {
			out = append(out, "  ...")
		}
		mark := "  "
		if slices.Contains(frames, l.frame) {
			mark = "> "
		}
		out, last = append(out, mark+l.text), i
	}
	return out
}
