// Package ladders shows conversations to people packet by packet, one after the other, in bounded memory.
//
// Not its job: what one looks like (package report), and reading the input (package twopass).
package ladders

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/report"
)

// sectionCost is what a conversation that goes on takes beside its text, in bytes.
const sectionCost = 4 << 10

// Bounds are of what is in memory.
type Bounds struct {
	Page   int // conversations that are known at a time
	Memory int // bytes that those which go on beside the first may take
}

// Usual are the bounds of the program.
var Usual = Bounds{Page: 16 << 10, Memory: 16 << 20}

// Ladders shows conversations to people: each whole, in order of streams. Packets of those behind the one that is
// being written are rendered to memory, as long as there is room; the others are left for another pass over the input.
//
// It is the viewer of one first pass, and of as many second ones as Show makes. What does not fit into a page is found by another
// first pass, if More says so.
type Ladders struct {
	// Comments has the comments that the capture has beside a frame; nil: there are none.
	Comments func(frame uint64) []string

	format report.TimelineFormat
	look   report.TimelineOptions
	limit  int // of conversations, 0: all
	bounds Bounds
	out    styledBuffer
	shown  int

	page
	judgment analyzer.Judgment
	maker    analyzer.Timelines
	view     analyzer.SegmentView
}

// page is what is shown after one first pass.
type page struct {
	from    uint64 // streams below were shown before
	most    int    // conversations to keep
	taken   int    // by the choice
	beyond  uint64 // of them, from stream from on
	list    []*section
	byTaken map[int]*section
	head    int // of list: the section that is being written
	active  int // sections that are neither over nor left for later
	held    int // bytes
}

// New makes ladders of the first conversations, up to limit if that is positive.
func New(format report.TimelineFormat, look report.TimelineOptions, limit int, bounds Bounds) *Ladders {
	t := &Ladders{format: format, look: look, limit: limit, bounds: bounds}
	t.turn(0)
	return t
}

// turn begins a page.
func (t *Ladders) turn(from uint64) {
	t.page = page{from: from, most: t.bounds.Page}
	if t.limit > 0 {
		t.most = min(t.most, t.limit-t.shown)
	}
}

// section is a conversation that is shown.
type section struct {
	c        analyzer.Conversation
	taken    int
	place    int // in the list
	timeline analyzer.Timeline
	ladder   report.Timeline // nil: not begun, or over
	text     styledText      // not written yet
	over     bool
	later    bool // in another pass
}

// Wants reports whether c may be among the first.
func (t *Ladders) Wants(c *analyzer.Conversation) bool {
	if c.Stream >= t.from {
		t.beyond++
	}
	return c.Stream >= t.from && (len(t.list) < t.most || c.Stream < t.list[len(t.list)-1].c.Stream)
}

// Take keeps c, which it wants, in the place of another if need be.
func (t *Ladders) Take(c *analyzer.Conversation) {
	taken := t.taken
	t.taken++
	s := new(section)
	if last := len(t.list) - 1; len(t.list) == t.most {
		s, t.list = t.list[last], t.list[:last]
	}
	at, _ := slices.BinarySearchFunc(t.list, c.Stream, func(s *section, stream uint64) int { return int(int64(s.c.Stream) - int64(stream)) })
	c.CopyTo(&s.c)
	s.taken = taken
	t.list = slices.Insert(t.list, at, s)
}

// errShown ends a pass before the end of the input.
var errShown = errors.New("all was shown")

// Show makes as many second passes, by show, as it takes to show the page. end is when the capture ends.
func (t *Ladders) Show(ctx context.Context, end analyzer.Time, show func(context.Context) error) error {
	t.look.End = end
	t.byTaken = make(map[int]*section, len(t.list))
	for i, s := range t.list {
		s.place = i
		t.byTaken[s.taken] = s
	}
	for t.head < len(t.list) {
		t.active = 0
		for _, s := range t.list {
			if s.later = false; !s.over {
				t.active++
			}
		}
		if err := show(ctx); err != nil && err != errShown {
			return err
		}
		for _, s := range t.list {
			if !s.over && !s.later {
				if err := t.finish(s); err != nil {
					return err
				}
			}
		}
	}
	t.shown += len(t.list)
	return nil
}

