package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// progressDelay is how long work may take before a progress bar is worth its line.
const progressDelay = time.Second

// progressSource shows on a terminal how much of the input has been read.
type progressSource struct {
	input.Source
	out  io.Writer
	next time.Time // of the next look at the progress
	bar  *progressbar.ProgressBar
}

// progressModes are what --progress takes; auto means on a terminal only.
var progressModes = []string{"auto", "on", "off"}

// withProgress wraps src as --progress asks.
func withProgress(src input.Source, mode string, e env) input.Source {
	if mode == "off" || mode == "auto" && !e.errTTY {
		return src
	}
	now := time.Now()
	p := &progressSource{Source: src, out: e.bar, next: now}
	if mode == "auto" {
		p.next = now.Add(progressDelay)
	}
	return p
}

func (p *progressSource) Next(b *packet.Batch) error {
	err := p.Source.Next(b)
	if now := time.Now(); now.After(p.next) && err == nil {
		p.next = now.Add(100 * time.Millisecond)
		p.show()
	}
	return err
}

func (p *progressSource) show() {
	done, total := p.Progress()
	if total == 0 {
		total = -1 // unknown: the bar becomes a spinner
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription("reading"),
			progressbar.OptionShowBytes(true),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish())
	}
	// A bar that cannot be drawn is no reason to stop.
	_ = p.bar.Set64(done)
}

// Close takes the bar off the screen.
func (p *progressSource) Close() error {
	if p.bar != nil {
		_ = p.bar.Clear()
		fmt.Fprint(p.out, "\r")
	}
	return p.Source.Close()
}
