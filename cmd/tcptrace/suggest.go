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
	if near := commandsLike(root, name); near != "" {
		return usageError(neither, name, near)
	}
	return nil
}

// commandsLike are the commands that are spelled most like name, for a question; "" if none is.
func commandsLike(root *cobra.Command, name string) string {
	root.SuggestionsMinimumDistance = max(1, len(name)/3)
	return strings.Join(root.SuggestionsFor(name), "' or 'tcptrace ")
}

// newHelpCommand is cobra's, but for an unknown command, which is an error.
func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Long:  "help shows what --help of a command shows.",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			for _, cmd := range root.Commands() {
				if len(args) == 0 && cmd.IsAvailableCommand() {
					names = append(names, cmd.Name()+"\t"+cmd.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				name := strings.Join(args, " ")
				if near := commandsLike(root, name); near != "" {
					return usageError("there is no command %q: did you mean 'tcptrace %s'?", name, near)
				}
				return usageError("there is no command %q: 'tcptrace --help' lists them", name)
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}
