package pipeline_test

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/truth/invariant"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// leastAhead is with how many workers batches are decoded apart from one another.
const leastAhead = 3

// with is o for so many workers.
func with(o analyzer.Options, workers int) analyzer.Options {
	o.Workers = workers
	return o
}

// TestSameOutput: what is said of a capture does not depend on the number of workers, if any, nor on how it is cut into batches.
func TestSameOutput(t *testing.T) {
	var inline analyzer.Analyzer // keeps its memory from capture to capture
	for n, c := range captures(t) {
		want := renderChecked(t, bytes.NewReader(c.data), input.Options{}, with(c.o, 1))
		alone := &comparer{want: want}
		renderInline(t, &inline, c, alone)
		if d := alone.differs(); d != "" {
			t.Errorf("%s, inline: %s", c.name, d)
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for i, way := range []struct {
				name    string
				byBytes bool
				so      input.Options
				workers int
			}{
				{name: "2 workers", workers: 2},
				{name: "5 workers", workers: 5},
				{name: "16 workers", workers: 16},
				{name: "chunks of 4096", so: input.Options{ChunkSize: 4096}, workers: 2},
				{name: "chunks of 97", so: input.Options{ChunkSize: 97}, workers: 2},
				{name: "batches of 3 packets", so: input.Options{ChunkSize: 4096, MaxPackets: 3}, workers: 2},
				{name: "batches of 3 packets, decoded apart", so: input.Options{ChunkSize: 4096, MaxPackets: 3}, workers: leastAhead},
				{name: "a byte at a time", byBytes: true, workers: 5},
			} {
				if !thorough.Asked() && (i+n)%3 != 0 { // each way for some of the captures
					continue
				}
				var r io.Reader = bytes.NewReader(c.data)
				if way.byBytes {
					r = iotest.OneByteReader(r)
				}
				got := &comparer{want: want}
				renderTo(t, r, way.so, with(c.o, way.workers), got, func(rep *report.NDJSON) analyzer.Sink { return rep })
				if d := got.differs(); d != "" {
					t.Errorf("%s: %s", way.name, d)
				}
			}
		})
	}
}

// TestSameFormats writes the frames of every golden script that has one link type as pcap and as
// pcapng, in both byte orders.
func TestSameFormats(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(goldenDir, "*.txt"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", goldenDir, err)
	}
	inputs := map[string][]lab.Frame{"generated": newTraffic(4, lives, 30, time.Minute, 100*time.Millisecond).frames}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		script, err := lab.Parse(path, text)
		if err != nil {
			t.Fatal(err)
		}
		frames, err := script.Frames()
		if err != nil {
			t.Fatal(err)
		}
		links := map[uint16]bool{}
		for _, f := range frames {
			links[f.Link] = true
		}
		if len(links) == 1 {
			for i := range frames {
				frames[i].Iface = 0
			}
			inputs[filepath.Base(path)] = frames
		}
	}
	for name, frames := range inputs {
		var want string
		for _, f := range []lab.Format{{}, {BigEndian: true}, {PCAPNG: true}, {PCAPNG: true, BigEndian: true}} {
			f.Nano = true
			data, err := lab.WriteCapture(frames, f)
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, bytes.NewReader(data), input.Options{}, analyzer.Options{Workers: 2})
			if want == "" {
				want = got
			}
			if d := differs(got, want); d != "" {
				t.Errorf("%s as %+v: %s", name, f, d)
			}
		}
	}
}

// keeper is a sink that keeps everything, and may fail.
type keeper struct {
	list []analyzer.Conversation
	fail func(n int) error
}

func (k *keeper) Conversation(c *analyzer.Conversation) error {
	k.list = append(k.list, *c)
	if k.fail != nil {
		return k.fail(len(k.list))
	}
	return nil
}

