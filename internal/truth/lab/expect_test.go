package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/check"
	"tcptrace/check/expect"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/invariant"
	"tcptrace/report"
)

// document is what the analysis says: records as JSON has them.
type document struct {
	Conversations []map[string]any `json:"conversations"`
	Summary       map[string]any   `json:"summary"`
}

// expectation analyzes a capture and compares it with the expectation, which lists all of its
// conversations.
func expectation(t *testing.T, capture, path string) (unmet []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, problems := expect.Parse(path, text)
	if problems != nil {
		t.Fatal(problems)
	}
	got, err := check.Load(t.Context(), capture, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	complete := true
	verdict := (&expect.Check{Expectation: want, Project: &expect.RuleSet{Complete: &complete}}).Run(got)
	for _, f := range verdict.Failures {
		unmet = append(unmet, fmt.Sprintf("%s: stream %d: %s", f.Origin, f.Stream, f.Text))
	}
	return unmet
}

// analyzeBytes is what the analysis says of a capture; conversations are in order of their streams.
func analyzeBytes(t *testing.T, capture []byte, workers int, opts input.Options) (doc document) {
	t.Helper()
	var out bytes.Buffer
	sink := report.NewJSON(&out)
	opts.Stdin = bytes.NewReader(capture)
	src := input.Open([]string{"-"}, opts)
	defer src.Close()
	sum, err := analyzer.Run(context.Background(), src, analyzer.Options{Workers: workers}, invariant.Sink(t, sink, report.Story))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range src.Stats().Errors {
		t.Error(e)
	}
	if err := sink.Finish(&sum); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(doc.Conversations, func(a, b map[string]any) int {
		return int(a["stream"].(float64) - b["stream"].(float64))
	})
	return doc
}

// differences are what got lacks of want: maps may say more than is wanted, lists may not.
func differences(path string, want, got any) []string {
	var out []string
	switch want := want.(type) {
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %v, want a record", path, got)}
		}
		for key, w := range want {
			out = append(out, differences(path+"."+key, w, m[key])...)
		}
		slices.Sort(out)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return []string{fmt.Sprintf("%s: %v, want %v", path, got, want)}
		}
		for i := range want {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), want[i], list[i])...)
		}
	default:
		if g, w := plain(got), plain(want); g != w {
			return []string{fmt.Sprintf("%s: %s, want %s", path, g, w)}
		}
	}
	return out
}

func plain(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// TestDifferences makes sure that a document that differs fails.
func TestDifferences(t *testing.T) {
	const got = `{"a": 1, "b": {"c": "x"}, "d": [1, {"e": 2}], "f": true}`
	for text, want := range map[string]string{
		`{"a": 1, "b": {"c": "x"}, "d": [1, {}]}`: "",
		`{"a": "1"}`:           `c.a: 1, want "1"`,
		`{"b": {"c": "y"}}`:    `c.b.c: "x", want "y"`,
		`{"d": [1]}`:           "c.d: [1 map[e:2]], want [1]",
		`{"d": [1, {"e": 3}]}`: "c.d[1].e: 2, want 3",
		`{"g": 0, "f": false}`: "c.f: true, want false; c.g: null, want 0",
		`{"a": {}}`:            "c.a: 1, want a record",
	} {
		var g, w any
		if err := errors.Join(json.Unmarshal([]byte(got), &g), json.Unmarshal([]byte(text), &w)); err != nil {
			t.Fatal(err)
		}
		if d := strings.Join(differences("c", w, g), "; "); d != want {
			t.Errorf("%s: %s\nwant %s", text, d, want)
		}
	}
}
