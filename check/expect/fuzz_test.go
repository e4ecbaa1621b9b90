package expect_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tcptrace/check"
	"tcptrace/check/expect"
)

// patience is for what has no work for a second.
const patience = 20 * time.Second

// addExpectations seeds with the expectations of the golden captures, and of the cases where they are there.
func addExpectations(f *testing.F) {
	for _, dir := range []string{goldenDir, "../../../shared/cases", "../../../shared/cases/hostile"} {
		paths, err := filepath.Glob(filepath.Join(dir, "*"+check.ExpectationExt))
		if err != nil {
			f.Fatal(err)
		}
		if len(paths) == 0 {
			f.Logf("no expectations in %s: skipped", dir)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add([]byte("conversations: &a [*a, *a]"))
	f.Add([]byte("conversations: " + strings.Repeat("[", 5000)))
	f.Add([]byte(strings.Repeat("{a: ", 200)))
	f.Add([]byte("deny: [\x1b[31m, \x07, \u202e]"))
	f.Add([]byte("assert: all(conversations, all(1..100, .packets > #))"))
	f.Add([]byte("complete: true\nbudget: {error: 0}\nsuppress:\n- {anomaly: no-answer, reason: x, captures: '*/[a-z]*', stream: 1, endpoint: client}"))
}

// FuzzParse reads any text as an expectation, and holds a capture against it: it is refused with problems that are of this file, or it
// is judged, the same way twice, and soon.
func FuzzParse(f *testing.F) {
	addExpectations(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		began := time.Now()
		e, problems := expect.Parse("x", text)
		if (e == nil) == (problems == nil) {
			t.Fatalf("%q: %v with problems %v", text, e, problems)
		}
		if _, again := expect.Parse("x", text); !reflect.DeepEqual(problems, again) {
			t.Errorf("%q: the problems are\n%v\nand then\n%v", text, problems, again)
		}
		ofThisFile(t, problems)
		if e != nil {
			v, again := (&expect.Check{Expectation: e}).Run(sample()), (&expect.Check{Expectation: e}).Run(sample())
			if !reflect.DeepEqual(v.Failures, again.Failures) && !bytes.Contains(text, []byte("now")) {
				t.Errorf("%q: the failures are\n%v\nand then\n%v", text, v.Failures, again.Failures)
			}
			written := expect.Write(sample(), text)
			if again := expect.Write(sample(), written); !bytes.Equal(written, again) {
				t.Errorf("%q is written as\n%s\nand that as\n%s", text, written, again)
			}
		}
		if took := time.Since(began); took > patience {
			t.Errorf("%q takes %v", text, took)
		}
	})
}

// ofThisFile expects problems that say where they are.
func ofThisFile(t *testing.T, problems []expect.Problem) {
	t.Helper()
	for _, p := range problems {
		if p.File != "x" || p.Text == "" || len(p.Text) > 4<<10 {
			t.Errorf("a problem: %+v", p)
		}
	}
}

// FuzzProject does that with project files, and applies the rules of those that can be used.
func FuzzProject(f *testing.F) {
	addExpectations(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		began := time.Now()
		p, problems := expect.ParseProject("x", text)
		if (p == nil) == (problems == nil) {
			t.Fatalf("%q: %v with problems %v", text, p, problems)
		}
		ofThisFile(t, problems)
		if p != nil {
			for _, name := range []string{"a.pcap", "a/b/c.pcap", "\x1b[", ""} {
				c := expect.Check{Project: p.Rules, Suppressions: p.For(name)}
				v, again := c.Run(sample()), c.Run(sample())
				if !reflect.DeepEqual(v.Failures, again.Failures) && !bytes.Contains(text, []byte("now")) {
					t.Errorf("%q: the failures are\n%v\nand then\n%v", text, v.Failures, again.Failures)
				}
			}
		}
		if took := time.Since(began); took > patience {
			t.Errorf("%q takes %v", text, took)
		}
	})
}
