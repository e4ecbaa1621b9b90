package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcptrace/internal/annotate"
	"tcptrace/internal/blocks"
	"tcptrace/internal/input"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/testutil/thorough"
)

// interspersed is a golden capture in pcapng with blocks put before its first packet, behind its second and at its end.
func interspersed(t *testing.T, golden string, extra ...[]byte) (path string) {
	t.Helper()
	in, _, err := dump.OpenBlocks(filepath.Join(goldenDir, golden), input.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	more := slices.Concat(extra...)
	var out []byte
	packets := 0
	r := blocks.NewReader(in)
	for b, err := r.Next(); err != io.EOF; b, err = r.Next() {
		if err != nil {
			t.Fatal(err)
		}
		if b.IsPacket() {
			if packets == 0 || packets == 2 {
				out = append(out, more...)
			}
			packets++
		}
		out = append(out, b.Bytes...)
	}
	path = filepath.Join(t.TempDir(), "interspersed.pcapng")
	if err := os.WriteFile(path, append(out, more...), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// extraBlock is a block that no packet is in.
func extraBlock(kind uint32, body string) []byte {
	b, at := blocks.Begin(nil, binary.LittleEndian, kind)
	return blocks.End(blocks.Pad(append(b, body...), len(body)), binary.LittleEndian, at)
}

const journalEntry = "__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=a packet is sent\n"

// framesOf is the frame numbers of the segments of a capture.
func framesOf(t *testing.T, path string) (frames []uint64) {
	t.Helper()
	for _, r := range segmentRecords(t, path) {
		frames = append(frames, r.Frame)
	}
	return frames
}

// tsharkFrames is the same as tshark counts them, with a display filter.
func tsharkFrames(t *testing.T, path, filter string) (frames []uint64) {
	t.Helper()
	out, err := exec.Command("tshark", "-r", path, "-Y", filter, "-T", "fields", "-e", "frame.number").Output()
	if err != nil {
		t.Fatal(err)
	}
	for word := range strings.FieldsSeq(string(out)) {
		var n uint64
		if _, err := fmt.Sscan(word, &n); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, n)
	}
	return frames
}

// TestFrameNumbers: a block that Wireshark counts as a frame has a number, wherever it is, and no other has one. tshark says the same of each.
func TestFrameNumbers(t *testing.T) {
	const golden = "close-client.pcap"
	_, err := exec.LookPath("tshark")
	withTshark := err == nil && !testing.Short()
	if !withTshark {
		t.Log("tshark is not there, or -short: its numbers are not compared")
	}
	bare := framesOf(t, filepath.Join(goldenDir, golden))
	for n, test := range []struct {
		name  string
		block []byte
		frame bool
	}{
		{"custom", extraBlock(blocks.Custom, "\x01\x00\x00\x00data"), true},
		{"custom, not to be copied", extraBlock(blocks.CustomKept, "\x01\x00\x00\x00data"), true},
		{"custom, long", extraBlock(blocks.Custom, "\x01\x00\x00\x00"+strings.Repeat("data", 1<<15)), true},
		{"journal", extraBlock(blocks.Journal, journalEntry), true},
		{"event of sysdig", extraBlock(0x204, strings.Repeat("\x00", 40)), true},
		{"event of sysdig, version 2", extraBlock(0x216, strings.Repeat("\x00", 60)), true},
		{"event of sysdig, large", extraBlock(0x221, strings.Repeat("\x00", 60)), true},
		{"processes of sysdig", extraBlock(0x201, strings.Repeat("\x00", 60)), false},
		{"secrets", extraBlock(10, "KLST\x04\x00\x00\x00abcd"), false},
		{"unknown", extraBlock(0x12345678, "1234"), false},
	} {
		path := interspersed(t, golden, test.block, test.block)
		shift := uint64(0)
		if test.frame {
			shift = 2
		}
		var want []uint64
		for i, n := range bare {
			n += shift
			if i >= 2 {
				n += shift
			}
			want = append(want, n)
		}
		if got := framesOf(t, path); !slices.Equal(got, want) {
			t.Errorf("%s: frames %d, want %d", test.name, got, want)
		}
		if withTshark && (n%4 == 0 || thorough.Asked()) { // it takes half a second to start
			if got := tsharkFrames(t, path, "tcp"); !slices.Equal(got, want) {
				t.Errorf("%s: tshark has frames %d, want %d", test.name, got, want)
			}
		}
		_, stdout, _ := tcptrace(t, env{}, path, "--format", "json")
		if said := regexp.MustCompile(`"other_frames": *6\b`).MatchString(stdout); said != test.frame {
			t.Errorf("%s: the number of other frames is told: %t", test.name, said)
		}
	}
}

// TestFramesOfCopies: what is annotated, and cut out, is the packets that it is about, with other frames between them. Without those the numbers
// in comments are those of the copy.
func TestFramesOfCopies(t *testing.T) {
	path := interspersed(t, "close-wait-lingering.pcap", extraBlock(blocks.Custom, "\x01\x00\x00\x00data"), extraBlock(blocks.Journal, journalEntry))
	plain := filepath.Join(t.TempDir(), "plain.pcapng")
	said := func(args ...string) (texts [][]string, list [][]byte) {
		t.Helper()
		out := filepath.Join(t.TempDir(), "out.pcapng")
		if code, _, stderr := tcptrace(t, env{}, append(args, "-w", out)...); code != exitDone {
			t.Fatal(stderr)
		}
		list, texts = readBlocks(t, out)
		return texts, list
	}
	want, was := said("annotate", filepath.Join(goldenDir, "close-wait-lingering.pcap"))
	got, is := said("annotate", path)
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("comments\n%q, want\n%q", got, want)
	}
	if len(is) != len(was)+6 {
		t.Errorf("%d blocks, want %d and 6", len(is), len(was))
	}
	if bare, list := said("annotate", path, "--anonymize"); !slices.EqualFunc(bare, want, slices.Equal) || len(list) != len(was) {
		t.Errorf("anonymized: %d blocks, want %d; comments\n%q, want\n%q", len(list), len(was), bare, want)
	}
	_, packets := said("extract", filepath.Join(goldenDir, "close-wait-lingering.pcap"), "--stream", "0")
	if _, list := said("extract", path, "--stream", "0"); !slices.EqualFunc(withoutFrames(list), packets, samePacket) {
		t.Errorf("%d blocks were cut out, want %d and others", len(list), len(packets))
	}
	if _, list := said("extract", path, "--stream", "0", "--anonymize"); len(list) != len(packets) {
		t.Errorf("anonymized: %d blocks were cut out, want %d", len(list), len(packets))
	}
	if code, _, stderr := tcptrace(t, env{}, "annotate", path, "-w", plain); code != exitDone {
		t.Fatal(stderr)
	}
	if _, stdout, _ := tcptrace(t, env{}, "timeline", plain, "--format", "ndjson"); strings.Count(stdout, `"comments":["`+annotate.Mark) == 0 {
		t.Error("timeline shows no comments that are there")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not there: what it shows is not tested")
	}
	var commented []uint64
	for i, frame := range framesOf(t, path) {
		if len(want[i]) > 0 {
			commented = append(commented, frame)
		}
	}
	if got := tsharkFrames(t, plain, `frame.comment contains "tcptrace:"`); !slices.Equal(got, commented) {
		t.Errorf("tshark has comments at frames %d, want %d", got, commented)
	}
}

// withoutFrames is a list of blocks without those that are frames and no packets.
func withoutFrames(list [][]byte) [][]byte {
	return slices.DeleteFunc(list, func(b []byte) bool {
		kind := binary.LittleEndian.Uint32(b)
		return blocks.IsFrame(kind) && kind != blocks.Enhanced
	})
}

// samePacket reports whether blocks are alike, but for what extracting from another format adds to headers.
func samePacket(a, b []byte) bool {
	return bytes.Equal(a, b) || binary.LittleEndian.Uint32(a) == binary.LittleEndian.Uint32(b) && binary.LittleEndian.Uint32(a) != blocks.Enhanced
}

// TestPluginBehindOthers: the plugin has fields where Wireshark counts frames that are no packets.
func TestPluginBehindOthers(t *testing.T) {
	t.Parallel()
	p := newPlugin(t)
	path := interspersed(t, "close-client.pcap", extraBlock(blocks.Custom, "\x01\x00\x00\x00data"), extraBlock(blocks.Journal, journalEntry))
	want := timelineFields(t, path)
	if got, complaint := p.run(t, nil, "-r", path); complaint != "" || !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", complaint, got, want)
	}
}
