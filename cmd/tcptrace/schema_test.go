package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"tcptrace/check"
	"tcptrace/check/expect"
	"tcptrace/internal/testutil/thorough"
)

func compileSchema(t *testing.T, name string, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name+".json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(s *jsonschema.Schema, document string) error {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// TestSchemas holds all that is written of the golden captures against the schemas: each record, and each
// expectation, those that people wrote and those that --init writes.
func TestSchemas(t *testing.T) {
	compiled := map[string]*jsonschema.Schema{}
	for _, name := range expect.SchemaNames() {
		code, stdout, stderr := tcptrace(t, env{}, "schema", name)
		if code != exitDone {
			t.Fatalf("schema %s: %d: %s", name, code, stderr)
		}
		compileSchema(t, name, []byte(stdout))
		compiled[name] = compileSchema(t, name, expect.ClosedSchema(name))
	}
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatal(captures, err)
	}
	for _, path := range thorough.Some(t, captures, 3) {
		_, conversations, _ := tcptrace(t, env{}, "--format", "ndjson", path)
		_, segments, _ := tcptrace(t, env{}, "timeline", "--format", "ndjson", path)
		_, states, _ := tcptrace(t, env{}, "states", "--at", "+30ms", "--format", "ndjson", path)
		_, counts, _ := tcptrace(t, env{}, "states", "--every", "1h", "--format", "ndjson", path)
		_, sums, _ := tcptrace(t, env{}, "summary", "--by", "host,anomaly,failure", "--max-groups", "2", "--format", "ndjson", path)
		_, documents, _ := tcptrace(t, env{}, "findings", "--format", "json", path)
		_, found, _ := tcptrace(t, env{}, "findings", "--format", "ndjson", path)
		for name, records := range map[string]string{
			"findings": documents, "finding": found,
			"conversation": conversations, "segment": segments, "state": states, "state-counts": counts, "sum": sums,
		} {
			for line := range strings.Lines(records) {
				if err := valid(compiled[name], line); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
		c, err := check.Load(t.Context(), path, check.Options{})
		if err != nil {
			t.Fatal(err)
		}
		byHand, err := os.ReadFile(check.ExpectationOf(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{byHand, expect.Write(c, nil)} {
			document, err := yaml.YAMLToJSON(text)
			if err == nil {
				err = valid(compiled["expectation"], string(document))
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestExpectationSchema: the schema and the program agree on what is an expectation.
func TestExpectationSchema(t *testing.T) {
	schemas := map[string]*jsonschema.Schema{}
	for _, name := range []string{"expectation", "project"} {
		schemas[name] = compileSchema(t, name, expect.Schema(name))
	}
	for text, ok := range map[string]bool{
		"conversations: [{stream: 0, packets: 9..12, duration_s: <0.5, first_frame: '>=1', last_frame: 1 +- 10%}]":                         true,
		"conversations: [{stream: 0, duration_s: 1.5e-3, client: [SYN_SENT, {state: CLOSED, frame: 3}]}]":                                  true,
		"conversations: [{client: {ip: 10.0.0.1}, anomalies_include: [no-answer], anomalies_exclude: [syn-retransmit]}]":                   true,
		"conversations: [{stream: 0, close: ~, endpoints: {client: {trajectory: [LISTEN], sent: {packets: ..4}}}}]":                        true,
		"complete: true\nassert: len(conversations) > 1\ndeny: [error, no-answer]\nbudget: {no-answer: 1}\nsummary: {outcomes: {open: 1}}": true,
		"conversations: [{stream: 0, outcom: open}]":                                                                                       false,
		"conversations: [{outcome: open}]":                            false,
		"conversations: [{stream: 0, outcome: shut}]":                 false,
		"conversations: [{stream: 0, packets: many}]":                 false,
		"conversations: [{stream: 0, client: [ESTAB]}]":               false,
		"conversations: [{stream: 0, anomalies: [no-anser]}]":         false,
		"conversations: [{stream: 0, anomalies: [{idd: no-answer}]}]": false,
		"conversations: {stream: 0}":                                  false,
		"budget: {error: 1}":                                          false,
		"deny: fatal":                                                 false,
		"summary: {outcomes: {shut: 1}}":                              false,
	} {
		document, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(schemas["expectation"], string(document)); (err == nil) != ok {
			t.Errorf("the schema says of %s: %v", text, err)
		}
		if _, problems := expect.Parse("x", []byte(text)); (problems == nil) != ok {
			t.Errorf("the program says of %s: %v", text, problems)
		}
	}
	for text, ok := range map[string]bool{
		"deny: error\nsuppress: [{anomaly: no-answer, reason: x, captures: '*.pcap', stream: 1, endpoint: client}]": true,
		"suppress: [{anomaly: no-answer}]":           false,
		"suppress: [{anomaly: no-anser, reason: x}]": false,
		"suppress: [{anomaly: no-answer, reasn: x}]": false,
		"conversations: []":                          false,
	} {
		document, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(schemas["project"], string(document)); (err == nil) != ok {
			t.Errorf("the schema says of %s: %v", text, err)
		}
		if _, problems := expect.ParseProject("x", []byte(text)); (problems == nil) != ok {
			t.Errorf("the program says of %s: %v", text, problems)
		}
	}
}
