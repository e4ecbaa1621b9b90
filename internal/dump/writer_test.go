package dump

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcptrace/internal/source"
)

const second = int64(time.Second)

// numbered is a packet that carries its number.
func numbered(n uint64, t int64, size int) (*source.Packet, []byte) {
	data := make([]byte, max(size, 8))
	binary.BigEndian.PutUint64(data, n)
	return &source.Packet{Time: t, CapLen: uint32(len(data)), WireLen: uint32(len(data)), Link: 1}, data
}

// numbers reads files, as one, and returns the numbers of their packets.
func numbers(t *testing.T, files ...string) (ns []uint64) {
	t.Helper()
	for _, f := range files {
		src := source.Open([]string{f}, source.Options{})
		var b source.Batch
		for src.Next(&b) == nil {
			for i := range b.Packets {
				ns = append(ns, binary.BigEndian.Uint64(b.Data(i)))
			}
		}
		for _, err := range src.Stats().Errors {
			t.Error(err)
		}
		src.Close()
	}
	return ns
}

func upTo(n uint64) (ns []uint64) {
	for i := range n {
		ns = append(ns, i)
	}
	return ns
}

func mustOpen(t testing.TB, o Options) *Writer {
	t.Helper()
	w, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// put writes packets and checks that nothing is said.
func put(t testing.TB, w *Writer, n uint64, at int64, size int) {
	t.Helper()
	p, data := numbered(n, at, size)
	if err := w.Packet(p, data, n+1); err != nil {
		t.Fatal(err)
	}
}

func closed(t testing.TB, w *Writer) Counts {
	t.Helper()
	c, err := w.Close(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dirNames(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func within(dir string, names []string) (paths []string) {
	for _, n := range names {
		paths = append(paths, filepath.Join(dir, n))
	}
	return paths
}

// One file, of every size of packets around that of a chunk; each batch of it can be read at once.
func TestOneFile(t *testing.T) {
	for _, name := range []string{"a.pcap", "a.pcapng", "a"} {
		path := filepath.Join(t.TempDir(), name)
		w := mustOpen(t, Options{Path: path, Patient: true})
		var n uint64
		for _, size := range []int{8, 60, 1514, 65535, chunkSize - headroom, chunkSize} {
			for range 10 {
				put(t, w, n, int64(n)*second, size)
				n++
			}
		}
		if err := w.Flush(int64(n) * second); err != nil {
			t.Fatal(err)
		}
		c := closed(t, w)
		if got := numbers(t, path); !slices.Equal(got, upTo(n)) {
			t.Errorf("%s: %d packets, want %d", name, len(got), n)
		}
		info, err := os.Stat(path)
		if err != nil || c != (Counts{Files: 1, Packets: n, Bytes: uint64(info.Size())}) {
			t.Errorf("%s: %+v of %d bytes, %v", name, c, info.Size(), err)
		}
	}
}

// A file without packets can be read.
func TestEmptyFile(t *testing.T) {
	for _, name := range []string{"a.pcap", "a.pcapng"} {
		path := filepath.Join(t.TempDir(), name)
		w := mustOpen(t, Options{Path: path})
		w.Know([]source.Interface{{Link: 101, SnapLen: 96}})
		closed(t, w)
		if got := numbers(t, path); len(got) > 0 {
			t.Error(got)
		}
	}
}

func TestRotation(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC).UnixNano()
	at := func(s float64) int64 { return start + int64(s*1e9) }
	for name, tt := range map[string]struct {
		o     Options
		times []float64
		want  []string // packets of each file
		names []string
	}{
		"count":      {Options{RotateCount: 2}, []float64{0, 0.1, 0.2, 1, 5}, []string{"01", "23", "4"}, []string{"093000Z_000001", "093000Z_000002", "093005Z_000003"}},
		"time":       {Options{RotateEvery: time.Second}, []float64{0, 0.999, 1, 1.5, 7, 7.5, 8}, []string{"01", "23", "45", "6"}, nil},
		"clock back": {Options{RotateEvery: time.Second, RotateCount: 3}, []float64{5, 2, 3, 1, 1.5, 4}, []string{"012", "34", "5"}, []string{"093005Z_000001", "093005Z_000002", "093005Z_000003"}},
		"size":       {Options{RotateSize: 24 + 3*(16+8)}, []float64{0, 1, 2, 3, 4, 5, 6}, []string{"012", "345", "6"}, nil},
		"tiny":       {Options{RotateSize: 1}, []float64{0, 1, 2}, []string{"0", "1", "2"}, nil},
		"ring":       {Options{RotateCount: 1, MaxFiles: 2}, []float64{0, 1, 2, 3, 4}, []string{"3", "4"}, []string{"093003Z_000004", "093004Z_000005"}},
	} {
		for _, flush := range []bool{false, true} {
			dir := t.TempDir()
			tt.o.Path = filepath.Join(dir, "c.x.pcap")
			w := mustOpen(t, tt.o)
			for i, s := range tt.times {
				put(t, w, uint64(i), at(s), 8)
				if flush {
					w.Flush(at(s))
				}
			}
			c := closed(t, w)
			names := dirNames(t, dir)
			var got []string
			for _, f := range within(dir, names) {
				s := ""
				for _, n := range numbers(t, f) {
					s += string('0' + rune(n))
				}
				got = append(got, s)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s: packets %q in %q, want %q", name, got, names, tt.want)
			}
			for i, want := range tt.names {
				if want = "c.x_20260302T" + want + ".pcap"; names[i] != want {
					t.Errorf("%s: file %s, want %s", name, names[i], want)
				}
			}
			if c.Packets != uint64(len(tt.times)) || c.Files-c.Deleted != uint64(len(names)) || c.LeftOut != 0 {
				t.Errorf("%s: %+v, %d files", name, c, len(names))
			}
		}
	}
}

// A file whose time is over is closed and compressed in a pause of the traffic.
func TestRotationInPause(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, Options{Path: filepath.Join(dir, "c.pcapng"), RotateEvery: time.Second, Compress: "zstd"})
	put(t, w, 0, 5*second, 8)
	for now := 5 * second; now < 7*second; now += second / 10 {
		if err := w.Flush(now); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for !strings.HasSuffix(strings.Join(dirNames(t, dir), " "), ".zst") {
		if time.Now().After(deadline) {
			t.Fatalf("%q", dirNames(t, dir))
		}
		time.Sleep(time.Millisecond)
	}
	if c := closed(t, w); c.Files != 1 {
		t.Errorf("%+v", c)
	}
}

// Nothing that is there is written over by a file of a series.
func TestNamesDoNotCollide(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.pcap")
	os.WriteFile(fileName(path, 0, 1), []byte("old"), 0o666)
	os.WriteFile(fileName(path, 0, 2)+".gz", []byte("old"), 0o666)
	w := mustOpen(t, Options{Path: path, RotateCount: 1})
	put(t, w, 0, 0, 8)
	closed(t, w)
	if got := numbers(t, fileName(path, 0, 3)); !slices.Equal(got, upTo(1)) {
		t.Error(got, dirNames(t, dir))
	}
	if old, _ := os.ReadFile(fileName(path, 0, 1)); string(old) != "old" {
		t.Error("written over")
	}
}

func TestCompress(t *testing.T) {
	for kind, end := range packedEnd {
		for _, most := range []int{0, 3} {
			dir := t.TempDir()
			w := mustOpen(t, Options{Path: filepath.Join(dir, "c.pcapng"), RotateCount: 100, Compress: kind, MaxFiles: most, Patient: true})
			const n = 1950
			for i := range uint64(n) {
				put(t, w, i, int64(i)*second, 5000)
			}
			c := closed(t, w)
			names := dirNames(t, dir)
			want := upTo(n)
			if most > 0 {
				want = want[n-50-100*(most-1):]
			}
			if got := numbers(t, within(dir, names)...); !slices.Equal(got, want) {
				t.Errorf("%s: %d packets, want %d", kind, len(got), len(want))
			}
			for _, name := range names {
				if !strings.HasSuffix(name, ".pcapng"+end) {
					t.Errorf("%s: file %s", kind, name)
				}
			}
			if c.Files != 20 || c.Files-c.Deleted != uint64(len(names)) || c.Unpacked != 0 {
				t.Errorf("%s: %+v, %q", kind, c, names)
			}
		}
	}
}

// Who does not want to wait for the compression gets files that are whole.
func TestCompressionInterrupted(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, Options{Path: filepath.Join(dir, "c.pcap"), RotateCount: 50, Compress: "gzip", Patient: true})
	const n = 2000
	for i := range uint64(n) {
		put(t, w, i, int64(i)*second, 1<<16)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c, err := w.Close(ctx)
	names := dirNames(t, dir)
	plain := uint64(0)
	for _, name := range names {
		if strings.HasSuffix(name, ".pcap") {
			plain++
		}
	}
	if err != nil || plain != c.Unpacked || len(names) != n/50 {
		t.Errorf("%v, %+v, %q", err, c, names)
	}
	if got := numbers(t, within(dir, names)...); !slices.Equal(got, upTo(n)) {
		t.Errorf("%d packets, want %d", len(got), n)
	}
}

// What can not be compressed stays, and that is said once.
func TestCompressionFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.pcap")
	for i := 1; i <= 2; i++ {
		os.MkdirAll(filepath.Join(fileName(path, 0, i)+".gz.part", "full"), 0o777)
	}
	w := mustOpen(t, Options{Path: path, RotateCount: 1, Compress: "gzip"})
	for i := range uint64(3) {
		put(t, w, i, 0, 8)
	}
	c, err := w.Close(context.Background())
	if err == nil || !strings.Contains(err.Error(), "compressing "+fileName(path, 0, 1)) || c.Unpacked != 2 {
		t.Errorf("%v, %+v", err, c)
	}
	if got := numbers(t, fileName(path, 0, 1), fileName(path, 0, 2), fileName(path, 0, 3)+".gz"); !slices.Equal(got, upTo(3)) {
		t.Error(got)
	}
}

// gate is a pipe that nobody reads until it is opened, and that breaks after some bytes.
type gate struct {
	open sync.WaitGroup
	left int
	bytes.Buffer
}

var errBroken = errors.New("broken pipe")

func (g *gate) Write(b []byte) (int, error) {
	g.open.Wait()
	if n := min(len(b), g.left); n < len(b) {
		g.left = 0
		g.Buffer.Write(b[:n])
		return n, &fs.PathError{Op: "write", Path: "|1", Err: errBroken}
	}
	g.left -= len(b)
	return g.Buffer.Write(b)
}

// What the disk can not take in time is left out, counted, and said in the file; what is there is whole.
func TestLeftOut(t *testing.T) {
	g := &gate{left: 1 << 40}
	g.open.Add(1)
	w := mustOpen(t, Options{Path: "-", Stdout: g})
	const n, size = 50_000, 1000
	for i := range uint64(n) {
		put(t, w, i, 0, size)
	}
	c := w.Counts()
	if c.LeftOut < n-maxChunks*chunkSize/size || c.LeftOut == n {
		t.Fatalf("%+v", c)
	}
	g.open.Done()
	for len(w.disk.full) > 0 {
		time.Sleep(time.Millisecond)
	}
	put(t, w, n, 0, size)
	c = closed(t, w)
	if c.Packets+c.LeftOut != n+1 || c.Bytes != uint64(g.Len()) {
		t.Errorf("%+v", c)
	}
	src := source.Open([]string{"-"}, source.Options{Stdin: &g.Buffer})
	var b source.Batch
	got := uint64(0)
	for src.Next(&b) == nil {
		got += uint64(len(b.Packets))
	}
	if s := src.Stats(); got != c.Packets || s.Drops != c.LeftOut || len(s.Errors) > 0 {
		t.Errorf("%d packets, %+v, want %+v", got, s, c)
	}
}

// Wherever a pipe breaks, what was written up to the last whole packet is counted, and said once.
func TestBrokenPipe(t *testing.T) {
	for _, name := range []string{"a.pcap", "a.pcapng"} {
		const n = 30
		for left := 0; left < 1300; left++ {
			g := &gate{left: left}
			w := mustOpen(t, Options{Path: "-", Stdout: g})
			w.opts.Path, w.disk.opts.Path = name, name // for the format
			told := 0
			for i := range uint64(n) {
				p, data := numbered(i, 0, int(i))
				if w.Packet(p, data, i) != nil {
					told++
				}
				if i%7 == 0 && w.Flush(0) != nil {
					told++
				}
			}
			c, err := w.Close(context.Background())
			if err != nil {
				told++
			}
			src := source.Open([]string{"-"}, source.Options{Stdin: bytes.NewReader(g.Bytes()[:c.Bytes])})
			var b source.Batch
			var got uint64
			for src.Next(&b) == nil {
				got += uint64(len(b.Packets))
			}
			broken := g.left == 0 && c.LeftOut > 0
			if told != 0 != broken || told > 1 || c.Packets+c.LeftOut != n || got != c.Packets {
				t.Fatalf("%s after %d bytes: told %d times, %+v, %d packets", name, left, told, c, got)
			}
			if s := src.Stats(); c.Bytes > 0 && len(s.Errors) > 0 {
				t.Fatalf("%s after %d bytes: %v", name, left, s.Errors[0])
			}
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	for _, o := range []Options{
		{}, {Path: "a.pcap.gz"}, {Path: "a", RotateSize: -1}, {Path: "a", MaxFiles: 3}, {Path: "a", Compress: "lz4"},
		{Path: "-", RotateSize: 1}, {Path: "-", Compress: "gzip"},
		{Path: filepath.Join(dir, "missing", "a.pcap")}, {Path: filepath.Join(dir, "missing", "a.pcap"), RotateSize: 1}, {Path: dir},
	} {
		if w, err := Open(o); err == nil {
			w.Close(context.Background())
			t.Errorf("%+v: no error", o)
		}
	}
	// A packet that pcap can not hold.
	path := filepath.Join(dir, "a.pcap")
	w := mustOpen(t, Options{Path: path})
	put(t, w, 0, 0, 8)
	p, data := numbered(1, 0, 8)
	p.Link = 113
	if err := w.Packet(p, data, 2); err == nil || !strings.Contains(err.Error(), "name it .pcapng") {
		t.Error(err)
	}
	if err := w.Packet(p, data, 3); err != nil {
		t.Error(err)
	}
	put(t, w, 1, 0, 8)
	if c := closed(t, w); c.Packets != 2 || c.LeftOut != 2 || !slices.Equal(numbers(t, path), upTo(2)) {
		t.Errorf("%+v", c)
	}
}

// A full disk: the message names the file, once; the file holds whole packets; the rest is counted.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	w := mustOpen(t, Options{Path: "/dev/full"})
	put(t, w, 0, 0, 8)
	c, err := w.Close(context.Background())
	if want := "writing /dev/full: no space left on device; 0 packets were written, later ones are left out"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if c.Packets != 0 || c.LeftOut != 1 {
		t.Errorf("%+v", c)
	}
}

func TestNoAllocationPerPacket(t *testing.T) {
	for _, name := range []string{"a.pcap", "a.pcapng"} {
		w := mustOpen(t, Options{Path: filepath.Join(t.TempDir(), name), Patient: true})
		p, data := numbered(1, second, 128)
		fill := func() { // until every chunk that the disk asks for is there
			for range 200_000 {
				w.Packet(p, data, 1)
			}
		}
		fill()
		if n := testing.AllocsPerRun(3, fill); n > maxChunks {
			t.Errorf("%s: %v allocations", name, n)
		}
		closed(t, w)
	}
}
