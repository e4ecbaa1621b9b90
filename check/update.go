package check

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tcptrace/check/expect"
	"tcptrace/report"
)

// writes reports whether the expectation is to be written: in Update unless the capture is as it says.
func (j *job) writes(r *Result) bool {
	switch j.options.Mode {
	case Init:
		return true
	case Update:
		return j.expectation == "" || slices.ContainsFunc(r.Failures, func(f expect.Failure) bool {
			return f.Rule == expect.RuleRecord || f.Rule == expect.RuleComplete
		})
	}
	return false
}

// write writes the expectation of c in place of the old one; nil: there is none. Rules that do not hold
// fail the capture all the same: no expectation makes them hold.
func (j *job) write(r Result, c *expect.Capture, old []byte, rules *expect.Check) Result {
	if j.shares != "" {
		r.Status, r.Problems = Malformed, []string{fmt.Sprintf("%s: %s is the expectation of %s, too: it is written for that one only",
			j.capture, filepath.Base(ExpectationOf(j.capture)), j.shares)}
		return r
	}
	r.Expectation, r.Status, r.Failures = ExpectationOf(j.capture), Written, nil
	write := expect.Write
	if j.options.Minimal {
		write = expect.WriteMinimal
	}
	text := write(c, old)
	if err := j.tree.replace(r.Expectation, text); err != nil {
		r.Status, r.Problems = Malformed, []string{plain(r.Expectation, err)}
		return r
	}
	r.Odd = odd(c)
	written, problems := expect.Parse(filepath.ToSlash(r.Expectation), text)
	if problems != nil {
		return malformed(j.capture, r.Expectation, problems)
	}
	rules.Expectation = written
	if v := rules.Run(c); len(v.Failures) > 0 {
		r.Status, r.Failures = Failed, v.Failures
	}
	return r
}

const maxOdd = 5 // anomalies of one capture that are told

// odd is what whoever relies on an expectation that was written should look at first.
func odd(c *expect.Capture) (out []string) {
	more := 0
	tell := func(format string, args ...any) {
		if len(out) >= maxOdd {
			more++
			return
		}
		out = append(out, fmt.Sprintf(format, args...))
	}
	for i := range c.Conversations {
		r := &c.Conversations[i]
		for _, a := range r.Anomalies {
			if a.Severity != "note" {
				tell("stream %d: %s: %s: %s", r.Stream, a.Severity, a.ID, a.Detail)
			}
		}
		if r.Roles == "inferred" {
			tell("stream %d: who is the client is inferred: the capture does not show the handshake", r.Stream)
		}
		if r.Evicted {
			tell("stream %d: ended early, because too many conversations were tracked at once", r.Stream)
		}
	}
	for _, n := range c.Summary.NotAnalyzed {
		tell("%s", notAnalyzed(n))
	}
	if len(c.Conversations) == 0 {
		tell("no TCP conversation is in it")
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return out
}

func notAnalyzed(n report.NotAnalyzed) string {
	noun := "packets were"
	if n.Packets == 1 {
		noun = "packet was"
	}
	return fmt.Sprintf("%d %s not analyzed: %s", n.Packets, noun, strings.ReplaceAll(n.Reason, "-", " "))
}
