package observe

import (
	"errors"
	"tcptrace/report"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/live"
)

// TestDue: what happens every second happens first a second behind the first call, and then never sooner than a second later.
func TestDue(t *testing.T) {
	var last analyzer.Time
	at := analyzer.Time(5 * time.Second)
	for _, step := range []struct {
		after time.Duration // the call before
		want  bool
	}{{0, false}, {time.Second - 1, false}, {1, true}, {time.Second - 1, false}, {1, true}, {3 * time.Second, true}, {0, false}} {
		if at = at.Add(step.after); due(&last, at, time.Second) != step.want {
			t.Errorf("at %s: due is not %t", time.Duration(at), step.want)
		}
	}
	last = 1
	if due(&last, at, 0) {
		t.Error("what never happens is due")
	}
}

// TestFirstFailure: the first error is the one that counts, and it ends the loop; none ends nothing.
func TestFirstFailure(t *testing.T) {
	s := Session{Loop: &live.Loop{}}
	if s.Fail(nil); s.Failed() != nil {
		t.Error("no error has failed")
	}
	first := errors.New("first")
	s.Fail(first)
	s.Fail(errors.New("second"))
	if s.Failed() != first {
		t.Errorf("failed with %v", s.Failed())
	}
}

// TestWarn: an error of the file of packets is told, and does not end the run; no error is nothing.
func TestWarn(t *testing.T) {
	var told []string
	s := Session{Say: func(text string) { told = append(told, text) }}
	if s.Warn(nil); s.Unwritten() || len(told) > 0 {
		t.Errorf("no error is told: %q", told)
	}
	s.Warn(errors.New("disk full"))
	if !s.Unwritten() || s.Failed() != nil || len(told) != 1 || told[0] != "note: disk full" {
		t.Errorf("told %q, unwritten %t, failed %v", told, s.Unwritten(), s.Failed())
	}
}

// TestNobodyKnows: a condition about processes, where nobody is asked for them, lets nothing through: the user is told why.
func TestNobodyKnows(t *testing.T) {
	for where, want := range map[string]bool{`process.name == "nginx"`: true, `client.port == 1000`: false} {
		for _, of := range []func(s *Session, w *report.Where){func(s *Session, w *report.Where) { s.Where = w }, func(s *Session, w *report.Where) { s.Until = w }} {
			condition, err := report.CompileWhere(where)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			s := newStage(t, "")
			s.Say = func(text string) { said = append(said, text) }
			of(&s.Session, condition)
			if s.Observe(); (len(said) == 1) != want {
				t.Errorf("%s: said %q", where, said)
			}
		}
	}
}
