package ladder

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/story"
)

// Options say how a timeline for people looks.
type Options struct {
	Width    int  // columns; 0: 80
	Color    bool // ANSI colours
	ASCII    bool // nothing but ASCII
	Full     bool // fold nothing
	Legend   bool // explain the marks
	Time     TimeStyle
	End      analyzer.Time            // when the capture ended
	Running  bool                     // it has not: End is now
	Services func(port uint16) string // names of ports; nil: none
	From     uint64                   // frame of the first segment that comes, if those before it are not known; 0: they are
}

// Timeline shows one conversation to people, segment by segment. What it writes it writes at once.
type Timeline interface {
	Segment(v *analyzer.SegmentView) error
	// Finish comes after the last segment.
	Finish() error
}

// Ladder draws a conversation as a ladder: the endpoints are its rails, segments its rungs.
type Ladder struct {
	w       io.Writer
	b       []byte
	err     error
	opts    Options
	glyphs  *glyphs
	layout  ladderLayout
	maker   *rungMaker
	start   analyzer.Time
	before  analyzer.Time // of the line before
	story   string
	dropped uint64 // packets that the capture lost meanwhile
}

// New begins the ladder of c, of which j is the judgment.
func New(w io.Writer, c *analyzer.Conversation, j *analyzer.Judgment, o Options) *Ladder {
	l := &Ladder{w: console.Styled(w), opts: o, glyphs: &boxGlyphs, layout: newLadderLayout(c, j, &o), start: c.Start, before: c.Start, dropped: c.Dropped}
	if o.ASCII {
		l.glyphs = &asciiGlyphs
	}
	l.story = strings.Join(story.Tell(c, j, o.Services), " ")
	l.maker = newRungMaker(c, j, o.End, o.Full, l.rung)
	l.maker.skip(o.From)
	l.head(c)
	return l
}

// Segment draws v, or keeps it until it is clear whether it folds.
func (l *Ladder) Segment(v *analyzer.SegmentView) error {
	l.maker.segment(v)
	return l.flush()
}

// Finish draws what is left, and tells the story.
func (l *Ladder) Finish() error {
	l.maker.finish()
	l.line("")
	l.paragraph(l.story + l.silence())
	return l.flush()
}

// silence tells of the longest pause, if it was worth a line. Only the segments show it, so it is no part of Tell.
func (l *Ladder) silence() string {
	if l.maker.longest < pauseLeast {
		return ""
	}
	return fmt.Sprintf(" The longest silence in between was %s, after frame %d.", human.Duration(l.maker.longest), l.maker.longestAfter)
}

func (l *Ladder) flush() error {
	if l.err == nil && len(l.b) > 0 {
		_, l.err = l.w.Write(l.b)
	}
	l.b = l.b[:0]
	return l.err
}

// line writes a line; blanks at its end are left out.
func (l *Ladder) line(s string) { l.b = append(append(l.b, strings.TrimRight(s, " ")...), '\n') }

func (l *Ladder) paint(color, s string) string {
	if !l.opts.Color || color == "" || s == "" {
		return s
	}
	return color + s + human.Reset
}

func (l *Ladder) paragraph(text string) {
	for _, s := range human.Wrap(human.PlainText(text, l.opts.ASCII), min(l.layout.width, proseWidth)) {
		l.line(s)
	}
}

// proseWidth is how long lines of prose are at most.
const proseWidth = 100

// head says which conversation it is, and heads the columns.
func (l *Ladder) head(c *analyzer.Conversation) {
	title := fmt.Sprintf("Stream %d: client %s, server %s: %s", c.Stream, human.Host(c, analyzer.Client), human.Host(c, analyzer.Server), c.Outcome)
	if c.Roles == analyzer.RolesInferred {
		title += " (who is the client is inferred)"
	}
	for _, s := range human.Wrap(human.PlainText(title, l.opts.ASCII), l.layout.width) {
		l.line(l.paint(human.Bold, s))
	}
	size := human.Counted(c.Packets(), "packet")
	if c.Duration() > 0 { // the clock may go back
		size += " in " + human.Duration(c.Duration())
	}
	l.about(l.opts.Time.full(c.Start)+", "+size, "community ID "+output.CommunityID(c.Addr[analyzer.Client], c.Addr[analyzer.Server]))
	if l.opts.Legend {
		l.legend(c.Hosts[analyzer.Client] != nil || c.Hosts[analyzer.Server] != nil)
	}
	l.line("")
	y := &l.layout
	head := human.PadLeft("time frame", y.indent-2)
	if utf8.RuneCountInString(head) > y.indent-2 {
		head = human.PadLeft("time", y.time) + " " + human.PadLeft("#", y.frame)
	}
	l.line(l.paint(human.Bold, head+"  "+human.PadLeft(analyzer.Client.String(), y.state[analyzer.Client])+
		strings.Repeat(" ", y.arrow+4)+analyzer.Server.String()))
}

