// Package terminal runs a program in a real terminal, tmux's, and shows a test what it looks like there.
//
// Not its job: what should be seen.
package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Terminal is a tmux server of its own with one window.
type Terminal struct {
	t      *testing.T
	socket string
}

const patience = 20 * time.Second // until a screen is as it should be

// Start runs a shell command in a new terminal, with more in its environment. Its exit code is printed when it ends. The test is
// skipped where there is no tmux.
func Start(t *testing.T, width, height int, environment []string, command string) *Terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed: no terminal to look at")
	}
	if testing.Short() {
		t.Skip("waits for a terminal")
	}
	x := &Terminal{t, filepath.Join(t.TempDir(), "tmux")}
	args := []string{"-f", os.DevNull, "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	for _, e := range environment {
		args = append(args, "-e", e)
	}
	x.Tmux(append(args, fmt.Sprintf("%s; echo exit code $?; exec sleep %d", command, int(10*patience.Seconds())))...)
	t.Cleanup(func() { x.Tmux("kill-server") })
	return x
}

// Tmux runs a command of tmux and returns what it says.
func (x *Terminal) Tmux(args ...string) string {
	x.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-u", "-S", x.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TMUX=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// Keys presses keys, as tmux names them.
func (x *Terminal) Keys(keys ...string) {
	x.t.Helper()
	x.Tmux(append([]string{"send-keys"}, keys...)...)
}

// Type types text.
func (x *Terminal) Type(text string) {
	x.t.Helper()
	x.Tmux("send-keys", "-l", text)
}

// Screen waits until the screen has all of some texts, and returns it.
func (x *Terminal) Screen(has ...string) string {
	x.t.Helper()
	text, missing := "", ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		text, missing = x.Tmux("capture-pane", "-p"), ""
		for _, h := range has {
			if !strings.Contains(text, h) {
				missing = h
			}
		}
		if missing == "" {
			return text
		}
	}
	x.t.Fatalf("there is no %q on the screen:\n%s", missing, text)
	return ""
}
