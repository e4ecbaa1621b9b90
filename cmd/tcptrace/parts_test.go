package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/blocks"
	"tcptrace/internal/input"
	"tcptrace/internal/live/dump"
)

// laden is a golden capture in pcapng, so many seconds later, with comments, names, secrets and a custom block of its own.
func laden(t *testing.T, golden, name string, later uint64) (path string) {
	t.Helper()
	in, _, err := dump.OpenBlocks(filepath.Join(goldenDir, golden), input.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out []byte
	order := binary.LittleEndian
	r := blocks.NewReader(in)
	for b, err := r.Next(); err == nil; b, err = r.Next() {
		raw := bytes.Clone(b.Bytes)
		if b.IsPacket() {
			at := uint64(order.Uint32(raw[12:]))<<32 + uint64(order.Uint32(raw[16:])) + later*1e9 // converted captures have nanoseconds
			order.PutUint32(raw[12:], uint32(at>>32))
			order.PutUint32(raw[16:], uint32(at))
			raw = blocks.AppendOption(raw[:len(raw)-4], order, 1, "beside a packet of "+name)
			raw = order.AppendUint32(raw, 0)
			raw = blocks.End(raw, order, 0)
		}
		out = append(out, raw...)
		if b.Type == blocks.Interface {
			out = append(out, extraBlock(blocks.Names, string(blocks.AppendOption(nil, order, 1, "\x0a\x00\x00\x01host.of."+name+"\x00"))+"\x00\x00\x00\x00")...)
			secret := "CLIENT_RANDOM " + name
			head := order.AppendUint32(order.AppendUint32(nil, 0x544c534b), uint32(len(secret)))
			out = append(out, extraBlock(10, string(head)+secret)...)
			out = append(out, extraBlock(blocks.Custom, "\x01\x00\x00\x00custom of "+name)...)
		}
	}
	path = filepath.Join(t.TempDir(), name+".pcapng")
	writeFile(t, path, string(out))
	return path
}

// TestExtractSeveral: of several captures that follow one another all is kept but the packets that were not asked for; of others the packets are.
func TestExtractSeveral(t *testing.T) {
	first, second, none := laden(t, "close-client.pcap", "first", 0), laden(t, "close-wait-lingering.pcap", "second", 3600), laden(t, "refused.pcap", "third", 7200)
	overlapping := laden(t, "close-wait-lingering.pcap", "overlapping", 0)
	plain := filepath.Join(goldenDir, "close-client.pcap")
	packets := func(path string) (n int) {
		list, _ := readBlocks(t, path)
		for _, b := range list {
			if binary.LittleEndian.Uint32(b) == blocks.Enhanced {
				n++
			}
		}
		return n
	}
	for _, test := range []struct {
		name   string
		inputs []string
		kept   []string // names of those in order
		where  string
	}{
		{"in order", []string{first, second, none}, []string{"first", "second", "third"}, "server.port == 80"},
		{"not in order", []string{none, second, first}, []string{"first", "second", "third"}, "server.port == 80"},
		{"with one that has only packets", []string{plain, second}, []string{"second"}, "server.port == 80"},
		{"only the last", []string{first, second}, []string{"first", "second"}, "start >= date('2026-03-02T10:00:00Z')"},
		{"at the same time", []string{first, overlapping}, nil, "server.port == 80"},
	} {
		out := filepath.Join(t.TempDir(), "out.pcapng")
		code, _, stderr := tcptrace(t, env{}, append(append([]string{"extract"}, test.inputs...), "--where", test.where, "-w", out)...)
		if code != exitDone {
			t.Errorf("%s: %d %s", test.name, code, stderr)
			continue
		}
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		at := -1
		for _, name := range test.kept {
			for _, what := range []string{"host.of.", "CLIENT_RANDOM ", "custom of "} {
				i := bytes.Index(raw, []byte(what+name))
				if i <= at {
					t.Errorf("%s: %s%s is at %d, behind %d", test.name, what, name, i, at)
				}
				at = max(at, i)
			}
		}
		if told := strings.Contains(stderr, "comments are kept where"); told != (test.kept == nil) {
			t.Errorf("%s: %s", test.name, stderr)
		}
		want := 0
		for _, path := range test.inputs {
			alone := filepath.Join(t.TempDir(), "alone.pcapng")
			if code, _, _ := tcptrace(t, env{}, "extract", path, "--where", test.where, "-w", alone); code == exitDone {
				want += packets(alone)
			}
		}
		if got := packets(out); got != want || got == 0 {
			t.Errorf("%s: %d packets, want %d", test.name, got, want)
		}
		for _, name := range test.kept {
			if n := bytes.Count(raw, []byte("beside a packet of "+name)); n == 0 && name != "third" && test.name != "only the last" {
				t.Errorf("%s: no comments of %s", test.name, name)
			}
		}
		if tshark, err := exec.LookPath("tshark"); err == nil && !testing.Short() {
			cmd := exec.Command(tshark, "-r", out, "-Y", "tcp", "-T", "fields", "-e", "frame.number")
			var said bytes.Buffer
			cmd.Stderr = &said
			lines, err := cmd.Output()
			if n := bytes.Count(lines, []byte("\n")); err != nil || n != want || complaints(said.String()) != "" {
				t.Errorf("%s: tshark has %d segments, want %d: %v %s", test.name, n, want, err, said.String())
			}
		}
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "public.pcapng")
	if code, _, stderr := tcptrace(t, env{}, "extract", first, second, "--where", "true", "--anonymize", "-w", out); code != exitDone {
		t.Fatal(stderr)
	}
	raw, _ := os.ReadFile(out)
	for _, gone := range []string{"host.of", "CLIENT_RANDOM", "custom of", "beside a packet"} {
		if bytes.Contains(raw, []byte(gone)) {
			t.Errorf("%q is still there", gone)
		}
	}
	if got, want := packets(out), packets(first)+packets(second); got != want {
		t.Errorf("anonymized: %d packets, want %d", got, want)
	}
}
