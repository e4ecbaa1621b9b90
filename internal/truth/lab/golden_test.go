package lab_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/truth/lab"
)

var update = golden.Update

const goldenDir = "../../../testdata/pcaps"

// TestGolden makes every script's capture again, compares it with the one that is committed, analyzes
// it, and compares what comes out with the expectation beside it.
func TestGolden(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(goldenDir, "*.txt"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", goldenDir, err)
	}
	for _, path := range scripts {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			capture := goldenCapture(t, path)
			for _, unmet := range expectation(t, capture, strings.TrimSuffix(path, ".txt")+".expect.yaml") {
				t.Error(unmet)
			}
		})
	}
}

// goldenCapture is the path of the script's capture, which it checks or rewrites.
func goldenCapture(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	script, err := lab.Parse(filepath.Base(path), text)
	if err != nil {
		t.Fatal(err)
	}
	if script.Story == "" {
		t.Errorf("%s tells no story: its first line is not a comment", path)
	}
	want, err := script.Capture()
	if err != nil {
		t.Fatal(err)
	}
	capture := strings.TrimSuffix(path, ".txt") + script.Format.Ext()
	if *update {
		if err := os.WriteFile(capture, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what its script makes; go test ./internal/truth/lab -run Golden -update rewrites it", capture)
	}
	return capture
}

// TestGoldenComplete finds captures and expectations whose script is gone.
func TestGoldenComplete(t *testing.T) {
	files, err := os.ReadDir(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name, _, _ := strings.Cut(f.Name(), ".")
		if _, err := os.Stat(filepath.Join(goldenDir, name+".txt")); err != nil {
			t.Errorf("%s has no script", f.Name())
		}
	}
}
