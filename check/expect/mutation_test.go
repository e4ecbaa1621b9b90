package expect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tcptrace/check"
	"tcptrace/check/expect"
	"tcptrace/internal/testutil/thorough"
)

const goldenDir = "../../testdata/pcaps"

// mutation is a change of one line of an expectation, and what the failure must then name.
type mutation struct {
	name    string
	pattern *regexp.Regexp
	change  func(old string) (text string, named []string)
}

// mutations change a state, an anomaly or a number. Each match of a pattern is changed on its own.
var mutations = []mutation{
	{"state", regexp.MustCompile(`\b(SYN_SENT|SYN_RCVD|ESTABLISHED|FIN_WAIT_[12]|CLOSE_WAIT|LAST_ACK|TIME_WAIT|LISTEN)\b`), func(old string) (string, []string) {
		return "CLOSING", []string{old, "expected CLOSING"}
	}},
	{"anomaly", regexp.MustCompile(`\bid: [a-z0-9-]+`), func(old string) (string, []string) {
		id := "port-scan"
		if strings.HasSuffix(old, id) {
			id = "port-reused"
		}
		return "id: " + id, []string{id, "is expected and was not found"}
	}},
	{"number", regexp.MustCompile(`\b(packets|payload_bytes|frame|last_frame|completeness|tcp): \d+`), func(old string) (string, []string) {
		field, value, _ := strings.Cut(old, ": ")
		return field + ": 7" + value, []string{field + " is " + value, "expected 7" + value}
	}},
}

// TestMutations changes one thing in an expectation that holds: each time the check fails, says
// exactly that, and where.
func TestMutations(t *testing.T) {
	texts, err := filepath.Glob(filepath.Join(goldenDir, "*"+check.ExpectationExt))
	if err != nil || len(texts) == 0 {
		t.Fatalf("no expectations in %s: %v", goldenDir, err)
	}
	texts = thorough.Some(t, texts, 3)
	counted := map[string]int{}
	for _, path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		capture := captureOf(t, path)
		for _, m := range mutations {
			for i, at := range m.pattern.FindAllIndex(text, -1) {
				if inProse(text, at[0]) || i > 12 {
					continue
				}
				old := string(text[at[0]:at[1]])
				now, named := m.change(old)
				changed := string(text[:at[0]]) + now + string(text[at[1]:])
				line := strings.Count(changed[:at[0]], "\n") + 1
				e, problems := expect.Parse(path, []byte(changed))
				if problems != nil {
					t.Errorf("%s:%d: %v", path, line, problems)
					continue
				}
				v := (&expect.Check{Expectation: e}).Run(capture)
				counted[m.name]++
				if !names(v.Failures, line, named) {
					t.Errorf("%s:%d: %s instead of %s: want a failure that names %q, got %v", path, line, now, old, named, texted(v.Failures))
				}
				if max := 2; len(v.Failures) > max { // an anomaly is missing, and another one is too much
					t.Errorf("%s:%d: %s instead of %s: %d failures for one change: %v", path, line, now, old, len(v.Failures), texted(v.Failures))
				}
			}
		}
	}
	for _, m := range mutations {
		if counted[m.name] < len(texts)/5 {
			t.Errorf("only %d mutations of a %s: the pattern does not fit the expectations", counted[m.name], m.name)
		}
	}
}

func names(failures []expect.Failure, line int, words []string) bool {
	for _, f := range failures {
		all := f.Origin.Line == line
		for _, w := range words {
			all = all && strings.Contains(f.Text, w)
		}
		if all {
			return true
		}
	}
	return false
}

func texted(failures []expect.Failure) (out []string) {
	for _, f := range failures {
		out = append(out, fmt.Sprintf("%s: %s", f.Origin, f.Text))
	}
	return out
}

// inProse reports whether what stands there is of a comment, or of the words of an anomaly.
func inProse(text []byte, at int) bool {
	line := string(text[:at])
	line = line[strings.LastIndexByte(line, '\n')+1:]
	return strings.Contains(line, "#") || strings.Contains(line, "detail:")
}

// captureOf is the records of the capture beside an expectation.
func captureOf(t *testing.T, path string) *expect.Capture {
	t.Helper()
	captures, _ := filepath.Glob(strings.TrimSuffix(path, check.ExpectationExt) + ".pcap*")
	if len(captures) != 1 {
		t.Fatalf("%s has captures %v", path, captures)
	}
	c, err := check.Load(context.Background(), captures[0], check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
