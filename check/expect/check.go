package expect

import (
	"cmp"
	"fmt"
	"net"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"tcptrace/report"
)

// Capture is the records of a capture, in order of their streams.
type Capture struct {
	Conversations []report.Record
	Summary       report.SummaryRecord
}

// Find is the record of a stream, nil if there is none.
func (c *Capture) Find(stream int64) *report.Record {
	i, found := c.index(uint64(stream))
	if stream < 0 || !found {
		return nil
	}
	return &c.Conversations[i]
}

func (c *Capture) index(stream uint64) (i int, found bool) {
	return sort.Find(len(c.Conversations), func(i int) int { return cmp.Compare(stream, c.Conversations[i].Stream) })
}

// Check is all that is expected of a capture.
type Check struct {
	Expectation  *Expectation  // nil: none
	Unchanged    bool          // instead of an Expectation: there is one, and it holds as it names all that there is
	Flags        *RuleSet      // rules of the command line; nil: none
	Project      *RuleSet      // nil: none
	Suppressions []Suppression // that are about the capture
}

// Verdict is what came of a Check.
type Verdict struct {
	Failures   []Failure
	Suppressed []Suppressed
	Problems   []Problem // rules that could not be applied
}

// Suppressed is anomalies that do not count, and why.
type Suppressed struct {
	Suppression
	Anomalies int
}

// Run compares a capture with what is expected of it. Different captures may be compared at once.
func (k *Check) Run(c *Capture) Verdict {
	x := &checking{Check: k, capture: c, expected: map[*report.AnomalyRecord]bool{}, counts: make([]int, len(k.Suppressions))}
	sets := k.sets()
	if e := k.Expectation; e != nil {
		x.conversations(e)
		if e.summary != nil {
			one := comparison{file: e.File, stream: NoStream}
			e.summary.compare(&one, place{"summary", "summary", "."}, reflect.ValueOf(&c.Summary).Elem())
			x.out = append(x.out, one.out...)
		}
		x.complete(e, sets)
	}
	x.rules(sets)
	v := Verdict{Failures: x.out, Problems: x.problems}
	for i, s := range k.Suppressions {
		if x.counts[i] > 0 {
			v.Suppressed = append(v.Suppressed, Suppressed{s, x.counts[i]})
		}
	}
	return v
}

// sets are all rules. Of two budgets for an anomaly the first counts.
func (k *Check) sets() (sets []*RuleSet) {
	if k.Flags != nil {
		sets = append(sets, k.Flags)
	}
	if k.Expectation != nil {
		sets = append(sets, k.Expectation.Rules)
	}
	if k.Project != nil {
		sets = append(sets, k.Project)
	}
	return sets
}

type checking struct {
	*Check
	capture  *Capture
	taken    []bool                         // conversations that an entry of the expectation is about
	expected map[*report.AnomalyRecord]bool // anomalies that the expectation names
	counts   []int                          // anomalies by what suppresses them
	out      []Failure
	problems []Problem
}

// suppressor is the suppression of an anomaly, or -1.
func (x *checking) suppressor(stream uint64, a *report.AnomalyRecord) int {
	return slices.IndexFunc(x.Suppressions, func(s Suppression) bool { return s.covers(stream, a) })
}

func (x *checking) suppressed(stream uint64, a *report.AnomalyRecord) bool {
	return x.suppressor(stream, a) >= 0
}

func (x *checking) conversations(e *Expectation) {
	records := x.capture.Conversations
	find := newFinder(records, e.conversations)
	x.taken = find.taken
	for i := range e.conversations {
		w := &e.conversations[i]
		n, failure := x.find(find, i)
		if failure != "" {
			f := Failure{Rule: RuleRecord, Stream: NoStream, Origin: Origin{e.File, w.line}, Text: failure}
			if w.byStream {
				f.Stream = int64(w.stream)
			}
			x.out = append(x.out, f)
			continue
		}
		find.take(n)
		stream := records[n].Stream
		c := comparison{file: e.File, stream: int64(stream), expected: x.expected}
		c.suppressed = func(a *report.AnomalyRecord) bool { return x.suppressed(stream, a) }
		w.record.compare(&c, place{}, reflect.ValueOf(&records[n]).Elem())
		x.out = append(x.out, c.out...)
	}
}

// find is the conversation that the i-th entry is about. Of several between the same endpoints each entry takes
// the next.
func (x *checking) find(f *finder, i int) (n int, failure string) {
	w := &f.entries[i]
	if w.byStream {
		n, found := x.capture.index(w.stream)
		if !found {
			return -1, fmt.Sprintf("there is no stream %d: the capture has %s", w.stream, conversationCount(len(f.records)))
		}
		return n, ""
	}
	defer f.pass(i)
	n, fits := f.fits(i)
	switch {
	case fits == 0:
		return -1, fmt.Sprintf("no conversation is between %s%s", w.endpoints(), others(f.records))
	case fits > 1 && w.vague() && fits > f.rivals(i, n):
		return -1, fmt.Sprintf("%d conversations are between %s: name the ports, or a stream", fits, w.endpoints())
	}
	return n, ""
}

func (w *conversation) chooses(r *report.Record) bool {
	return (w.client == nil || holds(w.client, reflect.ValueOf(r.Client))) &&
		(w.server == nil || holds(w.server, reflect.ValueOf(r.Server)))
}

// vague: it does not name both sockets in full.
func (w *conversation) vague() bool {
	return w.client == nil || w.server == nil || len(w.client.fields) < 2 || len(w.server.fields) < 2
}

func (w *conversation) endpoints() string {
	side := func(name string, r *record) string {
		if r == nil {
			return "any " + name
		}
		var words []string
		for _, f := range r.fields {
			words = append(words, phrase(f))
		}
		return name + " " + strings.Join(words, " ")
	}
	return side("client", w.client) + " and " + side("server", w.server)
}

// others lists the conversations that there are, if they are few.
func others(records []report.Record) string {
	if len(records) == 0 || len(records) > 5 {
		return ": the capture has " + conversationCount(len(records))
	}
	var words []string
	for i := range records {
		words = append(words, fmt.Sprintf("%d (%s)", records[i].Stream, Endpoints(&records[i])))
	}
	return ": there are streams " + strings.Join(words, ", ")
}

// Endpoints are the two sockets of a conversation in a few words.
func Endpoints(r *report.Record) string {
	return socket(bare(r.Client)) + " > " + socket(bare(r.Server))
}

// bare is the socket of a host.
func bare(h report.Host) report.Socket { return report.Socket{IP: h.IP, Port: h.Port} }

func socket(s report.Socket) string { return net.JoinHostPort(s.IP, strconv.Itoa(int(s.Port))) }

func conversationCount(n int) string {
	if n == 1 {
		return "1 conversation"
	}
	return fmt.Sprintf("%d conversations", n)
}

// complete finds conversations that no entry is about, where there must be none.
func (x *checking) complete(e *Expectation, sets []*RuleSet) {
	i := slices.IndexFunc(sets, func(s *RuleSet) bool { return s.Complete != nil })
	if i < 0 || !*sets[i].Complete || len(e.conversations) == 0 && e.Rules.Complete == nil {
		return
	}
	for n, taken := range x.taken {
		if r := &x.capture.Conversations[n]; !taken {
			x.out = append(x.out, Failure{
				Rule: RuleComplete, Stream: int64(r.Stream), Origin: Origin{File: e.File}, Frames: []uint64{r.FirstFrame},
				Text: fmt.Sprintf("stream %d (%s, %s) is not in the expectation", r.Stream, Endpoints(r), r.Outcome),
			})
		}
	}
}
