package condition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/report/internal/record"
)

// manyRecords is what an expression of a large capture sees.
func manyRecords(n int) []record.Record {
	records := make([]record.Record, n)
	for i := range records {
		records[i].Stream, records[i].Outcome = uint64(i), "closed"
	}
	return records
}

// What would take much memory or time is refused, or ends soon and says what it was.
func TestExpressionBounds(t *testing.T) {
	for source, want := range map[string]string{
		`repeat("x", 1000000) == ""`:                                                                   "no function repeat",
		`len(repeat(repeat("x", 100000), 100000)) > 0`:                                                 "no function repeat",
		`reduce(1..100, #acc + #acc, "x") == ""`:                                                       "no function reduce",
		`len(join(map(1..1000, "x"), "yyyy")) > 0`:                                                     "no function join",
		`toJSON(conversations) == ""`:                                                                  "no function toJSON",
		`sortBy(conversations, .stream) == []`:                                                         "no function sortBy",
		`let a = "xx"; let b = a + a; b + b == ""`:                                                     "+ is for numbers",
		`any(conversations, .outcome + .outcome == "")`:                                                "+ is for numbers",
		`all(1..9, all(1..9, all(1..9, all(1..9, all(1..9, true)))))`:                                  "more than 4 loops",
		`all(conversations, ` + strings.Repeat("(", 70000) + "true" + strings.Repeat(")", 70000) + `)`: "longer than 65536 bytes",
	} {
		if _, err := CompileAssertion(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", source, err, want)
		}
	}
	records := manyRecords(5000)
	for source, want := range map[string]string{
		`all(conversations, all(conversations, true))`:        "it takes more than",
		`sum(conversations, sum(conversations, .stream)) > 0`: "it takes more than",
		`len(map(1..1000, map(1..1000, 1))) > 0`:              "memory budget exceeded",
	} {
		a, err := CompileAssertion(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		began := time.Now()
		_, _, _, err = a.Check(records)
		var e *ExpressionError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), source[:20]) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
		if took := time.Since(began); took > 4*maxTime {
			t.Errorf("%s took %v", source, took)
		}
	}
	for _, source := range []string{
		`all(conversations, any(conversations[0:900], .stream == 0))`,
		`all(1..9, all(1..9, all(1..9, all(1..9, true))))`,
		`conversations[0].start + duration("1h") > date("1960-01-01")`,
		`sum(conversations, .stream + 1) > 0 && len(conversations) + 1 == 5001`,
		`all(conversations, ` + strings.Repeat("(", 30000) + "true" + strings.Repeat(")", 30000) + `)`,
	} {
		a, err := CompileAssertion(source)
		if err != nil {
			t.Errorf("%.60s: %v", source, err)
			continue
		}
		if holds, why, _, err := a.Check(records); !holds || err != nil {
			t.Errorf("%.60s: %s, %v", source, why, err)
		}
	}
}

// A run that follows another has all steps again.
func TestStepsBegin(t *testing.T) {
	w, err := CompileWhere(`all(1..100, # > 0)`)
	if err != nil {
		t.Fatal(err)
	}
	for used, ends := range map[int]bool{maxSteps - 100: false, maxSteps - 99: true} {
		w.steps.n, w.steps.began = used, time.Now()
		if _, err := w.vm.Run(w.program, &w.record); (err != nil) != ends {
			t.Errorf("behind %d steps: %v", used, err)
		}
		w.steps.begin()
		if got, err := w.vm.Run(w.program, &w.record); got != true || err != nil {
			t.Errorf("a new run behind %d steps: %v, %v", used, got, err)
		}
	}
}

func TestStepBounds(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := steps{ctx: ctx}
	for i := range maxSteps {
		if err := s.take(); err != nil {
			t.Fatal(i, err)
		}
	}
	if s.take() == nil {
		t.Error("more steps than there are")
	}
	s.begin()
	cancel(stop)
	for range stepsPerLook - 1 {
		if err := s.take(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.take(); err != stop {
		t.Error(err)
	}
	s = steps{}
	for range stepsPerLook - 1 {
		_ = s.take()
	}
	s.began = time.Now().Add(-maxTime - time.Millisecond)
	if err := s.take(); err == nil || !strings.Contains(err.Error(), fmt.Sprint(maxTime)) {
		t.Error(err)
	}
}
