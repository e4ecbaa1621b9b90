package main

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/internal/findings"
	"tcptrace/internal/look"
	"tcptrace/internal/shell"
	"tcptrace/report"
)

func newFindingsCommand(e env) *cobra.Command {
	o := analyzeOptions{formats: findings.Formats, sort: "start", limit: noLimit}
	cmd := &cobra.Command{
		Use:   "findings FILE...",
		Short: "Say what is wrong in a capture, and where to look",
		Long: `findings says what is wrong in a capture, in at most ten points. What limits the capture itself comes first, then what cost
most: failed connections, time spent waiting, retransmitted bytes. Each finding says how many conversations are affected,
what they have in common and the others do not (a server, a client, a network, or the time since which it happens),
where the cause lies, and which command shows exactly these conversations. 'tcptrace FILE' shows the same above its table.`,
		Example: `  tcptrace findings capture.pcapng
  tcptrace findings capture.pcapng --where 'server.port == 443' --format json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runAnalyze(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	choiceFlag(cmd, &o.format, "format", o.formats, "")
	o.addSelection(cmd)
	look.Times(cmd, &o.time, "the first packet")
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	o.color.AddTo(f)
	o.addTracking(cmd, e)
	return cmd
}

// mostFiles is how many columns the names of several files take in a command that people read.
const mostFiles = 60

// fullFindings is of how many findings all is said above a table: what costs most comes first, and the others are to be seen with it.
const fullFindings = 2

// belowFindings are lines of a terminal that are left to some rows and the summary.
const belowFindings = 15

// finds reports whether the report begins with findings.
func (o *analyzeOptions) finds() bool {
	format, _ := o.formats.Find(o.format)
	return !o.noFindings && !o.quick && findings.Found(format)
}

// withFindings is next with findings, if there is a place for them.
func (o *analyzeOptions) withFindings(next, format report.Report, w io.Writer, args []string, look report.TableOptions, e env) report.Report {
	if !o.finds() {
		return next
	}
	words := o.words(args)
	if is, _ := o.formats.Find(o.format); is.People && len(args) > 1 && len(shell.Shown(args...)) > mostFiles {
		words = o.words(nil, "FILE...") // people know them
	}
	text := findings.TextOptions{Width: look.Width, Color: look.Color, Limits: o.limits(words)}
	if o.format == "table" {
		text.Full, text.All = fullFindings, "tcptrace findings "+words+o.onlySelected()
		if look.Height > 0 {
			text.Lines = max(1, look.Height-belowFindings)
		}
	}
	found := findings.Options{Services: o.names.Services(e.services), Times: look.Times, Command: o.showing(words, args), Selected: o.condition() != ""}
	return findings.Attach(next, format, w, found, text)
}

// limits is the command that shows what limits the transfers of inputs in words.
func (o *analyzeOptions) limits(words string) string {
	return "tcptrace summary " + words + " --by limit" + o.onlySelected()
}

// onlySelected is --where as it stands on a command line, "" if all conversations are selected.
func (o *analyzeOptions) onlySelected() string {
	if selected := o.condition(); selected != "" {
		return " --where " + shell.Shown(selected)
	}
	return ""
}

// words are inputs and the capture filter, as they stand on a command line.
func (o *selectOptions) words(inputs []string, more ...string) string {
	words := shell.Files(inputs...) + strings.Join(more, " ")
	if o.filter != "" {
		words += " -f " + shell.Shown(o.filter)
	}
	return words
}

// showing makes commands that show, of inputs in words, those of the selected conversations for which an expression is true, or the only one packet
// by packet.
func (o *analyzeOptions) showing(words string, inputs []string) func(where string, stream *uint64) string {
	selected, isPipe := o.condition(), slices.Contains(inputs, "-")
	return func(where string, stream *uint64) string {
		if stream != nil && !isPipe { // what is read twice cannot be one
			return "tcptrace timeline " + words + " --stream " + strconv.FormatUint(*stream, 10)
		}
		if selected != "" {
			where = "(" + selected + ") && (" + where + ")"
		}
		return "tcptrace " + words + " --where " + shell.Shown(where)
	}
}
