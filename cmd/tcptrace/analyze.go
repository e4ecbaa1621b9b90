package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/flows"
	"tcptrace/internal/input"
	"tcptrace/internal/look"
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

// job is what the options of the main command ask for.
type job struct {
	analysis analyzer.Options
	filter   *input.Filter
	key      report.Key
	where    *report.Where // nil: all conversations
	failOn   *report.FailOn
	format   report.Format
}

// job works out what the options ask for.
func (o *analyzeOptions) job(ctx context.Context, args []string, e env) (j job, err error) {
	if err = o.check(args); err != nil {
		return j, err
	}
	if j.analysis, j.filter, err = o.selectOptions.analysis(); err != nil {
		return j, err
	}
	j.analysis.Quick = o.quick
	j.analysis.Late = e.late(ctx, args)
	j.analysis.MaxFlows = flows.Or(o.maxFlows, o.flowCost(), flows.Most)
	if j.key, j.where, err = o.selection(&e); err != nil {
		return j, err
	}
	if j.where != nil {
		j.where.Until(ctx)
	}
	if j.failOn, err = report.ParseFailOn(o.failOn); err != nil {
		return j, usageError("--fail-on: %w", err)
	}
	j.format, _ = o.formats.Find(o.format)
	return j, checkBinary(o.format, j.format.Binary, o.output, e)
}

// runAnalyze is the main command: captures in, a report out.
func runAnalyze(ctx context.Context, args []string, o analyzeOptions, e env) error {
	j, err := o.job(ctx, args, e)
	if err != nil {
		return err
	}
	if o.flowCost() == flows.Read {
		defer debug.SetGCPercent(debug.SetGCPercent(recordsGCPercent))
	}
	out, err := o.open(j.format.People, o.output, args, e)
	if err != nil {
		return err
	}
	rep := o.newReport(out, args, j.key, j.where, j.failOn, e.late(ctx, args), e)
	src := progress.Wrap(input.Open(args, input.Options{Stdin: e.in, Context: ctx}), o.progress, e.errTTY, e.bar)
	sum, err := analyzer.Run(ctx, src, j.analysis, rep)
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
		return conclude(src.Stats(), j.filter, interrupted, e)
	case missing != nil && chosen && selected.Selection().Matched == 0 && len(src.Stats().Errors) == 0:
		out.Discard()
		return missing
	}
	if err := finish(out, rep.Finish(&sum)); err != nil {
		return err
	}
	o.noteOmissions(&j, &sum, rep, e)
	if err := conclude(src.Stats(), j.filter, interrupted, e); err != nil {
		return err
	}
	if missing != nil {
		return missing
	}
	if failure := j.failOn.Failure(); failure != "" {
		return &exitError{exitFailedCheck, fmt.Errorf("--fail-on %s: %s", strings.Join(o.failOn, ","), failure)}
	}
	return nil
}

// noteOmissions says on standard error what the report does not show.
func (o *analyzeOptions) noteOmissions(j *job, sum *analyzer.Summary, rep report.Report, e env) {
	if !j.format.Summary {
		noteSummary(sum, e)
	}
	if n := o.beyondMemory(sum, rep); n > 0 {
		e.say("note: %s are not shown: no more than %d are kept to be sorted, unless --limit says so", report.HumanCount(n)+" conversations", mostRows())
	}
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
func (o *analyzeOptions) selection(e *env) (key report.Key, where *report.Where, err error) {
	if key, err = report.ParseKey(o.sort); err != nil {
		return key, nil, usageError("--sort: %w", err)
	}
	if cond := o.condition(); cond != "" {
		if where, err = e.compileWhere(cond); err != nil {
			return key, nil, err
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
