package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/internal/flows"
	"tcptrace/internal/input"
	"tcptrace/internal/interrupt"
	"tcptrace/internal/names"
	"tcptrace/internal/progress"
	"tcptrace/internal/remote"
	"tcptrace/report"
)

// selectOptions are the flags of every command that analyzes captures: how, and which conversations of
// them it is about.
type selectOptions struct {
	filter   string
	where    string
	streams  []uint
	progress string
	msl      time.Duration
	maxFlows int
	workers  int
	names    names.Choice
	twice    bool // the captures are read twice
}

func (o *selectOptions) addSelection(cmd *cobra.Command) {
	o.addFilter(cmd)
	f := cmd.Flags()
	f.StringVar(&o.where, "where", "", "only conversations for which this `expression` is true")
	addStreams(cmd, &o.streams, "only the stream with this `number` (may be repeated)")
	complete.Flag(cmd, "where", complete.OutcomeConditions()...)
}

func addStreams(cmd *cobra.Command, streams *[]uint, help string) {
	cmd.Flags().UintSliceVar(streams, "stream", nil, help)
	cmd.Flags().Lookup("stream").DefValue = "" // or help says that the default is []
}

func (o *selectOptions) addFilter(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.filter, "filter", "f", "", "analyze only packets that match this capture `filter` (in tcpdump's language)")
}

func (o *selectOptions) addTracking(cmd *cobra.Command, e env) {
	f := cmd.Flags()
	f.StringVar(&o.progress, "progress", "auto", "progress bar on standard error: auto, on or off")
	f.DurationVar(&o.msl, "msl", 30*time.Second, "maximum segment lifetime; TIME_WAIT lasts twice as long")
	flows.Flag(f, &o.maxFlows, "; beyond that, the one idle longest is ended early")
	f.IntVar(&o.workers, "workers", 0, "tracking threads, 0 for one per processor; does not change the output")
	o.names.AddTo(f, e.openHosts(cmd))
	complete.Flag(cmd, "progress", progress.Modes...)
	complete.Flag(cmd, "names", "auto", "off")
}

// check finds what is wrong with the options by themselves. command is how the user calls the command.
func (o *selectOptions) check(command string, args []string) error {
	switch {
	case len(args) == 0:
		return o.noCapture(command)
	case o.workers < 0:
		return usageError("--workers must not be negative")
	case !slices.Contains(progress.Modes, o.progress):
		return usageError("--progress is auto, on or off, not %q", o.progress)
	}
	return checkTracking(o.msl, o.maxFlows)
}

// noCapture is the error for a command line without a capture. Standard input is offered by commands that can take it.
func (o *selectOptions) noCapture(command string) error {
	if o.twice {
		return usageError("no capture given: %s FILE...", command)
	}
	return usageError("no capture given: %s FILE... (- for standard input)", command)
}

// handsOut is for how long an interrupted command hands out what can be read again; a test has it shorter.
var handsOut = 75 * time.Millisecond

// late is Options.Late for captures: what can be read again is handed out for a moment only, what came through a pipe to the end.
func (e *env) late(ctx context.Context, captures []string) func() bool {
	for _, name := range captures {
		if remote.Is(name) {
			continue
		}
		info, err := os.Stat(name)
		if f, ok := e.in.(*os.File); ok && name == "-" {
			info, err = f.Stat()
		}
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
	}
	return interrupt.Late(ctx, handsOut)
}

// checkTracking finds what is wrong with --msl and --max-flows.
func checkTracking(msl time.Duration, maxFlows int) error {
	const maxMSL = 24 * time.Hour // package analyzer takes none longer
	switch {
	case msl <= 0 || msl > maxMSL:
		return usageError("--msl must be positive and at most %s, not %s", maxMSL, msl)
	case maxFlows <= 0 && maxFlows != flows.AsMemoryAllows:
		return usageError("--max-flows must be positive, not %d", maxFlows)
	}
	return nil
}

// analysis is the options as the analysis takes them; filter, which is in opts, is nil without --filter.
func (o *selectOptions) analysis() (opts analyzer.Options, filter *input.Filter, err error) {
	opts = analyzer.Options{MaxFlows: flows.Or(o.maxFlows, flows.Read, flows.Most), MSL: o.msl, Workers: o.workers, NoNames: o.names.Off(), Hosts: o.names.Hosts()}
	if o.filter != "" {
		if filter, err = input.NewFilter(o.filter); err != nil {
			return opts, nil, usageError("-f %w", err)
		}
		opts.Filter = filter.Match
	}
	return opts, filter, nil
}

// choiceFlag adds a flag that takes one of choices, the first if it is not given, and completes it. The help lists
// them, and then says more.
func choiceFlag[T any](cmd *cobra.Command, to *string, flag string, choices report.Choices[T], more string) {
	cmd.Flags().StringVar(to, flag, choices[0].Name, strings.Join(choices.Names(), ", ")+more)
	complete.Flag(cmd, flag, choices.Names()...)
}

// choose is what the value of a flag stands for; an unknown one is an error that lists the choices.
func choose[T any](flag, value string, choices report.Choices[T]) (T, error) {
	chosen, ok := choices.Find(value)
	if !ok {
		return chosen, usageError("unknown --%s %q: want one of %s", flag, value, strings.Join(choices.Names(), ", "))
	}
	return chosen, nil
}
