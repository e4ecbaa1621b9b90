package manual

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Widths of help in columns: where there is no terminal, and the least and most on one.
const (
	usualWidth = 100
	leastWidth = 80
	mostWidth  = 120
)

// Fit has the help of root and its commands fit into the columns of a terminal; 0: there is none. It comes after GroupFlags.
func Fit(root *cobra.Command, terminal int) {
	width := usualWidth
	if terminal > 0 {
		width = min(max(terminal, leastWidth), mostWidth)
	}
	for _, cmd := range append(root.Commands(), root) { // root last, since its commands ask it
		filtered(cmd, func(help string) string { return fitted(help, width) })
	}
}

// filtered has the help of a command changed.
func filtered(cmd *cobra.Command, change func(help string) string) {
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		var text bytes.Buffer
		out := c.OutOrStdout()
		c.SetOut(&text)
		help(c, args)
		c.SetOut(out)
		io.WriteString(out, change(text.String()))
	})
}

var (
	flagLine = regexp.MustCompile(`^  (?:-\w, |    )--[\w-]+(?: \S.*?)?  +`)
	gap      = regexp.MustCompile(`  +`)
)

// byDefault and what follows it stay together, by glue.
const (
	byDefault = "(default"
	glue      = "\x00"
)

// fitted is help with the lines of its text, of rows of tables, and of what is said of flags and commands, filled up to width. Examples stay as they are.
func fitted(help string, width int) string {
	var b strings.Builder
	var words []string // of the paragraph, or of what is said of a flag
	begins, indent := "", 0
	text, examples, isRow := true, false, false // where we are
	flush := func() {
		if begins != "" || words != nil {
			fill(&b, begins, words, indent, width)
		}
		begins, words, indent, isRow = "", nil, 0, false
	}
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		isFlag, indented := flagLine.FindString(line), strings.HasPrefix(line, "  ")
		switch {
		case examples && (line == "" || indented):
			b.WriteString(line + "\n")
			continue
		case line == "" || line == "Usage:" || !text && !indented && strings.HasSuffix(line, ":"):
			flush()
			text = text && line != "Usage:"
			examples = line == "Examples:"
			b.WriteString(line + "\n")
			continue
		case isFlag != "":
			flush()
			begins, indent, isRow = isFlag, utf8.RuneCountInString(isFlag), true
			line = line[len(isFlag):]
		case isRow && len(line)-len(strings.TrimLeft(line, " ")) == indent: // goes on
		case indented:
			flush()
			gaps := gap.FindAllStringIndex(line, -1) // the first is before all text
			begins, isRow = line[:gaps[len(gaps)-1][1]], len(gaps) > 1
			indent = utf8.RuneCountInString(begins)
			line = line[len(begins):]
		case indent > 0:
			flush()
		}
		words = append(words, strings.Fields(strings.ReplaceAll(line, byDefault+" ", byDefault+glue))...)
	}
	flush()
	return strings.ReplaceAll(b.String(), glue, " ")
}

// fill writes what begins, and words behind it, in lines of width columns of which all but the first begin with indent blanks.
func fill(b *strings.Builder, begins string, words []string, indent, width int) {
	b.WriteString(begins)
	column, first := indent, true
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		switch {
		case first:
		case column+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column, first = column+n, false
	}
	b.WriteByte('\n')
}
