package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
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

It exits with 1 if something was called proved that the kernel does not confirm, and with 2 if nothing could be compared.`,
		Example: `  tcptrace verify
  tcptrace verify --rounds 10 --format json
  tcptrace verify --rounds 10 --format markdown
  tcptrace verify -i eth0 --for 1m`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return usageError("verify takes no capture: it makes its own connections, or watches those of -i")
			case peer != "":
				return verify.Peer(peer)
			case o.For != 0 && o.Interface == "":
				return usageError("--for goes with -i")
			case o.For < 0:
				return usageError("--for must not be negative")
			case o.Interface != "" && cmd.Flags().Changed("rounds"):
				return usageError("--rounds is of connections that are made here; -i watches others")
			case o.Rounds < 1 || o.Rounds > 1000:
				return usageError("--rounds is from 1 to 1000")
			case o.For == 0:
				o.For = time.Minute
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
	self := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{cmd.Root().Name(), "verify"}, args...)}
	}
	o.Peer = func(address string) *exec.Cmd { return self("--peer", address) }
	o.Again = func() *exec.Cmd { return self("--inside", "--rounds", strconv.Itoa(o.Rounds), "--format", "json") }
	return cmd
}

func runVerify(ctx context.Context, format string, o verify.Options, e env) error {
	write, err := choose("format", format, verifyFormats)
	if err != nil {
		return err
	}
	if o.Inside {
		o.Again = nil
	}
	r, err := verify.Run(ctx, o)
	if stopped := interrupted(ctx, err); stopped != err {
		return stopped
	}
	if err != nil {
		return &exitError{exitBadInput, err}
	}
	if err := write(r, e.out); err != nil {
		return outputError(err)
	}
	if why := r.Nothing(); why != "" {
		e.say("%s", why)
		return &exitError{code: exitUsage}
	}
	if n := uint64(r.Wrong); n > 0 {
		return &exitError{exitFailedCheck, fmt.Errorf("%s", report.Counted(n, "false proof"))}
	}
	return nil
}
