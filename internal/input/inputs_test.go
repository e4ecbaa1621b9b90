package input

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"tcptrace/analyzer/packet"
)

// packers compress with one call a member (frame).
var packers = map[string]func(t testing.TB, b []byte) []byte{
	"gzip": func(t testing.TB, b []byte) []byte {
		var out bytes.Buffer
		return packed(t, &out, gzip.NewWriter(&out), b)
	},
	"zstd": func(t testing.TB, b []byte) []byte {
		var out bytes.Buffer
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		return packed(t, &out, z, b)
	},
	"lz4": func(t testing.TB, b []byte) []byte {
		var out bytes.Buffer
		return packed(t, &out, lz4.NewWriter(&out), b)
	},
}

func packed(t testing.TB, out *bytes.Buffer, w io.WriteCloser, b []byte) []byte {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCompressed(t *testing.T) {
	rs := someRecs(500, 1e9)
	plain := plainPcap(rs)
	for name, pack := range packers {
		for how, b := range map[string][]byte{
			"one":     pack(t, plain),
			"members": slices.Concat(pack(t, plain[:10]), pack(t, plain[10:777]), pack(t, plain[777:])),
		} {
			everyWay(t, b, func(way string, got []rec, s packet.Stats) {
				wantClean(t, name+" "+how+" "+way, s)
				wantRecs(t, name+" "+how+" "+way, got, rs)
			})
		}
		everyWay(t, pack(t, plain[:len(plain)-1]), func(way string, got []rec, s packet.Stats) {
			wantRecs(t, name+" cut inside", got, rs[:499])
			if len(s.Errors) != 1 || !s.Errors[0].Packed || !strings.Contains(s.Errors[0].Error(), "of the uncompressed data: the input ends") {
				t.Fatalf("%s cut inside: %v", name, s.Errors)
			}
		})
	}
	skippable := append([]byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}, packers["zstd"](t, plain)...)
	got, s := readBytes(t, skippable, Options{})
	wantClean(t, "skippable frame", s)
	wantRecs(t, "skippable frame", got, rs)
}

// TestCompressedCut: never silent, never a panic, and a prefix of the packets.
func TestCompressedCut(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	rs := someRecs(60, 1e9)
	for name, pack := range packers {
		b := pack(t, plainPcap(rs))
		for cut := range len(b) {
			if inside := cut > 32 && cut < len(b)-32; inside && cut%7 != 0 {
				continue
			}
			got, s := readBytes(t, b[:cut], Options{ChunkSize: 4096})
			if len(s.Errors) != 1 {
				t.Fatalf("%s cut at %d of %d: errors %v", name, cut, len(b), s.Errors)
			}
			if !slices.Equal(got, rs[:len(got)]) {
				t.Fatalf("%s cut at %d: wrong packets", name, cut)
			}
			if cut >= 4 && !strings.Contains(s.Errors[0].Reason, "the "+name+" data ends early") {
				t.Fatalf("%s cut at %d: %v", name, cut, s.Errors[0])
			}
		}
		_, s := readBytes(t, pack(t, b), Options{})
		if len(s.Errors) != 1 || !strings.Contains(s.Errors[0].Reason, "compressed again") {
			t.Errorf("%s twice: %v", name, s.Errors)
		}
		_, s = readBytes(t, pack(t, nil), Options{})
		if len(s.Errors) != 1 || s.Errors[0].Reason != "empty file" {
			t.Errorf("%s of nothing: %v", name, s.Errors)
		}
	}
}

func TestCompressedDamage(t *testing.T) {
	rs := someRecs(3000, 1e9)
	for name, pack := range packers {
		b := pack(t, plainPcap(rs))
		for i := len(b) / 3; i < len(b)/3+40; i++ {
			b[i] ^= 0xA5
		}
		_, s := readBytes(t, b, Options{})
		if len(s.Errors) != 1 {
			t.Errorf("%s: %v", name, s.Errors)
		}
	}
}

// naiveMerge is what the merge promises, by its definition.
func naiveMerge(files [][]rec) []rec {
	var out []rec
	at := make([]int, len(files))
	for {
		best := -1
		for i, f := range files {
			if at[i] < len(f) && (best < 0 || f[at[i]].time < files[best][at[best]].time) {
				best = i
			}
		}
		if best < 0 {
			return out
		}
		out = append(out, files[best][at[best]])
		at[best]++
	}
}

