package main

import (
	"hash/crc32"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReplayByWorkers: what replay tells of a connection, and its number, are the same by any number of goroutines. The times of corrections and
// records are those of telling. The packets are those of the first seconds: none is let go because it is silent, which is looked for once a minute.
func TestReplayByWorkers(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap"))
	if err != nil || len(paths) < 100 {
		t.Fatal(paths, err)
	}
	// Most begin at the same moment, with the same sockets: some, so that frames do not pass for copies of others; by name, so that a new one
	// does not change which.
	paths = slices.DeleteFunc(paths, func(path string) bool { return crc32.ChecksumIEEE([]byte(filepath.Base(path)))%9 != 0 })
	told := func(workers string) (of map[string][]string, rest []string) {
		code, out, stderr := tcptrace(t, env{}, append([]string{"replay", "--speed", "max", "--format", "ndjson", "--workers", workers, "--packets", "400"}, paths...)...)
		if code != 0 {
			t.Fatalf("--workers %s: exit code %d: %s", workers, code, stderr)
		}
		of = map[string][]string{}
		for line := range strings.Lines(out) {
			_, stream, ok := strings.Cut(line, `"stream":`)
			if !ok {
				rest = append(rest, line)
				continue
			}
			stream, _, _ = strings.Cut(stream, ",")
			if strings.Contains(line, `"event":"correction"`) || strings.Contains(line, `"event":"conversation"`) {
				from := strings.Index(line, `"time":`)
				line = line[:from] + line[from+strings.Index(line[from:], ",")+1:]
			}
			of[stream] = append(of[stream], line)
		}
		return of, rest
	}
	one, sum := told("1")
	for _, workers := range []string{"2", "4"} {
		several, s := told(workers)
		if !slices.Equal(sum, s) {
			t.Errorf("--workers %s: %s\nwant %s", workers, s, sum)
		}
		if !maps.EqualFunc(one, several, slices.Equal) {
			for stream := range one {
				for i := range min(len(one[stream]), len(several[stream])) {
					if one[stream][i] != several[stream][i] {
						t.Fatalf("--workers %s: %s\nwant %s", workers, several[stream][i], one[stream][i])
					}
				}
			}
			t.Errorf("--workers %s: other events, of %d connections instead of %d", workers, len(several), len(one))
		}
	}
	for _, bad := range []string{"-1", "65"} {
		if code, _, stderr := tcptrace(t, env{}, "replay", paths[0], "--speed", "max", "--workers", bad); code != exitUsage {
			t.Errorf("--workers %s: exit code %d, %s", bad, code, stderr)
		}
	}
}
