package condition

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/record"
	"tcptrace/report/internal/sample"
)

// FuzzWhere evaluates any text as --where, and as an assertion: it is refused, fails, or gives the same twice, and ends in time.
func FuzzWhere(f *testing.F) {
	for _, source := range []string{
		"packets > 10 && server.port in [80, 443]", `client.ip startsWith "10."`, `start > date("2026-11-21T01:02:03.5Z")`, `has(anomalies, "no-answer")`,
		`any(anomalies, .severity == "error")`, `endpoints.client.state == "TIME_WAIT" || close.cause == "refused"`, "start.Hour() == 1",
		`all(conversations, .outcome == "closed")`, `count(conversations, has(.anomalies, "zero-window")) <= 2`,
		"all(1..1000, all(1..1000, all(1..1000, # > 0)))", "all(1..1,all(1..1000,all(1..1440, # > 0)))", `len(map(1..100000, "x")) > 0`, `repeat(repeat("x", 1000), 1000) == ""`, `outcome matches "(a*)*b"`,
		strings.Repeat("(", 1000) + "true" + strings.Repeat(")", 1000), strings.Repeat("!", 1000) + "true", `let x = packets; x ?? 1 > 0 ? true : $env == nil`,
	} {
		f.Add(source)
	}
	conversations := sample.Conversations()[:2]
	records := make([]record.Record, len(conversations))
	for i := range conversations {
		var j analyzer.Judgment
		j.Judge(&conversations[i])
		records[i] = record.NewRecord(&conversations[i], &j)
	}
	f.Fuzz(func(t *testing.T, source string) {
		began := time.Now()
		slow := func() bool { return time.Since(began) > maxTime/5 } // once is enough: the fuzzer takes what lasts 10 s to hang
		defer func() {
			if took := time.Since(began); took > 2*maxTime {
				t.Errorf("%q takes %v", source, took)
			}
		}()
		if w, err := CompileWhere(source); err == nil {
			for i := range conversations {
				first, err := w.Match(&conversations[i])
				if slow() {
					return
				}
				again, err2 := w.Match(&conversations[i])
				if (first != again || (err == nil) != (err2 == nil)) && !strings.Contains(source, "now") {
					t.Errorf("%q gives %v, %v and then %v, %v", source, first, err, again, err2)
				}
			}
		}
		if a, err := CompileAssertion(source); err == nil {
			holds, why, streams, err := a.Check(records)
			if x := (*ExpressionError)(nil); holds && why != "" || err != nil && !errors.As(err, &x) {
				t.Errorf("%q holds: %v; %s, %v, %v", source, holds, why, streams, err)
			}
			if slow() {
				return
			}
			again, why2, streams2, _ := a.Check(records)
			if (again != holds || why2 != why || !reflect.DeepEqual(streams, streams2)) && !strings.Contains(source, "now") {
				t.Errorf("%q: %v, %s and then %v, %s", source, holds, why, again, why2)
			}
		}
	})
}