// TestTruth compares what the analysis says with what the generator did.
func TestTruth(t *testing.T) {
	for seed := range uint64(3) {
		tr := newTraffic(seed, lives, 100, 20*time.Second, 10*time.Millisecond)
		src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(tr.capture(t, lab.Format{}))})
		var k keeper
		sum, err := analyzer.Run(t.Context(), src, analyzer.Options{}, invariant.Sink(t, &k, report.Story))
		if err != nil {
			t.Fatal(err)
		}
		if sum.Packets != uint64(len(tr.frames)) {
			t.Errorf("%d packets, want %d", sum.Packets, len(tr.frames))
		}
		var got []truth
		for _, c := range k.list {
			got = append(got, truth{c.Addr[analyzer.Client], c.Addr[analyzer.Server], c.Outcome, c.Packets(), int64(c.Start)})
		}
		order := func(a, b truth) int {
			return cmp.Or(cmp.Compare(a.start, b.start), a.client.Compare(b.client), a.server.Compare(b.server))
		}
		slices.SortFunc(got, order)
		want := slices.SortedFunc(slices.Values(tr.truth), order)
		wrong := 0
		for i := range max(len(got), len(want)) {
			switch {
			case i >= len(got):
				t.Fatalf("seed %d: missing: %v", seed, want[i])
			case i >= len(want):
				t.Fatalf("seed %d: too many: %v", seed, got[i])
			case got[i] != want[i]:
				t.Errorf("seed %d:\n got %v\nwant %v", seed, got[i], want[i])
				if wrong++; wrong == 5 {
					t.FailNow()
				}
			}
		}
	}
}

// TestStreamNumbers: without evictions and held SYNs, every number is used once, in order of first frames.
func TestStreamNumbers(t *testing.T) {
	tr := newTraffic(5, lives[:12], 100, 20*time.Second, 10*time.Millisecond)
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(tr.capture(t, lab.Format{}))})
	var k keeper
	if _, err := analyzer.Run(t.Context(), src, analyzer.Options{Workers: 2}, &k); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(k.list, func(a, b analyzer.Conversation) int { return cmp.Compare(a.FirstFrame, b.FirstFrame) })
	for i, c := range k.list {
		if c.Stream != uint64(i) {
			t.Fatalf("conversation %d in order of first frames is stream %d", i, c.Stream)
		}
	}
}

// TestNumberedAtEnd: what is open at the end is the same, whether one goroutine makes the records or several, of a sink that takes their numbers
// beside them.
func TestNumberedAtEnd(t *testing.T) {
	data := newTraffic(7, []life{flood}, 1000, time.Second, time.Millisecond).capture(t, lab.Format{})
	written := func(workers int) string {
		var out bytes.Buffer
		csv := report.NewCSV(&out)
		src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
		sum, err := analyzer.Run(t.Context(), src, analyzer.Options{Workers: workers}, csv)
		if err := errors.Join(err, csv.Finish(&sum)); err != nil || sum.Conversations != 1000 {
			t.Fatal(err, sum.Conversations)
		}
		return out.String()
	}
	if d := differs(written(3), written(1)); d != "" {
		t.Error(d)
	}
}

// checkAccounts: every packet is accounted for once, every TCP packet in one conversation.
func checkAccounts(t *testing.T, sum *analyzer.Summary, list []analyzer.Conversation) {
	t.Helper()
	other := sum.Filtered
	for _, n := range sum.NotAnalyzed() {
		other += n.Packets
	}
	var packets, outcomes uint64
	for i := range list {
		packets += list[i].Packets()
	}
	for _, n := range sum.Outcomes {
		outcomes += n
	}
	if sum.TCP+other != sum.Packets || packets != sum.TCP || outcomes != sum.Conversations || sum.Conversations != uint64(len(list)) {
		t.Errorf("%d packets: %d TCP and %d others; %d packets in %d conversations; the summary has %d, %d by outcome",
			sum.Packets, sum.TCP, other, packets, len(list), sum.Conversations, outcomes)
	}
}
