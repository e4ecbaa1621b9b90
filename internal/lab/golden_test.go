package lab_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/lab"
)

var update = flag.Bool("update", false, "rewrite the captures of testdata/pcaps")

const goldenDir = "../../testdata/pcaps"

// disagreements are cases of which the analyzer does not say yet what the expectation says, and why. The expectation
// is right. A case that agrees must leave this list.
var disagreements = map[string]string{
	"fin-from-syn-rcvd":     "data that a fast-open server sends is taken for a proof of ESTABLISHED",
	"half-open-discovered":  "the RST counts for the new connection's outcome, and its ACK is no proof yet",
	"midstream-half-closed": "CLOSE_WAIT is acknowledged although the endpoint may have closed before the capture",
	"midstream-last-ack":    "CLOSE_WAIT is acknowledged although the endpoint may have closed before the capture",
	"showcase":              "a client whose SYN-ACK is repeated unanswered is taken to be ESTABLISHED",
	"split-handshake":       "a SYN that answers a SYN behind an ACK begins another conversation",
	"syn-changed":           "the second SYN-ACK's ISN does not replace the first",
	"syn-data":              "data that a fast-open server sends is taken for a proof of ESTABLISHED",
	"timewait-reuse":        "TIME_WAIT does not end in CLOSED when its sockets are used again",
	"timewait-reuse-client": "TIME_WAIT does not end in CLOSED when its sockets are used again",
}

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
			capture := golden(t, path)
			unmet := expectation(t, capture, strings.TrimSuffix(path, ".txt")+".expect.yaml")
			why, known := disagreements[name]
			switch {
			case !known:
				for _, u := range unmet {
					t.Error(u)
				}
			case len(unmet) == 0:
				t.Errorf("agrees now: take it out of disagreements (%s)", why)
			default:
				t.Skip("known to disagree: " + why)
			}
		})
	}
}

// golden is the path of the script's capture, which it checks or rewrites.
func golden(t *testing.T, path string) string {
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
		t.Errorf("%s is not what its script makes; go test ./internal/lab -run Golden -update rewrites it", capture)
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
