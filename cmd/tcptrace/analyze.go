package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/complete"
	"tcptrace/internal/flagerror"
	"tcptrace/internal/flows"
	"tcptrace/internal/input"
	"tcptrace/internal/look"
	"tcptrace/internal/manual"
	"tcptrace/internal/progress"
	"tcptrace/internal/twopass"
	"tcptrace/report"
)

// analyzeOptions are the flags of the main command.
type analyzeOptions struct {
	selectOptions
	partition
	format  string
	long    bool
	quick   bool
	output  string
	columns []string
	time    string
	sort    string
	sorted  bool // --sort was given
	limit   int
	color   look.Color
	failOn  []string

	formats    report.Choices[report.Format]
	noFindings bool

	asked *report.Columns // by --columns
	times report.Times
}

const (
	defaultTableLimit = 50
	noLimit           = -1 // --limit was not given
)

func newRootCommand(e env) *cobra.Command {
	o := analyzeOptions{formats: report.Formats}
	cmd := &cobra.Command{
		Use:   "tcptrace FILE...",
		Short: "Report what every TCP connection in a capture did",
		Long: `tcptrace reads packet captures and reports, for every TCP connection, who opened it, which states of RFC 9293 its
two endpoints went through, how it closed, and what went wrong.

FILE is a capture (pcap, pcapng, snoop or ERF), plain or compressed with gzip, zstd or lz4; - is standard input.
It may be an https:// URL, and in builds with clouds one of s3://, gs:// or azblob://.
Several files are read as one capture, merged by time: the files of a ring buffer, or captures from two taps.

Bytes are TCP payload as sent, including retransmissions; 1.2 kB is 1,200 bytes. Frame and stream numbers are
Wireshark's. The column loss is the share lost of both sides' segments with payload, SYN or FIN; loss_ratio in a record is
that of one side. The expressions of --where use the fields of a record of --format ndjson.

Exit status: 0 done; 1 a check failed, or the output could not be written; 2 wrong usage;
3 an input could not be read, or only in part (what was read is reported); 130 interrupted
(what was read until then is reported).`,
		Example: `  tcptrace capture.pcapng
  tcptrace ring_*.pcap.gz --sort -bytes --limit 10
  tcptrace capture.pcap --where 'outcome == "reset" && server.port == 443'
  tcptrace capture.pcap -f 'host 10.0.0.1' --format ndjson -o conversations.ndjson
  tcptrace ring_*.pcap.gz --format parquet --partition-by day -o conversations
  tcptrace https://host/capture.pcap.zst
  tcpdump -w - | tcptrace -`,
		Version:       version(),
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCommand(cmd, args); err != nil {
				return err
			}
			o.sorted = cmd.Flags().Changed("sort")
			if !cmd.Flags().Changed("limit") {
				o.limit = noLimit
			} else if o.limit < 0 {
				return usageError("--limit must not be negative")
			}
			if o.long {
				if cmd.Flags().Changed("format") && o.format != "long" {
					return usageError("--long is --format long, not %s", o.format)
				}
				o.format = "long"
			}
			return runAnalyze(cmd.Context(), args, o, e)
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError("%w", flagerror.Explain(cmd, err)) })
	cmd.SetHelpCommand(newHelpCommand(cmd))
	cmd.SetIn(e.in)
	cmd.SetOut(e.out)
	cmd.SetErr(e.err)
	cmd.SetVersionTemplate("{{.Version}}")
	o.addFlags(cmd, e)
	cmd.AddCommand(
		newSummaryCommand(e), newTimelineCommand(e), newPlotCommand(e), newReportCommand(e), newStatesCommand(e), newFollowCommand(e), newExtractCommand(e), newAnnotateCommand(e), newWiresharkCommand(e),
		newLiveCommand(e), newReplayCommand(e),
		newFindingsCommand(e), newCheckCommand(e), newDiffCommand(e), newVerifyCommand(e),
		newAnomaliesCommand(e), newFieldsCommand(e), newSchemaCommand(e), newManCommand(e),
	)
	manual.Fit(cmd, e.width)
	return cmd
}

