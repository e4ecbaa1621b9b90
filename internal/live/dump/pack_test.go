package dump

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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

// What cannot be compressed stays, and that is said once.
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
