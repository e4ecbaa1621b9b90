package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/internal/input"
	"tcptrace/internal/instant"
	"tcptrace/internal/look"
	"tcptrace/internal/moment"
	"tcptrace/internal/progress"
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

TIME is absolute, 2026-11-21T09:30:05.25Z (UTC unless a zone is given, or --time local); a time of day, 09:30:05.25, meaning its first
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
	look.Times(cmd, &o.time, "TIME, or the line above")
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
	when, err := instant.Parse(o.at, o.times.Zone())
	if err != nil {
		return usageError("--at: %w", err)
	}
	limit := 0
	if o.format == "table" {
		limit = o.limit
	}
	s := moment.NewSnapshot(when, filter, limit)
	p, err := o.passes(ctx, "tcptrace states", args, s, e)
	if err != nil {
		return err
	}
	s.Passes = &p.Passes
	if err := p.find(ctx); err != nil {
		return err
	}
	if err := s.Check(); err != nil && len(p.Stats.Errors) > 0 {
		e.say("--at: %v", err) // it may lie in what could not be read
		return p.conclude(ctx, nil)
	} else if err != nil {
		return usageError("--at: %w", err)
	}
	if err = p.Show(ctx); errors.Is(err, moment.ErrPast) {
		err = nil
	}
	if err == nil || interrupted(ctx, err) != err {
		t := s.Table()
		t.Times = o.times
		if o.output == "" {
			t.Width = e.width
		}
		if err := o.write(args, e, func(w io.Writer) error { return format.At(w, t) }); err != nil {
			return err
		}
	}
	return p.conclude(ctx, err)
}

// write opens the output and lets what write to it.
func (o *statesOptions) write(args []string, e env, what func(io.Writer) error) error {
	out, err := openReport(o.format == "table", o.output, args, e)
	if err != nil {
		return err
	}
	return finish(out, what(out))
}

func runStateSeries(ctx context.Context, args []string, o statesOptions, filter report.StateFilter, e env) error {
	if err := o.selectOptions.check("tcptrace states", args); err != nil {
		return err
	}
	opts, capture, err := o.analysis()
	if err != nil {
		return err
	}
	k := moment.Census{Series: report.StateSeries{Filter: filter, Every: o.every, Times: o.times}}
	if k.Selected, err = o.selected(ctx, &e); err != nil {
		return err
	}
	opts.Quick = k.Where == nil
	opts.Late = e.late(ctx, args)
	src := progress.Wrap(input.Open(args, input.Options{Stdin: e.in, Context: ctx}), o.progress, e.errTTY, e.bar)
	sum, err := analyzer.Run(ctx, twopass.Begun(src, &k.Series.Begin), opts, &k)
	src.Close()
	if err != nil && interrupted(ctx, err) == err {
		return err
	}
	k.Series.End, k.Series.Empty = sum.End, sum.Packets == 0
	if missing := k.Missing(&sum); missing != nil && len(src.Stats().Errors) == 0 {
		return missing
	}
	if n := k.Series.Samples(); n > report.MaxSamples {
		return usageError("--every %s makes %d samples of a capture of %s, more than %d: choose a longer interval", o.every, n, sum.End.Sub(k.Series.Begin), report.MaxSamples)
	}
	if sum.Packets > 0 || len(src.Stats().Errors) == 0 {
		format, _ := report.StatesFormats.Find(o.format)
		if err := o.write(args, e, func(w io.Writer) error { return format.Series(w, &k.Series) }); err != nil {
			return err
		}
	}
	noteSummary(&sum, e)
	return conclude(src.Stats(), capture, err != nil, e)
}
