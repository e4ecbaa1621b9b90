// Package scripts helps tests whose captures are scripts (package lab): it makes their frames, feeds them, and holds a rule on both sides
// of its boundary.
//
// Not its job: any knowledge of what is tested.
package scripts

import (
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/internal/truth/lab"
)

// Frames are those of a script.
func Frames(t testing.TB, text string) []lab.Frame {
	t.Helper()
	script, err := lab.Parse(t.Name(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	frames, err := script.Frames()
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// Feed gives a each of the frames.
func Feed(t testing.TB, a interface {
	Frame(link layers.LinkType, ci gopacket.CaptureInfo, data []byte) error
}, frames []lab.Frame) {
	t.Helper()
	for _, f := range frames {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, f.Time), CaptureLength: len(f.Data), Length: f.WireLen}
		if err := a.Frame(layers.LinkType(f.Link), ci, f.Data); err != nil {
			t.Fatal(err)
		}
	}
}

// Edge asks about a script, in which @ stands for a value, on both sides of the boundary of a rule. at lists the values, each with what is
// to be answered.
func Edge(t *testing.T, why, script string, at []string, ask func(t *testing.T, script string) string) {
	t.Helper()
	t.Run(why, func(t *testing.T) {
		t.Helper()
		for i := 0; i < len(at); i += 2 {
			if got := ask(t, strings.ReplaceAll(script, "@", at[i])); got != at[i+1] {
				t.Errorf("%q: %s, want %s", at[i], got, at[i+1])
			}
		}
	})
}
