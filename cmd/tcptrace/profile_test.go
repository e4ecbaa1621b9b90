package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// capturesVariable lists captures, as PATH does directories.
const capturesVariable = "TCPTRACE_CAPTURES"

// BenchmarkCaptures is what the profile is taken of by which the compiler optimizes the program (default.pgo; make pgo): the formats that most
// people ask for, of whole captures.
func BenchmarkCaptures(b *testing.B) {
	captures := filepath.SplitList(os.Getenv(capturesVariable))
	if len(captures) == 0 {
		b.Skip(capturesVariable + " lists no captures; make pgo says which are of use")
	}
	for _, path := range captures {
		for _, format := range []string{"table", "ndjson"} {
			b.Run(filepath.Base(path)+"/"+format, func(b *testing.B) {
				for b.Loop() {
					if code := run(b.Context(), []string{"--format", format, path}, env{out: io.Discard, err: os.Stderr}); code != exitDone {
						b.Fatalf("exit code %d", code)
					}
				}
			})
		}
	}
}
