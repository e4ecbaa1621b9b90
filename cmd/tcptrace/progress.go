package main

import (
	"time"

	"tcptrace/internal/input"
	"tcptrace/internal/progress"
)

// progressDelay is how long work may take before a progress bar is worth its line.
const progressDelay = time.Second

// progressModes are what --progress takes; auto means on a terminal only.
var progressModes = []string{"auto", "on", "off"}

// withProgress wraps src as --progress asks.
func withProgress(src input.Source, mode string, e env) input.Source {
	if delay, wanted := progressAfter(mode, e.errTTY); wanted {
		return progress.Show(src, e.bar, delay)
	}
	return src
}

// progressAfter is after how long --progress shows a bar, if it does.
func progressAfter(mode string, tty bool) (delay time.Duration, wanted bool) {
	if mode == "auto" {
		return progressDelay, tty
	}
	return 0, mode == "on"
}
