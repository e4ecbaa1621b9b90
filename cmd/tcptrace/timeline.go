package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/engine"
	"tcptrace/report"
)

// timelineFormats are what timeline's --format takes.
var timelineFormats = []string{"ndjson"}

type timelineOptions struct {
	selectOptions
	format string
	output string
}

func newTimelineCommand(e env) *cobra.Command {
	var o timelineOptions
	cmd := &cobra.Command{
		Use:   "timeline FILE... --format ndjson",
		Short: "Tell what happened in conversations, packet by packet",
		Long: `timeline writes a record for each TCP packet, in the order of the capture: what it is, and the states of
both endpoints after it. It is about all conversations unless --stream or --where chooses some.

Sequence numbers are relative to the initial one; where that was not captured the first byte seen is 1.
window is in bytes; with "window_unscaled" it is as sent, since the handshake, which has the scale, was not captured.
t_s is the time since the conversation's first packet. The input is read twice, so it can not be a pipe.`,
		Example: `  tcptrace timeline capture.pcapng --format ndjson --stream 3
  tcptrace timeline capture.pcapng --format ndjson --where 'outcome == "reset"' -o reset.ndjson`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runTimeline(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.format, "format", "", strings.Join(timelineFormats, ", "))
	o.addSelection(cmd)
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	o.addTracking(cmd)
	return cmd
}

// timelines shows every segment of the chosen conversations.
type timelines struct {
	maker analyzer.Timelines
	all   []analyzer.Timeline
	view  analyzer.SegmentView
	out   *report.SegmentsNDJSON
}

func (t *timelines) take(c *analyzer.Conversation) { t.all = append(t.all, t.maker.New(c)) }

func (t *timelines) see(s *engine.Sighting) error {
	t.all[s.Conversation].Segment(s.Segment, s.Duplicate, &t.view)
	return t.out.Segment(&t.view)
}

func runTimeline(ctx context.Context, args []string, o timelineOptions, e env) error {
	if !slices.Contains(timelineFormats, o.format) {
		return usageError("--format is %s, not %q", strings.Join(timelineFormats, " or "), o.format)
	}
	if err := checkOutput("-o", o.output, args); err != nil {
		return err
	}
	var t timelines
	p, err := o.passes("tcptrace timeline", args, &t, e)
	if err != nil {
		return err
	}
	if err := p.find(ctx); err != nil {
		return err
	}
	out, err := openOutput("-o", o.output, args, e)
	if err != nil {
		return err
	}
	t.out = report.NewSegmentsNDJSON(out)
	err = p.show(ctx)
	if failed := errors.Join(t.out.Finish(), out.Close()); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}
