package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// gate is a pipe that nobody reads until it is opened.
type gate struct {
	open sync.WaitGroup
	bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	g.open.Wait()
	return g.Buffer.Write(b)
}

// What the disk cannot take in time is left out, counted, and said in the file; what is there is whole.
func TestLeftOut(t *testing.T) {
	g := &gate{}
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
	put(t, w, n+1, 0, size)
	c = closed(t, w)
	if c.Packets+c.LeftOut != n+2 || c.Bytes != uint64(g.Len()) {
		t.Errorf("%+v", c)
	}
	src := input.Open([]string{"-"}, input.Options{Stdin: &g.Buffer})
	var b packet.Batch
	got := uint64(0)
	for src.Next(&b) == nil {
		got += uint64(len(b.Packets))
	}
	if s := src.Stats(); got != c.Packets || s.Drops != c.LeftOut || len(s.Errors) > 0 {
		t.Errorf("%d packets, %+v, want %+v", got, s, c)
	}
}

// quota is a file on a disk that is full after some bytes.
type quota struct {
	*os.File
	left int
}

func (q *quota) Write(b []byte) (int, error) {
	if n := min(len(b), q.left); n < len(b) {
		q.File.Write(b[:n])
		return n, &fs.PathError{Op: "write", Path: q.Name(), Err: errFull}
	}
	q.left -= len(b)
	return q.File.Write(b)
}

var errFull = errors.New("no space left on device")

// Wherever a disk is full, the file ends with the last packet that is whole; that is said once, and the rest counted.
func TestFullFile(t *testing.T) {
	for _, name := range []string{"a.pcap", "a.pcapng"} {
		path := filepath.Join(t.TempDir(), name)
		const n = 30
		for left := 0; left < 2000; left += 3 {
			w := mustOpen(t, Options{Path: path})
			w.disk.out = &quota{w.disk.file.(*os.File), left}
			var told []error
			tell := func(err error) {
				if err != nil {
					told = append(told, err)
				}
			}
			for i := range uint64(n) {
				p, data := numbered(i, 0, int(i))
				tell(w.Packet(p, data, i))
				if i%7 == 0 {
					tell(w.Flush(0))
				}
			}
			c, err := w.Close(context.Background())
			tell(err)
			info, err := os.Stat(path)
			if err != nil || info.Size() != int64(c.Bytes) || c.Bytes > uint64(left) || c.Packets+c.LeftOut != n {
				t.Fatalf("%s of %d bytes: %d, %+v", name, left, info.Size(), c)
			}
			if c.Bytes > 0 && !slices.Equal(numbers(t, path), upTo(c.Packets)) {
				t.Fatalf("%s of %d bytes: %v", name, left, numbers(t, path))
			}
			if len(told) > 1 || (c.LeftOut > 0) != (len(told) == 1) {
				t.Fatalf("%s of %d bytes: %v, %+v", name, left, told, c)
			}
			if want := fmt.Sprintf("writing %s: %v; %d packets were written, later ones are left out", path, errFull, c.Packets); len(told) > 0 && (told[0].Error() != want || !errors.Is(told[0], errFull)) {
				t.Fatalf("%v, want %s", told[0], want)
			}
		}
	}
}

// A pipe that nobody reads any more keeps the part of a packet that it has.
func TestBrokenPipe(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	defer out.Close()
	w := mustOpen(t, Options{Path: "-", Stdout: out})
	put(t, w, 0, 0, 8)
	c, err := w.Close(context.Background())
	if err == nil || !strings.HasPrefix(err.Error(), "writing standard output: ") || c.Packets != 0 || c.LeftOut != 1 {
		t.Errorf("%v, %+v", err, c)
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
	// A packet that pcap cannot hold.
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

// narrow is a file on a disk with room for so many bytes, which keeps what it has or not.
type narrow struct {
	bytes.Buffer
	room int
	keep bool
}

type unkept struct{ error }

func (unkept) Unkept() {}

func (n *narrow) Write(b []byte) (int, error) {
	k := min(len(b), n.room-n.Len())
	n.Buffer.Write(b[:k])
	if k < len(b) {
		return k, errors.New("full")
	}
	return k, nil
}

func (n *narrow) Truncate(size int64) error { n.Buffer.Truncate(int(size)); return nil }

func (n *narrow) Close() error {
	if n.keep {
		return nil
	}
	return unkept{errors.New("not whole")}
}

// TestFullDiskCounts: what is counted as written is what is kept.
func TestFullDiskCounts(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w, err := Open(Options{Path: "x.pcapng", File: &narrow{room: 2 * chunkSize, keep: keep}})
		if err != nil {
			t.Fatal(err)
		}
		const n = 4000
		told := ""
		tell := func(err error) {
			if err != nil {
				told += err.Error()
			}
		}
		for i := range uint64(n) {
			p, data := numbered(i, 0, 1000)
			tell(w.Packet(p, data, i+1))
			tell(w.Flush(int64(i)))
		}
		c, err := w.Close(context.Background())
		tell(err)
		kept := strings.Contains(told, "packets were written, later ones are left out")
		if c.Packets+c.LeftOut != n || (c.Packets > 0) != keep || (c.Files == 1) != keep || kept != keep || !keep && !strings.Contains(told, "what was written is not kept") {
			t.Errorf("keep %v: %+v, %s", keep, c, told)
		}
	}
}