// More reports whether there are conversations to be shown behind the page, and turns it.
func (t *Ladders) More() bool {
	if t.Hidden() == 0 || t.shown == t.limit {
		return false
	}
	t.out.WriteByte('\n')
	t.turn(t.list[len(t.list)-1].c.Stream + 1)
	return true
}

// Shown is how many conversations were shown.
func (t *Ladders) Shown() int { return t.shown }

// Hidden is how many conversations are behind the page.
func (t *Ladders) Hidden() uint64 { return t.beyond - uint64(len(t.list)) }

// Open lets t write to w.
func (t *Ladders) Open(w io.Writer) {
	t.out = styledBuffer{bufio.NewWriterSize(console.Styled(w), 64<<10)}
}

// Write writes behind what was shown.
func (t *Ladders) Write(p []byte) (int, error) { return t.out.Write(p) }

// Flush writes what is still buffered. Its error is the first of all.
func (t *Ladders) Flush() error { return t.out.Flush() }

// See draws a packet of a conversation on the page.
func (t *Ladders) See(f *analyzer.Frame) error {
	s := t.byTaken[f.Conversation]
	if s == nil || s.over || s.later {
		return nil
	}
	if s.ladder == nil {
		t.begin(s)
	}
	before := s.text.Len()
	s.timeline.Segment(&f.Reading, &t.view)
	if t.Comments != nil {
		t.view.Comments = t.Comments(f.Number)
	}
	if err := s.ladder.Segment(&t.view); err != nil {
		return err
	}
	t.held += s.text.Len() - before
	if f.Segment.Frame >= s.c.LastFrame {
		if err := t.finish(s); err != nil {
			return err
		}
	} else if s.place == t.head {
		if err := t.write(s); err != nil {
			return err
		}
	}
	t.makeRoom()
	if t.active == 0 {
		return errShown
	}
	return nil
}

func (t *Ladders) begin(s *section) {
	look := t.look
	look.Legend = look.Legend && s.place == 0 && t.from == 0
	t.judgment.Judge(&s.c)
	s.timeline = t.maker.New(&s.c)
	s.ladder = t.format.One(&s.text, &s.c, &t.judgment, look)
	t.held += sectionCost
}

// finish ends s. If it was the one being written its successor is, with all that follow and are over.
func (t *Ladders) finish(s *section) error {
	if s.ladder == nil {
		t.begin(s)
	}
	before := s.text.Len()
	if err := s.ladder.Finish(); err != nil {
		return err
	}
	t.held += s.text.Len() - before - sectionCost
	s.ladder, s.timeline, s.over = nil, analyzer.Timeline{}, true
	t.active--
	for t.head < len(t.list) {
		first := t.list[t.head]
		if err := t.write(first); err != nil {
			return err
		}
		if !first.over {
			break
		}
		first.text = styledText{}
		if t.head++; t.head < len(t.list) {
			t.out.WriteByte('\n')
		}
	}
	return nil
}

// write writes what there is of s.
func (t *Ladders) write(s *section) error {
	t.held -= s.text.Len()
	_, err := s.text.WriteTo(t.out)
	return err
}

// makeRoom leaves the last of those that take memory for a later pass.
func (t *Ladders) makeRoom() {
	for i := len(t.list) - 1; i > t.head && t.held > t.bounds.Memory; i-- {
		s := t.list[i]
		if s.ladder == nil && s.text.Len() == 0 {
			continue
		}
		t.held -= s.text.Len()
		if s.ladder != nil {
			t.held -= sectionCost
			t.active--
		}
		s.text, s.ladder, s.over, s.later = styledText{}, nil, false, true
	}
}

// styledBuffer and styledText hold text with styles on its way to a console.
type (
	styledBuffer struct{ *bufio.Writer }
	styledText   struct{ bytes.Buffer }
)

func (b styledBuffer) WriteStyled(p []byte) (int, error) { return b.Write(p) }
func (b *styledText) WriteStyled(p []byte) (int, error)  { return b.Write(p) }
