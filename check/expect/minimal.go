package expect

import (
	"slices"
	"strconv"
	"strings"

	"tcptrace/report"
)

const minimalBy = "# Written by 'tcptrace check --init --minimal': how each connection went, and nothing else.\n"

// WriteMinimal is an expectation as a person would write one: of each conversation the outcome, the states of both endpoints, and the
// anomalies. It names no time, no frame and no address. old is the expectation that it replaces, as in Write.
func WriteMinimal(c *Capture, old []byte) []byte {
	w := &writer{}
	top, rules := kept(old)
	if top == "" {
		top = minimalBy
	}
	w.b.WriteString(top)
	if !slices.ContainsFunc(rules, func(s string) bool { return strings.HasPrefix(s, "complete:") }) {
		rules = append([]string{completeTrue}, rules...)
	}
	w.b.WriteString(strings.Join(rules, "") + "conversations:")
	if len(c.Conversations) == 0 {
		w.b.WriteString(" []")
	}
	w.b.WriteByte('\n')
	for i := range c.Conversations {
		r := &c.Conversations[i]
		w.b.WriteString("  - stream: " + strconv.FormatUint(r.Stream, 10) + "\n    outcome: " + r.Outcome + "\n")
		w.words("client", statesOf(&r.Endpoints.Client))
		w.words("server", statesOf(&r.Endpoints.Server))
		var ids []string
		for j := range r.Anomalies {
			ids = append(ids, r.Anomalies[j].ID)
		}
		w.words("anomalies", ids)
	}
	return []byte(w.b.String())
}

// statesOf are the states of a trajectory.
func statesOf(e *report.Endpoint) (list []string) {
	for i := range e.Trajectory {
		list = append(list, e.Trajectory[i].State)
	}
	return list
}

// words writes a list of words on one line.
func (w *writer) words(name string, list []string) {
	w.b.WriteString("    " + name + ": [" + strings.Join(list, ", ") + "]\n")
}
