package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/findings"
	"tcptrace/report"
)

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

// runAll leaves nothing behind: the runner makes directories that it does not remove.
func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tcptrace-beam")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv("TMPDIR", dir)
	return ptest.MainRetWithDefault(m, "prism")
}

// frame is a packet of Ethernet.
type frame struct {
	packet.Packet
	data []byte
}

// traffic is the golden captures of Ethernet as one, but for those with IP fragments and those whose clock goes back.
func traffic(t *testing.T) []frame {
	t.Helper()
	paths, err := filepath.Glob("../testdata/pcaps/*.pcap")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	var all []frame
	for _, path := range paths {
		if strings.Contains(path, "fragment") || strings.Contains(path, "extension-headers") || strings.Contains(path, "clock") {
			continue
		}
		file := capturefile.Open(path)
		var b packet.Batch
		for file.Next(&b) == nil {
			for i, p := range b.Packets {
				if p.Link == packet.LinkType(layers.LinkTypeEthernet) {
					p.Iface = 0
					all = append(all, frame{p, slices.Clone(b.Data(i))})
				}
			}
		}
		_ = file.Close()
	}
	all = append(all, refused(t)...)
	slices.SortStableFunc(all, func(a, b frame) int { return int(a.Time - b.Time) })
	return all
}

// refused is one connection that is refused, and the same of other clients, some seconds one after the other: what goes wrong has a server in common, and
// a time.
func refused(t *testing.T) (all []frame) {
	t.Helper()
	file := capturefile.Open("../testdata/pcaps/refused.pcap")
	defer file.Close()
	var b packet.Batch
	if err := file.Next(&b); err != nil {
		t.Fatal(err)
	}
	for client := range uint16(40) {
		for i, p := range b.Packets {
			data := slices.Clone(b.Data(i))
			address := data[26:30] // of who sent it, in IPv4
			if i%2 == 1 {
				address = data[30:34]
			}
			for at, by := range map[int]uint16{0: -client, 2: client} { // no checksum changes
				binary.BigEndian.PutUint16(address[at:], binary.BigEndian.Uint16(address[at:])+by)
			}
			p.Time += 20e9 + 3e9*int64(client)
			p.Iface = 0
			all = append(all, frame{p, data})
		}
	}
	return all
}

// write writes frames to a capture, compressed if its name says so.
func write(t *testing.T, path string, frames []frame) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := pcapgo.NewWriterNanos(file)
	if strings.HasSuffix(path, ".gz") {
		zip := gzip.NewWriter(file)
		defer zip.Close()
		w = pcapgo.NewWriterNanos(zip)
	}
	if err := w.WriteFileHeader(1<<18, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), CaptureLength: len(f.data), Length: int(f.WireLen)}
		if err := w.WritePacket(info, f.data); err != nil {
			t.Fatal(err)
		}
	}
}

type sink func(*analyzer.Conversation) error

func (s sink) Conversation(c *analyzer.Conversation) error { return s(c) }

// compareAll holds what is in a directory against what one machine says.
func compareAll(t *testing.T, dir string, want *machine) {
	t.Helper()
	compare(t, lines(t, dir), want.records)
	compareFound(t, dir, want.found)
	for name, text := range want.sums {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if got, text := ofFiles.ReplaceAllString(string(b), ""), ofFiles.ReplaceAllString(text, ""); err != nil || got != text || len(text) < 1000 {
			t.Errorf("%v %s is\n%s\nnot\n%s", err, name, got, text)
		}
	}
}

// ofFiles is what sums.json has of each file and not of all of them (README.md).
var ofFiles = regexp.MustCompile(`"stray_icmp":\d+,|,"shortfalls":\[[^]]*\]`)