// about writes what a conversation is, and its id behind that or, where there is no room, on a line of its own.
func (l *Ladder) about(text, id string) {
	width := min(l.layout.width, proseWidth)
	lines := human.Wrap(text, width)
	last := &lines[len(lines)-1]
	if with := *last + ", " + id; utf8.RuneCountInString(with) <= width {
		*last = with
	} else {
		*last += ","
		lines = append(lines, human.Wrap(id, width)...)
	}
	for _, s := range lines {
		l.line(s)
	}
}

// legend explains the marks, also that of hosts if they were heard.
func (l *Ladder) legend(heard bool) {
	mark := func(e analyzer.Evidence) string { return l.glyphs.evidence[e] }
	said := ""
	if heard {
		said = mark(analyzer.EvidenceKernel) + " said by its kernel. "
	}
	l.paragraph("States: " + mark(analyzer.EvidenceSent) + " proved by what the endpoint sent, " + mark(analyzer.EvidenceAssumed) +
		" assumed (what caused it passed by, nothing proves that it arrived), " + mark(analyzer.EvidenceTimer) + " by time alone. " +
		said + "1:101(100) is the first byte, the next one, and how many.")
}

// rung draws r.
func (l *Ladder) rung(r *rung) {
	switch r.kind {
	case rungSegment:
		l.segment(r)
	case rungRun:
		l.wide(l.stamp(r)+"  ", l.glyphs.fold, runText(r.run), "")
		l.before = r.run.last
	case rungRepeat:
		l.wide(l.stamp(r)+"  ", l.glyphs.fold, repeatText(r.repeat, l.layout.until(l.opts.Time, r.repeat.last, l.start)), "")
		l.before = r.repeat.last
	case rungPause:
		l.wide(strings.Repeat(" ", l.layout.indent), l.glyphs.pause, pauseText(r, l.opts.Running), human.Bold)
	case rungStep:
		l.ties(l.stamp(r), r, stepText(r))
		l.before = r.time
	}
	before := strings.Repeat(" ", l.layout.indent)
	if r.kind == rungRemark {
		before = l.stamp(r) + "  "
		l.before = r.time
	}
	for i := range r.notable {
		a := &r.notable[i]
		if ids := anomalyIDs(r.notable, a); ids != "" {
			l.wide(before, strings.ToUpper(a.Kind.Severity.String()), human.DetailAcross(l.dropped, a)+" ["+ids+"]", human.SeverityColors[a.Kind.Severity])
			before = strings.Repeat(" ", l.layout.indent)
		}
	}
	if r.kind == rungSegment {
		l.comments(r.view)
	}
}

// comments shows what the capture says beside a segment.
func (l *Ladder) comments(v *analyzer.SegmentView) {
	for _, text := range v.Comments {
		l.wide(strings.Repeat(" ", l.layout.indent), "comment:", text, "")
	}
}

// anomalyIDs is the id of a with that of the anomaly beside it that it makes superfluous; empty if a is that.
func anomalyIDs(beside []analyzer.Anomaly, a *analyzer.Anomaly) string {
	ids := a.Kind.ID
	for i := range beside {
		switch other := beside[i].Kind; {
		case other.Subsumes == a.Kind.ID:
			return ""
		case a.Kind.Subsumes == other.ID:
			ids += ", " + other.ID
		}
	}
	return ids
}

// stamp is the columns of time and frame.
func (l *Ladder) stamp(r *rung) string {
	y, frame := &l.layout, ""
	if r.frame != 0 {
		frame = fmt.Sprint(r.frame)
	}
	return human.PadLeft(y.stamp(l.opts.Time, r.time, l.start, l.before), y.time) + " " + human.PadLeft(frame, y.frame)
}

// wide writes text beneath the columns of states: behind a mark, under which nothing else stands.
func (l *Ladder) wide(before, mark, text, color string) {
	mark += " "
	indent := utf8.RuneCountInString(before) + utf8.RuneCountInString(mark)
	for i, s := range human.Wrap(human.PlainText(text, l.opts.ASCII), max(l.layout.width-indent, leastArrow)) {
		if i > 0 {
			before, mark = strings.Repeat(" ", indent), ""
		}
		l.line(before + l.paint(color, mark+s))
	}
}

