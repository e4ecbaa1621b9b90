package main

import (
	"regexp"
	"strings"
	"testing"

	"tcptrace/check/expect"
	verified "tcptrace/internal/verify/record"
)

func TestVerifyFlags(t *testing.T) {
	for _, args := range [][]string{{"--rounds", "0"}, {"--rounds", "1001"}, {"--format", "xml"}, {"capture.pcap"}, {"--for", "1s"}, {"-i", "lo", "--for", "-1s"}, {"-i", "lo", "--rounds", "2"}} {
		if code, _, stderr := tcptrace(t, env{}, append([]string{"verify"}, args...)...); code != exitUsage {
			t.Errorf("%v: %d, %s", args, code, stderr)
		}
	}
}

// TestVerify: it ends well, or says what it takes.
func TestVerify(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := tcptrace(t, env{}, "verify", "--rounds", "1")
	if code == exitBadInput && stderr != "" {
		t.Skip(stderr)
	}
	if code != exitDone || !strings.Contains(stdout, "proved steps, 0 false") {
		t.Errorf("%d: %s%s", code, stdout, stderr)
	}
}

// TestVerifySchema: the record of a run is as its schema says, every list in it with members.
func TestVerifySchema(t *testing.T) {
	r := verified.New()
	r.At(verified.Middle).Endpoints = 1
	r.Line(verified.Middle, "CLOSED", "sent").Steps = 1
	r.Miss(verified.Middle, "CLOSED")
	r.Scenario("refused").Equal[verified.Middle] = 1
	r.False, r.Lacks = append(r.False, verified.FalseProof{}), append(r.Lacks, "BPF")
	r.Shown = &verified.Shown{Otherwise: []verified.NotShown{{}}}
	var text strings.Builder
	if err := r.JSON(&text); err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t, "verify", expect.ClosedSchema("verify"))
	if err := valid(schema, text.String()); err != nil {
		t.Error(err)
	}
	if err := valid(schema, strings.Replace(text.String(), `"lacks"`, `"lack"`, 1)); err == nil {
		t.Error("it takes anything")
	}
}

// TestVerifyRows: the rows of the documentation are those that verify makes, under its headings.
func TestVerifyRows(t *testing.T) {
	r := verified.New()
	r.System, r.Rounds, r.Place = "Linux 6-any", 10, verified.Namespaces
	for _, tap := range []verified.Tap{verified.Endpoint, verified.Middle, verified.OtherEnd} {
		*r.At(tap) = verified.AtTap{Tap: tap, Endpoints: 1000, Equal: 999, Proofs: 1234, Moments: 3, Within: 2}
	}
	r.Proofs = 3 * 1234
	r.Scenario("refused")
	var text strings.Builder
	if err := r.Markdown(&text); err != nil {
		t.Fatal(err)
	}
	readme := "| Linux 6, `tcptrace verify --rounds 10`, 1 scenarios: at the endpoint, in the middle, at the other end | 99.9, 99.9, 99.9 % | 3,702: 0 | 66.6, 66.6, 66.6 % | |\n"
	if !strings.HasPrefix(text.String(), verified.ReadmeHeading+"\n|---|---|---|---|---|\n"+readme) || !strings.Contains(text.String(), "\n| | in the middle | 1,000 | 99.9 % | 1,234: 0 | 66.6 % |\n") {
		t.Error(text.String())
	}
	number := regexp.MustCompile(`[0-9]+([.,][0-9]+)*`)
	shape := func(line string) string { return number.ReplaceAllString(line, "0") }
	made := map[string]int{}
	for line := range strings.Lines(text.String()) {
		made[shape(line)]++
	}
	for file, want := range map[string]int{"README.md": 1, "docs/accuracy.md": 3} {
		doc := readDoc(t, file)
		n := 0
		for line := range strings.Lines(doc) {
			if made[shape(line)] > 0 && strings.HasPrefix(line, "| ") && number.MatchString(line) {
				n++
			}
		}
		if n < want || !strings.Contains(doc, map[int]string{1: verified.ReadmeHeading, 3: verified.AccuracyHeading}[want]+"\n") {
			t.Errorf("%s: %d rows are as verify makes them, want %d under its heading", file, n, want)
		}
	}
}
