package page

import (
	"bufio"
	"io"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
	"tcptrace/internal/dimension"
	"tcptrace/internal/live/recent"
	"tcptrace/internal/wire"
)

// A live page is the same page without data, which come from a server, again and again: each time all that there is, so that nothing is
// missed by who misses some. A Page is made for each time.

// Past is what has passed, over time: the bytes of all packets, and what the timeline counts of conversations, each once. The zero value is
// empty.
type Past struct {
	bytes  series
	events [numEvents]series
}

// Add adds a packet of n bytes.
func (t *Past) Add(at analyzer.Time, n uint32) { t.bytes.add(at, float64(n)) }

// Open adds the opening of a conversation; n is -1 to take it back.
func (t *Past) Open(c *analyzer.Conversation, n int) { t.events[opened].add(c.Start, float64(n)) }

// Ending is what was counted of the end of a conversation. The zero value is nothing.
type Ending struct {
	at                  analyzer.Time
	ended, failed, lost bool
}

// Counted reports whether something was.
func (e Ending) Counted() bool { return e.ended || e.failed }

// End adds how c ended and failed, and what it lost; j is its judgment. before is what was counted of an end that is not its last, which it
// returns of this one.
func (t *Past) End(c *analyzer.Conversation, j *analyzer.Judgment, before Ending) Ending {
	t.Reopen(before)
	countCourseOf(&t.events, c, j)
	if !before.lost {
		for _, l := range lossesOf(c) {
			t.events[lost].spread(l.from, l.to, float64(l.n))
		}
	}
	return Ending{c.End, j.Close.Kind != analyzer.CloseNone, dimension.Failed(c, j) != dimension.NoFailure, true}
}

// Reopen takes back that a conversation ended, and returns what is counted still: what it lost stays lost.
func (t *Past) Reopen(e Ending) Ending {
	if e.ended {
		t.events[ended].add(e.at, -1)
	}
	if e.failed {
		t.events[failed].add(e.at, -1)
	}
	return Ending{lost: e.lost}
}

// CopyTo copies it.
func (t *Past) CopyTo(dst *Past) {
	t.bytes.copyTo(&dst.bytes)
	for i := range t.events {
		t.events[i].copyTo(&dst.events[i])
	}
}

// Shell is a live page without data, and the policy that its server is to send with it.
func Shell(w io.Writer, title string) (policy string, err error) {
	parts, err := ofLive()
	if err != nil {
		return "", err
	}
	if err := shell.ExecuteTemplate(w, "head", parts.head(console.Plain(title))); err != nil {
		return "", err
	}
	return parts.policy, shell.ExecuteTemplate(w, "tail", parts.script)
}

// Passed takes over what has passed, and how many conversations there are of which the page has no row.
func (p *Page) Passed(t *Past, hidden uint64) {
	t.bytes.copyTo(&p.traffic)
	for i := range t.events {
		t.events[i].copyTo(&p.events[i])
	}
	p.hidden += hidden
}

// Over gives c a row, all of which is counted in what has passed, and Begun gives it one if only its opening is.
func (p *Page) Over(c *analyzer.Conversation)  { p.look(c, countNothing) }
func (p *Page) Begun(c *analyzer.Conversation) { p.look(c, countCourse) }

// WriteOverview writes what there is of the whole capture as a line of JSON.
func (p *Page) WriteOverview(w io.Writer, s *analyzer.Summary, filtered bool) error {
	out := bufio.NewWriter(w)
	p.writeOverview(&encoder{Writer: out}, s, filtered, nil)
	return out.Flush()
}

// WriteConversation writes c with those of its segments that are known as a line of JSON. It comes before WriteOverview, which has the kinds of
// anomalies that it refers to.
func (p *Page) WriteConversation(w io.Writer, c *analyzer.Conversation, segments []recent.Entry, s *analyzer.Summary) error {
	d := detail{levels: []thinner{{all: true}}, missing: c.Packets() - min(c.Packets(), uint64(len(segments)))}
	c.CopyTo(&d.c)
	d.timeline, d.flight = p.maker.New(&d.c), analyzer.NewFlight(&d.c)
	numbered := recent.Numbered(c)
	var segment wire.Segment
	var reading analyzer.Reading
	for i := range segments {
		e := &segments[i]
		e.Reading(&reading, &segment)
		d.timeline.Segment(&reading, &p.view)
		if d.missing > 0 {
			e.Correct(&p.view, numbered)
		}
		d.add(p, &reading)
	}
	out := bufio.NewWriter(w)
	e := &encoder{Writer: out}
	e.begin('{').field("words")
	p.writeWords(e)
	e.field("detail")
	p.writeDetail(e, &d, s)
	e.end('}')
	return out.Flush()
}
