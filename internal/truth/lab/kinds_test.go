package lab_test

import (
	"path/filepath"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
)

// TestGoldenKinds wants a golden capture of every kind that a segment can have, of every cause of a retransmission, and of
// every note: what nothing shows nobody checks.
func TestGoldenKinds(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	var (
		kinds  [analyzer.NumKinds]bool
		causes [analyzer.NumCauses]bool
		notes  = map[string]bool{}
	)
	for _, path := range paths {
		eachReading(t, path, func(r *analyzer.Reading) {
			kinds[r.Kind], causes[r.Cause] = true, true
			for n := range r.Notes.All() {
				notes[n] = true
			}
		})
	}
	for k, seen := range kinds {
		if !seen {
			t.Errorf("no golden capture has a segment of kind %v", analyzer.Kind(k))
		}
	}
	for c, seen := range causes {
		if !seen {
			t.Errorf("no golden capture has a retransmission of cause %v", analyzer.Cause(c))
		}
	}
	for n := range (^analyzer.Notes(0)).All() {
		if !notes[n] {
			t.Errorf("no golden capture has a segment with the note %s", n)
		}
	}
}

// eachReading has f told of every segment of a capture.
func eachReading(t *testing.T, path string, f func(*analyzer.Reading)) {
	t.Helper()
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	a := analyzer.New(analyzer.Options{}, ignored{})
	a.Watch(f)
	if _, err := a.Run(t.Context(), src); err != nil {
		t.Fatal(err)
	}
}

// ignored is a sink that takes no notice.
type ignored struct{}

func (ignored) Conversation(*analyzer.Conversation) error { return nil }
