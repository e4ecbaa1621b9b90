package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcptrace/internal/complete"
	"tcptrace/internal/ladders"
	"tcptrace/internal/look"
	"tcptrace/report"
)

// peopleFlags are the flags that make no sense with records.
var peopleFlags = []string{"time", "full", "ascii", "width", "color", "no-color", "limit"}

const defaultLadders = 10 // --limit

// ladderBounds are of what is in memory; tests set others.
var ladderBounds = ladders.Usual

type timelineOptions struct {
	selectOptions
	partition
	format string
	time   string
	limit  int
	width  int
	full   bool
	ascii  bool
	color  look.Color
	output string
}

func newTimelineCommand(e env) *cobra.Command {
	var o timelineOptions
	cmd := &cobra.Command{
		Use:   "timeline FILE...",
		Short: "Show conversations packet by packet, as a ladder diagram",
		Long: `timeline shows conversations packet by packet, with the states of both endpoints: as a ladder followed by a summary
of the conversation in words, as a Mermaid sequence diagram in a Markdown block, or as a record for each TCP packet, in
capture order. It shows all conversations unless --stream or --where selects some.

Sequence numbers are relative to the initial one; if that was not captured, the first byte seen is 1. 1:101(100) means
the first byte, the byte after the last, and how many. A raw window is shown as sent, because the handshake that carries
its scale was not captured. States appear where they change, marked with how each is known. Runs of ordinary packets
are folded, and keep-alives and other packets that come again and again after equal pauses, unless --full is given.
Packet comments of a pcapng capture are shown, unless several captures are read.

The input is read at least twice, so it cannot be a pipe.`,
		Example: `  tcptrace timeline capture.pcapng --stream 3
  tcptrace timeline capture.pcapng --where 'outcome == "reset"' --limit 5 --time absolute
  tcptrace timeline capture.pcapng --stream 3 --format mermaid >>issue.md
  tcptrace timeline capture.pcapng --format ndjson -o segments.ndjson
  tcptrace timeline capture.pcapng --format parquet -o segments.parquet`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTimeline(cmd.Context(), args, o, cmd.Flags(), e)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	choiceFlag(cmd, &o.format, "format", report.TimelineFormats, "")
	o.addSelection(cmd)
	f.IntVar(&o.limit, "limit", defaultLadders, "show only the first `n` conversations, 0 for all (those named by --stream are always shown)")
	f.StringVar(&o.time, "time", "relative", "`style` of times: relative (to the first packet), utc (or absolute), local (TZ), delta (to the previous line), epoch")
	f.BoolVar(&o.full, "full", false, "a line for every packet")
	f.BoolVar(&o.ascii, "ascii", false, "draw with ASCII characters only")
	f.IntVar(&o.width, "width", 0, "fit into `n` columns (default: the terminal's width, or 80)")
	o.color.AddTo(f)
	o.partition.addTo(cmd)
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	o.addTracking(cmd, e)
	complete.Flag(cmd, "time", timeStyles()...)
	return cmd
}

// timeStyles are what --time takes.
func timeStyles() []string { return slices.Sorted(maps.Keys(report.TimeStyles)) }

func (o *timelineOptions) check(args []string, flags *pflag.FlagSet) error {
	format, err := choose("format", o.format, report.TimelineFormats)
	if err != nil {
		return err
	}
	if format.All != nil {
		for _, name := range peopleFlags {
			if flags.Changed(name) {
				return usageError("--%s cannot be used with --format %s", name, o.format)
			}
		}
	}
	if _, ok := report.TimeStyles[o.time]; !ok {
		return usageError("--time is one of %s, not %q", strings.Join(timeStyles(), ", "), o.time)
	}
	if o.limit < 0 || o.width < 0 {
		return usageError("--limit and --width must not be negative")
	}
	if err := o.partition.check(o.format, o.output, false); err != nil {
		return err
	}
	return checkOutput("-o", o.output, args)
}

// look is the options as a renderer takes them.
func (o *timelineOptions) look(e env) report.TimelineOptions {
	look := report.TimelineOptions{Width: o.width, ASCII: o.ascii, Full: o.full, Time: report.TimeStyles[o.time], Legend: true}
	look.Services = o.names.Services(e.services)
	look.Color = o.color.On(e.outTTY && o.output == "")
	if o.output == "" && look.Width == 0 {
		look.Width = e.width
	}
	return look
}

func runTimeline(ctx context.Context, args []string, o timelineOptions, flags *pflag.FlagSet, e env) error {
	if err := o.check(args, flags); err != nil {
		return err
	}
	if format, _ := report.TimelineFormats.Find(o.format); format.All != nil {
		return runSegments(ctx, args, o, e)
	}
	return runLadders(ctx, args, o, e)
}

func runSegments(ctx context.Context, args []string, o timelineOptions, e env) error {
	var t ladders.Segments
	format, _ := report.TimelineFormats.Find(o.format)
	if err := checkBinary(o.format, format.Binary, o.output, e); err != nil {
		return err
	}
	p, err := o.passes(ctx, "tcptrace timeline", args, &t, e)
	if err != nil {
		return err
	}
	p.Reads = true
	if err := p.find(ctx); err != nil {
		return err
	}
	var done func()
	t.Comments, done = p.comments(ctx)
	defer done()
	out, err := o.open(false, o.output, args, e)
	if err != nil {
		return err
	}
	if t.Out = format.All(out); o.files != nil {
		t.Out = report.NewPartitionedSegments(o.is, o.create)
	}
	err = p.Show(ctx)
	if failed := end(ctx, out, err, t.Out.Finish()); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}

// runLadders shows conversations page by page; what is behind the page is found by another first pass.
func runLadders(ctx context.Context, args []string, o timelineOptions, e env) error {
	limit := o.limit
	if len(o.streams) > 0 {
		limit = 0
	}
	format, _ := report.TimelineFormats.Find(o.format)
	t := ladders.New(format, o.look(e), limit, ladderBounds)
	var p *passes
	var file sink
	for more := true; more; more = t.More() {
		var err error
		if p, err = o.passes(ctx, "tcptrace timeline", args, t, e); err != nil {
			return err
		}
		p.Reads = true
		if err = p.find(ctx); err != nil {
			return err
		}
		if file == nil {
			if file, err = openText("-o", o.output, args, e); err != nil {
				return err
			}
			t.Open(file)
			var done func()
			t.Comments, done = p.comments(ctx)
			defer done()
		}
		if err = t.Show(ctx, p.Summary.End, p.Show); err != nil {
			if failed := end(ctx, file, err, t.Flush()); failed != nil {
				return failed
			}
			return p.conclude(ctx, err)
		}
	}
	switch hidden := t.Hidden(); { // the writer keeps the error, if there is one
	case t.Shown() == 0:
		_ = report.WriteSummary(t, &p.Summary, report.Selection{Active: p.Where != nil, Total: p.Summary.Conversations}, report.UTC)
	case hidden > 0:
		fmt.Fprintf(t, "\n%s: --limit 0 shows all, --stream N one\n", report.Counted(hidden, "more conversation"))
	}
	if err := finish(file, t.Flush()); err != nil {
		return err
	}
	return p.conclude(ctx, nil)
}
