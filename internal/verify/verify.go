// Package verify holds what is inferred from packets against what the kernel says, on the machine that it runs on: it makes
// connections between two loopback addresses, has a live analysis watch them, and compares.
//
// Not its job: other taps than the endpoints' own (internal/truth/kernel has captures of them), and traffic that it did not make.
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/live"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
)

// The addresses of both hosts, as it were. Nobody else uses them, so that nothing else is captured.
const (
	clientHost = "127.77.0.1"
	serverHost = "127.77.0.2"
	loopback   = "lo"
)

// end is one end of a connection.
type end struct {
	stream uint64
	side   analyzer.Side
}

// seen is all that was told while connections were made.
type seen struct {
	kernel map[end][]word
	ours   map[end][]analyzer.Step
	socket map[end]string
}

// Run makes every kind of connection so often, and compares. It takes some seconds, the right to capture and to use BPF.
func Run(ctx context.Context, rounds int) (*Report, error) {
	w, err := kernel.Open()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if w.Lacks() != nil {
		return nil, fmt.Errorf("the kernel does not tell what it does: %w", w.Lacks())
	}
	src, err := capture.Open(capture.Options{Interfaces: []string{loopback}, Filter: "host " + serverHost, BufferSize: 8 << 20})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	clock := func() analyzer.Time { return analyzer.Time(time.Now().UnixNano()) }
	loop := live.New(src, live.Options{Live: true, Clock: clock, Dropped: func() uint64 { return src.Stats().Drops },
		Idle: analyzer.Idle{Opening: time.Hour, Established: time.Hour, Closing: time.Hour}})
	s := seen{map[end][]word{}, map[end][]analyzer.Step{}, map[end]string{}}
	e := ends.New(w, s.told, func(uint64) {})
	var kernelErr error
	loop.OnEvent(e.Event)
	loop.OnEvent(s.event)
	loop.OnTelling(func() { kernelErr = errors.Join(kernelErr, e.Flush()) })
	wait := loop.Start(ctx, func() {})
	played, playErr := play(ctx, rounds)
	defer played.close()
	loop.Do(loop.Stop)
	sum, err := wait()
	switch {
	case errors.Join(playErr, kernelErr, err) != nil:
		return nil, errors.Join(playErr, kernelErr, err)
	case sum.Drops > 0 || w.Lost() > 0:
		return nil, fmt.Errorf("%d packets and %d words of the kernel were lost", sum.Drops, w.Lost())
	}
	return s.report(), nil
}

func (s *seen) told(t *ends.Told) {
	at := end{t.Stream, t.Side}
	s.kernel[at] = appendWord(s.kernel[at], t.Change)
}

func (s *seen) event(ev *analyzer.Event) {
	if ev.Kind != analyzer.EventConversation || ev.Over == analyzer.NotOver {
		return
	}
	c := ev.Conversation
	for side := range c.Addr {
		at := end{c.Stream, analyzer.Side(side)}
		s.ours[at] = append([]analyzer.Step(nil), ev.Judgment.Trajectory[side]...)
		s.socket[at] = c.Addr[side].String()
	}
}
