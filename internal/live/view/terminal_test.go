package view_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/live/view"
	"tcptrace/internal/testutil/terminal"
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
	src := input.Open([]string{file}, input.Options{})
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

// start shows a capture in a new terminal.
func start(t *testing.T, environment ...string) *terminal.Terminal {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs("../../../testdata/pcaps/showcase.pcap")
	if err != nil {
		t.Fatal(err)
	}
	return terminal.Start(t, 80, 24, append(environment, "TCPTRACE_VIEW="+file), self)
}

// TestTerminalIsGivenBack: however the view ends, the screen shows what it showed before, and lines begin at its left edge.
func TestTerminalIsGivenBack(t *testing.T) {
	for end, want := range map[string]string{"quit": "the view has ended", "cancel": "the view has ended", "panic": "something is wrong"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			x := start(t, "END="+end)
			x.Screen(want)
			after := x.Screen("\nexit code ")
			if mode := x.Tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}"); mode != "0 1\n" {
				t.Errorf("alternate screen and cursor are %q:\n%s", mode, after)
			}
		})
	}
}

// TestTerminalSeesNoForeignSequence: a name that would set the window's title and colours is shown, not obeyed.
func TestTerminalSeesNoForeignSequence(t *testing.T) {
	x := start(t, "NO_COLOR=1", "TITLE=wlan\x1b]2;hostile\x07\x1b[31m\u009b5m\u202eabc")
	first := x.Screen("the capture is over")
	if !strings.Contains(first, "wlan?]2;hostile??[31m?5m?abc") {
		t.Errorf("the name is not on the first line:\n%s", first)
	}
	if title := x.Tmux("display-message", "-p", "#{pane_title}"); strings.Contains(title, "hostile") {
		t.Errorf("the window is titled %q", title)
	}
	if colors := x.Tmux("capture-pane", "-p", "-e"); strings.Contains(colors, "\x1b[31m") || strings.Contains(colors, "\x1b[33m") {
		t.Errorf("colours on the screen: %q", colors)
	}
}
