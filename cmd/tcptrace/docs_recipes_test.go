package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// recipe is a block of code in docs/tools.md, by how it begins.
func recipe(t *testing.T, begin string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rootDir, "docs", "tools.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, found, ok := strings.Cut(string(text), begin)
	found, _, whole := strings.Cut(found, "\n```\n")
	if !ok || !whole {
		t.Fatalf("docs/tools.md has no recipe that begins with %q", begin)
	}
	return strings.TrimPrefix(begin, "```yaml\n") + found + "\n"
}

// TestRecipes: the recipes for collectors are well-formed, and all that they name is in every event. The collectors themselves are not run.
func TestRecipes(t *testing.T) {
	_, stdout, _ := tcptrace(t, env{}, "replay", filepath.Join(goldenDir, "showcase.pcap"), "--speed", "max", "--format", "ndjson")
	var events []map[string]any
	for line := range strings.Lines(stdout) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	if len(events) < 10 {
		t.Fatalf("%d events", len(events))
	}
	holds := func(recipe, field, layout string) {
		t.Helper()
		for _, event := range events {
			text, ok := event[field].(string)
			if !ok {
				t.Fatalf("%s: no %q in %v", recipe, field, event)
			}
			if layout == "" {
				continue
			}
			if _, err := time.Parse(layout, text); err != nil {
				t.Fatalf("%s: %v", recipe, err)
			}
		}
	}

	var collector struct {
		Receivers map[string]struct {
			Include   []string
			Operators []struct {
				Type      string
				Timestamp struct {
					ParseFrom  string `yaml:"parse_from"`
					LayoutType string `yaml:"layout_type"`
					Layout     string
				}
			}
		}
		Exporters map[string]struct{ Endpoint string }
		Service   struct {
			Pipelines map[string]struct{ Receivers, Exporters []string }
		}
	}
	if err := yaml.UnmarshalWithOptions([]byte(recipe(t, "```yaml\nreceivers:")), &collector, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for kind, pipeline := range collector.Service.Pipelines {
		if kind != "logs" || len(pipeline.Receivers) == 0 || len(pipeline.Exporters) == 0 {
			t.Errorf("pipeline %s: %v", kind, pipeline)
		}
		for _, name := range pipeline.Receivers {
			if of, ok := collector.Receivers[name]; !ok || len(of.Operators) != 1 || of.Operators[0].Type != "json_parser" || of.Operators[0].Timestamp.LayoutType != "gotime" {
				t.Errorf("receiver %s: %v", name, of)
			} else {
				field, ok := strings.CutPrefix(of.Operators[0].Timestamp.ParseFrom, "attributes.")
				if !ok {
					t.Errorf("the time is read from %s", of.Operators[0].Timestamp.ParseFrom)
				}
				holds("collector", field, of.Operators[0].Timestamp.Layout)
			}
		}
		for _, name := range pipeline.Exporters {
			if collector.Exporters[name].Endpoint == "" {
				t.Errorf("exporter %s is not there", name)
			}
		}
	}

	alloy := recipe(t, "local.file_match")
	for _, pair := range []string{"{}", "()", "[]"} {
		if strings.Count(alloy, pair[:1]) != strings.Count(alloy, pair[1:]) {
			t.Errorf("%s do not match", pair)
		}
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(\w[\w.]*) "(\w+)"`).FindAllStringSubmatch(alloy, -1) {
		named[m[1]+"."+m[2]] = true
	}
	for _, m := range regexp.MustCompile(`\b((?:local|loki)\.\w+(?:\.file)?\.(?:tcptrace|default))\.(?:receiver|targets)`).FindAllStringSubmatch(alloy, -1) {
		if !named[m[1]] {
			t.Errorf("%s is not there", m[1])
		}
	}
	expressions := regexp.MustCompile(`expressions = \{([^}]*)\}`).FindStringSubmatch(alloy)
	if expressions == nil || len(named) != 4 {
		t.Fatalf("%q, components %v", expressions, named)
	}
	taken := map[string]bool{}
	for _, m := range regexp.MustCompile(`(\w+) = "(\w+)"`).FindAllStringSubmatch(expressions[1], -1) {
		taken[m[1]] = true
		layout := ""
		if strings.Contains(alloy, `stage.timestamp { source = "`+m[1]+`", format = "RFC3339Nano" }`) {
			layout = time.RFC3339Nano
		}
		holds("Alloy", m[2], layout)
	}
	for _, m := range regexp.MustCompile(`source = "(\w+)"|values = \{(\w+) = ""\}`).FindAllStringSubmatch(alloy, -1) {
		if !taken[m[1]+m[2]] {
			t.Errorf("%s is not taken from the events", m[1]+m[2])
		}
	}
}
