package golden

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// failures counts what a test is told, and goes on.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { f.n++ }

// TestCompare: another output fails, and -update takes it.
func TestCompare(t *testing.T) {
	t.Chdir(t.TempDir())
	path := filepath.Join("testdata", "a.txt")
	if err := os.Mkdir("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := &failures{TB: t}
	Compare(f, "a.txt", []byte("old"))
	if f.n != 0 {
		t.Error("the same output fails")
	}
	Compare(f, "a.txt", []byte("new"))
	if f.n != 1 {
		t.Error("another output does not fail")
	}
	*Update = true
	defer func() { *Update = false }()
	Compare(t, "a.txt", []byte("new"))
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("the file has %q (%v)", got, err)
	}
}

// TestCaptures finds them from below the top of the tree.
func TestCaptures(t *testing.T) {
	paths := Captures(t)
	if !slices.IsSorted(paths) || !slices.Contains(paths, "../../../testdata/pcaps/showcase.pcap") {
		t.Errorf("%d paths, such as %s", len(paths), paths[0])
	}
}

// TestDifference: it is the first line that differs, be it that there is no more, or no more end of a line.
func TestDifference(t *testing.T) {
	for _, test := range []struct {
		got, want string
		line      int
		is, was   string
	}{
		{"a\nb\nc\n", "a\nx\ny\n", 2, "b", "x"},
		{"a\n", "a\nb\n", 2, "", "b"},
		{"a\nb\n", "a\n", 2, "b", ""},
		{"a", "a\n", 1, "a", "a"},
		{"", "a", 1, "", "a"},
	} {
		if line, is, was := difference([]byte(test.got), []byte(test.want)); line != test.line || string(is) != test.is || string(was) != test.was {
			t.Errorf("%q and %q: line %d, %q and %q", test.got, test.want, line, is, was)
		}
	}
}
