package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// strangeClock is a capture whose clock says what it likes: if_tsresol, if_tsoffset, and the timestamps of its packets, one after the other
// and again from the first.
type strangeClock struct {
	resolution uint8
	offset     int64
	times      []uint64
}

// strangeClocks are clocks at the ends of what can be said, far apart, and going back and forth.
var strangeClocks = []strangeClock{
	{9, 0, []uint64{math.MaxInt64}},
	{9, 0, []uint64{math.MaxUint64, 0}},
	{9, -1, []uint64{0, math.MaxInt64}},
	{9, 0, []uint64{0, packet.MaxTime}},
	{9, 0, []uint64{0, 1, packet.MaxTime, packet.MaxTime - 1, packet.MaxTime + 1}},
	{9, 0, []uint64{1, packet.MaxTime / 4, packet.MaxTime / 2, packet.MaxTime / 4 * 3, packet.MaxTime}},
	{9, 0, []uint64{packet.MaxTime, packet.MaxTime / 2, 0, packet.MaxTime / 4}},
	{9, 0, []uint64{packet.MaxTime, packet.MaxTime, packet.MaxTime, 0, 0, 0}},
	{0, 0, []uint64{0, 4611686018, 4611686019, 1}},
	{255, 0, []uint64{math.MaxUint64, 0}},
	{127, math.MaxInt64, []uint64{0, math.MaxUint64}},
	{6, math.MinInt64, []uint64{1_700_000_000_000_000, 0}},
	{6, -1_700_000_000, []uint64{1_700_000_000_000_001, 1_699_999_999_999_999, 1_700_000_000_000_002}},
	{6, 0, []uint64{1_700_000_000_000_000, 1_700_086_400_000_000, 1_700_000_000_000_000, 1_600_000_000_000_000}},
}

// write writes the packets of captures with the clock.
func (c *strangeClock) write(t testing.TB, path string, captures ...string) {
	o := binary.LittleEndian
	var b []byte
	block := func(kind uint32, body []byte) {
		size := uint32(12 + (len(body)+3)&^3)
		b = o.AppendUint32(o.AppendUint32(b, kind), size)
		b = append(b, body...)
		b = o.AppendUint32(append(b, make([]byte, -len(body)&3)...), size)
	}
	block(0x0A0D0D0A, o.AppendUint64(o.AppendUint32(o.AppendUint32(nil, 0x1A2B3C4D), 1), math.MaxUint64))
	options := append([]byte{9, 0, 1, 0, c.resolution, 0, 0, 0, 14, 0, 8, 0}, o.AppendUint64(nil, uint64(c.offset))...)
	block(1, append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, options...))
	src := input.Open(captures, input.Options{})
	defer src.Close()
	var batch packet.Batch
	for n := 0; ; {
		if err := src.Next(&batch); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for i, p := range batch.Packets {
			ts := c.times[n%len(c.times)]
			n++
			head := o.AppendUint32(o.AppendUint32(make([]byte, 4), uint32(ts>>32)), uint32(ts))
			head = o.AppendUint32(o.AppendUint32(head, p.CapLen), p.WireLen)
			block(6, append(head, batch.Data(i)...))
		}
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// clockCommands are the commands whose results depend on times, and what of their flags does.
func clockCommands(capture, dir string) (list [][]string) {
	for _, format := range report.Formats.Names() {
		list = append(list, []string{capture, "--format", format})
	}
	for _, format := range report.TimelineFormats.Names() {
		list = append(list, []string{"timeline", capture, "--format", format})
	}
	for _, format := range report.StatesFormats.Names() {
		list = append(list, []string{"states", capture, "--at", "+0s", "--format", format})
	}
	return append(list,
		[]string{capture, "--msl", "24h", "--quick"},
		[]string{capture, "--sort", "-duration", "--max-flows", "1", "--workers", "1"},
		[]string{"states", capture, "--every", "1ns"},
		[]string{"states", capture, "--every", "1h"},
		[]string{"states", capture, "--every", "2562047h", "--format", "json"},
		[]string{"states", capture, "--at", "+2562047h"},
		[]string{"states", capture, "--at", "23:59"},
		[]string{"follow", capture, "--stream", "0", "--as", "hex"},
		[]string{"extract", capture, "-w", filepath.Join(dir, "extracted.pcapng"), "--where", "true"},
		[]string{"replay", capture, "--speed", "max", "--interval", "2562047h", "--stats", "--duration", "2562047h"},
		[]string{"replay", capture, "--speed", "1000000x", "--interval", "1ns", "--idle-timeout", "1ns"},
		[]string{"replay", capture, "--speed", "max", "-w", filepath.Join(dir, "written.pcapng"), "--rotate-every", "2562047h", "--keep-on", "note", "-o", filepath.Join(dir, "events")},
		[]string{"diff", capture, capture},
		[]string{"check", "--init", capture},
	)
}

// tellClock runs all commands on a capture with the clock: each ends soon, and none says that something took less than no time.
func tellClock(t *testing.T, c *strangeClock) {
	dir := t.TempDir()
	capture := filepath.Join(dir, "strange.pcapng")
	c.write(t, capture, filepath.Join(goldenDir, "showcase.pcap"), filepath.Join(goldenDir, "zero-window.pcap"))
	for _, args := range clockCommands(capture, dir) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var out, problems bytes.Buffer
		code := run(ctx, args, env{out: &out, err: &problems})
		if ctx.Err() != nil {
			t.Errorf("%+v: %q does not end", c, args)
		}
		cancel()
		if code != exitDone && code != exitFailedCheck && (code != exitUsage || args[0] != "states") {
			t.Errorf("%+v: %q: exit code %d: %s", c, args, code, &problems)
		}
		if strings.Contains(problems.String(), "panic") {
			t.Errorf("%+v: %q: %s", c, args, &problems)
		}
		for line := range strings.Lines(out.String()) {
			var v any
			if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &v) == nil {
				noneNegative(t, args, "", v)
			}
		}
	}
}

