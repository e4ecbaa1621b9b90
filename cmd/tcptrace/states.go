package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/internal/input"
	"tcptrace/internal/instant"
	"tcptrace/internal/progress"
	"tcptrace/internal/topk"
	"tcptrace/internal/twopass"
	"tcptrace/report"
)

type statesOptions struct {
	selectOptions
	at     string
	every  time.Duration
	states []string
	side   string
	format string
	time   string
	times  report.Times
	limit  int
	output string
}

func newStatesCommand(e env) *cobra.Command {
	var o statesOptions
	cmd := &cobra.Command{
		Use:   "states FILE... --at TIME",
		Short: "Show both endpoints' states at one moment, as netstat would have",
		Long: `states shows the connections that existed at one moment of the capture: the states of both endpoints and since when,
how many bytes were in flight each way, and which timers were running. With --every it counts states over the whole
capture instead.

TIME is absolute, 2026-11-21T09:30:05.25Z (UTC unless a zone is given); a time of day, 09:30:05.25, meaning its first
occurrence in the capture; or relative to the first packet, +12.5s or +1m30s. It must lie within the capture.

All times are the tap's: a state counts from when the segment that shows it was captured. The endpoint itself entered
it between not_before and not_after (--format ndjson); where TIME lies within that interval, the state is marked
unsettled, ~. A connection is listed from its first packet until both endpoints are CLOSED, TIME_WAIT expires after
2 MSL, or the conversation is over: 2 MSL after the last packet of one that was closed or reset, when the sender of an
unanswered SYN has given up, or when another connection takes over the sockets. A connection that is merely silent
stays listed. LISTEN is a server before it answers the SYN; UNKNOWN is an endpoint that has not been seen yet.

Flight is payload that was sent but not yet acknowledged at TIME. The timers are: retransmission, running since the
unacknowledged data was last sent; persist, while a closed window is probed; FIN_WAIT_2, which expires only if the
socket was closed and not just shut down; and TIME_WAIT, with when it ends. A capture shows no others.

--state takes the names of RFC 9293, netstat and ss, in any case: SYN_RECV, estab, FIN-WAIT-1, TIME-WAIT, UNCONN.
--at reads the input twice, so it cannot be a pipe; --every reads it once.`,
		Example: `  tcptrace states capture.pcapng --at +12.5s
  tcptrace states capture.pcapng --at 09:30:05 --state CLOSE_WAIT --side server
  tcptrace states ring_*.pcap.gz --every 1s --state syn-recv --format csv -o backlog.csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("limit") {
				o.limit = defaultTableLimit
			} else if o.every != 0 || o.format != "table" {
				return usageError("--limit is for the table of --at")
			}
			return runStates(cmd.Context(), args, o, e)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.at, "at", "", "show the connections at this `time`")
	f.DurationVar(&o.every, "every", 0, "count connections and states at these `intervals`, from the first packet to the last")
	f.StringSliceVar(&o.states, "state", nil, "only connections with an endpoint in this `state` (may be repeated)")
	f.StringVar(&o.side, "side", "", "look only at the states of this `side`: client or server")
	choiceFlag(cmd, &o.format, "format", report.StatesFormats, "")
	o.addSelection(cmd)
	timesFlag(cmd, &o.time, "TIME, or the line above")
	f.IntVar(&o.limit, "limit", 0, "show at most `n` connections in a table, 0 for all (default 50)")
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	o.addTracking(cmd, e)
	complete.Flag(cmd, "state", report.StateNames()...)
	complete.Flag(cmd, "side", sides[:]...)
	return cmd
}

// sides are the sides of a conversation as flags name them.
var sides = [...]string{analyzer.Client.String(), analyzer.Server.String()}

// check finds what is wrong with the options by themselves.
func (o *statesOptions) check(args []string) (f report.StateFilter, err error) {
	switch {
	case o.at == "" && o.every == 0:
		return f, usageError("--at TIME is missing, such as --at +12.5s; or --every INTERVAL")
	case o.at != "" && o.every != 0:
		return f, usageError("--at shows one moment and --every counts at many: give only one of them")
	case o.every < 0:
		return f, usageError("--every must be positive, not %s", o.every)
	case o.limit < 0:
		return f, usageError("--limit must not be negative")
	}
	if _, err := choose("format", o.format, report.StatesFormats); err != nil {
		return f, err
	}
	if o.times, err = choose("time", o.time, report.TimesNames); err != nil {
		return f, err
	}
	if f, err = report.ParseStateFilter(o.states, o.side); err != nil {
		return f, &exitError{exitUsage, err}
	}
	return f, checkOutput("-o", o.output, args)
}

func runStates(ctx context.Context, args []string, o statesOptions, e env) error {
	filter, err := o.check(args)
	if err != nil {
		return err
	}
	format, _ := report.StatesFormats.Find(o.format)
	if err := checkBinary(o.format, format.Binary, o.output, e); err != nil {
		return err
	}
	if o.every > 0 {
		return runStateSeries(ctx, args, o, filter, e)
	}
	when, err := instant.Parse(o.at)
	if err != nil {
		return usageError("--at: %w", err)
	}
	s := snapshot{when: when}
	if o.format == "table" {
		s.limit = o.limit
		s.first = topk.New(o.limit, func(a, b streamRow) int { return cmp.Compare(a.stream, b.stream) })
	}
	s.table.Filter = filter
	if s.passes, err = o.passes(ctx, "tcptrace states", args, &s, e); err != nil {
		return err
	}
	if err := s.find(ctx); err != nil {
		return err
	}
	if err := s.check(); err != nil && len(s.Stats.Errors) > 0 {
		e.say("%v", err) // it may lie in what could not be read
		return s.conclude(ctx, nil)
	} else if err != nil {
		return err
	}
	if err = s.Show(ctx); errors.Is(err, errPast) {
		err = nil
	}
	if err == nil || interrupted(ctx, err) != err {
		if err := o.write(args, e, func(w io.Writer) error { return s.write(w, &o, e) }); err != nil {
			return err
		}
	}
	return s.conclude(ctx, err)
}

// write opens the output and lets what write to it.
func (o *statesOptions) write(args []string, e env, what func(io.Writer) error) error {
	out, err := openReport(o.format == "table", o.output, args, e)
	if err != nil {
		return err
	}
	return finish(out, what(out))
}

// snapshot is the connections at a moment: the first pass finds those that are there and their states, the second
// what they have in flight.
type snapshot struct {
	*passes
	when   instant.Instant
	life   analyzer.Lifetime
	moment analyzer.Moment // of the conversation that Wants was asked about
	table  report.StatesAt
	limit  int                  // of rows, those that come first; 0: all
	rows   []*report.Connection // in the order in which they were taken; nil: others came first
	first  topk.Top[streamRow]  // with a limit: where they are
	chunk  []report.Connection
}

// streamRow is the row of a stream.
type streamRow struct {
	stream uint64
	row    int
}

// errPast ends the second pass when the moment has come.
var errPast = errors.New("the moment has come")

func (s *snapshot) time() analyzer.Time { return s.when.In(s.Begin) }

func (s *snapshot) Wants(c *analyzer.Conversation) bool {
	at := s.time()
	if c.Start > at {
		return false
	}
	s.life.Of(c)
	var present bool
	s.moment, present = s.life.At(at)
	if !present || !s.table.Filter.Match(&s.moment) {
		return false
	}
	s.table.Count(&s.moment)
	return s.first.Admits(streamRow{stream: c.Stream})
}

// rowsAtOnce is how many rows are allocated at a time: growing one slice would hold two copies for a moment.
const rowsAtOnce = 1024

func (s *snapshot) Take(c *analyzer.Conversation) {
	if len(s.chunk) == 0 {
		s.chunk = make([]report.Connection, rowsAtOnce)
	}
	row := &s.chunk[0]
	s.chunk = s.chunk[1:]
	*row = report.Connection{Stream: c.Stream, Addr: c.Addr, Roles: c.Roles, Start: c.Start, Moment: s.moment, Flight: analyzer.NewFlight(c)}
	s.rows = append(s.rows, row)
	if s.limit == 0 {
		return
	}
	if s.first.Full() {
		s.rows[s.first.Last().row] = nil
	}
	s.first.Put(streamRow{c.Stream, len(s.rows) - 1})
}

func (s *snapshot) See(g *analyzer.Frame) error {
	switch {
	case analyzer.Time(g.Segment.Clock) > s.time():
		return errPast
	case !g.Duplicate() && s.rows[g.Conversation] != nil:
		s.rows[g.Conversation].Flight.Segment(g.Segment)
	}
	return nil
}

// check finds out whether the moment is one of the capture's.
func (s *snapshot) check() error {
	sum := &s.Summary
	if at := s.time(); sum.Packets > 0 && (at < sum.Start || at > sum.End) {
		const layout = "2006-01-02T15:04:05.000000000Z"
		return usageError("--at: %s is not within the capture, which is from %s to %s (+%s)", at.Time().Format(layout),
			sum.Start.Time().Format(layout), sum.End.Time().Format(layout), sum.End.Sub(s.Begin))
	}
	return nil
}

// write writes the rows in order of stream.
func (s *snapshot) write(w io.Writer, o *statesOptions, e env) error {
	t := &s.table
	t.Rows = slices.DeleteFunc(s.rows, func(c *report.Connection) bool { return c == nil })
	slices.SortFunc(t.Rows, func(a, b *report.Connection) int { return cmp.Compare(a.Stream, b.Stream) })
	t.Times = o.times
	t.Time, t.Begin, t.End, t.Empty = s.time(), s.Begin, s.Summary.End, s.Summary.Packets == 0
	if o.output == "" {
		t.Width = e.width
	}
	format, _ := report.StatesFormats.Find(o.format)
	return format.At(w, t)
}

// census counts states over time in one pass.
type census struct {
	twopass.Selected
	life   analyzer.Lifetime
	series report.StateSeries
}

func (k *census) Conversation(c *analyzer.Conversation) error {
	wanted, err := k.Wants(c)
	if err != nil || !wanted {
		return err
	}
	k.life.Of(c)
	k.series.Add(&k.life)
	return nil
}

func runStateSeries(ctx context.Context, args []string, o statesOptions, filter report.StateFilter, e env) error {
	if err := o.selectOptions.check("tcptrace states", args); err != nil {
		return err
	}
	opts, capture, err := o.analysis()
	if err != nil {
		return err
	}
	k := census{series: report.StateSeries{Filter: filter, Every: o.every, Times: o.times}}
	if k.Selected, err = o.selected(ctx); err != nil {
		return err
	}
	opts.Quick = k.Where == nil
	src := progress.Wrap(input.Open(args, input.Options{Stdin: e.in, Context: ctx}), o.progress, e.errTTY, e.bar)
	sum, err := analyzer.Run(ctx, twopass.Begun(src, &k.series.Begin), opts, &k)
	src.Close()
	if err != nil && interrupted(ctx, err) == err {
		return err
	}
	k.series.End, k.series.Empty = sum.End, sum.Packets == 0
	if missing := k.Missing(&sum); missing != nil && len(src.Stats().Errors) == 0 {
		return missing
	}
	if n := k.series.Samples(); n > report.MaxSamples {
		return usageError("--every %s makes %d samples of a capture of %s, more than %d: choose a longer interval", o.every, n, sum.End.Sub(k.series.Begin), report.MaxSamples)
	}
	if sum.Packets > 0 || len(src.Stats().Errors) == 0 {
		format, _ := report.StatesFormats.Find(o.format)
		if err := o.write(args, e, func(w io.Writer) error { return format.Series(w, &k.series) }); err != nil {
			return err
		}
	}
	noteSummary(&sum, e)
	return conclude(src.Stats(), capture, err != nil, e)
}
