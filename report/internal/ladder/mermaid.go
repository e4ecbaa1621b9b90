package ladder

import (
	"fmt"
	"io"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// A diagram has the first mermaidHead events of a conversation and the last mermaidTail.
const (
	mermaidHead = 40
	mermaidTail = 20
)

// Mermaid draws a conversation as a sequence diagram in Mermaid's language, in a block of Markdown. What
// does not fit is left out, and counted.
type Mermaid struct {
	w       io.Writer
	opts    Options
	layout  ladderLayout
	maker   *rungMaker
	start   analyzer.Time
	before  analyzer.Time
	dropped uint64 // packets that the capture lost meanwhile
	b       strings.Builder
	events  int
	tail    [mermaidTail]event // a ring, of the events behind the head
	leftOut event
}

// event is a rung as text, and what it stands for.
type event struct {
	text      string
	packets   uint64
	anomalies uint64
}

// NewMermaid begins the diagram of c, of which j is the judgment.
func NewMermaid(w io.Writer, c *analyzer.Conversation, j *analyzer.Judgment, o Options) *Mermaid {
	o.Width = 0
	m := &Mermaid{w: console.Styled(w), opts: o, layout: newLadderLayout(c, j, &o), start: c.Start, before: c.Start, dropped: c.Dropped}
	m.maker = newRungMaker(c, j, o.End, o.Full, m.rung)
	m.maker.skip(o.From)
	m.b.WriteString("```mermaid\nsequenceDiagram\n")
	for side := range c.Addr {
		fmt.Fprintf(&m.b, "    participant %s as %s\n", participants[side], m.escaped(fmt.Sprintf("%s %s", analyzer.Side(side), human.Host(c, analyzer.Side(side)))))
	}
	fmt.Fprintf(&m.b, "    Note over C,S: %s\n", m.escaped(fmt.Sprintf("stream %d, %s, %s, community ID %s", c.Stream, o.Time.full(c.Start), c.Outcome,
		output.CommunityID(c.Addr[analyzer.Client], c.Addr[analyzer.Server]))))
	return m
}

// Segment takes v.
func (m *Mermaid) Segment(v *analyzer.SegmentView) error {
	m.maker.segment(v)
	return nil
}

// Finish writes the diagram.
func (m *Mermaid) Finish() error {
	m.maker.finish()
	if m.leftOut.text != "" {
		text := "left out here: " + human.Counted(m.leftOut.packets, "packet")
		if m.leftOut.anomalies > 0 {
			text += " and " + human.Counted(m.leftOut.anomalies, "remark")
		}
		m.note(&m.b, "over C,S", text+"; the ladder shows all")
	}
	for i := range m.tail {
		m.b.WriteString(m.tail[(m.events+i)%mermaidTail].text)
	}
	m.b.WriteString("```\n")
	_, err := io.WriteString(m.w, m.b.String())
	return err
}

var (
	participants = [2]string{analyzer.Client: "C", analyzer.Server: "S"}
	beside       = [2]string{analyzer.Client: "left of C", analyzer.Server: "right of S"}
)

func (m *Mermaid) rung(r *rung) {
	var b strings.Builder
	e := event{anomalies: uint64(len(r.notable))}
	switch r.kind {
	case rungSegment:
		e.packets = 1
		label := newLabel(r.view, r.notable)
		text, left := label.fit(mostArrow, ", ")
		arrow := "->>"
		if r.view.Kind == analyzer.KindRST || r.view.Kind == analyzer.KindUnacceptable {
			arrow = "-x"
		}
		from := r.view.From & 1
		fmt.Fprintf(&b, "    %s%s%s: %s\n", participants[from], arrow, participants[1-from],
			m.escaped(join([]string{m.moment(m.layout.stamp(m.opts.Time, r.time, m.start, m.before)) + " " + text, left}, ", ")))
	case rungRun:
		e.packets = r.run.packets[0] + r.run.packets[1]
		m.note(&b, "over C,S", runText(r.run))
	case rungRepeat:
		e.packets = r.repeat.packets[0] + r.repeat.packets[1]
		m.note(&b, "over C,S", repeatText(r.repeat, m.moment(m.layout.until(m.opts.Time, r.repeat.last, m.start))))
	case rungPause:
		m.note(&b, "over C,S", pauseText(r, m.opts.Running))
	}
	if m.before = r.time; r.kind == rungRun {
		m.before = r.run.last
	}
	for side, steps := range r.steps {
		var states []string
		for i := range steps {
			states = append(states, steps[i].State.String()+" ("+steps[i].Evidence.String()+")")
		}
		if r.kind == rungStep && len(states) > 0 {
			states = append(states, stepText(r))
		}
		if len(states) > 0 {
			m.note(&b, beside[side], strings.Join(states, ", "))
		}
	}
	for i := range r.notable {
		a := &r.notable[i]
		m.note(&b, "over C,S", strings.ToUpper(a.Kind.Severity.String())+" "+human.DetailAcross(m.dropped, a))
	}
	if r.kind == rungSegment {
		for _, text := range r.view.Comments {
			m.note(&b, "over C,S", "comment: "+text)
		}
	}
	e.text = b.String()
	m.add(e)
}

// moment is stamp with its unit, unless it is a time of day.
func (m *Mermaid) moment(stamp string) string {
	if m.opts.Time == AbsoluteTime || m.opts.Time == LocalTime {
		return stamp
	}
	return stamp + " s"
}

func (m *Mermaid) note(b *strings.Builder, where, text string) {
	fmt.Fprintf(b, "    Note %s: %s\n", where, strings.Join(human.Wrap(m.escaped(text), mermaidWidth), "<br/>"))
}

// mermaidWidth is how long lines of notes are.
const mermaidWidth = 60

// add keeps e, if need be in the place of an event in the middle.
func (m *Mermaid) add(e event) {
	if m.events < mermaidHead {
		m.b.WriteString(e.text)
	} else {
		old := &m.tail[m.events%mermaidTail]
		if old.text != "" {
			m.leftOut.text = old.text
			m.leftOut.packets += old.packets
			m.leftOut.anomalies += old.anomalies
		}
		*old = e
	}
	m.events++
}

// escaped is s as Mermaid shows it: what may be syntax, and the word that ends a block, is written by number.
func (m *Mermaid) escaped(s string) string {
	s = human.PlainText(s, m.opts.ASCII)
	var b strings.Builder
	for _, word := range strings.SplitAfter(s, " ") {
		ends := strings.EqualFold(strings.Trim(word, " ,.:;()"), "end")
		for _, r := range word {
			switch {
			case ends && (r == 'e' || r == 'E'):
				fmt.Fprintf(&b, "#%d;", r)
			case r == ' ', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune(".,:()+_/=-[]*'", r):
				b.WriteRune(r)
			default:
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
	}
	return b.String()
}
