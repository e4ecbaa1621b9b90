package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"

	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
	"tcptrace/internal/progress"
	"tcptrace/internal/verify"
	verified "tcptrace/internal/verify/record"
	"tcptrace/report"
)

// verifyFormats are how a report is written.
var verifyFormats = report.Choices[func(*verified.Report, io.Writer) error]{
	{Name: "table", Help: "tables for people", Is: (*verified.Report).Text},
	{Name: "json", Help: "one JSON document", Is: (*verified.Report).JSON},
	{Name: "markdown", Help: "the rows of README.md and docs/accuracy.md", Is: (*verified.Report).Markdown},
}

func newVerifyCommand(e env) *cobra.Command {
	var o verify.Options
	format, peer := "", ""
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check inferred states against this machine's kernel",
		Long: `verify makes connections between two hosts, closes, resets, kills and leaks them, drops some of their segments, analyzes them as
'tcptrace live' does, and compares the states that it infers with those that the kernel reports: by state, evidence and tap.
The hosts are network namespaces, with taps at both ends and between them; nothing of them is left. Where none may be made
they are two addresses of the loopback interface. With -i no connections are made, and those that there are are watched.

It needs Linux. As root, or with CAP_BPF and CAP_PERFMON, the kernel reports each state (BPF); otherwise it is polled, and
what it was polled for in time is compared. The report says what was lacking.

The first round takes some 7 s, each other one some 3 s. It exits with 1 if something was called proved that the kernel does not confirm, with 2 if nothing could be
compared, and with 3 if nothing may be captured.`,
		Example: `  tcptrace verify
  tcptrace verify --rounds 10 --format json
  tcptrace verify --rounds 10 --format markdown
  tcptrace verify -i eth0 --for 1m`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("verify takes no capture: it makes its own connections, or watches those of -i")
			}
			if peer != "" {
				return verify.Peer(peer)
			}
			if err := o.Check(cmd.Flags().Changed("rounds")); err != nil {
				return usageError("%w", err)
			}
			return runVerify(cmd.Context(), format, o, e)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	choiceFlag(cmd, &format, "format", verifyFormats, "")
	f.IntVar(&o.Rounds, "rounds", 3, "make every kind of connection `n` times")
	f.StringVarP(&o.Interface, "interface", "i", "", "make no connections, and watch those of this `interface`")
	f.DurationVar(&o.For, "for", 0, "with -i: watch for this long (default 1m)")
	f.StringVar(&peer, "peer", "", "")
	f.BoolVar(&o.Inside, "inside", false, "")
	for _, hidden := range []string{"peer", "inside"} {
		_ = f.MarkHidden(hidden)
	}
	complete.Flag(cmd, "peer")
	o.Use(func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{cmd.Root().Name(), "verify"}, args...)}
	})
	return cmd
}

func runVerify(ctx context.Context, format string, o verify.Options, e env) error {
	write, err := choose("format", format, verifyFormats)
	if err != nil {
		return err
	}
	bar := progress.ShowSteps("verifying", e.errTTY, e.bar)
	o.Told = bar.Done
	r, err := verify.Run(ctx, o)
	bar.Close()
	if stopped := interrupted(ctx, err); stopped != err {
		return stopped
	}
	if err != nil {
		return &exitError{exitBadInput, err}
	}
	if err := write(r, e.out); err != nil {
		return outputError(err)
	}
	why := r.Nothing()
	if why != "" {
		e.say("%s", why)
	}
	if n := uint64(r.Wrong); n > 0 {
		return &exitError{exitFailedCheck, fmt.Errorf("%s", report.Counted(n, "false proof"))}
	}
	if why != "" {
		return &exitError{code: exitUsage}
	}
	return nil
}