// noneNegative goes through the times of a record.
func noneNegative(t *testing.T, args []string, name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, of := range v {
			noneNegative(t, args, key, of)
		}
	case []any:
		for _, of := range v {
			noneNegative(t, args, name, of)
		}
	case float64:
		if v < 0 && name != "t_s" { // that is the time captured, which may be before the start
			t.Errorf("%q: %s is %v", args, name, v)
		}
	}
}

func TestStrangeClocks(t *testing.T) {
	for _, c := range strangeClocks {
		tellClock(t, &c)
	}
}

// A timestamp that no clock had is told with the packet and its value, and that of the packet before stands in.
func TestStrangeTimestamps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "strange.pcapng")
	for _, test := range []struct {
		clock strangeClock
		want  string
	}{
		{strangeClock{9, 0, []uint64{0, packet.MaxTime}}, ""},
		{strangeClock{9, 0, []uint64{packet.MaxTime, 1, 2, 3, 4, 5, 6, 7, packet.MaxTime + 1}},
			"packet 9, 4611686018427387904 x 10^-9 s since 1970, is not from 1970 to 2116: the time"},
		{strangeClock{6, -1, []uint64{999_999, 1_000_000}}, "packet 1, 999999 x 10^-6 s -1 s since 1970, is not from 1970 to 2116, nor are those of "},
		{strangeClock{0x82, 0, []uint64{math.MaxUint64}}, "packet 1, 18446744073709551615 x 2^-2 s since 1970"},
	} {
		test.clock.write(t, path, filepath.Join(goldenDir, "close-client.pcap"))
		for _, args := range [][]string{
			{path}, {"timeline", path}, {"replay", path, "--speed", "max"}, {"diff", path, path}, {"check", path, "--budget", "no-answer=9"},
		} {
			code, _, stderr := tcptrace(t, env{}, args...)
			if told := strings.Contains(stderr, "warning"); code != exitDone || told != (test.want != "") || !strings.Contains(stderr, test.want) {
				t.Errorf("%+v %q: exit code %d, %s", test.clock, args, code, stderr)
			}
		}
	}
}

func FuzzClock(f *testing.F) {
	for _, c := range strangeClocks {
		var b []byte
		for _, ts := range c.times {
			b = binary.LittleEndian.AppendUint64(b, ts)
		}
		f.Add(c.resolution, c.offset, b)
	}
	f.Fuzz(func(t *testing.T, resolution uint8, offset int64, b []byte) {
		c := strangeClock{resolution, offset, []uint64{0}}
		for ; len(b) >= 8; b = b[8:] {
			c.times = append(c.times, binary.LittleEndian.Uint64(b))
		}
		tellClock(t, &c)
	})
}
