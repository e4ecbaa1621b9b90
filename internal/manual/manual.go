// Package manual turns the help of commands into what people read: groups of flags on a terminal, and manual pages.
//
// Not its job: the texts, which the commands have.
package manual

import (
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Group is a title in the list of flags, and the first flag that it is about, before which it stands.
type Group [2]string

// GroupFlags divides the flags in a command's help. The first group begins with the first flag.
func GroupFlags(cmd *cobra.Command, groups ...Group) {
	filtered(cmd, func(help string) string { return grouped(help, groups) })
}

func grouped(help string, groups []Group) string {
	help = strings.Replace(help, "\nFlags:\n", "", 1)
	for _, g := range groups {
		line := regexp.MustCompile(`(?m)^  (-\w,|   ) --` + regexp.QuoteMeta(g[1]) + ` `).FindStringIndex(help)
		if line != nil {
			help = help[:line[0]] + "\n" + g[0] + ":\n" + help[line[0]:]
		}
	}
	return help
}

// Built is when the commit that this program was built from was made, so that its pages are always the same; nil if
// that is not known.
func Built() *time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, s := range info.Settings {
		if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			return &t
		}
	}
	return nil
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, `<`, `\<`, `>`, `\>`, "`", "\\`", `[`, `\[`, `]`, `\]`)

// Markdown turns the text of a command's help into Markdown, from which doc makes pages: what is indented stays as it is,
// and no character of the rest means anything.
func Markdown(help string) string {
	var b strings.Builder
	for line := range strings.Lines(help) {
		if strings.HasPrefix(line, "  ") {
			b.WriteString("  " + line)
		} else {
			b.WriteString(markdownEscapes.Replace(line))
		}
	}
	return b.String()
}