func (o *analyzeOptions) addFlags(cmd *cobra.Command, e env) {
	f := cmd.Flags()
	f.SortFlags = false
	choiceFlag(cmd, &o.format, "format", o.formats, "")
	f.BoolVar(&o.long, "long", false, "the same as --format long")
	f.BoolVar(&o.quick, "quick", false, "only states, handshake and close: skip round trips, retransmissions, windows and the anomalies of open\nconnections, which need every segment; faster, and each record says so (\"quick\")")
	o.addSelection(cmd)
	f.StringVar(&o.sort, "sort", "start", "sort by "+strings.Join(report.KeyNames(), ", ")+" or any other field of a record; -`key` reverses")
	f.StringSliceVar(&o.columns, "columns", nil, "columns of table and csv: any `fields` of a record (stream,client,rtt,client_rtt_p95_s), +field to add one, -field to drop one")
	timesFlag(cmd, &o.time, "the line above")
	f.IntVar(&o.limit, "limit", 0, fmt.Sprintf("show at most `n` conversations, 0 for all (default: %d in formats for people, all in formats for programs);\nof those that must be sorted first, the first %d are kept and the others counted, unless n is greater\n(%d where there are less than 4 GB of memory)", defaultTableLimit, report.MostRows, report.MostRows/4))
	f.StringSliceVar(&o.failOn, "fail-on", nil, "exit with status 1 if a selected conversation has an anomaly of this `severity or id`: note, warning, error,\nor one listed by 'tcptrace anomalies' (may be repeated)")
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	f.BoolVar(&o.noFindings, "no-findings", false, "only the table, or the records: do not say above it what is wrong; faster, since only conversations that\nare shown are judged")
	o.partition.addTo(cmd)
	o.color.AddTo(f)
	o.addTracking(cmd, e)
	complete.Flag(cmd, "sort", slices.Concat(report.KeyNames(), report.FieldNames())...)
	complete.Flag(cmd, "columns", report.FieldNames()...)
	complete.Flag(cmd, "fail-on", complete.SeveritiesOrIDs()...)
}

// check finds what is wrong with the options by themselves.
func (o *analyzeOptions) check(args []string) error {
	format, err := choose("format", o.format, o.formats)
	if err != nil {
		return err
	}
	if len(o.columns) > 0 {
		if !format.Columns {
			return usageError("--columns is for --format table and csv, not %s", o.format)
		}
		if o.asked, err = report.ParseColumns(o.columns); err != nil {
			return usageError("--columns: %w", err)
		}
	}
	if o.times, err = choose("time", o.time, report.TimesNames); err != nil {
		return err
	}
	if o.quick && (o.format == "long" || len(o.failOn) > 0) {
		return usageError("--quick skips much of what --long and --fail-on need")
	}
	if err := o.partition.check(o.format, o.output, true); err != nil {
		return err
	}
	return o.selectOptions.check("tcptrace", args)
}

// recordsGCPercent is how much garbage may pile up for what is tracked, where records are made of all conversations. That is kept
// without pointers: looking for garbage is cheap.
const recordsGCPercent = 30

// runAnalyze is the main command: captures in, a report out.
func runAnalyze(ctx context.Context, args []string, o analyzeOptions, e env) error {
	if err := o.check(args); err != nil {
		return err
	}
	opts, filter, err := o.analysis()
	if err != nil {
		return err
	}
	opts.Quick = o.quick
	opts.Late = e.late(ctx, args)
	opts.MaxFlows = flows.Or(o.maxFlows, o.flowCost(), flows.Most)
	if o.flowCost() == flows.Read {
		defer debug.SetGCPercent(debug.SetGCPercent(recordsGCPercent))
	}
	key, where, err := o.selection()
	if err != nil {
		return err
	}
	if where != nil {
		where.Until(ctx)
	}
	failOn, err := report.ParseFailOn(o.failOn)
	if err != nil {
		return usageError("--fail-on: %w", err)
	}
	format, _ := o.formats.Find(o.format)
	if err := checkBinary(o.format, format.Binary, o.output, e); err != nil {
		return err
	}
	out, err := o.open(format.People, o.output, args, e)
	if err != nil {
		return err
	}
	rep := o.newReport(out, args, key, where, failOn, e.late(ctx, args), e)
	src := progress.Wrap(input.Open(args, input.Options{Stdin: e.in, Context: ctx}), o.progress, e.errTTY, e.bar)
	sum, err := analyzer.Run(ctx, src, opts, rep)
	src.Close()
	interrupted := ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
	if err != nil && !interrupted {
		return err
	}
	missing := o.missing(&sum)
	selected, chosen := rep.(*report.FilterReport)
	switch read := sum.Packets > 0 || len(src.Stats().Errors) == 0; {
	case !read: // nothing is reported of what cannot be read, but why
		out.Discard()
		return conclude(src.Stats(), filter, interrupted, e)
	case missing != nil && chosen && selected.Selection().Matched == 0 && len(src.Stats().Errors) == 0:
		out.Discard()
		return missing
	}
	if err := finish(out, rep.Finish(&sum)); err != nil {
		return err
	}
	if !format.Summary {
		noteSummary(&sum, e)
	}
	if n := o.beyondMemory(&sum, rep); n > 0 {
		e.say("note: %s are not shown: no more than %d are kept to be sorted, unless --limit says so", report.HumanCount(n)+" conversations", mostRows())
	}
	if err := conclude(src.Stats(), filter, interrupted, e); err != nil {
		return err
	}
	if missing != nil {
		return missing
	}
	if failure := failOn.Failure(); failure != "" {
		return &exitError{exitFailedCheck, fmt.Errorf("--fail-on %s: %s", strings.Join(o.failOn, ","), failure)}
	}
	return nil
}

