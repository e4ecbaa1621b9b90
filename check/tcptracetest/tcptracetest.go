// Package tcptracetest lets Go tests say what a capture must look like:
//
//	func TestServerCloses(t *testing.T) {
//		capture := record(t) // run the protocol, with tcpdump beside it
//		tcptracetest.Check(t, capture)
//		tcptracetest.Assert(t, capture, `all(conversations, .outcome == "closed")`)
//		tcptracetest.Deny(t, capture, "error")
//		for _, c := range tcptracetest.Records(t, capture) {
//			if c.Endpoints.Server.Sent.PayloadBytes == 0 {
//				t.Errorf("stream %d: no answer", c.Stream)
//			}
//		}
//	}
//
// With TCPTRACE_UPDATE=1 in the environment Check writes expectations that are missing or do not hold, as
// 'tcptrace check --update' does.
//
// Not its job: capturing, and the language of expectations (docs/check.md).
package tcptracetest

import (
	"os"
	"strings"
	"testing"

	"tcptrace/check"
	"tcptrace/check/expect"
	"tcptrace/report"
)

const updateVariable = "TCPTRACE_UPDATE"

// Check holds captures against the expectations beside them: X.expect.yaml says what X.pcap must look like. A path may
// also be a directory or a pattern. 'tcptrace check --help' describes expectations.
func Check(t testing.TB, paths ...string) {
	t.Helper()
	o := check.Options{}
	if os.Getenv(updateVariable) == "1" {
		o.Mode = check.Update
	}
	run(t, o, paths)
}

// Assert holds a capture against an expression over the records of its conversations, such as
//
//	count(conversations, has(.anomalies, "zero-window")) <= 2
func Assert(t testing.TB, path, expression string) {
	t.Helper()
	rules := &expect.RuleSet{}
	if err := rules.AddAssert(expect.Origin{File: "Assert"}, expression); err != nil {
		t.Fatal(err)
	}
	held(t, path, rules)
}

// Deny fails the test if the capture has anomalies of these severities or ids: error, warning, or one of
// 'tcptrace anomalies'.
func Deny(t testing.TB, path string, conditions ...string) {
	t.Helper()
	rules := &expect.RuleSet{}
	for _, c := range conditions {
		if err := rules.AddDeny(expect.Origin{File: "Deny"}, c); err != nil {
			t.Fatal(err)
		}
	}
	held(t, path, rules)
}

// Records are the records of all conversations of a capture, in order of their streams.
func Records(t testing.TB, path string) []report.Record {
	t.Helper()
	return load(t, path).Conversations
}

func load(t testing.TB, path string) *expect.Capture {
	t.Helper()
	c, err := check.Load(t.Context(), path, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// held holds a capture against rules alone.
func held(t testing.TB, path string, rules *expect.RuleSet) {
	t.Helper()
	for _, f := range (&expect.Check{Flags: rules}).Run(load(t, path)).Failures {
		at := path
		if f.Stream != expect.NoStream {
			t.Errorf("%s: stream %d: %s", at, f.Stream, f.Text)
			continue
		}
		t.Errorf("%s: %s", at, f.Text)
	}
}

func run(t testing.TB, o check.Options, paths []string) {
	t.Helper()
	results, err := check.Run(t.Context(), paths, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range results {
		r := &results[i]
		var text strings.Builder
		switch r.Status {
		case check.Failed, check.Malformed, check.Unreadable:
			check.Results{*r}.Describe(&text)
			t.Errorf("%s\n%s", r.Name(), strings.TrimRight(text.String(), "\n"))
		case check.Written:
			t.Logf("wrote %s", r.Expectation)
		}
	}
	if results.Count(check.Passed)+results.Count(check.Written) == 0 && !t.Failed() {
		t.Errorf("nothing was checked: there is no expectation beside any capture in %s", strings.Join(paths, " "))
	}
}
