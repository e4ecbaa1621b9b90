package plot

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/plot/paint"
	"tcptrace/report"
)

// Stream plots one conversation. It is the viewer of two passes over the input (package twopass).
type Stream struct {
	o        *Options
	c        analyzer.Conversation
	judgment analyzer.Judgment
	timeline analyzer.Timeline
	view     analyzer.SegmentView
	stretch
	out    *bufio.Writer
	parts  []part
	failed error
}

// stretch is what is shown of time, and in how many columns.
type stretch struct {
	from, to int64 // ns
	columns  int
}

// series is one over the stretch.
func (s stretch) series(thin func([]paint.Datum) []paint.Datum) series {
	return series{from: s.from, to: s.to, columns: s.columns, thin: thin}
}

func (s stretch) sampled() sampled { return sampled{series: s.series(outline)} }

// shows reports whether a time is in the stretch.
func (s stretch) shows(at int64) bool { return at >= s.from && at <= s.to }

// part takes the segments of the conversation, in order.
type part interface {
	segment(v *analyzer.SegmentView, r *analyzer.Reading)
}

// charted is a part that is drawn as a panel.
type charted interface {
	part
	panel() paint.Panel
}

// drawn is a part that draws itself.
type drawn interface {
	part
	draw(c *paint.Canvas)
	height() int // that suits it, in pixels
}

// written is a part that writes what it is shown at once.
type written interface {
	part
	finish()
}

// NewStream plots the conversation that o names.
func NewStream(o *Options) *Stream { return &Stream{o: o} }

// Take takes the conversation.
func (s *Stream) Take(c *analyzer.Conversation) {
	c.CopyTo(&s.c)
	s.judgment.Judge(&s.c)
	var maker analyzer.Timelines
	s.timeline = maker.New(&s.c)
}

// Open has it written to w. An error says what is wrong with --begin or --end.
func (s *Stream) Open(w io.Writer) error {
	s.out = bufio.NewWriter(w)
	first, last := s.c.Start, max(s.c.End, s.c.Start)
	if s.o.Kind == "states" {
		for _, steps := range s.judgment.Trajectory {
			for i := range steps {
				last = max(last, steps[i].Time)
			}
		}
	}
	from, to := first, last
	if s.o.begin != nil {
		from = s.o.begin.In(first)
	}
	if s.o.until != nil {
		to = s.o.until.In(first)
	}
	if (s.o.begin != nil || s.o.until != nil) && (to <= from || to < first || from > last) {
		return fmt.Errorf("--begin and --end leave nothing: the conversation is from %s to %s (+%s)", first.Time().Format(time.RFC3339Nano), last.Time().Format(time.RFC3339Nano), last.Sub(first))
	}
	s.stretch = stretch{int64(from), int64(to), s.o.w}
	if !s.o.picture() {
		s.parts = []part{s.plain()}
		return nil
	}
	s.parts = s.pictured()
	return nil
}

// sides are those of which data are shown.
func (s *Stream) sides() []analyzer.Side {
	both := []analyzer.Side{analyzer.Client, analyzer.Server}
	switch s.o.From {
	case "client":
		return both[:1]
	case "server":
		return both[1:]
	case "":
		if s.o.Kind == "sequence" || s.o.Kind == "window" {
			if s.c.Sent[analyzer.Server].PayloadBytes > s.c.Sent[analyzer.Client].PayloadBytes {
				return both[1:]
			}
			return both[:1]
		}
	}
	return both
}

// pictured are the parts of a picture.
func (s *Stream) pictured() (parts []part) {
	switch s.o.Kind {
	case "states":
		return []part{&states{Stream: s}}
	case "ladder":
		return []part{newLadder(s)}
	case "rtt":
		return []part{newRoundTrips(s)}
	}
	for _, side := range s.sides() {
		switch s.o.Kind {
		case "sequence":
			parts = append(parts, newSequence(s, side))
		case "window":
			parts = append(parts, newWindow(s, side))
		case "throughput":
			parts = append(parts, newThroughput(s, side))
		}
	}
	return parts
}

// See takes a frame of the conversation.
func (s *Stream) See(f *analyzer.Frame) error {
	s.timeline.Segment(&f.Reading, &s.view)
	for _, p := range s.parts {
		p.segment(&s.view, &f.Reading)
	}
	return s.failed
}

// Finish draws the picture and writes it, or the rest of what was written meanwhile.
func (s *Stream) Finish() error {
	if w, ok := s.parts[0].(written); ok {
		w.finish()
		return errors.Join(s.failed, s.out.Flush())
	}
	title, subtitle := s.title()
	h := s.o.h
	if d, ok := s.parts[0].(drawn); ok && s.o.Size == defaultSize {
		h = min(d.height(), mostSize)
	}
	c := paint.New(s.o.Format, title+". "+subtitle, s.o.w, h, s.o.Theme == "dark")
	if d, ok := s.parts[0].(drawn); ok {
		d.draw(c)
	} else {
		chart := paint.Chart{Title: title, Subtitle: subtitle, X: s.axis()}
		for _, p := range s.parts {
			chart.Panels = append(chart.Panels, p.(charted).panel())
		}
		chart.Draw(c)
	}
	_, err := c.WriteTo(s.out)
	return errors.Join(err, s.out.Flush())
}

func (s *Stream) axis() paint.TimeAxis {
	return s.o.axis(s.from, s.to, s.c.Start, "the first packet")
}

// title says which conversation it is, and what is shown of it.
func (s *Stream) title() (title, subtitle string) {
	c := &s.c
	title = fmt.Sprintf("Stream %d: client %s, server %s", c.Stream, report.HostText(c, analyzer.Client), report.HostText(c, analyzer.Server))
	what := map[string]string{
		"sequence": "sequence numbers", "window": "bytes in flight and the window", "rtt": "round trip times", "throughput": "payload a second",
		"states": "states of both endpoints", "ladder": "segments between the endpoints",
	}[s.o.Kind]
	if sides := s.sides(); len(sides) == 1 {
		what += " of the " + sides[0].String()
	}
	subtitle = fmt.Sprintf("%s; %s, %s in %s, %s on %s UTC", capital(what), c.Outcome, report.Counted(c.Packets(), "packet"), report.HumanDuration(c.Duration()),
		report.HumanBytes(c.Sent[0].PayloadBytes+c.Sent[1].PayloadBytes), c.Start.Time().Format("2006-01-02 15:04:05"))
	return title, subtitle
}

func capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }

// has reports whether a note is set.
func has(v *analyzer.SegmentView, note string) bool { return slices.Contains(v.Notes, note) }

// timeOf is a time of the capture in ns.
func timeOf(v *analyzer.SegmentView) int64 { return int64(v.Time) }