// compareFound holds findings.json against the findings of one machine.
func compareFound(t *testing.T, dir string, want *findings.Report) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "findings.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(want)
	var got, expected struct {
		Findings []any
		Rest     map[string]any
	}
	for b, to := range map[string]*struct {
		Findings []any
		Rest     map[string]any
	}{string(b): &got, string(text): &expected} {
		if err := errors.Join(err, json.Unmarshal([]byte(b), to), json.Unmarshal([]byte(b), &to.Rest)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range min(len(got.Findings), len(expected.Findings)) {
		if !reflect.DeepEqual(got.Findings[i], expected.Findings[i]) {
			t.Errorf("finding %d is\n%v\nnot\n%v", i, got.Findings[i], expected.Findings[i])
		}
	}
	if !reflect.DeepEqual(got.Rest, expected.Rest) || len(want.Findings) == 0 {
		t.Error("findings are not those of one machine")
	}
}

func run(t *testing.T, j *job, globs ...string) {
	t.Helper()
	p, err := j.pipeline(globs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := beam.Run(context.Background(), "prism", p); err != nil {
		t.Fatal(err)
	}
}

// lines are those of all files of records in a directory, in order.
func lines(t *testing.T, dir string) (all []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "day=*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Split(strings.TrimRight(string(b), "\n"), "\n")...)
	}
	slices.Sort(all)
	return all
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for _, line := range got {
		i, found := slices.BinarySearch(want, line)
		if found {
			continue
		}
		for _, near := range want[max(0, i-1):min(len(want), i+1)] {
			from := 0
			for from < min(len(line), len(near)) && line[from] == near[from] {
				from++
			}
			t.Errorf("%d records, not %d; %.150s\n%.300s\nwant\n%.300s", len(got), len(want), line, line[max(0, from-100):], near[max(0, from-100):])
		}
		return
	}
	t.Fatalf("%d records, not %d", len(got), len(want))
}

// The records are byte for byte those of one analysis of all files.
func TestBeamIsOneMachine(t *testing.T) {
	frames := traffic(t)
	r := rand.New(rand.NewPCG(1, 1))
	for _, cuts := range []int{0, 1, 7, 30} {
		var at []int
		for len(at) < cuts {
			i := 1 + r.IntN(len(frames)-1)
			if !slices.Contains(at, i) && frames[i].Time > frames[i-1].Time { // else the order of files is that of names
				at = append(at, i)
			}
		}
		slices.Sort(at)
		dir := t.TempDir()
		want := cutAt(t, dir, frames, at)
		j := &job{Output: filepath.Join(dir, "out"), Format: "ndjson", NoNames: true, By: by}
		run(t, j, filepath.Join(dir, "ring-*"))
		compareAll(t, j.Output, &want)
		run(t, j, filepath.Join(dir, "ring-*"))
		compareAll(t, j.Output, &want) // nothing twice
		if !slices.ContainsFunc(want.found.Findings, func(f findings.Finding) bool { return f.Factor != nil && f.Evidence != nil }) {
			t.Error("no finding tells what the affected have in common, and what shows it")
		}
		if left, _ := filepath.Glob(filepath.Join(j.Output, "staged")); len(left) > 0 {
			t.Error("what was staged is still there")
		}
	}
}

// Captures of one time, such as those of two interfaces, are read as one; what cannot be read is told.
func TestOverlapAndTrouble(t *testing.T) {
	frames := traffic(t)
	dir := t.TempDir()
	var even, odd []frame
	for i, f := range frames[:600] {
		if i%2 == 0 {
			even = append(even, f)
		} else {
			odd = append(odd, f)
		}
	}
	write(t, filepath.Join(dir, "a.pcap"), even)
	write(t, filepath.Join(dir, "b.pcap"), odd)
	if err := os.WriteFile(filepath.Join(dir, "c.pcap"), []byte("no capture at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	encode := report.NewNDJSON(nil).NewEncoder()
	var want []string
	file := capturefile.Open(filepath.Join(dir, "a.pcap"), filepath.Join(dir, "b.pcap"))
	defer file.Close()
	if _, err := analyzer.Run(t.Context(), file, analyzer.Options{NoNames: true}, sink(func(c *analyzer.Conversation) error {
		c.Stream = 0
		want = append(want, strings.TrimSuffix(string(encode(nil, c)), "\n"))
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	j := &job{Output: filepath.Join(dir, "out"), Format: "ndjson", NoNames: true}
	run(t, j, filepath.Join(dir, "*.pcap"))
	compare(t, lines(t, j.Output), want)
	told, err := os.ReadFile(filepath.Join(j.Output, "unreadable.ndjson"))
	if err != nil || strings.Count(string(told), "\n") != 1 || !strings.Contains(string(told), "c.pcap") {
		t.Errorf("%s %v", told, err)
	}
}

// Parquet has as many rows.
func TestParquet(t *testing.T) {
	frames := traffic(t)
	dir := t.TempDir()
	i := len(frames) / 2
	for frames[i].Time == frames[i-1].Time {
		i++
	}
	want := cutAt(t, dir, frames, []int{i})
	j := &job{Output: filepath.Join(dir, "out"), Format: "parquet", NoNames: true}
	run(t, j, filepath.Join(dir, "ring-*"))
	paths, err := filepath.Glob(filepath.Join(j.Output, "day=*", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquet.OpenFile(strings.NewReader(string(b)), int64(len(b)))
		if err != nil {
			t.Fatal(path, err)
		}
		rows += int(file.NumRows())
	}
	if rows != len(want.records) {
		t.Errorf("%d rows, not %d", rows, len(want.records))
	}
}
