package view

import (
	"bytes"
	"fmt"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/internal/live/recent"
	"tcptrace/internal/wire"
	"tcptrace/report"
)

// ladder is the screen of one conversation.
type ladder struct {
	pager
	first uint64 // frame, which names the conversation
	stale bool   // lines do not show what is known
	time  report.TimeStyle
	full  bool // nothing is folded

	timelines analyzer.Timelines
	judgment  analyzer.Judgment
	view      analyzer.SegmentView
	entries   []recent.Entry
}

// open turns to another conversation.
func (l *ladder) open(first uint64) {
	l.pager, l.first, l.stale = pager{}, first, false
}

func (l *ladder) nextTime() {
	l.time = (l.time + 1) % report.NumTimeStyles
	l.stale = true
}

func (l *ladder) fold() { l.full, l.stale = !l.full, true }

// draw renders what the snapshot has of the conversation.
func (l *ladder) draw(shot *snapshot, p *painter, running bool) {
	l.stale = false
	if !shot.found || shot.ladder.c.FirstFrame != l.first {
		return
	}
	c := &shot.ladder.c
	l.entries = recent.Settle(append(l.entries[:0], shot.segments...))
	l.judgment.Judge(c)
	look := report.TimelineOptions{Width: p.width, Color: p.color, Full: l.full, Time: l.time, Legend: true, End: shot.now, Running: running, Services: p.services}
	isLate := l.missing(c) > 0 && len(l.entries) > 0
	if isLate {
		look.From = l.entries[0].Frame()
	}
	var text bytes.Buffer
	timeline := l.timelines.New(c)
	out := report.NewLadder(&text, c, &l.judgment, look)
	var segment wire.Segment
	var reading analyzer.Reading
	numbered := recent.Numbered(c)
	for i := range l.entries {
		e := &l.entries[i]
		e.Reading(&reading, &segment)
		timeline.Segment(&reading, &l.view)
		if isLate {
			e.Correct(&l.view, numbered)
		}
		_ = out.Segment(&l.view) // a buffer takes everything
	}
	_ = out.Finish()
	l.lines = append(processes(c), strings.Split(strings.TrimRight(text.String(), "\n"), "\n")...)
}

// missing is how many segments of c are not among those that are shown.
func (l *ladder) missing(c *analyzer.Conversation) uint64 {
	return c.Packets() - min(c.Packets(), uint64(len(l.entries)))
}

// ladderHeight is how many lines of the ladder are visible: all but the title, the foot and a line that sums up.
func (m *model) ladderHeight() int { return max(1, m.height-3) }

func (m *model) ladderLines() []string {
	l, p := &m.ladder, &m.paint
	if l.stale {
		l.draw(m.conversation, p, !m.status.over)
	}
	lines := []string{m.title(m.opts.Title), m.ladderStatus()}
	for _, line := range l.window(m.ladderHeight()) {
		lines = append(lines, p.painted(line))
	}
	return append(lines, p.bar(faint, "esc back  ? help  t times  z fold  f payload  p pause", m.follows(&l.pager)))
}

// follows says whether what comes is shown.
func (m *model) follows(g *pager) string {
	switch {
	case m.status.over:
		return "the capture is over"
	case m.conversation.ladder.over != analyzer.NotOver:
		return "the conversation is over"
	case g.left:
		return "end follows what comes"
	}
	return "following"
}

// ladderStatus sums up the conversation.
func (m *model) ladderStatus() string {
	l, p, shot := &m.ladder, &m.paint, m.conversation
	if !shot.found || shot.ladder.c.FirstFrame != l.first {
		switch {
		case isSilent(l.first):
			return p.line(warning, noPackets)
		case m.waiting || l.lines == nil:
			return p.line(faint, "...")
		}
		return p.line(warning, "the conversation is over, and too many have ended since")
	}
	c := &shot.ladder.c
	text := fmt.Sprintf("#%d %s > %s  %s / %s", c.Stream, report.HostDetail(c, analyzer.Client), report.HostDetail(c, analyzer.Server),
		newKnown(&l.judgment, analyzer.Client), newKnown(&l.judgment, analyzer.Server)) + measured(c)
	if n := l.missing(c); n > 0 {
		return p.line(warning, fmt.Sprintf("%s before frame %d not kept  ", report.Counted(n, "segment"), l.firstShown())+text)
	}
	return p.line(strong, text)
}

func (l *ladder) firstShown() uint64 {
	if len(l.entries) == 0 {
		return l.first
	}
	return l.entries[0].Frame()
}
