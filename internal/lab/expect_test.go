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
func expectation(t *testing.T, capture, path string) {
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
		t.Errorf("%d conversations, want %d", len(got.Conversations), len(want.Conversations))
	}
	for i := range min(len(got.Conversations), len(want.Conversations)) {
		for _, d := range differences(fmt.Sprintf("conversations[%d]", i), want.Conversations[i], got.Conversations[i]) {
			t.Error(d)
		}
	}
	for _, d := range differences("summary", want.Summary, got.Summary) {
		t.Error(d)
	}
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
			out = append(out, differences(path+"."+key, w, g)...)
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
	record := `{"stream": 0, "outcome": "open", "client": {"ip": "10.0.0.1", "port": 1}, "list": [{"n": 1, "m": 2}], "duration_s": 0.5}`
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
