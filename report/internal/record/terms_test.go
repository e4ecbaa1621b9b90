package record

import (
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

// TestTerms: every kind, cause and note of the analyzer is explained, in its order, and nothing else is.
func TestTerms(t *testing.T) {
	var kinds, causes, notes []string
	for k := range analyzer.NumKinds {
		kinds = append(kinds, k.String())
	}
	for c := range analyzer.NumCauses {
		if c != analyzer.CauseNone {
			causes = append(causes, c.String())
		}
	}
	notes = slices.Collect((^analyzer.Notes(0)).All())
	var uses, factors []string
	for u := range timing.NumUses {
		uses = append(uses, u.String())
	}
	for f := range timing.NumFactors {
		if f != timing.NoFactor {
			factors = append(factors, f.String())
		}
	}
	for i, want := range [][]string{kinds, causes, notes, uses, factors} {
		var got []string
		for _, term := range Terms[i].List {
			got = append(got, term.Name)
			if term.Text == "" {
				t.Errorf("%s is not explained", term.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", Terms[i].Subject, got, want)
		}
	}
}

// TestWiresharkDifferences: they are between flags that stand for a term and terms.
func TestWiresharkDifferences(t *testing.T) {
	flags, terms := map[string]bool{"": true}, map[string]bool{"": true}
	for _, subject := range Terms {
		for _, term := range subject.List {
			terms[term.Name] = true
			for flag := range strings.SplitSeq(term.Wireshark, ", ") {
				flags[flag] = true
			}
		}
	}
	for _, d := range WiresharkDifferences {
		if !flags[d.Wireshark] || !terms[d.Ours] || d.Wireshark == d.Ours || d.Why == "" {
			t.Errorf("%+v", d)
		}
	}
}

// TestOstermannApart: the anomalies exist.
func TestOstermannApart(t *testing.T) {
	for id := range OstermannApart {
		if analyzer.FindAnomalyKind(id) == nil {
			t.Errorf("there is no anomaly %s", id)
		}
	}
}
