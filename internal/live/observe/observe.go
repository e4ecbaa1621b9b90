// Package observe runs a live analysis or a replay, and informs its observers: the writers of events and packets, the view, the
// page and the metrics. What this host's kernel says is passed on in the same way.
//
// Not its job: flags, opening files, and exit codes (the command).
package observe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/live/metrics"
	"tcptrace/internal/live/serve"
	"tcptrace/internal/live/view"
	"tcptrace/internal/live/web"
	"tcptrace/report"
)

// Session is one run of a live analysis: the loop, and those that observe it. The fields are set and Write is called before Observe, and then Watch
// is called.
type Session struct {
	Source     input.Source
	Clock      func() analyzer.Time // of a capture that happens now; nil: it is a replay
	Say        func(text string)    // tells the user
	Loop       *live.Loop
	Interval   time.Duration // how often conversations that are open and active are reported; 0: never
	Statistics bool          // also write what is counted, each second

	Filter       string         // of the capture; "": all packets come
	Where, Until *report.Where  // of which events are written, and what ends the run; nil: not given
	AtEnd        bool           // Where is asked of a conversation when it is over, as it is then
	KeepOn       *report.FailOn // anomalies of conversations whose packets are written; nil: all packets are

	Events report.EventWriter // nil: none are written
	View   *view.View         // nil: there is none
	Meter  *metrics.Metrics   // nil: there are none
	Server *serve.Server      // of Meter
	Web    *web.Server        // nil: no page is served
	Kernel *kernel.Watcher    // nil: what the kernel says is not known, or not asked

	files  files
	ends   *ends.Ends // valid with Kernel
	notes  []string   // held while the view has the terminal
	failed error      // the first that ends the run

	blind       bool // it was told that processes are not looked for
	silentsTold int  // of the silent connections that there is no room for

	words     words
	begun     map[uint64]bool // streams of which Where let something through, until they are over
	over      map[uint64]bool // streams that are, whose words are not written yet
	held      *holdback       // nil: nothing is held back
	unwritten bool            // something is missing in the file of packets

	reported  analyzer.Time // when Interval told
	statistic analyzer.Time // when Statistics told
	surveyed  analyzer.Time // when Until looked at what has no events
}

// Observe begins to observe the loop, behind all that observe it already.
func (s *Session) Observe() {
	s.begun, s.over = map[uint64]bool{}, map[uint64]bool{}
	s.Loop.OnEvent(s.event)
	if s.Kernel != nil {
		s.ends = ends.New(s.Kernel, s.told, s.Loop.Monitor().Again, s.full)
		s.Loop.Monitor().Ask(s.ends.Hosts)
		s.watchSilent()
		s.ends.Cookies(s.cookies)
		if s.Where != nil && s.Where.AsksProcess() && !s.AtEnd {
			s.held = newHoldback(s.ends.MayBeHere, s.ends.Owned)
		}
		s.Loop.OnTelling(func() {
			s.Fail(s.ends.Flush())
			s.noteBlind(s.Kernel.Blind())
		})
	}
	if s.Kernel == nil && (s.Where != nil && s.Where.AsksProcess() || s.Until != nil && s.Until.AsksProcess()) {
		s.Note("a condition asks for the process of a conversation, which nothing has here: 'tcptrace live' on its host asks the kernel for it, unless --kernel is off")
	}
	if s.endsOnly() {
		s.Loop.Monitor().EndsOnly(s.mayEndHere())
	}
	s.Loop.OnTelling(s.goOn)
	s.Loop.OnFlush(s.flush)
	if lines, ok := s.Events.(*report.Events); ok && s.Where == nil && s.Until == nil && s.KeepOn == nil {
		s.Loop.Apart(func(int) func(*analyzer.Event) {
			part := lines.Part()
			return func(ev *analyzer.Event) {
				_ = part.Event(ev) // s.flush is told of the error
				if s.ends != nil {
					s.ends.Event(ev, s.told)
				}
			}
		})
	}
}

// endsOnly reports whether nobody wants to know of conversations before they are over.
func (s *Session) endsOnly() bool {
	_, sums := s.Events.(*report.SumEvents)
	return sums && s.View == nil && s.Web == nil && s.Meter == nil && s.Until == nil && s.KeepOn == nil && s.Interval == 0
}

// mayEndHere says whose ends this host's kernel may have a word on, which is asked for while they last; nil: nobody's.
func (s *Session) mayEndHere() func([2]netip.AddrPort) bool {
	if s.ends == nil {
		return nil
	}
	return s.ends.MayBeHere
}

// Warn reports an error of the file of packets, which is told once and ends nothing else; the exit code says it once more.
func (s *Session) Warn(err error) {
	if err != nil {
		s.unwritten = true
		s.Note("%v", err)
	}
}

// Note tells the user, once the terminal is free.
func (s *Session) Note(format string, args ...any) {
	text := fmt.Sprintf("note: "+format, args...)
	if s.View != nil {
		s.notes = append(s.notes, text)
		return
	}
	s.Say(text)
}

// Fail ends the run.
func (s *Session) Fail(err error) {
	if err != nil && s.failed == nil {
		s.failed = err
		s.Loop.Stop()
	}
}

// event takes an event of the loop.
func (s *Session) event(ev *analyzer.Event) {
	s.write(ev)
	if s.ends != nil {
		s.ends.Event(ev, s.told)
	}
}

