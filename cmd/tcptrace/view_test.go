package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/internal/testutil/terminal"
)

// TestView drives the view of a replay in a real terminal, as somebody would who looks for what was reset.
func TestView(t *testing.T) {
	_, tcptrace := linked(t)
	file, err := filepath.Abs(filepath.Join(goldenDir, "showcase.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{80, 24}, {200, 50}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			x := terminal.Start(t, size[0], size[1], nil, tcptrace+" replay "+file+" --speed max")
			table := x.Screen("the capture is over", "showcase.pcap", "10.0.0.1:40000", "TIME_WAIT✓", "[2001:db8::7]:49152", "Newest anomalies", "handshake-incomplete")
			if lines := strings.Count(table, "\n"); lines != size[1] {
				t.Errorf("%d lines on the screen:\n%s", lines, table)
			}
			x.Keys("?")
			x.Screen("Everywhere")
			x.Keys("?", "/")
			x.Screen("where:")
			x.Type("outcom == 'reset'")
			x.Keys("Enter")
			x.Screen("did you mean outcome?")
			x.Keys("C-u")
			x.Type("outcome == 'reset'")
			x.Keys("Enter")
			if chosen := x.Screen("where outcome == 'reset'", "2001:db8::7"); strings.Contains(chosen, "10.0.0.9") {
				t.Errorf("the condition does not hold for all that is shown:\n%s", chosen)
			}
			x.Keys("Enter")
			x.Screen("LISTEN", "RST", "esc back")
			x.Keys("Home")
			x.Screen("Stream 4: client [2001:db8::7]:49152")
			x.Tmux("resize-window", "-x", "60", "-y", "12")
			x.Screen("#4 [2001")
			x.Keys("Escape")
			x.Screen("Newest anomalies")
			x.Keys("q")
			if after := x.Screen("exit code 0"); strings.Contains(after, "Newest") {
				t.Errorf("the view is still on the screen:\n%s", after)
			}
		})
	}
}

// linked is a directory with this program in it as tcptrace, for terminals to run: TestMain is the command under this name.
func linked(t *testing.T) (dir, tcptrace string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	tcptrace = filepath.Join(dir, "tcptrace")
	if err := os.Symlink(self, tcptrace); err != nil {
		t.Skip("no symbolic links: ", err)
	}
	return dir, tcptrace
}

// TestViewEnds: who leaves the view by q is done; by ctrl+c, on every screen, or by a signal the run is interrupted, unless all was over.
func TestViewEnds(t *testing.T) {
	dir, tcptrace := linked(t)
	file, err := filepath.Abs(filepath.Join(goldenDir, "showcase.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	interrupt := "kill -INT $(cat " + dir + "/pid)"
	for _, c := range []struct {
		speed string
		keys  []string // "": a signal
		want  int
	}{
		{"0.001x", []string{"q"}, exitDone}, {"0.001x", []string{"C-c"}, exitInterrupted}, {"0.001x", []string{"/", "C-c"}, exitInterrupted},
		{"0.001x", nil, exitInterrupted}, {"max", []string{"C-c"}, exitDone}, {"max", nil, exitDone},
	} {
		x := terminal.Start(t, 150, 24, nil, fmt.Sprintf("sh -c 'echo $$ > %s/pid; exec %s replay %s --speed %s'", dir, tcptrace, file, c.speed))
		if x.Screen("10.0.0.1:40000"); c.speed == "max" {
			x.Screen("the capture is over")
		}
		if c.keys == nil {
			if out, err := exec.Command("sh", "-c", interrupt).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		x.Keys(c.keys...)
		x.Screen(fmt.Sprintf("exit code %d", c.want), "conversations")
	}
}

// TestViewSaves: w writes the packets of what is selected, and of nothing else.
func TestViewSaves(t *testing.T) {
	dir, tcptrace := linked(t)
	file, err := filepath.Abs(filepath.Join(goldenDir, "showcase.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	picked := filepath.Join(dir, "picked.pcap")
	x := terminal.Start(t, 150, 24, nil, tcptrace+" replay "+file+" --speed 0.001x -w "+picked+" --keep-on selected")
	x.Screen("10.0.0.1:40000")
	x.Keys("w")
	x.Screen("are written to " + picked)
	x.Keys("q")
	x.Screen("exit code")
	if info, err := os.Stat(picked); err != nil || info.Size() <= 24 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestKeepSelected(t *testing.T) {
	picked := filepath.Join(t.TempDir(), "picked.pcap")
	args := []string{"replay", filepath.Join(goldenDir, "showcase.pcap"), "--speed", "max", "-w", picked, "--keep-on"}
	if code, _, stderr := tcptrace(t, env{}, append(args, "selected", "--format", "ndjson")...); code != exitUsage || !strings.Contains(stderr, "for the view") {
		t.Errorf("%d, %s", code, stderr)
	}
	if code, _, stderr := tcptrace(t, env{}, append(args, "chosen")...); code != exitUsage || !strings.Contains(stderr, "chosen") {
		t.Errorf("%d, %s", code, stderr)
	}
}