func saveAll(t testing.TB, files [][]rec) []string {
	dir := t.TempDir()
	var paths []string
	for i, rs := range files {
		path := filepath.Join(dir, string(rune('a'+i%26))+strings.Repeat("x", i/26)+".pcap")
		if err := os.WriteFile(path, plainPcap(rs), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestMergeAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 150 {
		files := make([][]rec, 2+rng.IntN(25))
		for i := range files {
			now := rng.Int64N(1000)
			for range rng.IntN(40) {
				files[i] = append(files[i], rec{now, 1, 99, string(rune('a' + i))})
				if now += rng.Int64N(30); rng.IntN(10) == 0 {
					now -= min(now, 20) // a capture whose clock was set back
				}
			}
		}
		opts := Options{ChunkSize: 1 + rng.IntN(300), MaxPackets: 1 + rng.IntN(20)}
		got, s := drain(t, Open(saveAll(t, files), opts))
		wantClean(t, "merge", s)
		wantRecs(t, "merge", got, naiveMerge(files))
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}

// TestRing: the files of a ring buffer, named in any order, are one trace, and one is open at a time.
func TestRing(t *testing.T) {
	var files [][]rec
	var want []rec
	for i := range 200 {
		files = append(files, someRecs(20, int64(i)*1e9))
		want = append(want, files[i]...)
	}
	paths := saveAll(t, files)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	s := Open(paths, Options{}).(*trace)
	var b packet.Batch
	var got []rec
	for s.Next(&b) == nil {
		open := 0
		for _, in := range s.inputs {
			if in.file != nil {
				open++
			}
		}
		if open > 2 {
			t.Fatalf("%d files are open", open)
		}
		for i, p := range b.Packets {
			got = append(got, rec{p.Time, p.Link, p.WireLen, string(b.Data(i))})
		}
	}
	wantClean(t, "ring", s.Stats())
	wantRecs(t, "ring", got, want)
}

func TestMergeReportsEveryFile(t *testing.T) {
	a, b := someRecs(10, 0), someRecs(10, 5e6)
	paths := saveAll(t, [][]rec{a, b})
	cut := plainPcap(someRecs(10, 7e6))
	damaged := save(t, "damaged.pcap", cut[:len(cut)-1])
	text := save(t, "text.pcap", []byte("hello, world"))
	empty := save(t, "empty.pcap", nil)
	dir := t.TempDir()
	paths = append(paths, damaged, text, empty, dir, "/nowhere/x.pcap", "-", "-", save(t, "header.pcap", plainPcap(nil)))
	stdin := someRecs(3, 1)
	got, s := drain(t, Open(paths, Options{Stdin: bytes.NewReader(plainPcap(stdin))}))
	wantRecs(t, "merge", got, naiveMerge([][]rec{a, b, someRecs(9, 7e6), stdin}))
	want := []struct{ file, text string }{
		{damaged, "the input ends"},
		{text, `at offset 0: not a capture: no packets could be read; first bytes: 68 65 6c 6c ("hell")`},
		{empty, "empty file"},
		{dir, dir + ": is a directory, not a capture"},
		{"/nowhere/x.pcap", "/nowhere/x.pcap: no such file or directory"},
		{"-", "-: standard input can be read only once"},
	}
	if len(s.Errors) != len(want) {
		t.Fatalf("errors: %v", joined(s))
	}
	for i, w := range want {
		if e := s.Errors[i]; e.File != w.file || !strings.Contains(e.Error(), w.text) {
			t.Errorf("error %d: %v, want %v", i, e, w)
		}
	}
}

func TestNoInput(t *testing.T) {
	got, s := drain(t, Open(nil, Options{}))
	wantClean(t, "nothing", s)
	wantRecs(t, "nothing", got, nil)
	_, s = drain(t, Open([]string{"-"}, Options{}))
	if len(s.Errors) != 1 {
		t.Errorf("no standard input: %v", s.Errors)
	}
}

func TestCloseEarly(t *testing.T) {
	s := Open(saveAll(t, [][]rec{someRecs(10, 0), someRecs(10, 0)}), Options{MaxPackets: 2})
	var b packet.Batch
	if err := s.Next(&b); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := s.Next(&b); err != io.EOF {
		t.Errorf("Next after Close: %v", err)
	}
}

func TestProgress(t *testing.T) {
	plain := plainPcap(someRecs(2000, 0))
	b := packers["gzip"](t, plain)
	paths := []string{save(t, "a.gz", b), save(t, "b.pcap", plain)}
	s := Open(paths, Options{ChunkSize: 500})
	done, total := s.Progress()
	if done != 0 || total != int64(len(b)+len(plain)) {
		t.Errorf("at the start: %d of %d", done, total)
	}
	var batch packet.Batch
	for s.Next(&batch) == nil {
		now, _ := s.Progress()
		if now < done || now > total {
			t.Fatalf("%d after %d", now, done)
		}
		done = now
	}
	if done, total = s.Progress(); done != total {
		t.Errorf("at the end: %d of %d", done, total)
	}
	pipe := Open([]string{"-"}, Options{Stdin: bytes.NewReader(plain)})
	if _, total := pipe.Progress(); total != 0 {
		t.Errorf("the size of a pipe: %d", total)
	}
}

// TestNextAllocatesNothing: for one file, and where files follow each other or overlap.
func TestNextAllocatesNothing(t *testing.T) {
	const n = 100_000
	one, two := someRecs(n, 0), someRecs(n, 500)
	later := someRecs(n, 1e15)
	for name, paths := range map[string][]string{
		"one file":    saveAll(t, [][]rec{one}),
		"pcapng":      {save(t, "a.pcapng", plainNg(one))},
		"overlapping": saveAll(t, [][]rec{one, two}),
		"in turn":     saveAll(t, [][]rec{one, later}),
	} {
		s := Open(paths, Options{ChunkSize: 16 << 10, MaxPackets: 300})
		var bs [3]packet.Batch
		next := func() {
			for i := range bs {
				if s.Next(&bs[i]) != nil {
					t.Fatal("the input is too short")
				}
			}
		}
		for range 10 {
			next()
		}
		if a := testing.AllocsPerRun(50, next); a != 0 {
			t.Errorf("%s: %v allocations", name, a)
		}
		s.Close()
	}
}
