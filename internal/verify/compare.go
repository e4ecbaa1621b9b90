package verify

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/internal/verify/record"
)

// passing is for how long the kernel is in a state that it goes through while it handles one segment or call.
const passing = 200 * time.Microsecond

// slack is how far outside its bracket a moment may be: what the clocks of the kernel's words and of the capture may differ by.
const slack = analyzer.Time(time.Millisecond)

// asking is how long it may take to ask the kernel: what is found was so when that was over, at the latest.
const asking = analyzer.Time(50 * time.Millisecond)

// end is one end of a connection, when it is over.
type end struct {
	side    analyzer.Side
	addr    [2]netip.AddrPort // by Side
	steps   []analyzer.Step
	words   []host.Word
	process host.Process
	heard   analyzer.Time
	leftOut bool   // packets were lost meanwhile, or nobody listened, or the kernel was asked too seldom
	play    string // that made it
	pid     int    // that it belongs to, as whoever made it knows
}

// settled is when the last happened to it that is known of, and some time for everybody to hear of that.
func (e *end) settled() time.Time {
	last := int64(0)
	if n := len(e.steps); n > 0 {
		last = int64(e.steps[n-1].Time)
	}
	return time.Unix(0, max(last, e.words[len(e.words)-1].Time)).Add(mostStalled)
}

// isBehind reports whether something happened to it behind a time.
func (e *end) isBehind(t analyzer.Time) bool {
	return len(e.steps) > 0 && e.steps[len(e.steps)-1].Time > t
}

func (e *end) socket() string { return e.addr[e.side].String() }

// comparison is what the analyses at all taps put into the report, one at a time.
type comparison struct {
	lock   sync.Mutex
	report *record.Report
	hosts  *hosts // nil: connections are others'
	late   time.Duration
}

// take compares one end as it was seen at a tap.
func (c *comparison) take(t *tap, e *end) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.hosts != nil {
		e.play, e.pid = c.hosts.made(e.addr, e.side)
	}
	switch {
	case e.leftOut:
		c.report.LeftOut++
	case t.shows:
		c.shown(e)
	default:
		c.inferred(t.as(e.addr[e.side].Addr()), e)
	}
}

// proved is whether evidence is no guess.
func proved(e analyzer.Evidence) bool {
	return e == analyzer.EvidenceSent || e == analyzer.EvidenceAcknowledged
}

// inferred compares what was inferred of an end.
func (c *comparison) inferred(tap record.Tap, e *end) {
	if len(e.steps) > 0 && e.steps[0].State == fsm.Listen { // of the listening socket, not of this one
		e.steps = e.steps[1:]
	}
	ofOurs, ofKernel := host.Align(statesOf(e.steps), e.words)
	equal, wrong := true, 0
	next := 0 // the word behind the last one that a step agrees with
	at := c.report.At(tap)
	for i := range e.steps {
		step := &e.steps[i]
		if ofOurs[i] {
			next += 1 + slices.Index(ofKernel[next:], true)
			c.moment(at, step, &e.words[next-1])
		} else if !c.contradicted(e, step.Time, next, ofKernel) {
			continue
		}
		l := c.report.Line(tap, step.State.String(), step.Evidence.String())
		l.Steps++
		if ofOurs[i] {
			l.Agreed++
		} else {
			equal = false
		}
		if proved(step.Evidence) {
			at.Proofs++
			c.report.Proofs++
			if !ofOurs[i] {
				wrong++
				c.falseProof(tap, e, step)
			}
		}
	}
	at.Wrong += wrong
	for j, w := range e.words {
		if ofKernel[j] || j+1 < len(e.words) && e.words[j+1].Time-w.Time < int64(passing) ||
			j+1 == len(e.words) && analyzer.Time(w.Time) > e.heard-analyzer.Time(c.late) {
			continue
		}
		equal = false
		c.report.Miss(tap, w.State.String())
	}
	if at.Endpoints++; equal {
		at.Equal++
	}
	if e.play != "" {
		s := c.report.Scenario(e.play)
		if s.Wrong += wrong; equal {
			s.Equal[tap]++
		}
	}
}

