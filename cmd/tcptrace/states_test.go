package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/internal/testutil/thorough"
)

// counts are what JSON says of a moment.
type counts struct {
	Time        time.Time
	Connections int
	Client      map[string]int
	Server      map[string]int
}

func (c *counts) equal(d *counts) bool {
	return c.Connections == d.Connections && maps.Equal(c.Client, d.Client) && maps.Equal(c.Server, d.Server)
}

// stateFlags are some of the ways to ask.
var stateFlags = [][]string{
	{},
	{"--side", "server"},
	{"--state", "estab,time-wait,unknown"},
	{"--max-flows", "1"},
}

// TestStatesAgree asks of golden captures for a series, and for each of its samples for the table of that
// moment: the counts are the same, and those of the records.
func TestStatesAgree(t *testing.T) {
	for _, path := range thorough.Some(t, goldenCaptures(t), 4) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			every := half(t, path)
			for _, flags := range stateFlags {
				var series struct{ Samples []counts }
				readJSON(t, &series, append([]string{"states", path, "--every", every.String(), "--format", "json"}, flags...)...)
				if n := len(series.Samples); n < 1 || n > 3 {
					t.Fatalf("%d samples", n)
				}
				for i := range series.Samples {
					sample := &series.Samples[i]
					at := append([]string{"states", path, "--at", sample.Time.Format(time.RFC3339Nano)}, flags...)
					var moment struct {
						Connections []json.RawMessage
						Counts      counts
					}
					readJSON(t, &moment, append(at, "--format", "json")...)
					if !moment.Counts.equal(sample) || len(moment.Connections) != sample.Connections {
						t.Errorf("%v: %d connections, %+v; the series has %+v", at, len(moment.Connections), moment.Counts, sample)
					}
					if len(flags) > 0 {
						continue
					}
					_, ndjson, _ := tcptrace(t, env{}, append(at, "--format", "ndjson")...)
					if got := strings.Count(ndjson, "\n"); got != sample.Connections {
						t.Errorf("%v: %d records, want %d", at, got, sample.Connections)
					}
					_, rows, _ := tcptrace(t, env{}, append(at, "--format", "csv")...)
					if got, err := csv.NewReader(strings.NewReader(rows)).ReadAll(); err != nil || len(got) != sample.Connections+1 {
						t.Errorf("%v: %d rows of CSV (%v), want %d and a header", at, len(got), err, sample.Connections)
					}
				}
			}
		})
	}
}

// TestStatesOfGoldenCaptures keeps the table of a moment of every golden capture.
func TestStatesOfGoldenCaptures(t *testing.T) {
	var all bytes.Buffer
	for _, path := range goldenCaptures(t) {
		at := "+" + half(t, path).String()
		code, table, stderr := tcptrace(t, env{}, "states", path, "--at", at)
		fmt.Fprintf(&all, "$ tcptrace states %s --at %s\n%s%s\n", filepath.Base(path), at, table, stderr)
		if code != exitDone {
			t.Errorf("%s at %s: exit code %d: %s", path, at, code, stderr)
		}
	}
	const golden = "testdata/states.txt"
	if *update {
		if err := os.WriteFile(golden, all.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(all.Bytes(), want) {
		t.Errorf("%s differs (go test -update rewrites it): %v\n%s", golden, err, all.Bytes())
	}
}

func goldenCaptures(t *testing.T) []string {
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	return captures
}

// half is half of how long a capture goes on after its first packet, or a moment.
func half(t *testing.T, path string) time.Duration {
	t.Helper()
	var series struct{ Begin, End time.Time }
	readJSON(t, &series, "states", path, "--every", "24h", "--format", "json")
	return max(series.End.Sub(series.Begin)/2, 1)
}

func readJSON(t *testing.T, to any, args ...string) {
	t.Helper()
	code, stdout, stderr := tcptrace(t, env{}, args...)
	if err := json.Unmarshal([]byte(stdout), to); err != nil || code != exitDone {
		t.Fatalf("%v: exit code %d: %v\n%s", args, code, err, stderr)
	}
}

// A table that is short of rows has those that come first, whatever ended first.
func TestStatesLimit(t *testing.T) {
	path := filepath.Join(goldenDir, "showcase.pcap")
	rows := func(args ...string) (numbers []string) {
		_, table, _ := tcptrace(t, env{}, append([]string{"states", path, "--at", "+1s"}, args...)...)
		for line := range strings.Lines(table) {
			if strings.Contains(line, ":") && line[0] >= '0' && line[0] <= '9' && !strings.Contains(line, "more") && !strings.Contains(line, "UTC") {
				numbers = append(numbers, line[:1])
			}
		}
		return numbers
	}
	all := rows("--limit", "0")
	for limit := 1; limit <= len(all)+1; limit++ {
		if got, want := rows("--limit", fmt.Sprint(limit)), all[:min(limit, len(all))]; !slices.Equal(got, want) {
			t.Errorf("--limit %d: %v, want %v", limit, got, want)
		}
	}
}
