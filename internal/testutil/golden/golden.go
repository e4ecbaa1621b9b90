// Package golden holds outputs against files of what they were when somebody last read them, and finds the golden captures.
//
// Not its job: what an output should be. Whoever rewrites a file reads the difference.
package golden

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// Update is the flag -update of tests: files of outputs are rewritten.
var Update = flag.Bool("update", false, "rewrite what outputs are compared with")

// Compare fails unless got is what the file testdata/NAME has. With -update it writes that.
func Compare(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *Update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		line, is, was := difference(got, want)
		t.Errorf("%s: line %d is\n%s\nand was\n%s\n(-update rewrites the file; read the difference)", path, line, is, was)
	}
}

// difference is the first line that differs, from 1, as it is and as it was.
func difference(got, want []byte) (line int, is, was []byte) {
	for line = 1; ; line++ {
		var more, had bool
		is, got, more = bytes.Cut(got, []byte("\n"))
		was, want, had = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(is, was) || more != had {
			return line, is, was
		}
	}
}

// Captures are the paths of the golden captures, of any format, in the order of their names.
func Captures(t testing.TB) []string {
	t.Helper()
	root := "."
	for depth := 0; ; depth++ {
		paths, err := filepath.Glob(filepath.Join(root, "testdata", "pcaps", "*.pcap*"))
		if err != nil || depth > 10 {
			t.Fatal("there are no golden captures above this directory", err)
		}
		if len(paths) > 0 {
			return paths
		}
		root = filepath.Join(root, "..")
	}
}
