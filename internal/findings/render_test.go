package findings_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tcptrace/internal/console"
	"tcptrace/internal/findings"
)

// sample is what was found in some capture.
func sample(n int) *findings.Report {
	r := &findings.Report{Schema: "tcptrace.findings.v1", Conversations: 220, More: 2}
	for range n {
		r.Findings = append(r.Findings, findings.Finding{
			ID: "refused", Text: "12 of 220 conversations were refused, all to 10.20.0.3:8443 (12 of its 12); 12 failed", Conversations: 12, Of: 220, Failed: 12,
			Lies: findings.AtServer, Why: "nothing listens there", Next: "ss -ltn at the server", Where: `outcome == "refused" && 1 > 0`,
			Command: `tcptrace x.pcap --where 'outcome == "refused"' and what else is longer than the line`,
		})
	}
	return r
}

// TestText: no line is wider than the terminal but commands, which are to be copied.
func TestText(t *testing.T) {
	for _, width := range []int{0, 1, 40, 80, 200} {
		var b bytes.Buffer
		if err := sample(10).WriteText(&b, findings.TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		most := width
		if width == 0 {
			most = 120
		}
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > max(most, 40) && !strings.Contains(line, "--where") {
				t.Errorf("width %d: %q", width, line)
			}
		}
		if !strings.Contains(b.String(), "\n10  12 of 220") || !strings.Contains(b.String(), "    2 more findings that cost less\n\n") {
			t.Errorf("width %d:\n%s", width, b.String())
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("width %d: styles that nobody asked for", width)
		}
	}
	var plain, colored bytes.Buffer
	for _, color := range []bool{false, true} {
		w := console.NewWriter(&plain)
		if color {
			w = console.NewWriter(&colored)
		}
		if err := sample(1).WriteText(w, findings.TextOptions{Color: color}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.NewReplacer("\x1b[31m", "", "\x1b[0m", "").Replace(colored.String()); got != plain.String() || colored.Len() == plain.Len() {
		t.Errorf("%q", colored.String())
	}
}

func TestHealthyText(t *testing.T) {
	var b bytes.Buffer
	if err := (&findings.Report{Conversations: 1}).WriteText(&b, findings.TextOptions{Width: 300}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.HasPrefix(got, "nothing wrong in 1 conversation: looked at ") || strings.Count(got, "\n") != 2 {
		t.Errorf("%q", got)
	}
	for _, c := range []struct {
		warned uint64
		want   string
	}{
		{0, "nothing wrong in 3 conversations: looked at "},
		{1, "nothing that anybody would notice in 3 conversations (1 with warnings that cost nothing): looked at "},
	} {
		if got := (&findings.Report{Conversations: 3, Warned: c.warned}).Healthy(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%d warned: %q", c.warned, got)
		}
	}
	b.Reset()
	if err := (&findings.Report{}).WriteText(&b, findings.TextOptions{}); err != nil || b.Len() > 0 {
		t.Errorf("of no conversation: %q, %v", b.String(), err)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := sample(2).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var r findings.Report
	if err := json.Unmarshal(b.Bytes(), &r); err != nil || len(r.Findings) != 2 || r.Findings[0].Schema != "" || !strings.Contains(b.String(), "&& 1 > 0") {
		t.Errorf("%v: %s", err, b.String())
	}
	b.Reset()
	if err := sample(2).WriteNDJSON(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), `{"schema":"tcptrace.finding.v1","id":"refused",`); n != 2 || strings.Count(b.String(), "\n") != 2 {
		t.Errorf("%s", b.String())
	}
}

// TestTextFits: where a terminal has room for fewer lines, less is said of each finding, then of fewer, and what is left out is counted; the first is told
// on any.
func TestTextFits(t *testing.T) {
	all := findings.TextOptions{Width: 80, Full: 2, All: "tcptrace findings x.pcap"}
	for _, c := range []struct{ lines, told, full int }{{0, 10, 2}, {45, 10, 2}, {44, 10, 1}, {43, 9, 1}, {16, 3, 1}, {9, 1, 1}, {1, 1, 1}} {
		o := all
		o.Lines = c.lines
		var b bytes.Buffer
		if err := sample(10).WriteText(&b, o); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		told, full := strings.Count(text, "conversations were refused"), strings.Count(text, "next: ss -ltn")
		if told != c.told || full != c.full || !strings.Contains(text, fmt.Sprintf("%d more findings that cost less", 12-told)) {
			t.Errorf("%d lines: %d told, %d in full, want %d and %d\n%s", c.lines, told, full, c.told, c.full, text)
		}
		if height := sample(10).Height(o); c.lines > 1 && height > c.lines || height < strings.Count(text, "\n") {
			t.Errorf("%d lines: takes %d", c.lines, height)
		}
	}
}
