package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/report"
)

const (
	defaultLadders = 10      // --limit
	ladderCost     = 4 << 10 // bytes for a conversation that goes on, beside its text
)

// Bounds of what is in memory; tests set others.
var (
	ladderPage   = 16 << 10 // conversations that are known at a time
	ladderMemory = 16 << 20 // bytes that those which go on beside the first may take
)

// ladders shows conversations to people: each whole, in order of streams. Packets of those behind the one that is
// being written are rendered to memory, as long as there is room; the others are left for another pass over the input.
type ladders struct {
	format report.TimelineFormat
	look   report.TimelineOptions
	out    styledBuffer

	from    uint64 // streams below were shown before
	page    int    // conversations to keep
	taken   int    // by the choice
	beyond  uint64 // of them, from stream from on
	list    []*section
	byTaken map[int]*section
	head    int // of list: the section that is being written
	active  int // sections that are neither over nor left for later
	held    int // bytes

	judgment analyzer.Judgment
	maker    analyzer.Timelines
	view     analyzer.SegmentView
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

// wants reports whether c may be among the first.
func (t *ladders) wants(c *analyzer.Conversation) bool {
	if c.Stream >= t.from {
		t.beyond++
	}
	return c.Stream >= t.from && (len(t.list) < t.page || c.Stream < t.list[len(t.list)-1].c.Stream)
}

// take keeps c, which it wants, in the place of another if need be.
func (t *ladders) take(c *analyzer.Conversation) {
	taken := t.taken
	t.taken++
	s := new(section)
	if last := len(t.list) - 1; len(t.list) == t.page {
		s, t.list = t.list[last], t.list[:last]
	}
	at, _ := slices.BinarySearchFunc(t.list, c.Stream, func(s *section, stream uint64) int { return int(int64(s.c.Stream) - int64(stream)) })
	c.CopyTo(&s.c)
	s.taken = taken
	t.list = slices.Insert(t.list, at, s)
}

// errShown ends a pass before the end of the input.
var errShown = errors.New("all was shown")

// showAll makes as many passes as it takes.
func (t *ladders) showAll(ctx context.Context, p *passes) error {
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
		if err := p.show(ctx); err != nil && err != errShown {
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
	return nil
}

func (t *ladders) see(f *analyzer.Frame) error {
	s := t.byTaken[f.Conversation]
	if s == nil || s.over || s.later {
		return nil
	}
	if s.ladder == nil {
		t.begin(s)
	}
	before := s.text.Len()
	s.timeline.Segment(&f.Reading, &t.view)
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

func (t *ladders) begin(s *section) {
	look := t.look
	look.Legend = look.Legend && s.place == 0 && t.from == 0
	t.judgment.Judge(&s.c)
	s.timeline = t.maker.New(&s.c)
	s.ladder = t.format.One(&s.text, &s.c, &t.judgment, look)
	t.held += ladderCost
}

// finish ends s. If it was the one being written its successor is, with all that follow and are over.
func (t *ladders) finish(s *section) error {
	if s.ladder == nil {
		t.begin(s)
	}
	before := s.text.Len()
	if err := s.ladder.Finish(); err != nil {
		return err
	}
	t.held += s.text.Len() - before - ladderCost
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
func (t *ladders) write(s *section) error {
	t.held -= s.text.Len()
	_, err := s.text.WriteTo(t.out)
	return err
}

// makeRoom leaves the last of those that take memory for a later pass.
func (t *ladders) makeRoom() {
	for i := len(t.list) - 1; i > t.head && t.held > ladderMemory; i-- {
		s := t.list[i]
		if s.ladder == nil && s.text.Len() == 0 {
			continue
		}
		t.held -= s.text.Len()
		if s.ladder != nil {
			t.held -= ladderCost
			t.active--
		}
		s.text, s.ladder, s.over, s.later = styledText{}, nil, false, true
	}
}

// runLadders shows conversations page by page; what is behind the page is found by another first pass.
func runLadders(ctx context.Context, args []string, o timelineOptions, e env) error {
	limit := o.limit
	if len(o.streams) > 0 {
		limit = 0
	}
	format, _ := report.TimelineFormats.Find(o.format)
	t := &ladders{format: format, look: o.look(e)}
	var p *passes
	var file sink
	shown := 0
	for {
		t.page = ladderPage
		if limit > 0 {
			t.page = min(t.page, limit-shown)
		}
		var err error
		if p, err = o.passes(ctx, "tcptrace timeline", args, t, e); err != nil {
			return err
		}
		p.reads = true
		if err = p.find(ctx); err != nil {
			return err
		}
		if t.out.Writer == nil {
			if file, err = openText("-o", o.output, args, e); err != nil {
				return err
			}
			t.out = styledBuffer{bufio.NewWriterSize(console.Styled(file), 64<<10)}
		}
		t.look.End = p.summary.End
		if err = t.showAll(ctx, p); err != nil {
			if failed := end(ctx, file, err, t.out.Flush()); failed != nil {
				return failed
			}
			return p.conclude(ctx, err)
		}
		shown += len(t.list)
		if hidden := t.beyond - uint64(len(t.list)); hidden == 0 || shown == limit {
			t.conclude(p, shown, hidden)
			break
		}
		t.out.WriteByte('\n')
		*t = ladders{format: t.format, look: t.look, out: t.out, from: t.list[len(t.list)-1].c.Stream + 1}
	}
	if err := finish(file, t.out.Flush()); err != nil {
		return err
	}
	return p.conclude(ctx, nil)
}

// conclude says what was not shown. The writer keeps the error, if there is one.
func (t *ladders) conclude(p *passes, shown int, hidden uint64) {
	switch {
	case shown == 0:
		_ = report.WriteSummary(t.out, &p.summary, report.Selection{Active: p.where != nil, Total: p.summary.Conversations})
	case hidden > 0:
		fmt.Fprintf(t.out, "\n%s\n", moreConversations(hidden))
	}
}
