package expect_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"tcptrace/check"
	"tcptrace/internal/testutil/golden"
)

// TestMinimalHolds: a minimal expectation holds for the capture that it is written of, whatever that is, and names nothing that a
// repetition of the same would not have.
func TestMinimalHolds(t *testing.T) {
	captures := golden.Captures(t)
	dir := t.TempDir()
	for _, path := range captures {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), raw, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []check.Mode{check.Init, check.Compare} {
		results, err := check.Run(t.Context(), []string{dir}, check.Options{Mode: mode, Minimal: true})
		if err != nil || len(results) != len(captures) {
			t.Fatal(err, len(results))
		}
		for i := range results {
			if r := &results[i]; r.Status != check.Written && r.Status != check.Passed {
				t.Errorf("%s: %s %v %v", r.Name(), r.Status, r.Problems, r.Failures)
			}
		}
	}
	written, err := filepath.Glob(filepath.Join(dir, "*.expect.yaml"))
	if err != nil || len(written) != len(captures) {
		t.Fatal(err, len(written))
	}
	for _, path := range written {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"frame:", "time:", "ip:", "2026"} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s has %q", path, word)
			}
		}
	}
}
