package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// foreignFlags are flags of tcpdump and tshark, and what there is here for them.
var foreignFlags = map[string]string{
	"unknown shorthand flag: 'r'": "captures are named without -r: tcptrace FILE...",
	"unknown shorthand flag: 'i'": "'tcptrace live -i INTERFACE' captures",
	"unknown shorthand flag: 'V'": "--version",
	"unknown shorthand flag: 'v'": "--version, or --long for more of each conversation",
	"unknown shorthand flag: 'Y'": "--where selects conversations, -f packets",
	"unknown shorthand flag: 'w'": "'tcptrace extract FILE --stream N -w OUT.pcap' writes packets, -o reports",
	"unknown shorthand flag: 'c'": "--limit N shows the first conversations",
}

// flagError is what a wrong flag ends the program with.
func flagError(_ *cobra.Command, err error) error {
	for begins, hint := range foreignFlags {
		if strings.HasPrefix(err.Error(), begins) {
			return usageError("%w: %s", err, hint)
		}
	}
	return &exitError{exitUsage, err}
}

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
