package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// storyteller writes the record of every segment.
type storyteller struct {
	analyzer.Choice
	maker analyzer.Timelines
	all   []analyzer.Timeline
}

func (s *storyteller) Conversation(c *analyzer.Conversation) error {
	s.Take(c)
	s.all = append(s.all, s.maker.New(c))
	return nil
}

func timelineOf(t *testing.T, data []byte) string {
	t.Helper()
	open := func() input.Source {
		return input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
	}
	s := &storyteller{Choice: analyzer.Choice{Options: analyzer.Options{}}}
	if _, err := analyzer.Run(t.Context(), open(), analyzer.Options{Workers: 2}, s); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	records := report.NewSegmentsNDJSON(&out)
	var view analyzer.SegmentView
	err := s.Watch(t.Context(), open(), func(x *analyzer.Frame) error {
		s.all[x.Conversation].Segment(&x.Reading, &view)
		return records.Segment(&view)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := records.Finish(); err != nil {
		t.Fatal(err)
	}
	return communityID.ReplaceAllString(out.String(), "")
}

// communityID is the only part of a record that depends on addresses.
var communityID = regexp.MustCompile(`"community_id":"[^"]*",`)

// toldByID are scripts in which the IPv4 header tells what the IPv6 header does not: its identification that a host ignores an RST in
// TIME_WAIT, in which order segments were sent, or that octets were not overtaken by the FIN behind them; its checksum that it was damaged.
var toldByID = map[string]bool{"fin-disowned.txt": true, "bad-header-checksum.txt": true, "timewait-rst-ignored.txt": true, "fin-out-of-place.txt": true, "names.txt": true}

// TestTimelineMetamorphic: a segment's record depends neither on addresses nor on where the sequence numbers begin.
func TestTimelineMetamorphic(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(goldenDir, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	relocate := func(client, server uint32) func(*lab.Script) *lab.Script {
		return func(s *lab.Script) *lab.Script { return lab.RelocateISN(s, client, server) }
	}
	same := func(s *lab.Script) *lab.Script { return s }
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			render := func(change func(*lab.Script) *lab.Script, later time.Duration) string {
				script, err := lab.Parse(path, text)
				if err != nil {
					t.Fatal(err)
				}
				script = change(script)
				frames, err := script.Frames()
				if err != nil {
					t.Fatal(err)
				}
				script.Format.Nano = true
				data, err := lab.WriteCapture(lab.ShiftTime(frames, later), script.Format)
				if err != nil {
					t.Fatal(err)
				}
				return timelineOf(t, data)
			}
			want := render(same, 0)
			for name, change := range map[string]func(*lab.Script) *lab.Script{
				"addresses swapped": lab.SwapAddresses, "IPv6": lab.ToIPv6,
				"both wrap": relocate(^uint32(0x3C5A1F20)-60, ^uint32(0x8F21D3B4)-100), "far away": relocate(1<<31, 1<<30),
			} {
				if name == "IPv6" && toldByID[filepath.Base(path)] {
					continue
				}
				if d := differs(render(change, 0), want); d != "" {
					t.Errorf("%s: %s", name, d)
				}
			}
			if strings.Count(render(same, 50*time.Hour), "\n") != strings.Count(want, "\n") {
				t.Error("later there are more or fewer records")
			}
		})
	}
}