// moment holds the moment that the kernel entered a state at against the bracket of the step into it.
func (c *comparison) moment(at *record.AtTap, step *analyzer.Step, w *host.Word) {
	if w.Found || w.Time == 0 {
		return
	}
	from, to := step.NotBefore, step.NotAfter
	if from == 0 {
		from = step.Time
	}
	if to == 0 {
		to = step.Time
	}
	at.Moments++
	if t := analyzer.Time(w.Time); from-slack <= t && t <= to+slack {
		at.Within++
	}
}

// contradicted is whether the kernel cannot have been in a state from a moment on, which it does not say: it has told what comes behind it, and was not
// just found in that.
func (c *comparison) contradicted(e *end, since analyzer.Time, next int, agreed []bool) bool {
	for j := next; j < len(e.words); j++ {
		if e.words[j].Found {
			return false
		}
		if agreed[j] {
			return j > 0 // of what was before the first it says nothing
		}
	}
	return since <= e.heard-analyzer.Time(c.late)
}

func (c *comparison) falseProof(tap record.Tap, e *end, step *analyzer.Step) {
	r := c.report
	if r.Wrong++; len(r.False) >= record.MostShown {
		return
	}
	r.False = append(r.False, record.FalseProof{
		Tap: tap, Endpoint: e.side.String(), Socket: e.socket(), Scenario: e.play, State: step.State.String(), Evidence: step.Evidence.String(),
		Inferred: ourText(e.steps), Kernel: kernelText(e.words),
	})
}

// shown compares what an analysis has that was told the kernel's word.
func (c *comparison) shown(e *end) {
	r := c.report
	if r.Shown == nil {
		r.Shown = &record.Shown{Otherwise: []record.NotShown{}}
	}
	always := isShown(e.steps, e.words)
	if r.Shown.Endpoints++; always {
		r.Shown.Always++
	} else if len(r.Shown.Otherwise) < record.MostShown {
		r.Shown.Otherwise = append(r.Shown.Otherwise, record.NotShown{
			Endpoint: e.side.String(), Socket: e.socket(), Scenario: e.play, Shown: ourText(e.steps), Kernel: kernelText(e.words)})
	}
	if e.play == "" {
		return
	}
	s := r.Scenario(e.play)
	if s.Endpoints++; always {
		s.Shown++
	}
	if int(e.process.PID) == e.pid {
		s.Processes++
	}
}

// isShown reports whether steps have an end in the kernel's state at every moment that this is known of: when it entered one, and until it left it, if it
// said so.
func isShown(steps []analyzer.Step, words []host.Word) bool {
	for i, w := range words {
		if w.Time == 0 {
			continue
		}
		when := analyzer.Time(w.Time)
		if at(steps, when) != w.State && !(w.Found && entered(steps, w.State, when, when+asking)) {
			return false
		}
		if i+1 < len(words) && !words[i+1].Found && at(steps, analyzer.Time(words[i+1].Time)-1) != w.State {
			return false
		}
	}
	return true
}

// at is the state in which an end is shown at a time.
func at(steps []analyzer.Step, t analyzer.Time) (state fsm.State) {
	for i := range steps {
		if steps[i].Entered() > t {
			break
		}
		state = stateAt(steps, i)
	}
	return state
}

// entered reports whether an end is shown to enter a state after a time, and not after another.
func entered(steps []analyzer.Step, state fsm.State, after, until analyzer.Time) bool {
	for i := range steps {
		if t := steps[i].Entered(); after < t && t <= until && stateAt(steps, i) == state {
			return true
		}
	}
	return false
}

// stateAt is the state of a step; back in LISTEN there is no connection.
func stateAt(steps []analyzer.Step, i int) fsm.State {
	if s := steps[i].State; s != fsm.Listen || i == 0 {
		return s
	}
	return fsm.Closed
}

func statesOf(steps []analyzer.Step) []fsm.State {
	states := make([]fsm.State, len(steps))
	for i := range steps {
		states[i] = steps[i].State
	}
	return states
}

func ourText(steps []analyzer.Step) string {
	var words []string
	for i := range steps {
		words = append(words, steps[i].State.String())
	}
	return strings.Join(words, " ")
}

func kernelText(list []host.Word) string {
	var words []string
	for _, w := range list {
		words = append(words, w.State.String())
	}
	return strings.Join(words, " ")
}
