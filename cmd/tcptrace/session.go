package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"tcptrace/analyzer"
	"tcptrace/internal/build"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/live/metrics"
	"tcptrace/internal/live/observe"
	"tcptrace/internal/live/view"
	"tcptrace/internal/live/web"
	"tcptrace/internal/output"
	"tcptrace/report"
)

// session is one run of live or replay: the loop, and what goes to see of it.
type session struct {
	*watchOptions
	observe.Session
	e     env
	title string                          // what is captured, or replayed
	out   sink                            // of events
	heard func() (last string, lines int) // what the program that captures says; nil: it is this one
}

// newSession is a session of src. clock is that of a capture that happens now; nil: it is a replay.
func (o *watchOptions) newSession(src input.Source, title string, clock func() analyzer.Time, e env) *session {
	s := &session{watchOptions: o, e: e, title: title}
	s.Source, s.Clock, s.Interval, s.Statistics, s.Filter = src, clock, o.interval, o.stats, o.filter
	s.Say = func(text string) { s.e.say("%s", text) }
	return s
}

// open opens the outputs and lets them observe the loop.
func (s *session) open(ctx context.Context, loop *live.Loop) (err error) {
	s.Loop = loop
	if err = s.conditions(ctx, &s.Session); err != nil {
		return err
	}
	if s.write.Path != "" {
		if err := s.openWriter(); err != nil {
			return err
		}
	}
	if s.metrics != "" {
		services, err := metrics.ParseServices(s.services)
		if err != nil {
			return usageError("--metrics-service: %w", err)
		}
		processes, err := metrics.ParseProcesses(s.processes)
		if err != nil {
			return usageError("--metrics-process: %w", err)
		}
		s.Meter = metrics.New(metrics.Options{Loop: loop, Capture: s.Interfaces, LeftOut: s.LeftOut, Host: s.Host(), Services: services, Processes: processes, Clock: s.Clock})
		if s.Server, err = s.Meter.Start(s.metrics); err != nil {
			return fmt.Errorf("--metrics: %w", err)
		}
		s.Note("metrics at http://%s/metrics", s.Server.Addr())
	}
	if err := s.openWeb(); err != nil {
		return err
	}
	if err := s.openFormat(); err != nil {
		return err
	}
	if s.Clock != nil { // what is captured now has no end that anybody waits for
		if err := s.e.files.Show(); err != nil {
			return outputError(err)
		}
	}
	// Who reads what is written may go away: that is for the writer to tell, not for a signal to end it all.
	signal.Ignore(syscall.SIGPIPE)
	s.Observe()
	return nil
}

// openWeb serves the page of --web.
func (s *session) openWeb() (err error) {
	if s.watchOptions.web == "" {
		return nil
	}
	if s.Web, err = web.Start(s.watchOptions.web, web.Options{Loop: s.Loop, Title: s.title, Program: build.Name(release), Times: s.times, Where: s.where}); err != nil {
		return fmt.Errorf("--web: %w", err)
	}
	if s.title += "  " + s.Web.URL(); s.Web.IsOpen() {
		s.Note("--web: others can reach the page, and HTTP is not encrypted: whoever sees its address sees what is captured")
	}
	s.Note("the page is at %s", s.Web.URL())
	return nil
}

// hasView reports whether the view is what shows the analysis.
func (o *watchOptions) hasView(e *env) bool {
	return o.format == "view" || o.by == "" && o.format == "auto" && o.output == "" && e.outTTY
}

// openFormat opens what shows the analysis.
func (s *session) openFormat() error {
	if s.by != "" {
		return s.openSums()
	}
	open, err := choose("format", s.format, watchFormats)
	if err != nil {
		return err
	}
	return open(s)
}

// openAuto opens what suits where the output goes.
func (s *session) openAuto() error {
	if s.hasView(&s.e) {
		return s.openView()
	}
	return s.openEvents()
}

// openView prepares the view, which has the terminal to itself.
func (s *session) openView() (err error) {
	if !s.e.outTTY {
		return usageError("--format view needs a terminal")
	}
	keys, err := view.Keyboard(s.e.in)
	if err != nil {
		return usageError("%w; --format ndjson writes events", err)
	}
	s.View, err = view.New(view.Options{
		Loop: s.Loop, Title: s.title, Where: s.where, In: keys, Out: s.e.raw,
		Color: s.color.On(true), QuitAtEnd: s.duration > 0 || s.packets > 0 || s.until != "",
		Capture: s.Counted(), Buffers: s.Buffers(), Times: s.times, Services: s.names.Services(s.e.services), Kernel: s.Lookup(), Silent: s.Silent(), Save: s.Save(), Heard: s.heard,
	})
	return err
}

// openEvents opens the file of -o for events. Every batch of events goes to it at once, beside the analysis.
func (s *session) openEvents() error {
	if slices.Contains(s.keepOn, keepSelected) {
		return usageError("--keep-on %s is for the view, where w selects", keepSelected)
	}
	if s.output == "" || s.output == "-" {
		if err := s.e.usesStdout(); err != nil {
			return err
		}
		s.out = output.BehindOpen(s.e.raw)
	} else {
		f, err := s.e.files.Create("-o", s.output)
		if err != nil {
			return outputError(err)
		}
		s.out = output.Behind(f)
	}
	s.Events = report.NewEvents(s.out)
	return nil
}

// openParquet is openEvents for a table, which is there at the end.
func (s *session) openParquet() error {
	if err := checkBinary(s.format, true, s.output, s.e); err != nil {
		return err
	}
	if err := s.openEvents(); err != nil {
		return err
	}
	s.Events = report.NewEventsParquet(s.out)
	return nil
}

// openWriter opens the file of -w. Those of a series are new ones always.
func (s *session) openWriter() (err error) {
	switch {
	case s.write.Path == "-":
		s.write.Stdout = s.e.raw
		if err := s.e.usesStdout(); err != nil {
			return err
		}
	case !s.write.Rotates():
		f, err := s.e.files.Create("-w", s.write.Path)
		if err != nil {
			return outputError(err)
		}
		s.write.File = f
	}
	w, err := dump.Open(s.write)
	if err == nil {
		s.Write(w, s.write.Path)
	}
	return err
}

// run analyzes until the end, and reports it.
func (s *session) run(ctx context.Context) error {
	defer debug.SetGCPercent(debug.SetGCPercent(recordsGCPercent)) // as there: what was told is kept packed, too
	sum, err := s.Watch(ctx)
	interrupted := errors.Is(err, view.ErrInterrupted) || ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
	if interrupted {
		err = nil
	}
	if s.Events != nil {
		s.Summarize(&sum)
		s.Fail(finish(s.out, s.Failed()))
	}
	s.show(&sum)
	s.CloseFiles(ctx)
	switch failed := s.Failed(); {
	case errors.Is(failed, syscall.EPIPE):
		return &exitError{exitFailedCheck, errors.New("the reader of the events has closed the pipe")}
	case failed != nil:
		return failed
	case err != nil:
		return &exitError{exitBadInput, err}
	}
	err = conclude(s.Source.Stats(), nil, interrupted, s.e)
	if s.Unwritten() && (err == nil || interrupted) {
		return &exitError{exitFailedCheck, nil}
	}
	return err
}

// show tells people what was seen: behind the view all of it, beside events what they do not say.
func (s *session) show(sum *analyzer.Summary) {
	notes, isView := s.Leave()
	if !isView {
		noteSummary(sum, s.e)
		return
	}
	for _, text := range notes {
		s.e.say("%s", text)
	}
	s.Fail(report.WriteSummary(s.e.out, sum, report.Selection{}, s.times))
}
