package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/internal/findings"
	"tcptrace/report"
)

func newFindingsCommand(e env) *cobra.Command {
	o := analyzeOptions{formats: findings.Formats, sort: "start", limit: noLimit}
	cmd := &cobra.Command{
		Use:   "findings FILE...",
		Short: "Say what is wrong in a capture, and how to look at it",
		Long: `findings says what is wrong, at most ten things, first what bounds what the capture can show, then by what it cost:
failed connections, time that people waited, bytes sent again. For each it says how many conversations are affected, what
they have in common and others have not (the server, the client, their network, or since when), where the reason lies, and
the command that shows exactly these conversations. 'tcptrace FILE' shows the same above its table.`,
		Example: `  tcptrace findings capture.pcapng
  tcptrace findings capture.pcapng --where 'server.port == 443' --format json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runAnalyze(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	choiceFlag(cmd, &o.format, "format", o.formats, "")
	o.addSelection(cmd)
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	o.color.AddTo(f)
	o.addTracking(cmd)
	return cmd
}

// mostFiles is how many columns the names of several files take in a command that people read.
const mostFiles = 60

// finds reports whether the report begins with findings.
func (o *analyzeOptions) finds() bool {
	format, _ := o.formats.Find(o.format)
	return !o.noFindings && !o.quick && findings.Found(format)
}

// withFindings is next with findings, if there is a place for them.
func (o *analyzeOptions) withFindings(next, format report.Report, w io.Writer, args []string, look report.TableOptions) report.Report {
	if !o.finds() {
		return next
	}
	words := o.words(args)
	if is, _ := o.formats.Find(o.format); is.People && len(args) > 1 && len(shellWords(args...)) > mostFiles {
		words = o.words(nil, "FILE...") // people know them
	}
	return findings.Attach(next, format, w, findings.Options{Command: o.showing("tcptrace " + words)}, findings.TextOptions{Width: look.Width, Color: look.Color})
}

// words are inputs and the capture filter, as they stand on a command line.
func (o *selectOptions) words(inputs []string, more ...string) string {
	words := shellWords(inputs...) + strings.Join(more, " ")
	if o.filter != "" {
		words += " -f " + shellWords(o.filter)
	}
	return words
}

// showing makes commands that show those of the selected conversations for which an expression is true.
func (o *analyzeOptions) showing(command string) func(where string) string {
	selected := o.condition()
	return func(where string) string {
		if selected != "" {
			where = "(" + selected + ") && (" + where + ")"
		}
		return command + " --where " + shellWords(where)
	}
}

// shellWords are words as a shell takes them.
func shellWords(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if quoted[i] = word; word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+,@%=") != "" {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
