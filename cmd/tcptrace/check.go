package main

import (
	"context"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/check"
	"tcptrace/check/expect"
	"tcptrace/internal/complete"
	"tcptrace/internal/flows"
)

type checkOptions struct {
	asserts  []string
	denials  []string
	budgets  []string
	project  string
	update   bool
	init     bool
	minimal  bool
	verbose  bool
	format   string
	junit    string
	sarif    string
	msl      time.Duration
	maxFlows int
	workers  int
}

func newCheckCommand(e env) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "Check captures against expectations, as a test would",
		Long: `check compares captures with the expectations beside them: X.expect.yaml says what X.pcap must look like.

PATH is a capture, an expectation, a directory (everything below it), a pattern, or the URL of a capture, whose expectation
is in the current directory. An expectation names fields of the conversation record (those of --format ndjson). What it
names must hold; what it does not name may have any value:

  conversations:
    - stream: 0                                  # or client and server: {ip: ..., port: ...}
      outcome: closed
      client: [SYN_SENT, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT]
      duration_s: <0.5                           # also ">=3", 10..20, 0.02 +- 10%
      anomalies: []                              # exactly these; or anomalies_include, _exclude
  complete: true                                 # there are no other conversations
  assert: ['all(conversations, .packets < 100)']
  deny: [error]                                  # except for expected ones
  budget: {syn-retransmit: 1}

assert, deny, budget and complete may also be set in .tcptrace.yaml for all captures below it, with suppressions:

  suppress:
    - {anomaly: capture-duplicates, captures: 'span/*.pcap', reason: the tap is a SPAN port}

Exit status: 0 everything is as expected; 1 something is not; 2 an expectation cannot be used, or wrong usage;
3 a capture could not be read. A problem with one capture does not keep the others from being checked.`,
		Example: `  tcptrace check testdata
  tcptrace check --init --minimal testdata
  tcptrace check capture.pcapng --deny error --budget syn-retransmit=2
  tcptrace check capture.pcapng --assert 'all(conversations, .outcome == "closed")'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runCheck(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.asserts, "assert", nil, "an `expression` over the records of a capture that must hold (may be repeated)")
	f.StringSliceVar(&o.denials, "deny", nil, "fail on anomalies of this `severity or id` that are not expected (may be repeated)")
	f.StringSliceVar(&o.budgets, "budget", nil, "`ID=N`: a capture may have at most N anomalies of this kind (may be repeated)")
	f.StringVar(&o.project, "config", "", "use this `file` instead of the nearest "+expect.ProjectFile+" above each capture")
	f.BoolVar(&o.update, "update", false, "write expectations that are missing, and rewrite those that fail")
	f.BoolVar(&o.init, "init", false, "write expectations that are missing, and report what looks odd in their captures")
	f.BoolVar(&o.minimal, "minimal", false, "with --init or --update: write outcome, states and anomalies only, as a person would")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "also list what passed, was not checked or was suppressed")
	f.StringVar(&o.format, "format", "text", strings.Join(checkFormats, ", ")+" (GitHub Actions annotations)")
	f.StringVar(&o.junit, "junit", "", "also write a JUnit report to this `file`")
	f.StringVar(&o.sarif, "sarif", "", "also write a SARIF log to this `file`")
	f.DurationVar(&o.msl, "msl", 30*time.Second, "maximum segment lifetime; TIME_WAIT lasts twice as long")
	flows.Flag(f, &o.maxFlows, "")
	f.IntVar(&o.workers, "workers", 0, "captures checked at once, 0 for one per processor; does not change the output")
	complete.Flag(cmd, "format", checkFormats...)
	complete.Flag(cmd, "deny", complete.SeveritiesOrIDs()...)
	return cmd
}

// rules are those of the command line.
func (o *checkOptions) rules() (*expect.RuleSet, error) {
	rules := &expect.RuleSet{}
	for _, r := range [...]struct {
		flag string
		add  func(expect.Origin, string) error
		list []string
	}{
		{"--assert", rules.AddAssert, o.asserts},
		{"--deny", rules.AddDeny, o.denials},
		{"--budget", rules.AddBudget, o.budgets},
	} {
		for _, text := range r.list {
			if err := r.add(expect.Origin{File: r.flag}, text); err != nil {
				return nil, &exitError{exitUsage, err}
			}
		}
	}
	return rules, nil
}

// checkFormats are what check's --format takes.
var checkFormats = []string{"text", "json", "github"}

// write writes the results in all ways that were asked for.
func (o *checkOptions) write(results check.Results, args []string, e env) error {
	e.reads(args)
	e.reads([]string{o.project})
	for i := range results {
		e.reads([]string{results[i].Capture, results[i].Expectation, results[i].ProjectFile})
	}
	if err := e.usesStdout(); err != nil {
		return err
	}
	var files [2]sink
	for i, f := range o.files() {
		if f.path == "" {
			continue
		}
		var err error
		if files[i], err = openOutput(f.flag, f.path, nil, e); err != nil {
			return err
		}
	}
	err := o.writeOut(results, e)
	for i, f := range o.files() {
		if err == nil && files[i] != nil {
			err = finish(files[i], f.write(files[i], results))
		}
	}
	return err
}

// checkFile is one of the files that check writes beside its report.
type checkFile struct {
	flag, path string
	write      func(io.Writer, check.Results) error
}

func (o *checkOptions) files() [2]checkFile {
	return [2]checkFile{{"--junit", o.junit, check.WriteJUnit}, {"--sarif", o.sarif, check.WriteSARIF}}
}

func (o *checkOptions) writeOut(results check.Results, e env) error {
	switch o.format {
	case "json":
		return check.WriteJSON(e.raw, results)
	case "github":
		return check.WriteGitHub(e.raw, results) // its commands are meant
	}
	return check.WriteText(e.out, results, o.verbose)
}

// checkGCPercent: what check holds is small and short-lived, so that collections are what costs.
const checkGCPercent = 400

// largeGCPercent is for captures with very many conversations, whose records are most of the memory.
const largeGCPercent = 30

// atOnce is how many captures may be in memory at once. With fewer workers it is no fewer, since they do not change the output.
func atOnce(workers int) flows.Cost { return flows.Cost(max(workers, runtime.GOMAXPROCS(0))) }

func runCheck(ctx context.Context, args []string, o checkOptions, e env) error {
	switch {
	case len(args) == 0:
		return usageError("nothing to check: tcptrace check PATH...")
	case o.update && o.init:
		return usageError("--update and --init exclude each other: --update also writes what is missing")
	case o.minimal && !o.update && !o.init:
		return usageError("--minimal takes --init or --update: it says what they write")
	case !slices.Contains(checkFormats, o.format):
		return usageError("--format is %s, not %q", strings.Join(checkFormats, ", "), o.format)
	case o.workers < 0:
		return usageError("--workers must not be negative")
	}
	if err := checkTracking(o.msl, o.maxFlows); err != nil {
		return err
	}
	rules, err := o.rules()
	if err != nil {
		return err
	}
	for _, f := range o.files() {
		if err := checkOutput(f.flag, f.path, append([]string{o.project}, args...)); err != nil {
			return err
		}
	}
	opts := check.Options{
		Options: analyzer.Options{MaxFlows: flows.Or(o.maxFlows, flows.Read*atOnce(o.workers), flows.Most), MSL: o.msl},
		Workers: o.workers, Rules: rules, Project: o.project, Warn: e.warn, Minimal: o.minimal,
	}
	switch {
	case o.update:
		opts.Mode = check.Update
	case o.init:
		opts.Mode = check.Init
	}
	defer debug.SetGCPercent(debug.SetGCPercent(checkGCPercent))
	opts.Most = flows.Kept(check.MaxRecords)
	opts.Large = sync.OnceFunc(func() { debug.SetGCPercent(largeGCPercent) })
	results, err := check.Run(ctx, args, opts)
	stopped := err
	if err := o.write(results, args, e); err != nil {
		return err
	}
	if stopped != nil {
		return interrupted(ctx, stopped)
	}
	if code := results.ExitCode(); code != exitDone {
		return &exitError{code: code}
	}
	if opts.Mode == check.Compare && results.Count(check.Passed) == 0 {
		return usageError("nothing was checked: there is no %s beside any capture in %s; 'tcptrace check --init' writes first ones",
			"*"+check.ExpectationExt, strings.Join(args, " "))
	}
	return nil
}
