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
	at := 0
	for at < min(len(found), len(w.steps)) && found[at].State == w.steps[at].state {
		at++
	}
	if at < max(len(found), len(w.steps)) {
		w.differ(c, p, found, at)
		return
	}
	for i, s := range w.steps {
		if s.rest != nil {
			name := fmt.Sprintf("%s step %d, %s", sideOf(p), i+1, s.state)
			s.rest.compare(c, p.item(i, name), got.Index(i))
		}
	}
}

// sideOf is whose trajectory stands at p: endpoints.client.trajectory.
func sideOf(p place) string {
	parts := strings.Split(p.path, ".")
	if len(parts) < 2 {
		return p.path
	}
	return parts[len(parts)-2]
}

// differ says that the trajectories part at a step.
func (w *trajectory) differ(c *comparison, p place, found []report.StepRecord, at int) {
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
	if at < len(w.steps) {
		f.Origin.Line = w.steps[at].line
	}
	for i := max(0, at-1); i < len(found) && i <= at; i++ {
		if found[i].Frame != 0 {
			f.Frames = append(f.Frames, found[i].Frame)
		}
	}
	who := sideOf(p) + " trajectory"
	switch {
	case at == len(found) && at == 0:
		f.Text = fmt.Sprintf("%s is empty, expected %s", who, wanted[0])
	case at == len(found):
		f.Text = fmt.Sprintf("%s ends with %s, expected %s as step %d", who, states[at-1], wanted[at], at+1)
	case at == len(wanted):
		f.Text = fmt.Sprintf("%s step %d is %s, expected no more steps", who, at+1, entered(&found[at]))
	default:
		f.Text = fmt.Sprintf("%s step %d is %s, expected %s", who, at+1, entered(&found[at]), wanted[at])
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
