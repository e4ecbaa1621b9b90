package expect

import (
	"fmt"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// rules holds the capture against the rules about all conversations. What is suppressed is not
// there for them.
func (x *checking) rules(sets []*RuleSet) {
	records := x.unsuppressed()
	denied := map[*report.AnomalyRecord]bool{} // each is reported once
	budgets := map[string]bool{}
	for _, s := range sets {
		for _, a := range s.asserts {
			x.assert(a, records)
		}
		for _, d := range s.denials {
			x.deny(d, denied)
		}
		for _, b := range s.budgets {
			if !budgets[b.id] {
				budgets[b.id] = true
				x.budget(b)
			}
		}
	}
}

// unsuppressed is the records without the anomalies that do not count.
func (x *checking) unsuppressed() []report.Record {
	records := x.capture.Conversations
	if len(x.Suppressions) == 0 {
		return records
	}
	records = slices.Clone(records)
	for i := range records {
		r := &records[i]
		kept := make([]report.AnomalyRecord, 0, len(r.Anomalies))
		for j := range r.Anomalies {
			if by := x.suppressor(r.Stream, &r.Anomalies[j]); by >= 0 {
				x.counts[by]++
			} else {
				kept = append(kept, r.Anomalies[j])
			}
		}
		r.Anomalies = kept
	}
	return records
}

func (x *checking) assert(a assertRule, records []report.Record) {
	ok, why, streams, err := a.Check(records)
	if ok {
		return
	}
	if err != nil {
		x.problems = append(x.problems, Problem{a.Origin.File, a.Origin.Line, err.Error()})
		return
	}
	f := Failure{Rule: RuleAssert, Stream: NoStream, Origin: a.Origin, Expected: a.Source, Found: why}
	if f.Text = cut(a.Source) + " does not hold"; why != "" {
		f.Text += ": " + why
	}
	if len(streams) > 0 {
		f.Stream = int64(streams[0])
	}
	x.out = append(x.out, f)
}

// deny finds what is denied. An anomaly that the expectation names is expected, and not denied.
func (x *checking) deny(d denyRule, denied map[*report.AnomalyRecord]bool) {
	x.each(func(r *report.Record, a *report.AnomalyRecord) {
		kind := analyzer.FindAnomalyKind(a.ID)
		if denied[a] || x.Unchanged || x.expected[a] || kind == nil || !d.fails.Fails(kind) {
			return
		}
		denied[a] = true
		f := Failure{
			Rule: RuleDeny, Stream: int64(r.Stream), Origin: d.Origin, Expected: "no " + d.text, Found: a.ID,
			Text: fmt.Sprintf("anomaly %s is denied (%s): %s", anomalyText(a), d.text, a.Detail),
		}
		if a.Frame != 0 {
			f.Frames = []uint64{a.Frame}
		}
		x.out = append(x.out, f)
	})
}

func (x *checking) budget(b budgetRule) {
	var n uint64
	var last Failure // the one that goes beyond
	x.each(func(r *report.Record, a *report.AnomalyRecord) {
		if a.ID != b.id {
			return
		}
		if n++; n == b.most+1 {
			last.Stream = int64(r.Stream)
			if a.Frame != 0 {
				last.Frames = []uint64{a.Frame}
			}
		}
	})
	if n <= b.most {
		return
	}
	last.Rule, last.Origin, last.Expected, last.Found = RuleBudget, b.Origin, fmt.Sprintf("at most %d", b.most), fmt.Sprint(n)
	last.Text = fmt.Sprintf("anomaly %s was found %d times, its budget is %d", b.id, n, b.most)
	x.out = append(x.out, last)
}

// each shows the anomalies that count.
func (x *checking) each(see func(*report.Record, *report.AnomalyRecord)) {
	for i := range x.capture.Conversations {
		r := &x.capture.Conversations[i]
		for j := range r.Anomalies {
			if a := &r.Anomalies[j]; !x.suppressed(r.Stream, a) {
				see(r, a)
			}
		}
	}
}
