package expect

import (
	"fmt"
	"reflect"
	"strconv"

	"tcptrace/report"
)

// Rules by which a capture can fail.
const (
	RuleRecord   = "expectation" // a field is not as expected
	RuleComplete = "complete"    // there is a conversation that is not expected
	RuleAssert   = "assert"
	RuleDeny     = "deny"
	RuleBudget   = "budget"
)

// Rules are all of them.
var Rules = map[string]string{
	RuleRecord:   "A field of a record is not as the expectation says.",
	RuleComplete: "The capture has a conversation that the expectation does not list.",
	RuleAssert:   "An expression over the conversations does not hold.",
	RuleDeny:     "A conversation has an anomaly that is denied.",
	RuleBudget:   "An anomaly occurs more often than its budget allows.",
}

// NoStream is the stream of a failure that is about the whole capture.
const NoStream = -1

// Failure is one way in which a capture is not as expected.
type Failure struct {
	Rule            string   // of Rules
	Stream          int64    // or NoStream
	Path            string   // the field, as endpoints.client.trajectory[4].evidence; may be empty
	Origin          Origin   // where the expectation stands
	Text            string   // one line that says it all
	Expected, Found string   // may be empty
	Lines           []string // more for people, such as two trajectories side by side
	Frames          []uint64 // that show it
}

// Origin is where a rule stands: a line of a file, or a flag.
type Origin struct {
	File string // or the flag
	Line int    // 0: the file as a whole, or a flag
}

func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}

// place is where in a record a value stands.
type place struct {
	path string // in JSON's terms
	name string // in a reader's
	sep  string // between name and that of a field below
}

func (p place) field(name string) place {
	if p.path == "" {
		return place{name, name, "."}
	}
	return place{p.path + "." + name, p.name + p.sep + name, "."}
}

// item is the i-th of a list, which readers know by another name.
func (p place) item(i int, name string) place {
	return place{p.path + "[" + strconv.Itoa(i) + "]", name, ": "}
}

// comparison collects how one record is not as expected.
type comparison struct {
	file       string
	stream     int64
	frames     []uint64 // of the records within which the comparison is
	expected   map[*report.AnomalyRecord]bool
	suppressed func(*report.AnomalyRecord) bool
	out        []Failure
}

// fail says that the value at p is found, not as expected.
func (c *comparison) fail(p place, line int, expected, found string) {
	expected = cut(expected)
	c.add(Failure{
		Path: p.path, Origin: Origin{c.file, line}, Expected: expected, Found: found,
		Text: fmt.Sprintf("%s is %s, expected %s", p.name, found, expected), Frames: c.frames,
	})
}

func (c *comparison) add(f Failure) {
	f.Rule, f.Stream = RuleRecord, c.stream
	c.out = append(c.out, f)
}

// holds reports whether got is as wanted.
func holds(w want, got reflect.Value) bool {
	var c comparison
	w.compare(&c, place{}, got)
	return len(c.out) == 0
}
