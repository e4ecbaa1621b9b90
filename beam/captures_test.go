package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tcptrace/analyzer/apart"
)

// TestNothingCrosses: of one capture nothing is handed on, whatever is open at its end, and of two of which the sockets are not the same neither.
func TestNothingCrosses(t *testing.T) {
	frames := traffic(t)
	for _, files := range [][][]frame{{frames}, {frames[:1], refused(t)}} {
		dir := t.TempDir()
		for i, f := range files {
			write(t, filepath.Join(dir, string(rune('a'+i))+".pcap"), f)
		}
		j := &job{Output: filepath.Join(dir, "out"), Format: "ndjson", NoNames: true}
		run(t, j, filepath.Join(dir, "*.pcap"))
		var sum summary
		b, err := os.ReadFile(filepath.Join(j.Output, "summary.json"))
		if err == nil {
			err = json.Unmarshal(b, &sum)
		}
		if err != nil || sum.Conversations == 0 || sum.CrossingConversations > 0 || sum.CrossingBytes > 0 {
			t.Errorf("%v %+v", err, sum)
		}
	}
}

// TestExpected: all captures are expected to end when the last of them by name does, whatever the globs; if that cannot be read, never.
func TestExpected(t *testing.T) {
	frames := traffic(t)
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "b.pcap.gz"), filepath.Join(dir, "c.pcap")
	write(t, a, frames[100:200])
	write(t, b, frames[:100])
	if err := os.WriteFile(c, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		globs []string
		files int
		want  int64
	}{
		{[]string{filepath.Join(dir, "[ab].pcap*")}, 2, frames[99].Time},
		{[]string{b, a}, 2, frames[99].Time}, // a is not read for that: it ends later
		{[]string{a}, 1, frames[199].Time},
		{[]string{a, b, c}, 3, apart.Never},
	} {
		files := 0
		err := (&listFn{Globs: x.globs}).ProcessElement(t.Context(), nil, func(got capture) {
			if files++; got.Expected != x.want {
				t.Errorf("%v: %s is expected to end at %d, not %d", x.globs, got.Name, got.Expected, x.want)
			}
		})
		if err != nil || files != x.files {
			t.Errorf("%v: %d files, %v", x.globs, files, err)
		}
	}
}
