package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/manual"
)

// replayOptions are the flags of the replay command.
type replayOptions struct {
	watchOptions
	speed string
}

func newReplayCommand(e env) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Play a capture as if it were live",
		Long: `replay feeds a capture through 'tcptrace live': the same view, the same events, the same outputs. It follows the
capture's own clock, sped up by --speed.

` + filterHelp,
		Example: `  tcptrace replay capture.pcapng
  tcptrace replay capture.pcapng --speed 10x --where 'server.port == 443'
  tcptrace replay capture.pcapng --speed max --format ndjson
  tcptrace replay capture.pcapng --speed max --format ndjson --until 'has(anomalies, "no-answer")'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runReplay(cmd.Context(), args, &o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.speed, "speed", "1x", "`speed` relative to the capture: 1x, 10x, 0.5x; max does not wait at all")
	o.addFilter(cmd)
	o.addWatching(cmd, e)
	manual.GroupFlags(cmd, append([]manual.Group{{"Replay", "speed"}, {"Other", "help"}}, watchGroups...)...)
	complete.Flag(cmd, "speed", "1x", "10x", "0.5x", "max")
	return cmd
}

func runReplay(ctx context.Context, args []string, o *replayOptions, e env) error {
	if len(args) == 0 {
		return usageError("no capture given: tcptrace replay FILE... (- for standard input)")
	}
	speed, err := input.ParseSpeed(o.speed)
	if err != nil {
		return usageError("--speed: %w", err)
	}
	if err := o.check(); err != nil {
		return err
	}
	e.reads(args)
	o.write.Patient = true
	opts := o.loop(&e)
	opts.Late = e.late(ctx, args)
	if o.filter != "" {
		filter, err := input.NewFilter(o.filter)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		opts.Filter = filter.Match
	}
	src := input.Paced(ctx, input.Open(args, input.Options{Stdin: e.in, Context: ctx}), speed)
	defer src.Close()
	opts.Clock = func() analyzer.Time { return analyzer.Time(src.Clock()) }
	s := o.newSession(src, strings.Join(args, ", "), nil, e)
	if err := s.open(ctx, live.New(src, opts)); err != nil {
		return err
	}
	return s.run(ctx)
}
