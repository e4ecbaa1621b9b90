package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// flagGroup is a title in the list of flags, before the first flag that it is about.
type flagGroup struct{ title, first string }

// watchGroups divide the flags of addWatching.
var watchGroups = []flagGroup{
	{"Output", "format"}, {"Packets to files", "write"}, {"When to stop", "duration"}, {"Events and metrics", "interval"},
	{"Tracking", "msl"},
}

// groupFlags divides the flags in a command's help. The first group begins with the first flag.
func groupFlags(cmd *cobra.Command, groups ...flagGroup) {
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		var text bytes.Buffer
		out := c.OutOrStdout()
		c.SetOut(&text)
		help(c, args)
		c.SetOut(out)
		io.WriteString(out, grouped(text.String(), groups))
	})
}

func grouped(help string, groups []flagGroup) string {
	help = strings.Replace(help, "\nFlags:\n", "", 1)
	for _, g := range groups {
		line := regexp.MustCompile(`(?m)^  (-\w,|   ) --` + regexp.QuoteMeta(g.first) + ` `).FindStringIndex(help)
		if line != nil {
			help = help[:line[0]] + "\n" + g.title + ":\n" + help[line[0]:]
		}
	}
	return help
}
