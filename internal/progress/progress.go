// Package progress shows on a terminal how much of the input has been read, or of other work is done.
//
// Not its job: to decide whether anybody wants to see it.
package progress

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// source is a Source whose progress is shown.
type source struct {
	input.Source
	out  io.Writer
	next time.Time // of the next look at the progress
	bar  *progressbar.ProgressBar
}

// Show is src, with a bar on out once reading has taken longer than delay.
func Show(src input.Source, out io.Writer, delay time.Duration) input.Source {
	return &source{Source: src, out: out, next: time.Now().Add(delay)}
}

func (p *source) Next(b *packet.Batch) error {
	err := p.Source.Next(b)
	if now := time.Now(); now.After(p.next) && err == nil {
		p.next = now.Add(100 * time.Millisecond)
		p.show()
	}
	return err
}

func (p *source) show() {
	done, total := p.Progress()
	if total == 0 {
		total = -1 // unknown: the bar becomes a spinner
	}
	if p.bar == nil {
		p.bar = newBar(p.out, "reading", total, progressbar.OptionShowBytes(true))
	}
	// A bar that cannot be drawn is no reason to stop.
	_ = p.bar.Set64(done)
}

// Close takes the bar off the screen.
func (p *source) Close() error {
	clearBar(p.bar, p.out)
	return p.Source.Close()
}

func newBar(out io.Writer, what string, total int64, more progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, more,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionFullWidth(),
		progressbar.OptionClearOnFinish())
}

// clearBar takes a bar off the screen, if there is one.
func clearBar(bar *progressbar.ProgressBar, out io.Writer) {
	if bar != nil {
		_ = bar.Clear()
		fmt.Fprint(out, "\r")
	}
}
