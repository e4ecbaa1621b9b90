package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
	"tcptrace/internal/input"
	"tcptrace/internal/plot"
	"tcptrace/internal/progress"
)

type plotOptions struct {
	selectOptions
	plot plot.Options
}

func newPlotCommand(e env) *cobra.Command {
	var o plotOptions
	cmd := &cobra.Command{
		Use:   "plot FILE... --kind KIND -o OUT",
		Short: "Draw a conversation or a capture over time: SVG, PNG, PDF, xplot, CSV",
		Long:  plot.Help, Example: plot.Examples,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runPlot(cmd.Context(), args, o, e) },
	}
	cmd.Flags().SortFlags = false
	addStreams(cmd, &o.streams, "the `number` of the conversation")
	o.plot.AddTo(cmd.Flags())
	o.addFilter(cmd)
	o.addTracking(cmd, e)
	for flag, values := range plot.Values {
		complete.Flag(cmd, flag, values...)
	}
	return cmd
}

func runPlot(ctx context.Context, args []string, o plotOptions, e env) error {
	o.twice = len(o.streams) > 0
	if err := o.check("tcptrace plot", args); err != nil {
		return err
	}
	o.plot.Streams, o.plot.Terminal = o.streams, e.outTTY
	if err := o.plot.Check(); err != nil {
		return &exitError{exitUsage, err}
	}
	if err := checkOutput("-o", o.plot.Output, args); err != nil {
		return err
	}
	if o.plot.OfStream() {
		return runStreamPlot(ctx, args, o, e)
	}
	return runCapturePlot(ctx, args, o, e)
}

func runStreamPlot(ctx context.Context, args []string, o plotOptions, e env) error {
	s := plot.NewStream(&o.plot)
	p, err := o.passes(ctx, "tcptrace plot", args, s, e)
	if err != nil {
		return err
	}
	p.Reads = true
	if err := p.find(ctx); err != nil {
		return err
	}
	out, err := openOutput("-o", o.plot.Output, args, e)
	if err != nil {
		return err
	}
	if err := s.Open(out); err != nil {
		return finish(out, &exitError{exitUsage, err})
	}
	err = p.Show(ctx)
	if failed := end(ctx, out, err, s.Finish()); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}

func runCapturePlot(ctx context.Context, args []string, o plotOptions, e env) error {
	opts, filter, err := o.analysis()
	if err != nil {
		return err
	}
	src := progress.Wrap(input.Open(args, input.Options{Stdin: e.in, Context: ctx}), o.progress, e.errTTY, e.bar)
	p := plot.NewCapture(&o.plot)
	sum, err := p.Run(ctx, src, opts)
	src.Close()
	if err != nil && interrupted(ctx, err) == err {
		return err
	}
	out, failed := openOutput("-o", o.plot.Output, args, e)
	if failed == nil {
		failed = finish(out, p.Finish(out, &sum, strings.Join(args, ", ")))
	}
	if failed != nil {
		return failed
	}
	noteSummary(&sum, e)
	return conclude(src.Stats(), filter, err != nil, e)
}
