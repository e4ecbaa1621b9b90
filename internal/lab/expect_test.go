package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tcptrace/internal/engine"
	"tcptrace/internal/source"
	"tcptrace/report"
)

// document is an expectation, and what the analysis says: records as JSON has them. An
// expectation lists all conversations, and of each what it cares about.
type document struct {
	Conversations []map[string]any `json:"conversations" yaml:"conversations"`
	Summary       map[string]any   `json:"summary" yaml:"summary"`
}

// expectation analyzes a capture and compares it with the expectation.
func expectation(t *testing.T, capture, path string) (unmet []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want document
	if err := yaml.UnmarshalWithOptions(text, &want, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	got := analyze(t, capture)
	if len(got.Conversations) != len(want.Conversations) {
		unmet = append(unmet, fmt.Sprintf("%d conversations, want %d", len(got.Conversations), len(want.Conversations)))
	}
	for i := range min(len(got.Conversations), len(want.Conversations)) {
		unmet = append(unmet, differences(fmt.Sprintf("conversations[%d]", i), want.Conversations[i], got.Conversations[i])...)
	}
	return append(unmet, differences("summary", want.Summary, got.Summary)...)
}

// analyze runs the whole analysis on one worker.
func analyze(t *testing.T, capture string) document {
	t.Helper()
	b, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	return analyzeBytes(t, b, 1, source.Options{})
}

// analyzeBytes is what the analysis says of a capture; conversations are in order of their streams.
func analyzeBytes(t *testing.T, capture []byte, workers int, opts source.Options) (doc document) {
	t.Helper()
	var out bytes.Buffer
	sink := report.NewJSON(&out)
	opts.Stdin = bytes.NewReader(capture)
	src := source.Open([]string{"-"}, opts)
	defer src.Close()
	sum, err := engine.Run(context.Background(), src, engine.Options{Workers: workers}, sink)
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
			g, ok := m[key]
			if !ok {
				out = append(out, fmt.Sprintf("%s.%s: there is no such field", path, key))
				continue
			}
			out = append(out, fieldDifferences(path+"."+key, key, w, g)...)
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
		// Through text, because YAML has integers and JSON has not.
		if g, w := plain(got), plain(want); g != w {
			return []string{fmt.Sprintf("%s: %s, want %s", path, g, w)}
		}
	}
	return out
}

// fieldDifferences compares a field. Expectations write the items of some lists in short: a step by
// its state, an anomaly by its id.
func fieldDifferences(path, key string, want, got any) []string {
	w, isList := want.([]any)
	g, ok := got.([]any)
	if isList && ok {
		switch key {
		case "trajectory":
			return trajectoryDifferences(path, records(w, "state"), records(g, "state"))
		case "anomalies":
			return anomalyDifferences(path, records(w, "id"), records(g, "id"))
		}
	}
	return differences(path, want, got)
}

// trajectoryDifferences compares the states first: if those differ, the rest would say nothing.
func trajectoryDifferences(path string, want, got []map[string]any) []string {
	if g, w := column(got, "state"), column(want, "state"); g != w {
		return []string{fmt.Sprintf("%s: %s, want %s", path, g, w)}
	}
	var out []string
	for i := range want {
		out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])...)
	}
	return out
}

// anomalyDifferences compares in any order: each anomaly wanted is one of got, and none is left.
func anomalyDifferences(path string, want, got []map[string]any) []string {
	if g, w := column(sorted(got), "id"), column(sorted(want), "id"); g != w {
		return []string{fmt.Sprintf("%s: %s, want %s", path, g, w)}
	}
	left := slices.Clone(got)
	want = slices.Clone(want)
	slices.SortStableFunc(want, func(a, b map[string]any) int { return len(b) - len(a) }) // the pickiest first
	var out []string
	for _, w := range want {
		i := slices.IndexFunc(left, func(g map[string]any) bool { return len(differences("", w, g)) == 0 })
		if i < 0 {
			out = append(out, fmt.Sprintf("%s: no %s in %s", path, plain(w), plain(got)))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	return out
}

// records are the items of a list as records; one that is written in short has but the field key.
func records(list []any, key string) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			m = map[string]any{key: item}
		}
		out = append(out, m)
	}
	return out
}

// column is one field of all records.
func column(list []map[string]any, key string) string {
	words := make([]string, len(list))
	for i, m := range list {
		words[i] = fmt.Sprint(m[key])
	}
	return "[" + strings.Join(words, " ") + "]"
}

func sorted(anomalies []map[string]any) []map[string]any {
	out := slices.Clone(anomalies)
	slices.SortFunc(out, func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a["id"]), fmt.Sprint(b["id"])) })
	return out
}

func plain(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// TestDifferences makes sure that a wrong expectation fails.
func TestDifferences(t *testing.T) {
	var got any
	record := `{"stream": 0, "outcome": "open", "client": {"ip": "10.0.0.1", "port": 1}, "list": [{"n": 1, "m": 2}], "duration_s": 0.5,
		"trajectory": [{"state": "SYN_SENT", "frame": 1}, {"state": "CLOSED", "frame": 2, "evidence": "sent"}],
		"anomalies": [{"id": "b", "frame": 1}, {"id": "a", "frame": 2}, {"id": "b", "frame": 3}]}`
	if err := json.Unmarshal([]byte(record), &got); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"outcome: open":                     "",
		"{stream: 0, client: {port: 1}}":    "",
		"list: [{n: 1}]":                    "",
		"duration_s: 0.5":                   "",
		"outcome: closed":                   `c.outcome: "open", want "closed"`,
		"{client: {port: 2, ip: 10.0.0.2}}": `c.client.ip: "10.0.0.1", want "10.0.0.2"; c.client.port: 1, want 2`,
		"outcom: open":                      "c.outcom: there is no such field",
		"list: []":                          "c.list: [map[m:2 n:1]], want []",
		"list: [{n: 2}]":                    "c.list[0].n: 1, want 2",
		"client: 1":                         `c.client: {"ip":"10.0.0.1","port":1}, want 1`,
		`stream: "0"`:                       `c.stream: 0, want "0"`,

		"trajectory: [SYN_SENT, {state: CLOSED, frame: 2}]": "",
		"trajectory: [SYN_SENT]":                            "c.trajectory: [SYN_SENT CLOSED], want [SYN_SENT]",
		"trajectory: [CLOSED, SYN_SENT]":                    "c.trajectory: [SYN_SENT CLOSED], want [CLOSED SYN_SENT]",
		"trajectory: [SYN_SENT, {state: CLOSED, frame: 1}]": "c.trajectory[1].frame: 2, want 1",
		"trajectory: CLOSED":                                `c.trajectory: [{"frame":1,"state":"SYN_SENT"},{"evidence":"sent","frame":2,"state":"CLOSED"}], want "CLOSED"`,
		"anomalies: [a, b, b]":                              "",
		"anomalies: [b, {id: b, frame: 1}, a]":              "",
		"anomalies: [a, b]":                                 "c.anomalies: [a b b], want [a b]",
		"anomalies: [a, b, c]":                              "c.anomalies: [a b b], want [a b c]",
		"anomalies: [{id: a, frame: 2, endpoint: x}, b, b]": `c.anomalies: no {"endpoint":"x","frame":2,"id":"a"} in [{"frame":1,"id":"b"},{"frame":2,"id":"a"},{"frame":3,"id":"b"}]`,
	} {
		var w any
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatal(err)
		}
		if d := strings.Join(differences("c", w, got), "; "); d != want {
			t.Errorf("%s: %s\nwant %s", text, d, want)
		}
	}
}