// write writes an event, and the packets that it says are wanted.
func (s *Session) write(ev *analyzer.Event) {
	if s.failed != nil { // the rest of the batch, which is not for anybody
		return
	}
	if s.files.keeper != nil {
		switch ev.Kind {
		case analyzer.EventAnomaly:
			if s.KeepOn.Fails(ev.Anomaly.Kind) {
				s.Warn(s.files.keeper.Want(ev.Conversation.Stream))
			}
		case analyzer.EventConversation:
			if ev.Over != analyzer.NotOver {
				s.files.keeper.Over(ev.Conversation.Stream)
			}
		}
	}
	if s.Until != nil && ev.Kind != analyzer.EventCorrection {
		s.reached(ev.Conversation)
	}
	if s.Events == nil {
		return
	}
	if s.Where != nil {
		if ok, err := s.chosen(ev); err != nil || !ok {
			s.Fail(err)
			return
		}
	}
	s.Fail(s.Events.Event(ev))
}

// chosen reports whether --where lets an event through: it holds at that moment, or the event takes back or ends what was told of the conversation
// when it did.
func (s *Session) chosen(ev *analyzer.Event) (bool, error) {
	stream := ev.Conversation.Stream
	ok, err := s.Where.Match(ev.Conversation)
	if err != nil {
		return false, err
	}
	isLast := ev.Kind == analyzer.EventConversation && ev.Over != analyzer.NotOver
	if s.AtEnd {
		return ok && isLast, nil
	}
	switch {
	case s.begun[stream]:
		ok = ok || isLast || ev.Kind == analyzer.EventCorrection
	case ok:
		s.begun[stream] = true
		s.release(ev.Conversation, ev.Judgment)
	case s.held != nil:
		s.held.event(ev, s.Loop.Monitor().Clock())
	}
	if isLast {
		s.over[stream] = true
	}
	return ok, nil
}

// reached ends the run if --until holds for c.
func (s *Session) reached(c *analyzer.Conversation) bool {
	ok, err := s.Until.Match(c)
	if ok {
		s.Loop.Stop()
	}
	s.Fail(err)
	return ok || err != nil
}

// flush is the end of a batch.
func (s *Session) flush(now analyzer.Time) {
	m := s.Loop.Monitor()
	now = max(now, s.reachedBy())
	if due(&s.reported, now, s.Interval) {
		m.Report(now.Add(-s.Interval))
	}
	if s.Until != nil && due(&s.surveyed, now, time.Second) {
		m.Survey(analyzer.ByActivity, func(seen *analyzer.Seen) bool { return !s.reached(seen.Conversation) })
	}
	if s.files.sorter != nil {
		s.Warn(s.files.sorter.Flush(int64(now)))
	}
	if s.files.writer != nil {
		s.knowInterfaces()
		s.Warn(s.files.writer.Flush(int64(now)))
	}
	if s.Events == nil {
		return
	}
	s.tellWords(s.words.reached(now, m.Clock(), m.Packets()))
	s.held.pass(now)
	sum := s.Loop.Summary()
	s.Fail(s.Events.Drops(now, sum.Drops))
	if s.Statistics && due(&s.statistic, now, time.Second) {
		s.Fail(s.Events.Statistics(now, m.Open(), m.States(), &sum))
	}
	s.Fail(s.Events.Flush())
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

// Summarize writes the last event, that of all that was seen.
func (s *Session) Summarize(sum *analyzer.Summary) {
	at := sum.End
	if s.Clock != nil {
		at = s.Clock()
	}
	if at == 0 { // nothing came, and so no clock is known
		at = analyzer.Time(time.Now().UnixNano())
	}
	s.tellWords(packet.MaxTime)
	s.Fail(s.Events.Summary(at, sum, report.Selection{}))
}

// Failed is the first error that ended the run, of what observes it.
func (s *Session) Failed() error { return s.failed }

// Unwritten reports whether something is missing in the file of packets.
func (s *Session) Unwritten() bool { return s.unwritten }

// Leave takes the terminal from the view, and returns what was to be noted meanwhile. isView reports whether there was one.
func (s *Session) Leave() (notes []string, isView bool) {
	isView = s.View != nil
	s.View = nil
	return s.notes, isView
}

// Watch runs the loop, and beside it the view, if there is one. Who leaves the view ends the loop, with view.ErrInterrupted if by ctrl+c before that was over.
func (s *Session) Watch(ctx context.Context) (sum analyzer.Summary, err error) {
	if s.Meter != nil {
		defer func() {
			s.Meter.Finish(&sum)
			err = errors.Join(err, s.Server.Close())
		}()
	}
	if s.Web != nil {
		defer func() { err = errors.Join(err, s.Web.Close()) }()
	}
	if s.View == nil {
		return s.Loop.Run(ctx)
	}
	running, stop := context.WithCancelCause(ctx)
	wait := s.Loop.Start(running, s.View.Rescue)
	why, failed := errLeft, s.View.Run(ctx)
	if errors.Is(failed, view.ErrInterrupted) {
		why, failed = failed, nil
	}
	stop(why)
	if sum, err = wait(); errors.Is(err, errLeft) {
		err = nil
	}
	s.Fail(failed)
	return sum, err
}

var errLeft = errors.New("the view was left")
