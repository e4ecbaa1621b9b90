package main

import (
	"context"
	"fmt"
	"os/signal"
	"slices"
	"syscall"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/live/metrics"
	"tcptrace/internal/live/serve"
	"tcptrace/internal/live/view"
	"tcptrace/internal/live/web"
	"tcptrace/internal/output"
	"tcptrace/report"
)

// session is one run of live or replay: the loop, and what goes to see of it.
type session struct {
	*watchOptions
	when  conditions
	e     env
	src   input.Source
	title string               // what is captured, or replayed
	clock func() analyzer.Time // of a capture that happens now; nil: it is a replay

	loop   *live.Loop
	view   *view.View // nil: events are written instead
	out    sink       // of events
	events report.EventWriter
	writer *dump.Writer
	keeper *dump.Keeper
	sorter *dump.Sorter
	meter  *metrics.Metrics
	server *serve.Server
	web    *web.Server     // nil: no page is served
	kernel *kernel.Watcher // nil: what the kernel says is not known, or not asked
	ends   *ends.Ends      // valid with kernel
	notes  []string        // held while the view has the terminal
	failed error           // the first that ends the run

	begun     map[uint64]bool // streams of which --where let something through, until they are over
	unwritten bool            // something is missing in the file of -w

	reported  analyzer.Time // when --interval told
	statistic analyzer.Time // when --stats told
	surveyed  analyzer.Time // when --until looked at what has no events
}

// open opens the outputs and lets them observe the loop.
func (s *session) open(ctx context.Context, loop *live.Loop) (err error) {
	s.loop, s.begun = loop, map[uint64]bool{}
	if s.when, err = s.conditions(ctx); err != nil {
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
		s.meter = metrics.New(metrics.Options{Loop: loop, Capture: s.interfaces, Services: services, Clock: s.clock})
		if s.server, err = s.meter.Start(s.metrics); err != nil {
			return fmt.Errorf("--metrics: %w", err)
		}
		s.note("metrics at http://%s/metrics", s.server.Addr())
	}
	if err := s.openWeb(); err != nil {
		return err
	}
	open, err := choose("format", s.format, watchFormats)
	if err != nil {
		return err
	}
	if err := open(s); err != nil {
		return err
	}
	if s.clock != nil { // what is captured now has no end that anybody waits for
		if err := s.e.files.Show(); err != nil {
			return outputError(err)
		}
	}
	// Who reads what is written may go away: that is for the writer to tell, not for a signal to end it all.
	signal.Ignore(syscall.SIGPIPE)
	loop.OnEvent(s.event)
	if s.kernel != nil {
		s.ends = ends.New(s.kernel, s.told, loop.Monitor().Again, s.full)
		loop.Monitor().Ask(s.ends.Hosts)
		loop.OnEvent(s.ends.Event)
		loop.OnTelling(func() { s.fail(s.ends.Flush()) })
	}
	loop.OnFlush(s.flush)
	return nil
}

// openWeb serves the page of --web.
func (s *session) openWeb() (err error) {
	if s.watchOptions.web == "" {
		return nil
	}
	_, ours := s.src.(*capture.Capture)
	if s.web, err = web.Start(s.watchOptions.web, web.Options{Loop: s.loop, Title: s.title, Program: firstLine(version()), Where: s.where, Cut: ours}); err != nil {
		return fmt.Errorf("--web: %w", err)
	}
	if s.title += "  " + s.web.URL(); s.web.IsOpen() {
		s.note("--web: others can reach the page, and HTTP is not encrypted: whoever sees its address sees what is captured")
	}
	s.note("the page is at %s", s.web.URL())
	return nil
}

// hasView reports whether the view is what shows the analysis.
func (o *watchOptions) hasView(e *env) bool {
	return o.format == "view" || o.format == "auto" && o.output == "" && e.outTTY
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
	s.view, err = view.New(view.Options{
		Loop: s.loop, Title: s.title, Where: s.where, In: keys, Out: s.e.raw,
		Color: s.color.On(true), QuitAtEnd: s.duration > 0 || s.packets > 0 || s.until != "",
		Capture: s.counted(), Times: s.times, Services: s.names.Services(s.e.services), Kernel: s.lookup(), Save: s.save(),
	})
	return err
}

// counted adds up what came from all interfaces, or did not; nil where that is not known.
func (s *session) counted() func() (received, dropped uint64) {
	if _, ok := s.src.(*capture.Capture); !ok {
		return nil
	}
	return func() (received, dropped uint64) {
		for _, n := range s.interfaces() {
			received, dropped = received+n.Received, dropped+n.Dropped+n.Missed
		}
		return received, dropped
	}
}

// interfaces is how many packets of each interface came, or did not. Of a replay it is not known.
func (s *session) interfaces() []metrics.Interface {
	src, ok := s.src.(*capture.Capture)
	if !ok {
		return nil
	}
	known := src.Interfaces()
	list := make([]metrics.Interface, len(known))
	for i, n := range src.Counts() {
		list[i] = metrics.Interface{Name: known[i].Name, Received: n.Received, Dropped: n.Dropped, Missed: n.Missed}
	}
	return list
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
		s.out = &outputFile{Writer: output.NewWriter(s.e.raw)}
	} else {
		f, err := s.e.files.Create("-o", s.output)
		if err != nil {
			return outputError(err)
		}
		s.out = behind(f)
	}
	s.events = report.NewEvents(s.out)
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
	s.events = report.NewEventsParquet(s.out)
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
	if s.writer, err = dump.Open(s.write); err != nil {
		return err
	}
	s.writer.Know(s.src.Interfaces())
	if s.when.keepOn == nil {
		s.loop.OnPacket(func(p *analyzer.Numbered) { s.warn(s.writer.Packet(p.Packet, p.Data, p.Frame)) })
		return nil
	}
	s.sorter = dump.NewSorter(dump.SortOptions{}, s.writer.Packet)
	s.keeper = dump.NewKeeper(dump.KeepOptions{}, s.sorter.Packet)
	s.loop.OnPacket(func(p *analyzer.Numbered) {
		if p.TCP {
			s.warn(s.keeper.Packet(p.Stream, p.Packet, p.Data, p.Frame))
		}
	})
	return nil
}
