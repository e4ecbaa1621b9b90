package verify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/live/kernel"
)

// word is a state in the words of the kernel.
type word struct {
	state fsm.State
	time  time.Time
}

// appendWord appends what the kernel told, and before the first the state that it says was left.
func appendWord(words []word, c kernel.Change) []word {
	if len(words) == 0 && c.Before != fsm.Unknown && c.Before != fsm.Closed {
		words = append(words, word{c.Before, c.Time})
	}
	if len(words) > 0 && words[len(words)-1].state == c.State { // a socket has ended, and its remains are in its state
		return words
	}
	return append(words, word{c.State, c.Time})
}

// passing is for how long the kernel is in a state that it goes through while it handles one segment or call.
const passing = 200 * time.Microsecond

// compare finds the longest list of states that both have in their order. ofOurs and ofKernel say which are on it.
func compare(ours []analyzer.Step, kernel []word) (ofOurs, ofKernel []bool) {
	longest := make([][]int, len(ours)+1)
	for i := range longest {
		longest[i] = make([]int, len(kernel)+1)
	}
	for i := len(ours) - 1; i >= 0; i-- {
		for j := len(kernel) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if ours[i].State == kernel[j].state {
				longest[i][j] = max(longest[i][j], 1+longest[i+1][j+1])
			}
		}
	}
	ofOurs, ofKernel = make([]bool, len(ours)), make([]bool, len(kernel))
	for i, j := 0, 0; i < len(ours) && j < len(kernel); {
		switch {
		case ours[i].State == kernel[j].state && longest[i][j] == 1+longest[i+1][j+1]:
			ofOurs[i], ofKernel[j] = true, true
			i, j = i+1, j+1
		case longest[i][j] == longest[i+1][j]:
			i++
		default:
			j++
		}
	}
	return ofOurs, ofKernel
}

// Report is how often inference and kernel agreed.
type Report struct {
	Schema    string       `json:"schema"`
	Endpoints int          `json:"endpoints"` // that the kernel said something of
	Equal     int          `json:"equal"`     // of these, those whose states are the same, in order
	States    []Line       `json:"states"`
	Missed    []Missed     `json:"missed"`       // states that were not inferred
	False     []FalseProof `json:"false_proofs"` // must be empty
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

// FalseProof is an endpoint of which something was said to be proved that its kernel does not say.
type FalseProof struct {
	Endpoint string `json:"endpoint"`
	Socket   string `json:"socket"`
	State    string `json:"state"`
	Evidence string `json:"evidence"`
	Inferred string `json:"inferred"`
	Kernel   string `json:"kernel"`
}

// proved is whether evidence is no guess.
func proved(e analyzer.Evidence) bool {
	return e == analyzer.EvidenceSent || e == analyzer.EvidenceAcknowledged
}

func (s *seen) report() *Report {
	r := &Report{Schema: "tcptrace.verify.v1", States: []Line{}, Missed: []Missed{}, False: []FalseProof{}}
	for at, words := range s.kernel {
		// A listening socket has no connection: LISTEN is of no end of one.
		ours := slices.DeleteFunc(slices.Clone(s.ours[at]), func(step analyzer.Step) bool { return step.State == fsm.Listen })
		r.add(at.side.String(), s.socket[at], ours, words)
	}
	slices.SortFunc(r.States, func(a, b Line) int { return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Evidence, b.Evidence)) })
	slices.SortFunc(r.Missed, func(a, b Missed) int { return cmp.Compare(a.State, b.State) })
	slices.SortFunc(r.False, func(a, b FalseProof) int {
		return cmp.Or(cmp.Compare(a.Socket, b.Socket), cmp.Compare(a.State, b.State))
	})
	return r
}

// add compares one end.
func (r *Report) add(endpoint, socket string, ours []analyzer.Step, words []word) {
	ofOurs, ofKernel := compare(ours, words)
	equal := true
	for i, step := range ours {
		l := r.line(step.State.String(), step.Evidence.String())
		l.Steps++
		if ofOurs[i] {
			l.Agreed++
			continue
		}
		equal = false
		if proved(step.Evidence) {
			r.False = append(r.False, FalseProof{endpoint, socket, step.State.String(), step.Evidence.String(), ourText(ours), kernelText(words)})
		}
	}
	for j, w := range words {
		if ofKernel[j] || j+1 < len(words) && words[j+1].time.Sub(w.time) < passing {
			continue
		}
		equal = false
		r.missed(w.state.String())
	}
	if r.Endpoints++; equal {
		r.Equal++
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

func kernelText(list []word) string {
	var words []string
	for _, w := range list {
		words = append(words, w.state.String())
	}
	return strings.Join(words, " ")
}
