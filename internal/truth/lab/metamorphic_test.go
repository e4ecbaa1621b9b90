package lab_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tcptrace/internal/input"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/truth/lab"
)

// variation is a change that must not change what the analysis says, but for some fields.
type variation struct {
	name    string
	script  func(*lab.Script) *lab.Script
	frames  func([]lab.Frame) []lab.Frame
	format  func(*lab.Format)
	workers int
	source  input.Options
	free    []string      // fields that may differ: of an address, of sizes
	shift   time.Duration // how much later all times are
}

var (
	freeAddresses = []string{"client.ip", "server.ip", "community_id", "icmp.from"}
	freeSizes     = []string{"ip_bytes", "frame_bytes", "bytes"}
	freeICMP      = []string{"icmp.code", "icmp.meaning", "icmp.mtu"} // each version has its own
	freeIPID      = []string{"anomalies.detail"}                      // may speak of it
)

const muchLater = 123456789 * time.Second

// The initial sequence numbers of a script that gives none.
const (
	clientISN = 0x3C5A1F20
	serverISN = 0x8F21D3B4
)

var variations = []variation{
	{name: "client's ISN wraps at once", script: isn(-clientISN-1, 0)},
	{name: "client's ISN wraps in the data", script: isn(-clientISN-60, 1<<31)},
	{name: "server's ISN wraps in the data", script: isn(1<<31, -serverISN-100)},
	{name: "addresses swapped", script: lab.SwapAddresses, free: freeAddresses},
	{name: "IPv6", script: lab.ToIPv6, free: slices.Concat(freeSizes, freeIPID, freeICMP, freeAddresses)},
	{name: "later", frames: func(f []lab.Frame) []lab.Frame { return lab.ShiftTime(f, muchLater) }, shift: muchLater},
	{name: "headers only", frames: func(f []lab.Frame) []lab.Frame { return lab.Snap(f, 160) }},
	{name: "pcapng", format: func(f *lab.Format) { f.PCAPNG = true }},
	{name: "other byte order", format: func(f *lab.Format) { f.BigEndian = !f.BigEndian }},
	{name: "2 workers", workers: 2},
	{name: "5 workers, odd reads", workers: 5, source: input.Options{ChunkSize: 61, MaxPackets: 3}},
}

func isn(client, server int64) func(*lab.Script) *lab.Script {
	return func(s *lab.Script) *lab.Script { return lab.RelocateISN(s, uint32(client), uint32(server)) }
}

// differs says which change of which script is none that must not matter, and why.
var differs = map[string]string{
	"timewait-rst-ignored.txt/IPv6": "what tells that the host ignores an RST in TIME_WAIT is its IPv4 identification",
	"bad-header-checksum.txt/IPv6":  "IPv6 headers have no checksum",
	"fin-disowned.txt/IPv6":         "what tells that the octets in front of a FIN were not overtaken by it is their IPv4 identification",
	"names.txt/IPv6":                "what tells in which order segments were sent is their IPv4 identification",
	"names.txt/addresses swapped":   "answers of the DNS name the addresses, and are payload",
	"fin-out-of-place.txt/IPv6":     "what tells that the host ignores an RST in TIME_WAIT is its IPv4 identification",
}

func TestMetamorphic(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(goldenDir, "*.txt"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", goldenDir, err)
	}
	for _, path := range thorough.Some(t, scripts, 4) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		script, err := lab.Parse(filepath.Base(path), text)
		if err != nil {
			t.Fatal(err)
		}
		want := (&variation{workers: 1}).analyze(t, script)
		for _, v := range variations {
			t.Run(filepath.Base(path)+"/"+v.name, func(t *testing.T) {
				if why := differs[filepath.Base(path)+"/"+v.name]; why != "" {
					t.Skip(why)
				}
				got := v.analyze(t, script)
				want := v.wanted(want)
				if len(got.Conversations) != len(want.Conversations) {
					t.Fatalf("%d conversations, without the change %d", len(got.Conversations), len(want.Conversations))
				}
				for i, c := range want.Conversations {
					for _, d := range differences("conversation", c, got.Conversations[i]) {
						t.Error(d)
					}
				}
				for _, d := range differences("summary", want.Summary, got.Summary) {
					t.Error(d)
				}
			})
		}
	}
}

// analyze analyzes the changed script.
func (v *variation) analyze(t *testing.T, s *lab.Script) document {
	t.Helper()
	if v.script != nil {
		s = v.script(s)
	}
	frames, err := s.Frames()
	if err != nil {
		t.Fatal(err)
	}
	if v.frames != nil {
		frames = v.frames(frames)
	}
	format := s.Format
	if v.format != nil {
		v.format(&format)
	}
	capture, err := lab.WriteCapture(frames, format)
	if err != nil {
		t.Fatal(err)
	}
	return analyzeBytes(t, capture, max(v.workers, 1), v.source)
}

// wanted is the document as the variation should leave it: without the fields that it may change, and later.
func (v *variation) wanted(doc document) document {
	out := document{Summary: v.record(doc.Summary, "")}
	for _, c := range doc.Conversations {
		out.Conversations = append(out.Conversations, v.record(c, ""))
	}
	return out
}

func (v *variation) record(m map[string]any, path string) map[string]any {
	out := make(map[string]any)
	for key, value := range m {
		if !slices.Contains(v.free, key) && !slices.Contains(v.free, path+key) {
			out[key] = v.value(value, path+key+".")
		}
	}
	return out
}

func (v *variation) value(value any, path string) any {
	switch value := value.(type) {
	case map[string]any:
		return v.record(value, path)
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = v.value(item, path)
		}
		return out
	case string:
		if t, err := time.Parse(recordTime, value); err == nil {
			return t.Add(v.shift).Format(recordTime)
		}
	}
	return value
}

// recordTime is how records write times.
const recordTime = "2006-01-02T15:04:05.000000000Z"
