package expect

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"tcptrace/report"
)

// trajectory is all states that an endpoint went through.
type trajectory struct {
	line  int
	steps []step
}

// step is a state, and what else is wanted of it.
type step struct {
	line  int
	state string
	rest  *record // nil: nothing
}

func (r *reader) trajectory(n ast.Node) want {
	w := &trajectory{line: lineOf(n)}
	for _, item := range r.sequence(n, "a trajectory") {
		s := step{line: lineOf(item)}
		state, _ := findField(stepType, "state")
		if !isMapping(item) {
			if v, ok := r.want(item, state).(*word); ok {
				s.state = v.text
				w.steps = append(w.steps, s)
			}
			continue
		}
		s.rest = r.record(item, stepType, "a step")
		for _, f := range s.rest.fields {
			if v, ok := f.want.(*word); ok && f.name == "state" {
				s.state = v.text
			}
		}
		if s.state == "" {
			if len(r.problems) == 0 {
				r.complain(item, "a step names its state: {state: ESTABLISHED, ...}")
			}
			continue
		}
		w.steps = append(w.steps, s)
	}
	return w
}

// compare looks at the states first: if those differ, the rest would say nothing.
func (w *trajectory) compare(c *comparison, p place, got reflect.Value) {
	found := got.Interface().([]report.StepRecord)
	at := make([]int, len(w.steps)) // where each wanted step is found; -1: it was passed through
	i, j := 0, 0
	for i < len(w.steps) || j < len(found) {
		switch {
		case i < len(w.steps) && j < len(found) && found[j].State == w.steps[i].state:
			at[i] = j
			i++
			j++
		case w.passes(i, found, j):
			at[i] = -1
			i++
		case w.passedBy(i, found, j):
			j++
		default:
			w.differ(c, p, found, i, j)
			return
		}
	}
	for i, s := range w.steps {
		if s.rest != nil && at[i] >= 0 {
			name := fmt.Sprintf("%s step %d, %s", sideOf(p), i+1, s.state)
			s.rest.compare(c, p.item(at[i], name), got.Index(at[i]))
		}
	}
}

// On the way from FIN_WAIT_1 to TIME_WAIT an endpoint passes through FIN_WAIT_2 if the ACK of its FIN comes before the
// peer's FIN, and not if one segment carries both (RFC 9293 figure 5, note 2). Which of two that follow on each other arrived
// seldom shows, and what is no stay is no difference: an expectation may name the state or not.
const (
	before    = "FIN_WAIT_1"
	transient = "FIN_WAIT_2"
	behind    = "TIME_WAIT"
)

// passes reports whether wanted step i, and nothing else of it, is a transient state that was not found.
func (w *trajectory) passes(i int, found []report.StepRecord, j int) bool {
	return i > 0 && i+1 < len(w.steps) && w.steps[i].rest == nil && w.steps[i].state == transient && w.steps[i+1].state == behind &&
		j > 0 && j < len(found) && found[j-1].State == before && found[j].State == behind
}

// passedBy reports whether found step j is a transient state that nothing proves and that is not wanted.
func (w *trajectory) passedBy(i int, found []report.StepRecord, j int) bool {
	return i > 0 && i < len(w.steps) && w.steps[i-1].state == before && w.steps[i].state == behind &&
		j+1 < len(found) && found[j].State == transient && found[j].Evidence == "assumed" && found[j+1].State == behind
}

// sideOf is whose trajectory stands at p: endpoints.client.trajectory.
func sideOf(p place) string {
	parts := strings.Split(p.path, ".")
	if len(parts) < 2 {
		return p.path
	}
	return parts[len(parts)-2]
}

// differ says that the trajectories part: at wanted step i, at step j of those found.
func (w *trajectory) differ(c *comparison, p place, found []report.StepRecord, i, j int) {
	var wanted, states []string
	for _, s := range w.steps {
		wanted = append(wanted, s.state)
	}
	for _, s := range found {
		states = append(states, s.State)
	}
	f := Failure{
		Path: p.path, Origin: Origin{c.file, w.line},
		Expected: strings.Join(wanted, " "), Found: strings.Join(states, " "), Lines: sideBySide(wanted, states),
	}
	if i < len(w.steps) {
		f.Origin.Line = w.steps[i].line
	}
	for k := max(0, j-1); k < len(found) && k <= j; k++ {
		if found[k].Frame != 0 {
			f.Frames = append(f.Frames, found[k].Frame)
		}
	}
	who := sideOf(p) + " trajectory"
	switch {
	case len(found) == 0:
		f.Text = fmt.Sprintf("%s is empty, expected %s", who, wanted[0])
	case j == len(found):
		f.Text = fmt.Sprintf("%s ends with %s, expected %s as step %d", who, states[j-1], wanted[i], i+1)
	case i == len(wanted):
		f.Text = fmt.Sprintf("%s step %d is %s, expected no more steps", who, j+1, entered(&found[j]))
	default:
		f.Text = fmt.Sprintf("%s step %d is %s, expected %s", who, j+1, entered(&found[j]), wanted[i])
	}
	c.add(f)
}

// entered is a step as a reader wants to know of it.
func entered(s *report.StepRecord) string {
	if s.Frame == 0 {
		return fmt.Sprintf("%s (%s)", s.State, s.Evidence)
	}
	return fmt.Sprintf("%s (frame %d, %s)", s.State, s.Frame, s.Evidence)
}

// sideBySide shows two lists of words in columns, the same words below each other.
func sideBySide(wanted, found []string) []string {
	common := make([][]int, len(wanted)+1) // length of the longest common subsequence of what follows
	for i := range common {
		common[i] = make([]int, len(found)+1)
	}
	for i := len(wanted) - 1; i >= 0; i-- {
		for j := len(found) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if wanted[i] == found[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var above, below strings.Builder
	column := func(w, f string) {
		width := max(len(w), len(f))
		fmt.Fprintf(&above, "  %-*s", width, w)
		fmt.Fprintf(&below, "  %-*s", width, f)
	}
	i, j := 0, 0
	for i < len(wanted) || j < len(found) {
		switch {
		case i < len(wanted) && j < len(found) && wanted[i] == found[j]:
			column(wanted[i], found[j])
			i, j = i+1, j+1
		case j == len(found) || i < len(wanted) && common[i+1][j] >= common[i][j+1]:
			column(wanted[i], "-")
			i++
		default:
			column("-", found[j])
			j++
		}
	}
	return []string{"expected" + strings.TrimRight(above.String(), " "), "found   " + strings.TrimRight(below.String(), " ")}
}
