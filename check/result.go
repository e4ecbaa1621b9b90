package check

import (
	"cmp"

	"tcptrace/check/expect"
)

// Status is what came of a capture.
type Status string

// The statuses.
const (
	Passed     Status = "passed"
	Failed     Status = "failed"     // it is not as expected
	Unchecked  Status = "unchecked"  // nothing is expected of it
	Malformed  Status = "malformed"  // its expectation cannot be used
	Unreadable Status = "unreadable" // the capture cannot be read, or not to its end
	Written    Status = "written"    // its expectation was written
)

// Result is what came of one capture, or of an expectation that has none.
type Result struct {
	Capture       string // empty: an expectation or project file alone
	Expectation   string // empty: there is none
	ProjectFile   string // whose rules hold for the capture; empty: there is none
	Status        Status
	Failures      []expect.Failure
	Problems      []string // what is wrong with the capture or the expectation itself
	Suppressed    []expect.Suppressed
	Conversations int
	Outcomes      string   // in words: "2 closed, 1 reset"
	Odd           []string // of an expectation that was written: what to look at
	Scenes        []Scene  // the segments around failures
	lines         []int    // of Problems in Expectation, 0: none

	endpoints map[int64]ends // of streams that failed
}

// Name is what the result is about.
func (r *Result) Name() string { return cmp.Or(r.Capture, r.Expectation) }

// ends are the endpoints of a conversation.
type ends struct{ words, communityID string }

// sceneOf is the segments around the failures of a stream.
func (r *Result) sceneOf(stream int64) []string {
	for _, s := range r.Scenes {
		if s.Stream == stream {
			return s.Lines
		}
	}
	return nil
}

func malformed(capture, file string, problems []expect.Problem) Result {
	r := Result{Capture: capture, Expectation: file, Status: Malformed}
	for _, p := range problems {
		r.Problems, r.lines = append(r.Problems, p.Error()), append(r.lines, p.Line)
	}
	return r
}

// Exit codes, as scripts rely on them.
const (
	exitPassed     = 0
	exitFailed     = 1
	exitMalformed  = 2
	exitUnreadable = 3
)

var exitCodes = map[Status]int{Failed: exitFailed, Malformed: exitMalformed, Unreadable: exitUnreadable}

// Results is what came of all.
type Results []Result

// ExitCode is the gravest of all: an unreadable capture before a malformed expectation before a failure.
func (rs Results) ExitCode() int {
	code := exitPassed
	for i := range rs {
		code = max(code, exitCodes[rs[i].Status])
	}
	return code
}

// Count is how many have a status.
func (rs Results) Count(s Status) (n int) {
	for i := range rs {
		if rs[i].Status == s {
			n++
		}
	}
	return n
}
