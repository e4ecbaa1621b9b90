package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/check"
	"tcptrace/check/expect"
	"tcptrace/internal/complete"
	"tcptrace/internal/flows"
)

type diffOptions struct {
	tolerance string
	least     time.Duration
	format    string
	all       bool
	msl       time.Duration
	maxFlows  int
	workers   int
}

var diffFormats = []string{"text", "json"}

func newDiffCommand(e env) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two captures of the same scenario",
		Long: `diff compares two captures of the same scenario, before and after a change, conversation by conversation.

Conversations are paired by their endpoints and their order. Where the client's port differs, as it does between runs,
addresses and the server's port are used; where addresses differ too, only the server's port. Addresses, time of day,
and frame and stream numbers may differ. What is compared is how each conversation went: states and when they were
entered, anomalies, outcome and close, handshake options, and all counts and times of the record.`,
		Example: `  tcptrace diff before.pcap after.pcap
  tcptrace diff before.pcap after.pcap --tolerance 5% --least 100us`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError("diff compares two captures, not %d: tcptrace diff A B", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runDiff(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.tolerance, "tolerance", "20%", "how far counts and times may differ: a `percentage` of the larger one")
	f.DurationVar(&o.least, "least", time.Millisecond, "times that differ by less than this are equal")
	f.StringVar(&o.format, "format", "text", strings.Join(diffFormats, ", "))
	f.BoolVar(&o.all, "all", false, fmt.Sprintf("show all changes of a conversation, not only the first %d", check.MaxChanges))
	f.DurationVar(&o.msl, "msl", 30*time.Second, "maximum segment lifetime; TIME_WAIT lasts twice as long")
	flows.Flag(f, &o.maxFlows, "")
	f.IntVar(&o.workers, "workers", 0, "tracking threads, 0 for one per processor; does not change the output")
	complete.Flag(cmd, "format", diffFormats...)
	return cmd
}

// parse is the tolerance that the flags ask for.
func (o *diffOptions) parse() (t expect.Tolerance, err error) {
	digits, percent := strings.CutSuffix(o.tolerance, "%")
	t.Ratio, err = strconv.ParseFloat(digits, 64)
	if percent {
		t.Ratio /= 100
	}
	t.Seconds = o.least.Seconds()
	switch {
	case err != nil || !(t.Ratio >= 0 && t.Ratio < 1): // NaN neither
		return t, usageError("--tolerance is a percentage below 100, such as 20%%, not %q", o.tolerance)
	case o.least < 0:
		return t, usageError("--least must not be negative")
	case !slices.Contains(diffFormats, o.format):
		return t, usageError("--format is %s, not %q", strings.Join(diffFormats, " or "), o.format)
	case o.workers < 0:
		return t, usageError("--workers must not be negative")
	}
	return t, checkTracking(o.msl, o.maxFlows)
}

// diffGCPercent is how much garbage may pile up for what is kept. That is packed, without pointers: looking for garbage is cheap.
const diffGCPercent = 25

func runDiff(ctx context.Context, args []string, o diffOptions, e env) error {
	tolerance, err := o.parse()
	if err != nil {
		return err
	}
	e.reads(args)
	if err := e.usesStdout(); err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(diffGCPercent))
	flows := flows.Or(o.maxFlows, flows.Read*min(atOnce(o.workers), 2), flows.Most)
	opts := check.Options{Options: analyzer.Options{MaxFlows: flows, MSL: o.msl}, Workers: o.workers, Warn: e.warn}
	captures, err := check.Pack(ctx, [2]string(args), opts)
	if err != nil {
		if ctx.Err() != nil {
			return &exitError{code: exitInterrupted}
		}
		return &exitError{exitBadInput, err}
	}
	d := expect.Diff(captures[0], captures[1], tolerance)
	var differ bool
	if o.format == "json" {
		differ, err = check.WriteDiffJSON(ctx, e.raw, args, d, o.workers)
	} else {
		differ, err = check.WriteDiff(ctx, e.out, d, o.all, o.workers)
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	if err != nil {
		return err
	}
	if differ {
		return &exitError{code: exitFailedCheck}
	}
	return nil
}
