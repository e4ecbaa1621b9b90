package findings_test

import (
	"bytes"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/findings"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// whole is a report that has to have every conversation.
type whole struct{ report.Report }

// TestSkim: what is found does not depend on the number of workers, nor on whether what is sound is only skimmed.
func TestSkim(t *testing.T) {
	p := newPlanted(t)
	p.addHealthy()
	for i := range faults {
		faults[i].plant(p)
	}
	capture, err := lab.WriteCapture(p.capture(), lab.Format{Nano: true})
	if err != nil {
		t.Fatal(err)
	}
	analyze := func(workers, rows int, skim bool) string {
		var out bytes.Buffer
		table := report.NewTable(&out, report.TableOptions{Limit: rows})
		rep := findings.Attach(table, table, &out, findings.Options{Command: func(where string, _ *uint64) string { return where }}, findings.TextOptions{Width: 100})
		if !skim {
			rep = whole{rep}
		}
		src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(capture)})
		defer src.Close()
		sum, err := analyzer.Run(t.Context(), src, analyzer.Options{Workers: workers}, rep)
		if err != nil {
			t.Fatal(err)
		}
		if err := rep.Finish(&sum); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, rows := range []int{1, 50} {
		want := analyze(1, rows, false)
		for _, workers := range []int{1, 2, 5, 16} {
			if got := analyze(workers, rows, true); got != want {
				t.Errorf("%d workers, %d rows:\n%s\nwant\n%s", workers, rows, got, want)
			}
		}
	}
}
