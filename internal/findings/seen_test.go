package findings_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/patcher/value"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
	"tcptrace/internal/findings"
	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// seen is what a test knows of the conversations of a capture, beside what was found.
type seen struct {
	found         *findings.Report
	conversations []*analyzer.Conversation
	records       []report.Record
	failed        uint64
	marks         []findings.Mark
}

// look analyzes frames.
func look(t testing.TB, frames []lab.Frame) *seen {
	t.Helper()
	s := &seen{}
	k := findings.New()
	a := analyzer.New(analyzer.Options{}, sink(s.keep(k)))
	scripts.Feed(t, a, frames)
	sum, err := a.Close()
	if err != nil {
		t.Fatal(err)
	}
	o := findings.Options{Command: func(where string, _ *uint64) string { return "tcptrace FILE --where '" + where + "'" }}
	s.found = k.Report(&sum, o)
	few := skimming{findings.New()}
	a = analyzer.New(analyzer.Options{}, few)
	scripts.Feed(t, a, frames)
	if sum, err = a.Close(); err != nil {
		t.Fatal(err)
	}
	if got := few.Report(&sum, o); !reflect.DeepEqual(got, s.found) {
		t.Errorf("%d findings where conversations are skimmed, %d where they are not, or others", len(got.Findings), len(s.found.Findings))
	}
	if got := s.merged(t).Report(&sum, o); !reflect.DeepEqual(got, s.found) {
		t.Errorf("%d findings of notes, merged, %d of conversations, or others", len(got.Findings), len(s.found.Findings))
	}
	return s
}

// ids are the findings, each of which is checked.
func (s *seen) ids(t *testing.T) string {
	t.Helper()
	s.check(t)
	var ids []string
	for i := range s.found.Findings {
		ids = append(ids, s.found.Findings[i].ID)
	}
	return strings.Join(ids, " ")
}

// idsOf are the findings of a script.
func idsOf(t *testing.T, script string) string {
	t.Helper()
	return look(t, scripts.Frames(t, script)).ids(t)
}

// merged is two collectors put together, each of which takes half of the notes.
func (s *seen) merged(t testing.TB) *findings.Collector {
	t.Helper()
	var j analyzer.Judgment
	all, others := findings.New(), findings.New()
	for i, c := range s.conversations {
		j.Judge(c)
		k := []*findings.Collector{all, others}[i%2]
		if err := k.Noted(findings.AppendNote(nil, c, &j), c.Stream, c.Stream); err != nil {
			t.Fatal(err)
		}
	}
	if err := all.Merge(others.Append(nil)); err != nil {
		t.Fatal(err)
	}
	return all
}

// skimming gets little of conversations in which nothing is wrong.
type skimming struct{ *findings.Collector }

func (skimming) Skims(analyzer.Time) bool { return true }

func (s skimming) Conversation(c *analyzer.Conversation) error {
	var j analyzer.Judgment
	j.Judge(c)
	s.Collector.Conversation(c, &j)
	return nil
}

// keep has k and s take conversations.
func (s *seen) keep(k *findings.Collector) func(c *analyzer.Conversation) {
	return func(c *analyzer.Conversation) {
		var j analyzer.Judgment
		j.Judge(c)
		k.Conversation(c, &j)
		s.marks = append(s.marks, k.Mark(&j))
		kept := &analyzer.Conversation{}
		c.CopyTo(kept)
		s.conversations, s.records = append(s.conversations, kept), append(s.records, report.NewRecord(c, &j))
		oneSided := slices.ContainsFunc(j.Anomalies, func(a analyzer.Anomaly) bool { return a.Kind.ID == "one-sided" }) // it may not have
		if !oneSided && dimension.Failed(c, &j) != dimension.NoFailure {
			s.failed++
		}
	}
}

type sink func(c *analyzer.Conversation)

func (s sink) Conversation(c *analyzer.Conversation) error { s(c); return nil }

// check adds the numbers of all findings up from the records that their conditions select.
func (s *seen) check(t *testing.T) {
	t.Helper()
	var failed uint64
	for i := range s.found.Findings {
		f := &s.found.Findings[i]
		failed += f.Failed
		if f.Where == "" {
			continue
		}
		where, err := report.CompileWhere(f.Where)
		if err != nil {
			t.Errorf("%s: %v", f.ID, err)
			continue
		}
		var n, again uint64
		var waited float64
		shown := false
		for i, c := range s.conversations {
			ok, err := where.Match(c)
			if err != nil {
				t.Fatal(err)
			}
			if has := f.Has(&s.marks[i]); has != ok {
				t.Errorf("%s: %v by the mark of stream %d, %v by %s", f.ID, has, c.Stream, ok, f.Where)
			}
			if !ok {
				continue
			}
			n++
			shown = shown || f.Stream != nil && c.Stream == *f.Stream
			waited += evaluate(t, f.WaitedIs, &s.records[i])
			if f.AgainBytes > 0 {
				again += s.records[i].Endpoints.Client.Sent.RetransmittedBytes + s.records[i].Endpoints.Server.Sent.RetransmittedBytes
			}
		}
		if !shown {
			t.Errorf("%s: no conversation of it is the example, or none is", f.ID)
		}
		if n != f.Conversations || again != f.AgainBytes || math.Abs(waited-f.WaitedS) > 1e-6 {
			t.Errorf("%s: %d conversations, %d bytes, %f s, but %d, %d and %f s by %s", f.ID, f.Conversations, f.AgainBytes, f.WaitedS, n, again, waited, f.Where)
		}
	}
	if failed != s.failed && s.found.More == 0 {
		t.Errorf("%d failed by the findings, %d did", failed, s.failed)
	}
}

// evaluate is the value of an expression over a record.
func evaluate(t *testing.T, source string, r *report.Record) float64 {
	t.Helper()
	if source == "" {
		return 0
	}
	program, err := expr.Compile(source, expr.Env(&report.Record{}), expr.AsFloat64(), value.ValueGetter)
	if err != nil {
		t.Fatal(err)
	}
	v, err := expr.Run(program, r)
	if err != nil {
		t.Fatal(err)
	}
	return v.(float64)
}
