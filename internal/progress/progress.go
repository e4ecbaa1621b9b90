// Package progress shows on a terminal how much of the input has been read.
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
func (p *source) Close() error {
	if p.bar != nil {
		_ = p.bar.Clear()
		fmt.Fprint(p.out, "\r")
	}
	return p.Source.Close()
}