// Segment draws an arrow.
func (l *Ladder) segment(r *rung) {
	v, g := r.view, l.glyphs
	label := newLabel(v, r.notable)
	room := l.layout.arrow - utf8.RuneCountInString(g.shaft+"  "+g.shaft+g.toServer)
	text, left := label.fit(room, g.separator)
	text = human.PlainText(text, l.opts.ASCII)
	shaft := strings.Repeat(g.shaft, 1+room-utf8.RuneCountInString(text))
	head := [2]string{g.toServer, g.toClient}[v.From&1]
	if v.Kind == analyzer.KindUnacceptable {
		head = g.dropped
	}
	color := arrowColor(v, label.what != "")
	arrow := g.out + l.paint(color, g.shaft+" "+text+" "+shaft+head) + g.life
	if v.From == analyzer.Server {
		arrow = g.life + l.paint(color, head+g.shaft+" "+text+" "+shaft) + g.in
	}
	l.tie(l.stamp(r), r, 0, arrow)
	l.before = r.time
	l.ties("", r, "")
	if left != "" {
		l.wide(strings.Repeat(" ", l.layout.indent), g.remark, left, color)
	}
}

// arrowColor marks what is not ordinary.
func arrowColor(v *analyzer.SegmentView, special bool) string {
	switch {
	case v.Kind == analyzer.KindRST:
		return human.Red
	case special || v.Window == 0:
		return human.Yellow
	}
	return ""
}

// ties draws the steps of r that a line of their own shows: all but the first of a segment's. text stands between
// the endpoints, in the first.
func (l *Ladder) ties(stamp string, r *rung, text string) {
	y, g := &l.layout, l.glyphs
	i := 0
	if r.kind == rungSegment {
		i = 1
	}
	for ; i < max(len(r.steps[0]), len(r.steps[1])); i++ {
		l.tie(stamp, r, i, g.life+human.PadRight(cutText(" "+text, y.arrow), y.arrow)+g.life)
		stamp, text = "", ""
	}
}

// tie draws one line: step i of each endpoint, and between them the arrow.
func (l *Ladder) tie(stamp string, r *rung, i int, arrow string) {
	y := &l.layout
	client, server := l.state(r.steps[analyzer.Client], i), l.state(r.steps[analyzer.Server], i)
	l.line(human.PadRight(stamp, y.indent-2) + "  " + strings.Repeat(" ", max(0, y.state[analyzer.Client]-utf8.RuneCountInString(client))) + l.paint(human.Bold, client) +
		" " + arrow + " " + l.paint(human.Bold, server))
}

// state is step i with the mark of its evidence.
func (l *Ladder) state(steps []analyzer.Step, i int) string {
	if i >= len(steps) {
		return ""
	}
	return steps[i].State.String() + " " + l.glyphs.evidence[steps[i].Evidence]
}

func runText(n *run) string {
	var sides []string
	for side, packets := range n.packets {
		if packets == 0 {
			continue
		}
		var repeated, data string
		if n.repeated[side] > 0 {
			repeated = ", " + human.Counted(n.repeated[side], "duplicate ACK")
		}
		if n.bytes[side] > 0 {
			data = ", " + human.Bytes(n.bytes[side])
		}
		sides = append(sides, fmt.Sprintf("%s %s%s%s", analyzer.Side(side), human.Count(packets), data, repeated))
	}
	text := human.Counted(n.packets[0]+n.packets[1], "packet") + " in " + human.Duration(n.last.Sub(n.first)) + ": " + strings.Join(sides, "; ")
	if n.copies > 0 {
		text += "; " + human.Count(n.copies) + " captured twice"
	}
	return text
}

func pauseText(r *rung, running bool) string {
	text := human.Duration(r.pause) + " without a packet"
	switch {
	case r.toEnd && running:
		text += " so far"
	case r.toEnd:
		text += ", until the capture ends"
	}
	return text
}

// stepText says what a step was made by that no segment of the conversation shows.
func stepText(r *rung) string {
	if r.frame != 0 {
		return "a new connection takes the sockets"
	}
	for _, steps := range r.steps {
		if len(steps) > 0 && steps[0].Evidence == analyzer.EvidenceKernel && steps[0].Cause == 0 {
			return "its kernel says so"
		}
		if len(steps) > 0 {
			return steps[0].Cause.String()
		}
	}
	return ""
}
