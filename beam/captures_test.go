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
		j := &job{Output: filepath.Join(dir, "out"), Format: "ndjson", Shards: 2, NoNames: true}
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

// TestLatestEnd: all captures end when the last of them does; those that cannot be read end never.
func TestLatestEnd(t *testing.T) {
	frames := traffic(t)
	dir := t.TempDir()
	a, b, gone := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "b.pcap.gz"), filepath.Join(dir, "gone.pcap")
	write(t, a, frames[:100])
	write(t, b, frames[100:200])
	for _, c := range []struct {
		names []string
		want  int64
	}{
		{[]string{a, b}, frames[199].Time},
		{[]string{b, a, gone}, frames[199].Time},
		{[]string{a}, frames[99].Time},
		{[]string{gone}, apart.Never},
	} {
		if got := latestEnd(t.Context(), c.names); got != c.want {
			t.Errorf("%v end at %d, not %d", c.names, got, c.want)
		}
	}
}
