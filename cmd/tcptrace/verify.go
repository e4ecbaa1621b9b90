package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tcptrace/internal/verify"
	"tcptrace/report"
)

// verifyFormats are how a report is written.
var verifyFormats = report.Choices[func(*verify.Report, io.Writer) error]{
	{Name: "table", Help: "a table", Is: (*verify.Report).Text},
	{Name: "json", Help: "one JSON document", Is: (*verify.Report).JSON},
}

func newVerifyCommand(e env) *cobra.Command {
	format, rounds := "", 0
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Hold what is inferred against what this machine's kernel says",
		Long: `verify makes connections between two addresses of the loopback interface, closes, resets and leaks them, analyzes them as 'tcptrace live'
does, and compares the states that it infers with those that the kernel tells (Linux, with the rights to capture and to use BPF).

It exits with 1 if something was called proved that the kernel does not say.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("verify takes no capture: it makes its own connections")
			}
			return runVerify(cmd.Context(), format, rounds, e)
		},
	}
	choiceFlag(cmd, &format, "format", verifyFormats, "")
	cmd.Flags().IntVar(&rounds, "rounds", 3, "make every kind of connection `n` times")
	return cmd
}

func runVerify(ctx context.Context, format string, rounds int, e env) error {
	write, err := choose("format", format, verifyFormats)
	if err != nil {
		return err
	}
	if rounds < 1 || rounds > 1000 {
		return usageError("--rounds is from 1 to 1000")
	}
	r, err := verify.Run(ctx, rounds)
	if err != nil {
		return &exitError{exitBadInput, err}
	}
	if err := write(r, e.out); err != nil {
		return outputError(err)
	}
	if n := uint64(len(r.False)); n > 0 {
		return &exitError{exitFailedCheck, fmt.Errorf("%s", report.Counted(n, "false proof"))}
	}
	return nil
}
