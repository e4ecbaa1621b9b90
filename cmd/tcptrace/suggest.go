package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// checkCommand reports a misspelled command: a first argument that would be read as a capture, but is not the name of a
// file and is much like the name of a command.
func checkCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name := args[0]
	if _, err := os.Lstat(name); err == nil || strings.ContainsAny(name, `./\-`) {
		return nil
	}
	const neither = "%q is neither a command nor a file: did you mean 'tcptrace %s'?"
	if name == "version" {
		return usageError(neither, name, "--version")
	}
	root.SuggestionsMinimumDistance = max(1, len(name)/3)
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return usageError(neither, name, strings.Join(near, "' or 'tcptrace "))
	}
	return nil
}
