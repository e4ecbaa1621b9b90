package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
	"tcptrace/internal/verify"
	"tcptrace/report"
)

// verifyFormats are how a report is written.
var verifyFormats = report.Choices[func(*verify.Report, io.Writer) error]{
	{Name: "table", Help: "a table", Is: (*verify.Report).Text},
	{Name: "json", Help: "one JSON document", Is: (*verify.Report).JSON},
}

func newVerifyCommand(e env) *cobra.Command {
	var o verify.Options
	format, peer := "", ""
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check inferred states against this machine's kernel",
		Long: `verify makes connections between two addresses of the loopback interface, closes, resets, kills and leaks them, drops some
of their segments, analyzes them as 'tcptrace live' does, and compares the states that it infers with those that the kernel
reports. With -i it makes none, and watches the connections that there are. It needs Linux, and the rights to capture and
to use BPF.

It exits with 1 if something was called proved that the kernel does not confirm.`,
		Example: `  tcptrace verify
  tcptrace verify --rounds 10 --format json
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
	_ = f.MarkHidden("peer")
	complete.Flag(cmd, "peer")
	o.Peer = func(address string) *exec.Cmd {
		return &exec.Cmd{Path: "/proc/self/exe", Args: []string{cmd.Root().Name(), "verify", "--peer", address}}
	}
	return cmd
}

func runVerify(ctx context.Context, format string, o verify.Options, e env) error {
	write, err := choose("format", format, verifyFormats)
	if err != nil {
		return err
	}
	r, err := verify.Run(ctx, o)
	if err != nil {
		return &exitError{exitBadInput, err}
	}
	if err := write(r, e.out); err != nil {
		return outputError(err)
	}
	if n := uint64(r.Wrong); n > 0 {
		return &exitError{exitFailedCheck, fmt.Errorf("%s", report.Counted(n, "false proof"))}
	}
	return nil
}
