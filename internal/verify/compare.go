package verify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// passing is for how long the kernel is in a state that it goes through while it handles one segment or call.
const passing = 200 * time.Microsecond

// Report is how often inference and kernel agreed.
type Report struct {
	Schema    string       `json:"schema"`
	Interface string       `json:"interface"`
	Endpoints int          `json:"endpoints"` // that the kernel said something of
	Equal     int          `json:"equal"`     // of these, those whose states are the same, in order
	LeftOut   int          `json:"left_out"`  // while the capture lost packets
	States    []Line       `json:"states"`
	Missed    []Missed     `json:"missed"`       // states that were not inferred
	False     []FalseProof `json:"false_proofs"` // the first of them
	Proofs    int          `json:"proofs"`       // steps that were said to be proved
	Wrong     int          `json:"wrong_proofs"` // of these, those that the kernel does not say; must be 0
	Plays     []Played     `json:"scenarios,omitempty"`
}

// Line counts the steps into a state for which there is some evidence, and those of them that the kernel confirms.
type Line struct {
	State    string `json:"state"`
	Evidence string `json:"evidence"`
	Steps    int    `json:"steps"`
	Agreed   int    `json:"agreed"`
}

// Missed counts how often the kernel was in a state for longer than it takes to handle a segment, and that was not inferred.
type Missed struct {
	State string `json:"state"`
	Times int    `json:"times"`
}

// Played is a kind of connection that was made, and what was found.
type Played struct {
	Name      string `json:"name"`
	Endpoints int    `json:"endpoints"`
	Equal     int    `json:"equal"`
	Processes int    `json:"processes"` // endpoints of which the right process is known
	Wrong     int    `json:"wrong_proofs"`
}

// FalseProof is an endpoint of which something was said to be proved that its kernel does not say.
type FalseProof struct {
	Endpoint string `json:"endpoint"`
	Socket   string `json:"socket"`
	Scenario string `json:"scenario,omitempty"`
	State    string `json:"state"`
	Evidence string `json:"evidence"`
	Inferred string `json:"inferred"`
	Kernel   string `json:"kernel"`
}

const mostFalse = 100 // that are shown

// end is one end of a connection, when it is over.
type end struct {
	side    analyzer.Side
	socket  string
	steps   []analyzer.Step
	words   []host.Word
	process host.Process
	pid     int // that it belongs to, as whoever made it knows
	heard   analyzer.Time
	play    string
}

// proved is whether evidence is no guess.
func proved(e analyzer.Evidence) bool {
	return e == analyzer.EvidenceSent || e == analyzer.EvidenceAcknowledged
}

func newReport(device string) *Report {
	return &Report{Schema: "tcptrace.verify.v1", Interface: device, States: []Line{}, Missed: []Missed{}, False: []FalseProof{}}
}

func (r *Report) sort() {
	slices.SortFunc(r.States, func(a, b Line) int { return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Evidence, b.Evidence)) })
	slices.SortFunc(r.Missed, func(a, b Missed) int { return cmp.Compare(a.State, b.State) })
}

// add compares one end.
func (r *Report) add(e *end) {
	steps := e.steps
	if len(steps) > 0 && steps[0].State == fsm.Listen { // of the listening socket, not of this one
		steps = steps[1:]
	}
	states := make([]fsm.State, 0, len(steps)+1)
	for i := range steps {
		states = append(states, steps[i].State)
	}
	ofOurs, ofKernel := host.Align(states, e.words)
	equal, wrong := true, 0
	next := 0 // the word behind the last one that a step agrees with
	for i, step := range steps {
		if ofOurs[i] {
			next += 1 + slices.Index(ofKernel[next:], true)
		} else if !e.contradicted(step.Time, next, ofKernel) {
			continue
		}
		l := r.line(step.State.String(), step.Evidence.String())
		l.Steps++
		if proved(step.Evidence) {
			r.Proofs++
		}
		if ofOurs[i] {
			l.Agreed++
			continue
		}
		equal = false
		if proved(step.Evidence) {
			wrong++
			if r.Wrong++; len(r.False) < mostFalse {
				r.False = append(r.False, FalseProof{e.side.String(), e.socket, e.play, step.State.String(), step.Evidence.String(), ourText(steps), kernelText(e.words)})
			}
		}
	}
	for j, w := range e.words {
		if ofKernel[j] || j+1 < len(e.words) && e.words[j+1].Time-w.Time < int64(passing) ||
			j+1 == len(e.words) && analyzer.Time(w.Time) > e.heard-analyzer.Time(late) {
			continue
		}
		equal = false
		r.missed(w.State.String())
	}
	if r.Endpoints++; equal {
		r.Equal++
	}
	if e.play != "" {
		r.played(e, equal, wrong)
	}
}

// contradicted is whether the kernel cannot have been in a state from a moment on, which it does not say: it has told what comes behind it, and was not
// just found in that.
func (e *end) contradicted(since analyzer.Time, next int, agreed []bool) bool {
	for j := next; j < len(e.words); j++ {
		if e.words[j].Found {
			return false
		}
		if agreed[j] {
			return true
		}
	}
	return since <= e.heard-analyzer.Time(late)
}

// played adds to what is known of a kind of connection.
func (r *Report) played(e *end, equal bool, wrong int) {
	i := slices.IndexFunc(r.Plays, func(p Played) bool { return p.Name == e.play })
	if i < 0 {
		i = len(r.Plays)
		r.Plays = append(r.Plays, Played{Name: e.play})
	}
	p := &r.Plays[i]
	p.Endpoints++
	if p.Wrong += wrong; equal {
		p.Equal++
	}
	if int(e.process.PID) == e.pid {
		p.Processes++
	}
}

func (r *Report) line(state, evidence string) *Line {
	for i := range r.States {
		if l := &r.States[i]; l.State == state && l.Evidence == evidence {
			return l
		}
	}
	r.States = append(r.States, Line{State: state, Evidence: evidence})
	return &r.States[len(r.States)-1]
}

func (r *Report) missed(state string) {
	for i := range r.Missed {
		if r.Missed[i].State == state {
			r.Missed[i].Times++
			return
		}
	}
	r.Missed = append(r.Missed, Missed{state, 1})
}

func ourText(steps []analyzer.Step) string {
	var words []string
	for _, s := range steps {
		words = append(words, s.State.String())
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
