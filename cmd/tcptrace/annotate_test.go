package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tcptrace/internal/annotate"
	"tcptrace/internal/blocks"
	"tcptrace/internal/input"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/testutil/thorough"
)

// readBlocks is the blocks of a capture, without our comments and names in front, and our comments by packet.
func readBlocks(t *testing.T, path string) (list [][]byte, said [][]string) {
	t.Helper()
	in, _, err := dump.OpenBlocks(path, input.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for r := blocks.NewReader(in); ; {
		b, err := r.Next()
		if err == io.EOF {
			return list, said
		}
		if err != nil {
			t.Fatal(err)
		}
		raw := bytes.Clone(b.Bytes)
		at := 24
		switch b.Type {
		case blocks.Names:
			if bytes.Contains(raw, []byte(annotate.Mark)) {
				continue
			}
			fallthrough
		default:
			list = append(list, raw)
			continue
		case blocks.Section:
			copy(raw[16:24], "\xff\xff\xff\xff\xff\xff\xff\xff")
		case blocks.Enhanced:
			at = 28 + int(b.Order.Uint32(raw[20:])+3)&^3
		}
		var texts []string
		for at+4 < len(raw)-4 && b.Order.Uint16(raw[at:]) == 1 {
			n := int(b.Order.Uint16(raw[at+2:]))
			text := string(raw[at+4 : at+4+n])
			if !strings.HasPrefix(text, annotate.Mark) {
				break
			}
			texts = append(texts, text)
			raw = slices.Delete(raw, at, at+4+(n+3)&^3)
		}
		if at == len(raw)-8 && len(texts) > 0 {
			raw = slices.Delete(raw, at, at+4)
		}
		if b.Type == blocks.Enhanced {
			said = append(said, texts)
		}
		list = append(list, raw)
	}
}

// TestAnnotateGoldens: in every golden capture nothing is lost, the analysis stays the same, and tshark shows the comments without a
// complaint. It reads all of them in one file, one section behind the other.
func TestAnnotateGoldens(t *testing.T) {
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatal(err)
	}
	captures = thorough.Some(t, captures, 3)
	dir := t.TempDir()
	all, err := os.Create(filepath.Join(dir, "all.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	var want []string
	frame := 0
	for _, path := range captures {
		out := filepath.Join(dir, "out.pcapng")
		if code, _, stderr := tcptrace(t, env{}, "annotate", path, "-w", out); code != exitDone || strings.Contains(strings.ReplaceAll(stderr, "tcptrace: note: ", ""), "tcptrace: ") {
			t.Errorf("%s: %d %s", path, code, stderr)
			continue
		}
		was, _ := readBlocks(t, path)
		is, said := readBlocks(t, out)
		if !slices.EqualFunc(was, is, func(a, b []byte) bool { return bytes.Equal(a[8:len(a)-4], b[8:len(b)-4]) && bytes.Equal(a[:4], b[:4]) }) {
			t.Errorf("%s: %d blocks became %d others", path, len(was), len(is))
		}
		for i, texts := range said {
			if len(texts) > 0 {
				want = append(want, fmt.Sprintf("%d\t%s", frame+i+1, strings.Join(texts, "\x01")))
			}
		}
		checkSaid(t, path, said)
		frame += len(said)
		if raw, err := os.ReadFile(out); err != nil {
			t.Fatal(err)
		} else if _, err := all.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
	if len(want) < len(captures) {
		t.Errorf("only %d packets with comments", len(want))
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not there: what it shows is not tested")
	}
	cmd := exec.Command(tshark, "-r", all.Name(), "-Y", `frame.comment contains "tcptrace:"`, "-T", "fields", "-E", "aggregator=\x01", "-e", "frame.number", "-e", "frame.comment")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil || complaints(stderr.String()) != "" {
		t.Errorf("tshark: %v: %s", err, complaints(stderr.String()))
	}
	got := strings.Split(strings.TrimSuffix(string(stdout), "\n"), "\n")
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("tshark shows %q, want %q", got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("tshark shows the comments of %d packets, want %d", len(got), len(want))
	}
}

// complaints is what tshark says beside that it does not like to be run by root.
func complaints(stderr string) string {
	_, after, ok := strings.Cut(stderr, "This could be dangerous.\n")
	if !ok {
		after = stderr
	}
	return strings.TrimSpace(after)
}

// checkSaid holds the comments of a capture against its records: each anomaly is told at its frame.
func checkSaid(t *testing.T, path string, said [][]string) {
	t.Helper()
	code, stdout, stderr := tcptrace(t, env{}, path, "--format", "ndjson")
	if code != exitDone {
		t.Fatal(stderr)
	}
	for line := range strings.Lines(stdout) {
		var c struct {
			Anomalies []struct {
				ID    string
				Frame int
			}
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		for _, a := range c.Anomalies {
			if a.Frame > 0 && !slices.ContainsFunc(said[a.Frame-1], func(s string) bool { return strings.HasSuffix(s, " ["+a.ID+"]") }) {
				t.Errorf("%s: frame %d has no comment about %s: %q", path, a.Frame, a.ID, said[a.Frame-1])
			}
		}
	}
	for _, texts := range said {
		for _, s := range texts {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\n\x1b") {
				t.Errorf("%s: %q", path, s)
			}
		}
	}
}
