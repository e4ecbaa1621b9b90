package expect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tcptrace/check/expect"
)

// What would take the parser minutes or gigabytes is refused before it is parsed; what is just inside is read.
func TestTextBounds(t *testing.T) {
	budget := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, form, i)
		}
		return b.String()
	}
	for _, test := range []struct{ text, want string }{
		{strings.Repeat("#", 1<<20), ""},
		{strings.Repeat("#", 1<<20) + "\n", "more than 1048576 bytes"},
		{"assert: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), ""},
		{"assert: " + strings.Repeat("[", 101), "x:1: too large: more than 100 collections"},
		{"assert: " + strings.Repeat("[", 100_000), "more than 100 collections"},
		{"assert: " + strings.Repeat("{a: ", 100_000), "more than 100 collections"},
		{"assert:\n" + strings.Repeat("- ", 100) + "x", ""},
		{"assert:\n" + strings.Repeat("- ", 101) + "x", "x:2: too large: an entry begins in column 201"},
		{strings.Repeat("- ", 100_000) + "x", "an entry begins in column"},
		{strings.Repeat("? ", 100_000) + "x", "an entry begins in column"},
		{"a:\n" + strings.Repeat(" ", 199) + "b: 1", ""},
		{"a:\n" + strings.Repeat(" ", 200) + "b: 1", "x:2: too large: an entry begins in column 201"},
		{"budget:\n" + budget(1000, "  a%d: 1\n") + "complete: true", ""},
		{"budget:\n" + budget(1001, "  a%d: 1\n"), "x:1002: too large: a mapping has more than 1000 entries"},
		{"budget:\n" + budget(80_000, "  a%d: 1\n"), "a mapping has more than 1000 entries"},
		{"budget: {" + budget(1000, "a%d: 1, ") + "}", ""},
		{"budget: {" + budget(1001, "a%d: 1, ") + "}", "x:1: too large: a mapping has more than 1000 entries"},
		{"conversations:\n" + budget(3000, "- stream: %d\n  packets: 1\n"), ""},
		{"conversations:\n" + budget(3000, "- {stream: %d, packets: 1}\n"), ""},
	} {
		began := time.Now()
		_, problems := expect.ParseProject("x", []byte(test.text))
		refused := false
		for _, p := range problems {
			refused = refused || test.want != "" && strings.Contains(p.Error(), test.want)
			if test.want == "" && (strings.Contains(p.Text, "more than") || strings.Contains(p.Text, "column")) {
				t.Errorf("%.40q...: %v", test.text, p)
			}
		}
		if refused != (test.want != "") || len(problems) != 1 && test.want != "" {
			t.Errorf("%.40q...: %d problems, want %s", test.text, len(problems), test.want)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%.40q... took %v", test.text, took)
		}
	}
}

// What an expectation keeps when it is written anew is found in one go, however many lines it has.
func TestKeptIsLinear(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("- a\n", 1<<18), strings.Repeat("#\n", 1<<19), strings.Repeat("\n", 1<<20), "assert:\n" + strings.Repeat("- a\n", 1<<18),
		strings.Repeat("a:\n", 1<<18),
	} {
		began := time.Now()
		if c := new(expect.Capture); expect.Unchanged(c, []byte(text)) {
			t.Errorf("%.20q... is said to be what is written", text)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%.20q... took %v", text, took)
		}
	}
}

// An expectation that is written anew keeps the comment at its top and its rules, and nothing else.
func TestKept(t *testing.T) {
	const top, rule = "# one\n\n  \n# two\n", "assert:\n  - 'a'\n# of it\n\n- b\n"
	c := new(expect.Capture)
	fresh := string(expect.Write(c, nil))
	for old, want := range map[string][]string{
		top: {top + "complete: true\n"},
		top + "  x: 1\ny: 2\n" + rule + "summary:\n":    {top + "complete: true\n" + rule + "conversations:"},
		rule + "complete: false\n":                      {rule + "complete: false\nconversations:"},
		"complete: false\n" + rule + "# behind":         {"complete: false\n" + rule + "# behind\nconversations:"},
		"deny: [x]\nconversations: []\nbudget:\n  a: 1": {"deny: [x]\nbudget:\n  a: 1\nconversations:"},
		"": {fresh},
	} {
		got := string(expect.Write(c, []byte(old)))
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("of %q is kept\n%s\nwant %q", old, got, part)
			}
		}
		if !expect.Unchanged(c, []byte(got)) && !strings.Contains(got, "assert") && !strings.Contains(got, "deny") {
			t.Errorf("what was written of %q is said to be changed", old)
		}
	}
}
