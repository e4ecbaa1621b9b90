package main

import (
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
	"tcptrace/report"
)

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
