package analyzer_test

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/report"
)

// edge is the boundary of a rule. In its script @ stands for a value; at lists values on both sides of the boundary,
// each with what is then said.
type edge struct {
	why    string
	script string
	ask    ask
	at     []string // value, answer, value, answer...
}

// ask is a question about a script's last conversation.
type ask func(t *testing.T, script string) string

func checkEdges(t *testing.T, edges []edge) {
	t.Helper()
	for _, e := range edges {
		scripts.Edge(t, e.why, e.script, e.at, e.ask)
	}
}

// reads asks what a frame is, the last one if n is 0, in the words of TestReadingRules.
func reads(n uint64) ask {
	return func(t *testing.T, text string) string {
		frames := scripts.Frames(t, text)
		if n == 0 {
			return read(t, frames)[uint64(len(frames))]
		}
		return read(t, frames)[n]
	}
}

// outcome asks how it went.
func outcome(t *testing.T, script string) string { return judge(t, script).last.Outcome.String() }

// cause asks what the RST that ended it was the answer to.
func cause(t *testing.T, script string) string { return judge(t, script).j.Close.Cause.String() }

// byState asks for the state of the sender of the RST that ended it.
func byState(t *testing.T, script string) string { return judge(t, script).j.Close.ByState.String() }

// path asks for the states of a side, with a question mark behind those that are assumed.
func path(side analyzer.Side) ask {
	return func(t *testing.T, script string) string {
		var states []string
		for _, step := range judge(t, script).j.Trajectory[side] {
			doubt := ""
			if step.Evidence == analyzer.EvidenceAssumed {
				doubt = "?"
			}
			states = append(states, step.State.String()+doubt)
		}
		return strings.Join(states, " ")
	}
}

// entered asks by which frame a side came into a state.
func entered(side analyzer.Side, state fsm.State) ask {
	return func(t *testing.T, script string) string {
		for _, step := range judge(t, script).j.Trajectory[side] {
			if step.State == state {
				return fmt.Sprint(step.Frame)
			}
		}
		return "never"
	}
}

// says asks for the severity of an anomaly, "no" if it is not raised.
func says(id string) ask {
	return func(t *testing.T, script string) string {
		s := judge(t, script)
		for i := range s.j.Anomalies {
			if a := &s.j.Anomalies[i]; a.Kind.ID == id {
				return a.Kind.Severity.String()
			}
		}
		return "no"
	}
}

// detail asks what an anomaly says.
func detail(id string) ask {
	return func(t *testing.T, script string) string {
		s := judge(t, script)
		for i := range s.j.Anomalies {
			if a := &s.j.Anomalies[i]; a.Kind.ID == id {
				return a.Detail()
			}
		}
		return ""
	}
}

// remains asks for the sentence of the story that says what both sides have in the end.
func remains(t *testing.T, script string) string {
	s := judge(t, script)
	for _, sentence := range report.Story(&s.last, &s.j) {
		if strings.Contains(sentence, " still") {
			return sentence
		}
	}
	return ""
}

// endedBy asks for the words of the story in front of the RST that ended the connection.
func endedBy(t *testing.T, script string) string {
	s := judge(t, script)
	for _, sentence := range report.Story(&s.last, &s.j) {
		if before, _, ok := strings.Cut(sentence, " an RST from the "); ok {
			return before
		}
	}
	return ""
}

// client asks who the client is.
func client(t *testing.T, script string) string {
	return judge(t, script).last.Addr[analyzer.Client].Addr().String()
}

// pause lets the capture go on for a while.
const pause = "+@ frame ffffffffffff02000000000108060001\n"
