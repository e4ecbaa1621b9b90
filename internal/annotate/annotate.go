// Package annotate says beside the packets of a capture what was found about them: as comments in pcapng, which Wireshark shows and
// filters.
//
// Not its job: to find anything, and how the capture is copied (package blocks).
package annotate

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/internal/blocks"
	"tcptrace/internal/console"
	"tcptrace/internal/findings"
	"tcptrace/internal/names"
	"tcptrace/report"
)

// Mark begins every comment: frame.comment contains "tcptrace:" finds them.
const Mark = "tcptrace: "

// Bounds of what is held between the passes.
const (
	mostText  = 64 << 20 // bytes of what is said of packets
	textSize  = 64       // bytes that each text takes beside its own
	mostHosts = 1 << 16
	mostBytes = 4096 // of one comment
	chunkSize = 1024 // conversations
)

// Annotator finds out what to say in a first pass, and says it in a second one (twopass.Viewer).
type Annotator struct {
	Comments uint64 // that were added to packets
	LeftOut  uint64 // texts for which there was no room

	judgment analyzer.Judgment
	found    *findings.Collector
	maker    analyzer.Timelines
	all      [][]conversation // chunkSize in each: none is moved when more come
	room     int
	view     analyzer.SegmentView
	hosts    map[netip.Addr]names.Name
	texts    []string // room to work in
	ids      []string // likewise
	out      *blocks.Copy
}

// conversation is what there is to say of one.
type conversation struct {
	timeline analyzer.Timeline
	said     []said // in the order of the frames
}

// said is a text about a frame.
type said struct {
	frame uint64
	id    string
	text  string
}

// New returns an Annotator that knows nothing yet.
func New() *Annotator {
	return &Annotator{found: findings.New(), room: mostText, hosts: map[netip.Addr]names.Name{}}
}

// Take notes what is to be said of c.
func (a *Annotator) Take(c *analyzer.Conversation) {
	a.judgment.Judge(c)
	a.found.Conversation(c, &a.judgment)
	a.name(c)
	of := conversation{timeline: a.maker.New(c)}
	list := a.judgment.Anomalies
	for i := range list {
		an := &list[i]
		of.say(a, an, Mark+an.Kind.Severity.String()+": "+report.Detail(c, an)+" ["+an.Kind.ID+"]", c.FirstFrame)
	}
	slices.SortStableFunc(of.said, func(a, b said) int { return cmp.Compare(a.frame, b.frame) })
	a.keep(of)
}

// keep keeps what there is to say of a conversation.
func (a *Annotator) keep(c conversation) {
	if n := len(a.all); n == 0 || len(a.all[n-1]) == chunkSize {
		a.all = append(a.all, make([]conversation, 0, chunkSize))
	}
	last := &a.all[len(a.all)-1]
	*last = append(*last, c)
}

// say notes a text, if there is room for it.
func (c *conversation) say(a *Annotator, an *analyzer.Anomaly, text string, first uint64) {
	if a.room -= len(text) + textSize; a.room < 0 {
		a.LeftOut++
		return
	}
	c.said = append(c.said, said{max(an.Frame, first), an.Kind.ID, text})
}

// name notes the names of both hosts. What says more of a host goes before what says less, then what comes first.
func (a *Annotator) name(c *analyzer.Conversation) {
	for side, name := range c.Names {
		addr := c.Addr[side].Addr().Unmap().WithZone("")
		old, known := a.hosts[addr]
		if name.Text == "" || name.Kind <= old.Kind || !known && len(a.hosts) >= mostHosts {
			continue
		}
		a.hosts[addr] = name
	}
}

// Hosts are the names that were found, in the order of the addresses.
func (a *Annotator) Hosts() []blocks.Host {
	list := make([]blocks.Host, 0, len(a.hosts))
	for addr, name := range a.hosts {
		list = append(list, blocks.Host{Addr: addr, Name: name.Text})
	}
	slices.SortFunc(list, func(a, b blocks.Host) int { return a.Addr.Compare(b.Addr) })
	return list
}

// Findings is the comment about the whole capture, of which s is the summary.
func (a *Annotator) Findings(s *analyzer.Summary, o findings.Options) string {
	r := a.found.Report(s, o)
	var b strings.Builder
	if len(r.Findings) == 0 {
		b.WriteString(Mark + r.Healthy())
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(Mark + strconv.Itoa(i+1) + ". " + f.Text + "; " + string(f.Lies) + ": " + f.Why + "; next: " + f.Next)
	}
	return console.Cut(b.String(), 1<<16-1)
}

// Copy is where the second pass puts what it says.
func (a *Annotator) Copy(out *blocks.Copy) { a.out = out }

// See says what there is to say of a frame.
func (a *Annotator) See(f *analyzer.Frame) error {
	c := &a.all[f.Conversation/chunkSize][f.Conversation%chunkSize]
	a.texts, a.ids = a.texts[:0], a.ids[:0]
	a.due(c, f.Number)
	if f.Segment != nil {
		c.timeline.Segment(&f.Reading, &a.view)
		a.view.Notes = slices.DeleteFunc(a.view.Notes, func(note string) bool { return slices.Contains(a.ids, note) })
		if what := report.NewSegmentLabel(&a.view).What; what != "" {
			a.texts = append(a.texts, Mark+what)
		}
	}
	if len(a.texts) == 0 {
		return nil
	}
	for i, text := range a.texts {
		a.texts[i] = console.Cut(text, mostBytes)
	}
	a.Comments += uint64(len(a.texts))
	return a.out.To(f.Number, a.texts)
}

// due takes what is to be said of c by that frame.
func (a *Annotator) due(c *conversation, frame uint64) {
	for len(c.said) > 0 && c.said[0].frame <= frame {
		first := &c.said[0]
		text := first.text
		if first.frame < frame {
			text += " (frame " + strconv.FormatUint(first.frame, 10) + ")"
		}
		a.texts, a.ids = append(a.texts, text), append(a.ids, first.id)
		c.said = c.said[1:]
	}
}

// Left is how many texts were about frames that no pass showed.
func (a *Annotator) Left() (n uint64) {
	for _, chunk := range a.all {
		for i := range chunk {
			n += uint64(len(chunk[i].said))
		}
	}
	return n
}
