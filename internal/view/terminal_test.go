package view_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/live"
	"tcptrace/internal/source"
	"tcptrace/internal/view"
)

// TestMain makes the test binary a program that shows a capture, when it is started in a terminal by tmux.
func TestMain(m *testing.M) {
	if file := os.Getenv("TCPTRACE_VIEW"); file != "" {
		if err := show(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("the view has ended")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// show runs a view of a file, which ends as the variables of the environment say.
func show(file string) error {
	src := source.Open([]string{file}, source.Options{})
	defer src.Close()
	loop := live.New(src, live.Options{})
	v, err := view.New(view.Options{
		Loop: loop, Title: os.Getenv("TITLE"), In: os.Stdin, Out: os.Stdout,
		Color: os.Getenv("NO_COLOR") == "", QuitAtEnd: os.Getenv("END") == "quit",
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch os.Getenv("END") {
	case "cancel":
		time.AfterFunc(time.Second, cancel)
	case "panic":
		loop.OnFlush(func(analyzer.Time) {
			time.Sleep(time.Second)
			panic("something is wrong")
		})
	}
	go func() {
		defer v.Rescue()
		_, _ = loop.Run(ctx)
	}()
	return v.Run(ctx)
}

// tmux is a server of its own with one window, in which this binary shows a capture.
type tmux struct {
	t      *testing.T
	socket string
}

func startTmux(t *testing.T, size string, environment ...string) *tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed: no terminal to show the view in")
	}
	if testing.Short() {
		t.Skip("waits for a terminal")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs("../../testdata/pcaps/showcase.pcap")
	if err != nil {
		t.Fatal(err)
	}
	x := &tmux{t, filepath.Join(t.TempDir(), "tmux")}
	width, height, _ := strings.Cut(size, "x")
	args := []string{"-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height, "-e", "TCPTRACE_VIEW=" + file}
	for _, e := range environment {
		args = append(args, "-e", e)
	}
	x.run(append(args, self+"; echo exit code $?; exec sleep 100")...)
	t.Cleanup(func() { x.run("kill-server") })
	return x
}

func (x *tmux) run(args ...string) string {
	x.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-u", "-S", x.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TMUX=")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		x.t.Fatalf("tmux %q: %v: %s", args, err, out)
	} else if err != nil {
		x.t.Fatal(err)
	}
	return string(out)
}

// screen waits until the screen has a text, and returns it.
func (x *tmux) screen(has string) string {
	x.t.Helper()
	text := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if text = x.run("capture-pane", "-p"); strings.Contains(text, has) {
			return text
		}
	}
	x.t.Fatalf("there is no %q on the screen:\n%s", has, text)
	return ""
}

func (x *tmux) keys(keys ...string) { x.run(append([]string{"send-keys"}, keys...)...) }

// TestTerminal drives the view in a real terminal.
func TestTerminal(t *testing.T) {
	for _, size := range []string{"80x24", "200x50"} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			x := startTmux(t, size, "TITLE=showcase.pcap")
			first := x.screen("the capture is over")
			if lines := strings.Count(first, "\n"); size != fmt.Sprintf("%dx%d", map[int]int{24: 80, 50: 200}[lines], lines) {
				t.Errorf("%d lines on a screen of %s", lines, size)
			}
			for _, want := range []string{"showcase.pcap", "10.0.0.1:40000", "TIME_WAIT✓", "[2001:db8::7]:49152", "Newest anomalies", "no-answer"} {
				if !strings.Contains(first, want) {
					t.Errorf("no %q on the first screen:\n%s", want, first)
				}
			}
			x.keys("?")
			x.screen("Everywhere")
			x.keys("?")
			x.keys("/")
			x.screen("where:")
			x.keys("-l", "outcom == 'reset'")
			x.keys("Enter")
			x.screen("did you mean outcome?")
			x.keys("C-u")
			x.keys("-l", "outcome == 'reset'")
			x.keys("Enter")
			x.screen("where outcome == 'reset'")
			if rest := x.screen("2001:db8::7"); strings.Contains(rest, "10.0.0.9") {
				t.Errorf("the condition does not hold for all that is shown:\n%s", rest)
			}
			x.keys("Enter")
			ladder := x.screen("LISTEN")
			if !strings.Contains(ladder, "esc back") {
				t.Errorf("the ladder:\n%s", ladder)
			}
			x.keys("Home")
			x.screen("Stream 4: client [2001:db8::7]:49152")
			x.run("resize-window", "-x", "60", "-y", "12")
			x.screen("#4 [2001")
			x.keys("Escape")
			x.screen("Newest anomalies")
			x.keys("q")
			if after := x.screen("exit code 0"); strings.Contains(after, "Newest") {
				t.Errorf("the view is still on the screen:\n%s", after)
			}
		})
	}
}

// TestTerminalIsGivenBack: however the view ends, the screen shows what it showed before, and lines begin at its left edge.
func TestTerminalIsGivenBack(t *testing.T) {
	for end, want := range map[string]string{"quit": "the view has ended", "cancel": "the view has ended", "panic": "something is wrong"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			x := startTmux(t, "80x24", "END="+end)
			x.screen(want)
			after := x.screen("\nexit code ")
			if mode := x.run("display-message", "-p", "#{alternate_on} #{cursor_flag}"); mode != "0 1\n" {
				t.Errorf("alternate screen and cursor are %q:\n%s", mode, after)
			}
		})
	}
}

// TestTerminalSeesNoForeignSequence: a name that would set the window's title and colours is shown, not obeyed.
func TestTerminalSeesNoForeignSequence(t *testing.T) {
	x := startTmux(t, "80x24", "NO_COLOR=1", "TITLE=wlan\x1b]2;hostile\x07\x1b[31m\u009b5m\u202eabc")
	first := x.screen("the capture is over")
	if !strings.Contains(first, "wlan?]2;hostile??[31m?5m?abc") {
		t.Errorf("the name is not on the first line:\n%s", first)
	}
	if title := x.run("display-message", "-p", "#{pane_title}"); strings.Contains(title, "hostile") {
		t.Errorf("the window is titled %q", title)
	}
	if colors := x.run("capture-pane", "-p", "-e"); strings.Contains(colors, "\x1b[31m") || strings.Contains(colors, "\x1b[33m") {
		t.Errorf("colours on the screen: %q", colors)
	}
}
