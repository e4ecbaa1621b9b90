package progress

import (
	"io"
	"time"

	"tcptrace/internal/input"
)

// patience is how long work may take before a progress bar is worth its line.
const patience = time.Second

// Modes are what --progress takes; auto means on a terminal only.
var Modes = []string{"auto", "on", "off"}

// Wrap wraps src as --progress asks, for a terminal or not.
func Wrap(src input.Source, mode string, tty bool, bar io.Writer) input.Source {
	if delay, wanted := After(mode, tty); wanted {
		return Show(src, bar, delay)
	}
	return src
}

// After is after how long --progress shows a bar, if it does.
func After(mode string, tty bool) (delay time.Duration, wanted bool) {
	if mode == "auto" {
		return patience, tty
	}
	return 0, mode == "on"
}
