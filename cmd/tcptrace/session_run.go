package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// warn reports an error of the file of -w, which is told once and ends nothing else; the exit code says it once more.
func (s *session) warn(err error) {
	if err != nil {
		s.unwritten = true
		s.note("%v", err)
	}
}

func (s *session) note(format string, args ...any) {
	text := fmt.Sprintf("note: "+format, args...)
	if s.view != nil {
		s.notes = append(s.notes, text)
		return
	}
	s.e.say("%s", text)
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
	if s.failed != nil { // the rest of the batch, which is not for anybody
		return
	}
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
		if ok, err := s.chosen(ev); err != nil || !ok {
			s.fail(err)
			return
		}
	}
	s.fail(s.events.Event(ev))
}

// save is what the view does to save a conversation, by its first frame; nil if packets are not kept for that.
func (s *session) save() func(first uint64) string {
	if s.keeper == nil {
		return nil
	}
	return func(first uint64) (text string) {
		text = "the conversation is over: its packets are not kept any more"
		s.loop.Monitor().Find(first, func(seen *analyzer.Seen) {
			stream := seen.Conversation.Stream
			s.warn(s.keeper.Want(stream))
			text = fmt.Sprintf("packets of #%d are written to %s", stream, s.write.Path)
		})
		return text
	}
}

// chosen reports whether --where lets an event through: it holds at that moment, or the event takes back or ends what was told of the conversation
// when it did.
func (s *session) chosen(ev *analyzer.Event) (bool, error) {
	stream := ev.Conversation.Stream
	ok, err := s.when.where.Match(ev.Conversation)
	if err != nil {
		return false, err
	}
	isLast := ev.Kind == analyzer.EventConversation && ev.Over != analyzer.NotOver
	if s.begun[stream] {
		ok = ok || isLast || ev.Kind == analyzer.EventCorrection
	}
	switch {
	case isLast:
		delete(s.begun, stream)
	case ok:
		s.begun[stream] = true
	}
	return ok, nil
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
		m.Report(now.Add(-s.interval))
	}
	if s.when.until != nil && due(&s.surveyed, now, time.Second) {
		m.Survey(analyzer.ByActivity, func(seen *analyzer.Seen) bool { return !s.reached(seen.Conversation) })
	}
	if s.sorter != nil {
		s.warn(s.sorter.Flush(int64(now)))
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
	case now < last.Add(every):
		return false
	}
	*last = now
	return true
}

// run analyzes until the end, and reports it.
func (s *session) run(ctx context.Context) error {
	sum, err := s.watch(ctx)
	interrupted := ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
	if interrupted {
		err = nil
	}
	if s.events != nil {
		at := sum.End
		if s.clock != nil {
			at = s.clock()
		}
		if at == 0 { // nothing came, and so no clock is known
			at = analyzer.Time(time.Now().UnixNano())
		}
		s.fail(s.events.Summary(at, &sum, report.Selection{}))
		s.fail(finish(s.out, s.failed))
	}
	s.show(&sum)
	s.closeWriter(ctx)
	switch {
	case errors.Is(s.failed, syscall.EPIPE):
		return &exitError{exitFailedCheck, errors.New("the reader of the events has closed the pipe")}
	case s.failed != nil:
		return s.failed
	case err != nil:
		return &exitError{exitBadInput, err}
	}
	err = conclude(s.src.Stats(), nil, interrupted, s.e)
	if s.unwritten && (err == nil || interrupted) {
		return &exitError{exitFailedCheck, nil}
	}
	return err
}

// watch runs the loop, and beside it the view, if there is one. Who leaves the view ends the loop.
func (s *session) watch(ctx context.Context) (sum analyzer.Summary, err error) {
	if s.meter != nil {
		defer func() {
			s.meter.Finish(&sum)
			err = errors.Join(err, s.server.Close())
		}()
	}
	if s.web != nil {
		defer func() { err = errors.Join(err, s.web.Close()) }()
	}
	if s.view == nil {
		return s.loop.Run(ctx)
	}
	running, stop := context.WithCancelCause(ctx)
	wait := s.loop.Start(running, s.view.Rescue)
	failed := s.view.Run(ctx)
	stop(errLeft)
	if sum, err = wait(); errors.Is(err, errLeft) {
		err = nil
	}
	s.fail(failed)
	return sum, err
}

var errLeft = errors.New("the view was left")

// show tells people what was seen: behind the view all of it, beside events what they do not say.
func (s *session) show(sum *analyzer.Summary) {
	if s.view == nil {
		noteSummary(sum, s.e)
		return
	}
	s.view = nil
	for _, text := range s.notes {
		s.e.say("%s", text)
	}
	s.fail(report.WriteSummary(s.e.out, sum, report.Selection{}))
}

// closeWriter waits until all packets are written, and tells what became of them.
func (s *session) closeWriter(ctx context.Context) {
	if s.writer == nil {
		return
	}
	if s.sorter != nil {
		s.warn(s.sorter.Close())
	}
	n, err := s.writer.Close(context.WithoutCancel(ctx))
	s.warn(err)
	text := fmt.Sprintf("%s: %s in %s", s.write.Path, report.Counted(n.Packets-n.DeletedPackets, "packet"), report.Counted(n.Files-n.Deleted, "file"))
	if s.keeper != nil {
		k := s.keeper.Counts()
		text += " of " + report.Counted(k.Wanted, "conversation")
		if k.Missing > 0 {
			text += "; " + report.Counted(k.Missing, "packet") + " of them had been given up before they were wanted"
		}
		if late := s.sorter.Late(); late > 0 {
			text += "; " + report.Counted(late, "packet") + " came after younger ones: their conversations were wanted late"
		}
	}
	if n.Deleted > 0 {
		text += fmt.Sprintf("; %s in %s were deleted", report.Counted(n.DeletedPackets, "packet"), report.Counted(n.Deleted, "older file"))
	}
	if n.LeftOut > 0 {
		text += "; " + report.Counted(n.LeftOut, "packet") + " could not be written"
	}
	if n.Unpacked > 0 {
		text += "; " + report.Counted(n.Unpacked, "file") + " could not be compressed"
	}
	s.note("%s", text)
}
