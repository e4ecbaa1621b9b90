package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/dump"
	"tcptrace/internal/live"
	"tcptrace/internal/source"
	"tcptrace/report"
)

// session is one run of live or replay: the loop, and what goes to see of it.
type session struct {
	*watchOptions
	when  conditions
	e     env
	src   source.Source
	title string // what is captured, or replayed

	loop   *live.Loop
	out    io.WriteCloser // of events
	events *report.Events
	writer *dump.Writer
	keeper *dump.Keeper
	failed error // the first that ends the run

	reported  analyzer.Time // when --interval told
	statistic analyzer.Time // when --stats told
	surveyed  analyzer.Time // when --until looked at what has no events
}

// open opens the outputs and lets them observe the loop.
func (s *session) open(loop *live.Loop) (err error) {
	s.loop = loop
	if s.when, err = s.conditions(); err != nil {
		return err
	}
	if s.write.Path != "" {
		if err := s.openWriter(); err != nil {
			return err
		}
	}
	if s.showsEvents() {
		if s.out, err = s.openEvents(); err != nil {
			return err
		}
		s.events = report.NewEvents(s.out)
	}
	loop.OnEvent(s.event)
	loop.OnFlush(s.flush)
	return nil
}

func (s *session) showsEvents() bool {
	return s.format == "ndjson" || s.format == "auto" && (s.output != "" || !s.e.outTTY)
}

// openEvents opens the file of -o. Every batch of events goes to it at once.
func (s *session) openEvents() (io.WriteCloser, error) {
	if s.output == "" || s.output == "-" {
		return nopCloser{s.e.out}, nil
	}
	return os.Create(s.output)
}

// openWriter opens the file of -w.
func (s *session) openWriter() (err error) {
	s.write.Stdout = s.e.out
	if s.writer, err = dump.Open(s.write); err != nil {
		return err
	}
	s.writer.Know(s.src.Interfaces())
	if s.when.keepOn == nil {
		s.loop.OnPacket(func(p *live.Packet) { s.warn(s.writer.Packet(p.Packet, p.Data, p.Frame)) })
		return nil
	}
	s.keeper = dump.NewKeeper(dump.KeepOptions{}, s.writer.Packet)
	s.loop.OnPacket(func(p *live.Packet) {
		if p.TCP {
			s.warn(s.keeper.Packet(p.Stream, p.Packet, p.Data, p.Frame))
		}
	})
	return nil
}

// warn reports an error of the file of -w, which is told once and ends nothing else.
func (s *session) warn(err error) {
	if err != nil {
		s.note("%v", err)
	}
}

func (s *session) note(format string, args ...any) {
	fmt.Fprintf(s.e.err, "tcptrace: note: "+format+"\n", args...)
}

// fail ends the run.
func (s *session) fail(err error) {
	if err != nil && s.failed == nil {
		s.failed = err
		s.loop.Stop()
	}
}

// event takes an event of the loop.
func (s *session) event(ev *analyzer.Event) {
	if s.keeper != nil {
		switch ev.Kind {
		case analyzer.EventAnomaly:
			if s.when.keepOn.Fails(ev.Anomaly.Kind) {
				s.warn(s.keeper.Want(ev.Conversation.Stream))
			}
		case analyzer.EventConversation:
			if ev.Over != analyzer.NotOver {
				s.keeper.Over(ev.Conversation.Stream)
			}
		}
	}
	if s.when.until != nil && ev.Kind != analyzer.EventCorrection {
		s.reached(ev.Conversation)
	}
	if s.events == nil {
		return
	}
	if s.when.where != nil {
		if ok, err := s.when.where.Match(ev.Conversation); err != nil || !ok {
			s.fail(err)
			return
		}
	}
	s.fail(s.events.Event(ev))
}

// reached ends the run if --until holds for c.
func (s *session) reached(c *analyzer.Conversation) bool {
	ok, err := s.when.until.Match(c)
	if ok {
		s.loop.Stop()
	}
	s.fail(err)
	return ok || err != nil
}

// flush is the end of a batch.
func (s *session) flush(now analyzer.Time) {
	m := s.loop.Monitor()
	if due(&s.reported, now, s.interval) {
		m.Report(now - analyzer.Time(s.interval))
	}
	if s.when.until != nil && due(&s.surveyed, now, time.Second) {
		m.Survey(analyzer.ByActivity, func(seen *analyzer.Seen) bool { return !s.reached(seen.Conversation) })
	}
	if s.writer != nil {
		s.writer.Know(s.src.Interfaces())
		s.warn(s.writer.Flush(int64(now)))
	}
	if s.events == nil {
		return
	}
	sum := s.loop.Summary()
	s.fail(s.events.Drops(now, sum.Drops))
	if s.stats && due(&s.statistic, now, time.Second) {
		s.fail(s.events.Statistics(now, m.Open(), m.States(), &sum))
	}
	s.fail(s.events.Flush())
}

// due reports whether something that happens every so often is to happen now. The first time is one interval after the
// first call.
func due(last *analyzer.Time, now analyzer.Time, every time.Duration) bool {
	switch {
	case every <= 0:
		return false
	case *last == 0:
		*last = now
		return false
	case now < *last+analyzer.Time(every):
		return false
	}
	*last = now
	return true
}

// run analyzes until the end, and reports it.
func (s *session) run(ctx context.Context) error {
	sum, err := s.loop.Run(ctx)
	interrupted := ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
	if interrupted {
		err = nil
	}
	if s.events != nil {
		s.fail(s.events.Summary(sum.End, &sum, report.Selection{}))
		s.fail(s.out.Close())
	}
	noteSummary(&sum, s.e)
	s.fail(s.closeWriter(ctx))
	switch {
	case errors.Is(s.failed, syscall.EPIPE):
		return &exitError{exitFailedCheck, errors.New("the reader of the events has closed the pipe")}
	case s.failed != nil:
		return s.failed
	case err != nil:
		return &exitError{exitBadInput, err}
	}
	return conclude(s.src.Stats(), nil, interrupted, s.e)
}

// closeWriter waits until all packets are written, and tells what became of them.
func (s *session) closeWriter(ctx context.Context) error {
	if s.writer == nil {
		return nil
	}
	n, err := s.writer.Close(context.WithoutCancel(ctx))
	text := fmt.Sprintf("%s: %s in %s", s.write.Path, plural(n.Packets, "packet"), plural(n.Files-n.Deleted, "file"))
	if s.keeper != nil {
		k := s.keeper.Counts()
		text += " of " + plural(k.Wanted, "conversation")
		if k.Missing > 0 {
			text += "; " + plural(k.Missing, "packet") + " of them had been given up before they were wanted"
		}
	}
	if n.LeftOut > 0 {
		text += "; " + plural(n.LeftOut, "packet") + " could not be written"
	}
	if n.Unpacked > 0 {
		text += "; " + plural(n.Unpacked, "file") + " could not be compressed"
	}
	s.note("%s", text)
	return err
}

func plural(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
