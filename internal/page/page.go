package page

import (
	"cmp"

	"tcptrace/analyzer"
	"tcptrace/internal/findings"
	"tcptrace/internal/topk"
	"tcptrace/report"
)

// Bounds of a page.
const (
	MostRows    = 100_000 // conversations in the table, beside those in detail
	MostDetails = 200     // conversations in detail, unless Options say otherwise
	detailBytes = 24e6    // that all details may take, about
	textBytes   = 1 << 20 // that texts of RSTs may take: others are left out
)

// Options say what a page is about.
type Options struct {
	Title   string                                    // of the page
	Files   []string                                  // the inputs
	Words   string                                    // the inputs, and -f, as a shell takes them: what follows the name of a command
	Program string                                    // which wrote it, with its version
	Command func(where string, stream *uint64) string // shows the conversations for which an expression is true
	Limits  string                                    // the command that shows what limits transfers
	Details int                                       // conversations in detail, at most; 0: none
	Times   report.Times                              // how moments are shown
	Live    bool                                      // the capture goes on: see live.go
}

// Page collects what a page shows. It is a viewer of package twopass: Wants gets every conversation that was asked for, Take those that may
// be shown in detail, and See their segments. Write comes last.
type Page struct {
	o         Options
	found     *findings.Collector
	judgment  analyzer.Judgment
	words     words // of all that is written once
	kinds     words // of anomalies
	known     []noticed
	sets      words // of anomalies, as a conversation has them
	rows      []row
	marks     []marked
	hidden    uint64   // conversations without a row
	losses    []losses // that are not on the timeline yet
	traffic   series   // bytes of all packets
	events    [numEvents]series
	selection uint64                       // conversations that were asked for
	outcomes  [analyzer.NumOutcomes]uint64 // of these
	first     bool                         // the first pass has begun: traffic is counted

	chosen topk.Top[*detail]
	of     []*detail // by the number of those taken, once the second pass has begun; nil: not shown
	taken  int
	shown  map[string]int // conversations that show an anomaly, by its id
	next   detail         // the rank of the conversation that Wants was asked about last
	maker  analyzer.Timelines
	view   analyzer.SegmentView
	codes  table[code]
	notes  words
	room   int // bytes, for texts that RSTs carry
}

// event is what the timeline counts beside bytes.
type event int

const (
	opened event = iota
	ended
	failed
	lost
	numEvents
)

// New returns an empty page.
func New(o Options) *Page {
	p := &Page{o: o, found: findings.New(), shown: map[string]int{}, room: textBytes}
	p.chosen = topk.New(max(o.Details, 1), (*detail).compare)
	p.words.of("")
	p.sets.of("")
	return p
}

// rank says how much a conversation deserves to be shown in detail.
type rank struct {
	class   int // the lower, the more
	packets uint64
	stream  uint64
}

// Classes of conversations.
const (
	classExample = iota // one of the first with a warning or an error
	classError
	classWarning
	classSound
)

// examples is how many conversations show an anomaly before those that show others come first.
const examples = 3

func (d *detail) compare(e *detail) int {
	return cmp.Or(cmp.Compare(d.class, e.class), -cmp.Compare(d.packets, e.packets), cmp.Compare(d.stream, e.stream))
}

// rankOf ranks c, of which j is the judgment.
func (p *Page) rankOf(c *analyzer.Conversation, j *analyzer.Judgment) rank {
	r := rank{class: classSound, packets: c.Packets(), stream: c.Stream}
	for i := range j.Anomalies {
		kind := j.Anomalies[i].Kind
		switch kind.Severity {
		case analyzer.SeverityError:
			r.class = min(r.class, classError)
		case analyzer.SeverityWarning:
			r.class = min(r.class, classWarning)
		default:
			continue
		}
		if p.shown[kind.ID]++; p.shown[kind.ID] <= examples {
			r.class = classExample
		}
	}
	return r
}

// Wants gives c a row, and reports whether it may be shown in detail.
func (p *Page) Wants(c *analyzer.Conversation) bool { return p.look(c, countAll) }

// look is Wants, and says what of c the timeline is to count.
func (p *Page) look(c *analyzer.Conversation, counts counting) bool {
	p.judgment.Judge(c)
	p.found.Conversation(c, &p.judgment)
	p.selection++
	p.outcomes[c.Outcome]++
	p.count(c, &p.judgment, counts)
	for i := range p.judgment.Anomalies {
		p.notice(c, &p.judgment.Anomalies[i])
	}
	p.next.rank = p.rankOf(c, &p.judgment)
	wanted := p.o.Details > 0 && p.chosen.Admits(&p.next)
	if wanted || len(p.rows) < MostRows {
		p.addRow(c, &p.judgment)
	} else {
		p.hidden++
	}
	return wanted
}

// Take keeps c, which it wants, in the place of another if need be.
func (p *Page) Take(c *analyzer.Conversation) {
	d := &detail{}
	if p.chosen.Full() {
		d = p.chosen.Last()
	}
	d.rank, d.taken = p.next.rank, p.taken
	p.taken++
	c.CopyTo(&d.c)
	p.chosen.Put(d)
}

// See adds a segment to the conversation that it belongs to.
func (p *Page) See(f *analyzer.Frame) error {
	if p.of == nil {
		p.prepare()
	}
	if d := p.of[f.Conversation]; d != nil {
		d.timeline.Segment(&f.Reading, &p.view)
		d.add(p, &f.Reading)
	}
	return nil
}

// prepare makes ready for the second pass. Long conversations share the room that short ones leave.
func (p *Page) prepare() {
	p.of = make([]*detail, max(p.taken, 1))
	list := p.chosen.Sorted()
	packets := make([]uint64, len(list))
	for i, d := range list {
		p.of[d.taken] = d
		packets[i] = wanted(d.c.Packets())
	}
	most := share(packets, detailBytes/segmentBytes)
	for _, d := range list {
		d.timeline, d.flight = p.maker.New(&d.c), analyzer.NewFlight(&d.c)
		for _, size := range levels(d.c.Packets(), most) {
			d.levels = append(d.levels, newThinner(&d.c, size))
		}
	}
}

// share is how many each may have at most, so that all together have no more than room.
func share(wanted []uint64, room uint64) uint64 {
	lo, hi := uint64(0), room
	for lo < hi {
		most, sum := (lo+hi+1)/2, uint64(0)
		for _, n := range wanted {
			sum += min(n, most)
		}
		if sum <= room {
			lo = most
		} else {
			hi = most - 1
		}
	}
	return lo
}
