package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// capturesVariable lists captures, as PATH does directories.
const capturesVariable = "TCPTRACE_CAPTURES"

// BenchmarkCaptures is what the profile is taken of by which the compiler optimizes the program (default.pgo; make pgo): what most
// people ask for of whole captures, and what is asked for live where there is much traffic.
func BenchmarkCaptures(b *testing.B) {
	captures := filepath.SplitList(os.Getenv(capturesVariable))
	if len(captures) == 0 {
		b.Skip(capturesVariable + " lists no captures; make pgo says which are of use")
	}
	for _, path := range captures {
		for _, command := range []string{"--format table", "--format ndjson", "replay --speed max --by outcome", "replay --speed max --format ndjson"} {
			b.Run(filepath.Base(path)+"/"+command, func(b *testing.B) {
				for b.Loop() {
					if code := run(b.Context(), append(strings.Fields(command), path), env{out: io.Discard, err: os.Stderr}); code != exitDone {
						b.Fatalf("exit code %d", code)
					}
				}
			})
		}
	}
}
