package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
)

// each is an iterator as a step gets it.
func each[T any](list []T) func(*T) bool {
	return func(x *T) bool {
		if len(list) == 0 {
			return false
		}
		*x, list = list[0], list[1:]
		return true
	}
}

// failing is a capture that cannot be read to its end, since the machine is gone.
type failing struct {
	*capturefile.File
	batches int
}

func (f *failing) Next(b *packet.Batch) error {
	if f.batches++; f.batches > 1 {
		return errors.New("the machine is gone")
	}
	return f.File.Next(b)
}

// Every step is done twice, as by a retry or a speculative run: the first attempt at a capture ends in the middle, what is handed on is
// delivered twice, and what writes is done once more when all is written. The records are there once.
func TestStepsTwice(t *testing.T) {
	frames := traffic(t)
	dir := t.TempDir()
	at := []int{}
	for i := len(frames) / 4; i < len(frames); i++ {
		if len(at) < 3 && i >= (len(at)+1)*len(frames)/4 && frames[i].Time > frames[i-1].Time {
			at = append(at, i)
		}
	}
	want := cutAt(t, dir, frames, at)
	paths, err := filepath.Glob(filepath.Join(dir, "ring-*"))
	if err != nil {
		t.Fatal(err)
	}
	j := job{Output: filepath.Join(dir, "out"), Format: "ndjson", NoNames: true, By: by}
	ctx := t.Context()
	var outlines []outlined
	said := map[int64][]share{}
	for i, path := range paths {
		c := capture{Number: int64(i), Name: path}
		half, err := newStaging(&j, &c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = apart.Analyze(ctx, &failing{File: capturefile.Open(path)}, j.options(), apart.Others{End: apart.Never}, func(id apart.ID, c *apart.Conversation) error { return half.add(ctx, id, c) })
		if _, err = half.close(ctx, err); err == nil {
			t.Fatal("that was to fail")
		}
		for range 2 {
			outlines = outlines[:i]
			if err := (&analyzeFn{Job: j}).ProcessElement(ctx, c, func(o outlined) { outlines = append(outlines, o) }, func(i int64, x share) { said[i] = append(said[i], x) }, func(trouble) { t.Error("trouble") }); err != nil {
				t.Fatal(err)
			}
		}
	}
	written, homes := finishTwice(t, &j, outlines, said)
	compare(t, lines(t, j.Output), want.records)
	if written != want.found.Conversations || homes == 0 {
		t.Errorf("%d conversations were counted, not %d; %d homes", written, want.found.Conversations, homes)
	}
	if left, _ := filepath.Glob(filepath.Join(j.Output, "*", "*.part")); len(left) > 0 {
		t.Errorf("%v: what was not finished is still there", left)
	}
}

// finishTwice does all that comes behind the analysis twice, and returns how many conversations were written, and how many captures others hand something on to.
func finishTwice(t *testing.T, job *job, outlines []outlined, said map[int64][]share) (written uint64, homes int) {
	t.Helper()
	ctx, j := t.Context(), *job
	var plans []plan
	begun, crossing := map[int64][]plan{}, map[int64][]crosses{}
	for range 2 {
		clear(begun)
		if err := (&planFn{Job: j}).ProcessElement(ctx, 0, each(outlines), func(i int64, p plan) { begun[i] = append(begun[i], p, p) }, func(int64, bool) {}); err != nil {
			t.Fatal(err)
		}
	}
	for i, list := range said {
		for range 2 {
			if err := (&crossFn{Job: j}).ProcessElement(ctx, i, each([]bool{true, true}), each(list), func(i int64, x crosses) { crossing[i] = append(crossing[i], x) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, list := range begun {
		if err := (&gatherFn{}).ProcessElement(ctx, i, each(list), each(crossing[i]), func(_ int64, p plan) { plans = append(plans, p) }); err != nil {
			t.Fatal(err)
		}
	}
	var parts []part
	bundles := map[int64][]bundle{}
	for _, p := range plans {
		for range 2 {
			if err := (&packFn{Job: j}).ProcessElement(ctx, p.Capture.Number, p, func(to int64, b bundle) { bundles[to] = append(bundles[to], b) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range plans {
		for attempt := range 2 {
			list := bundles[p.Capture.Number]
			rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			counted := func(_ int64, x part) {
				if attempt == 1 {
					parts = append(parts, x)
				}
			}
			if err := (&writeFn{Job: j}).ProcessElement(ctx, p.Capture.Number, each([]plan{p, p}), each(list), func(tally) {}, counted); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := job.merged(each(parts))
	if err != nil {
		t.Fatal(err)
	}
	if n := all.sums.Conversations(); n != all.found.Conversations() {
		t.Errorf("%d conversations were summed up, and %d looked at", n, all.found.Conversations())
	}
	return all.found.Conversations(), len(bundles)
}

// A capture that breaks off is told with the place where it does; what comes before that is analyzed, as one machine does, and so are all others. One that is
// gone, and one that is none, are told as well.
func TestDeadLetters(t *testing.T) {
	frames := traffic(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.pcap"), frames[:300])
	write(t, filepath.Join(dir, "b.pcap"), frames[300:600])
	whole, err := os.ReadFile(filepath.Join(dir, "a.pcap"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "a.pcap"), whole[:len(whole)-7], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	j := job{Output: filepath.Join(dir, "out"), Format: "ndjson", NoNames: true}
	var dead []trouble
	packets := map[string]int64{}
	for i, name := range []string{"a.pcap", "b.pcap", "gone.pcap"} {
		c := capture{Number: int64(i), Name: filepath.Join(dir, name)}
		if err := (&analyzeFn{Job: j}).ProcessElement(t.Context(), c, func(o outlined) { packets[name] = o.Packets }, func(int64, share) {}, func(x trouble) { dead = append(dead, x) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(dead) != 2 || !strings.HasSuffix(dead[0].File, "a.pcap") || dead[0].Offset <= 0 || !strings.HasSuffix(dead[1].File, "gone.pcap") || dead[1].Reason == "" {
		t.Errorf("%+v", dead)
	}
	if packets["a.pcap"] != 299 || packets["b.pcap"] != 300 || packets["gone.pcap"] != 0 {
		t.Error(packets)
	}
}

// TestNotAFile: a pipe or a device is refused, as a capture and as one that is read with another, before anything waits for what comes out of it; a
// link to a file is not.
func TestNotAFile(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link.pcap")
	golden, err := filepath.Abs("../testdata/pcaps/refused.pcap")
	if err == nil {
		err = os.Symlink(golden, link)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		capture
		refused bool
	}{
		{capture{Name: os.DevNull}, true},
		{capture{Name: golden, With: []string{os.DevNull}}, true},
		{capture{Name: golden, With: []string{link}}, false},
	} {
		_, remove, err := c.open(t.Context())
		if err == nil {
			remove()
		}
		if refused := err != nil; refused != c.refused {
			t.Errorf("%+v: %v", c.capture, err)
		}
	}
}
