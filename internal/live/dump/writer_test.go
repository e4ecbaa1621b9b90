package dump

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

const second = int64(time.Second)

// numbered is a packet that carries its number.
func numbered(n uint64, t int64, size int) (*packet.Packet, []byte) {
	data := make([]byte, max(size, 8))
	binary.BigEndian.PutUint64(data, n)
	return &packet.Packet{Time: t, CapLen: uint32(len(data)), WireLen: uint32(len(data)), Link: 1}, data
}

// numbers reads files, as one, and returns the numbers of their packets.
func numbers(t *testing.T, files ...string) (ns []uint64) {
	t.Helper()
	for _, f := range files {
		src := input.Open([]string{f}, input.Options{})
		var b packet.Batch
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
		w.Know([]input.Interface{{Link: 101, SnapLen: 96}})
		closed(t, w)
		if got := numbers(t, path); len(got) > 0 {
			t.Error(got)
		}
	}
}

// An interface that becomes known later is described in the file at hand and in the next, in either format with room
// for its packets.
func TestInterfacesBecomeKnown(t *testing.T) {
	for _, end := range []string{".pcap", ".pcapng"} {
		dir := t.TempDir()
		w := mustOpen(t, Options{Path: filepath.Join(dir, "c"+end), RotateCount: 3})
		known := []input.Interface{{Name: "eth0", Link: 1, SnapLen: 96}}
		for i := range uint64(6) {
			if i == 2 {
				known = append(known, input.Interface{Name: "lo", Link: 1, SnapLen: 65535})
			}
			w.Know(known)
			p, data := numbered(i, 0, 90)
			if i%2 == 0 && i > 0 {
				p, data = numbered(i, 0, 9000)
				p.Iface = 1
			}
			if err := w.Packet(p, data, i); err != nil {
				t.Fatal(err)
			}
		}
		closed(t, w)
		files := within(dir, dirNames(t, dir))
		if got := numbers(t, files...); len(files) != 2 || !slices.Equal(got, upTo(6)) {
			t.Errorf("%q: packets %v", files, got)
		}
		if end == ".pcap" {
			continue
		}
		for _, f := range files {
			src := input.Open([]string{f}, input.Options{})
			var b packet.Batch
			if err := src.Next(&b); err != nil {
				t.Fatal(err)
			}
			for i, p := range b.Packets {
				if got := src.Interfaces()[p.Iface].Name; got == "lo" != (len(b.Data(i)) == 9000) {
					t.Errorf("%s: packet %d is of %s", f, i, got)
				}
			}
			src.Close()
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
