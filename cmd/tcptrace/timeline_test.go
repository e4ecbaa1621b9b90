package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tcptrace/internal/ladders"
	"tcptrace/internal/testutil/thorough"
)

var (
	ladderTitle = regexp.MustCompile(`(?m)^Stream (\d+): `)
	colorCodes  = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// TestLaddersFit draws every golden capture in several widths: no line is longer, nothing is lost, and what
// is not asked for (colours, characters beyond ASCII) is not there.
// wider is by how many columns the ladders of captures are that last so long.
var wider = map[string]int{"paws-forgotten.pcap": 4} // 25 days

func TestLaddersFit(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures in %s: %v", goldenDir, err)
	}
	for _, path := range thorough.Some(t, captures, 4) {
		_, records, _ := tcptrace(t, env{}, "timeline", path, "--format", "ndjson")
		packets := strings.Count(records, "\n")
		for _, look := range []struct {
			style string
			width int
			room  int
		}{
			{"relative", 60, 60}, {"relative", 80, 80}, {"relative", 133, 133}, {"delta", 60, 60},
			{"absolute", 60, 64}, // a date beside the time, and the least that can be between the endpoints
		} {
			name := fmt.Sprintf("%s in %d columns, %s", filepath.Base(path), look.width, look.style)
			ladder := []string{"timeline", path, "--limit", "0", "--full", "--time", look.style}
			sized := append(slices.Clip(ladder), "--width", strconv.Itoa(look.width))
			code, text, stderr := tcptrace(t, env{}, sized...)
			if code != exitDone {
				t.Errorf("%s: exit code %d: %s", name, code, stderr)
			}
			checkLines(t, name, text, look.room+wider[filepath.Base(path)])
			if arrows := strings.Count(text, "►│") + strings.Count(text, "│◄") + strings.Count(text, "×"); arrows != packets {
				t.Errorf("%s: %d arrows, want %d", name, arrows, packets)
			}
			_, colored, _ := tcptrace(t, env{outTTY: true, width: look.width}, ladder...)
			if bare := colorCodes.ReplaceAllString(colored, ""); bare != text || packets > 0 && bare == colored {
				t.Errorf("%s: colours are not all the difference on a terminal:\n%s", name, colored)
			}
			_, ascii, _ := tcptrace(t, env{}, append(sized, "--ascii")...)
			if i := strings.IndexFunc(ascii, func(r rune) bool { return r > '~' }); i >= 0 {
				t.Errorf("%s: --ascii has %q", name, ascii[i:min(len(ascii), i+20)])
			}
			if len(ladderTitle.FindAllString(ascii, -1)) != len(ladderTitle.FindAllString(text, -1)) {
				t.Errorf("%s: --ascii has other conversations", name)
			}
		}
	}
}

func checkLines(t *testing.T, name, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width {
			t.Errorf("%s: a line of %d: %s", name, n, line)
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
			t.Errorf("%s: a control character in %q", name, line)
		}
	}
}

// TestMermaidIsPlain holds every line of the diagrams against the little of Mermaid's grammar that they use.
func TestMermaidIsPlain(t *testing.T) {
	grammar := regexp.MustCompile("^(```mermaid|sequenceDiagram|```||" +
		`    participant [CS] as ([^#;<>"{}%]|#\d+;)+|` +
		`    (C(->>|-x)S|S(->>|-x)C|Note (over C,S|left of C|right of S)): ([^#;<>"{}%]|#\d+;|<br/>)+)$`)
	captures, _ := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	for _, path := range captures {
		_, text, _ := tcptrace(t, env{}, "timeline", path, "--limit", "0", "--format", "mermaid")
		if strings.HasPrefix(text, "The capture holds no") {
			continue
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); !grammar.MatchString(line) || strings.Contains(line, " end ") {
				t.Errorf("%s: %s", filepath.Base(path), line)
			}
		}
	}
}

// TestLaddersInPasses: however little memory there is, and however few conversations a pass finds, all are
// shown, whole and in order.
func TestLaddersInPasses(t *testing.T) {
	defer func() { ladderBounds = ladders.Usual }()
	for _, name := range []string{"showcase.pcap", "half-open-discovered-old.pcap", "timewait-reuse.pcap"} {
		path := filepath.Join(goldenDir, name)
		_, want, _ := tcptrace(t, env{}, "timeline", path, "--limit", "0")
		for _, bounds := range [][2]int{{1, 1}, {1 << 10, 1}, {2, 6 << 10}, {3, 1 << 20}} {
			ladderBounds = ladders.Bounds{Page: bounds[0], Memory: bounds[1]}
			if code, got, stderr := tcptrace(t, env{}, "timeline", path, "--limit", "0"); code != exitDone || got != want {
				t.Errorf("%s, %d a page, %d bytes: exit code %d: %s\n%s", name, bounds[0], bounds[1], code, stderr, got)
			}
		}
		ladderBounds = ladders.Usual
	}
}