// warn tells what is strange about an input.
func (e *env) warn(err error) { e.say("warning: %v", err) }

// missing is the error for a number of --stream that no conversation has.
func (o *analyzeOptions) missing(sum *analyzer.Summary) error {
	for _, n := range o.streams {
		if uint64(n) >= sum.Conversations {
			return &twopass.NoStreamError{Stream: uint64(n), Conversations: sum.Conversations}
		}
	}
	return nil
}

// flows.Cost is what a conversation takes in this mode.
func (o *analyzeOptions) flowCost() flows.Cost {
	const few = 1000
	format, _ := o.formats.Find(o.format)
	switch {
	case o.quick:
		return flows.Quick
	case !o.finds() && o.sort == "start" && (o.limit > 0 && o.limit <= few || o.limit == noLimit && format.People) && o.condition() == "" && len(o.failOn) == 0:
		return flows.First
	}
	return flows.Read
}

// selection compiles --sort, and --where with --stream; where is nil if there is neither.
func (o *analyzeOptions) selection() (key report.Key, where *report.Where, err error) {
	if key, err = report.ParseKey(o.sort); err != nil {
		return key, nil, usageError("--sort: %w", err)
	}
	if cond := o.condition(); cond != "" {
		if where, err = report.CompileWhere(cond); err != nil {
			return key, nil, usageError("--where: %w", err)
		}
	}
	return key, where, nil
}

// rows is how many conversations are shown at most, 0 for all: those that are written as they come need no bound.
func (o *analyzeOptions) rows() int {
	format, _ := o.formats.Find(o.format)
	switch {
	case o.limit > 0:
		return o.limit
	case o.limit == noLimit && format.People:
		return defaultTableLimit
	case format.People || o.sorted:
		return mostRows()
	}
	return 0
}

// mostRows is how many conversations are kept to be sorted unless --limit says more.
func mostRows() int { return flows.Kept(report.MostRows) }

// beyondMemory is how many conversations are not shown though no limit was asked for.
func (o *analyzeOptions) beyondMemory(sum *analyzer.Summary, rep report.Report) uint64 {
	all := sum.Conversations
	if f, ok := rep.(*report.FilterReport); ok {
		all = f.Selection().Matched
	}
	if most := mostRows(); o.limit <= 0 && o.rows() == most {
		return max(all, uint64(most)) - uint64(most)
	}
	return 0
}

// newReport builds the chain: --where, then findings, then --fail-on, then --sort and --limit, then the format.
func (o *analyzeOptions) newReport(w io.Writer, args []string, key report.Key, where *report.Where, failOn *report.FailOn, late func() bool, e env) report.Report {
	format, _ := o.formats.Find(o.format)
	limit := o.rows()
	opts := report.TableOptions{Sort: key, Limit: limit}
	opts.Columns, opts.Times = o.asked, o.times
	opts.Color = o.color.On(e.outTTY && o.output == "")
	if o.output == "" {
		opts.Width = e.width
		if o.limit == noLimit {
			opts.Height = e.height
		}
	}
	shown := format.New(w, opts)
	if o.files != nil {
		shown = report.NewPartitionedParquet(o.is, o.create)
	}
	rep := shown
	if format.Streams && (limit > 0 || o.sorted || format.People) {
		sorted := report.Sorted(rep, key, max(0, limit))
		if late != nil {
			sorted.Until(late)
		}
		rep = sorted
	}
	if len(o.failOn) > 0 {
		rep = failOn.Watch(rep)
	}
	rep = o.withFindings(rep, shown, w, args, opts, e)
	if where != nil {
		rep = report.Filter(rep, where)
	}
	return rep
}

// condition is --stream and --where in one expression.
func (o *analyzeOptions) condition() string {
	var parts []string
	if len(o.streams) > 0 {
		numbers := strings.ReplaceAll(strings.Trim(fmt.Sprint(o.streams), "[]"), " ", ", ")
		parts = append(parts, "stream in ["+numbers+"]")
	}
	if o.where != "" {
		if len(parts) == 0 {
			return o.where // errors then show the expression as it was written
		}
		parts = append(parts, "("+o.where+")")
	}
	return strings.Join(parts, " && ")
}

// noteSummary says on standard error what a format without a summary does not show.
func noteSummary(sum *analyzer.Summary, e env) {
	for _, note := range report.Notes(sum) {
		e.say("note: %s", note)
	}
}

// conclude says on standard error what was wrong with the input, and turns that into an exit code.
func conclude(stats packet.Stats, filter *input.Filter, interrupted bool, e env) error {
	if filter != nil {
		for _, err := range filter.Errors() {
			e.say("note: %v", err)
		}
	}
	for _, err := range stats.Warnings {
		e.warn(err)
	}
	for _, err := range stats.Errors {
		e.say("%v", err)
	}
	switch {
	case interrupted:
		return &exitError{code: exitInterrupted}
	case len(stats.Errors) > 0:
		return &exitError{code: exitBadInput}
	}
	return nil
}
