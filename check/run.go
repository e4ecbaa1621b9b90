package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/check/expect"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// Options say how captures are checked.
type Options struct {
	analyzer.Options
	Workers int             // captures checked at once; 0: one for each processor
	Rules   *expect.RuleSet // of the command line; nil: none
	Project string          // the project file; empty: the nearest above a capture
	Mode    Mode
	Minimal bool        // write expectations that say how conversations went, and nothing else
	Most    int         // conversations that a capture may have; 0: MaxRecords
	Large   func()      // is called when a capture turns out to need much memory: garbage should not add to that; nil: nobody is
	Warn    func(error) // is told what is strange about captures, in order of their names; nil: nobody is
}

// Mode says what is done where a capture and its expectation differ.
type Mode uint8

// The modes.
const (
	Compare Mode = iota // tell
	Update              // write the expectation, unless it holds
	Init                // write it where there is none, and tell what is odd
)

// Run checks all captures at paths, in order of their names. If ctx is cancelled it returns its cause, beside the results that there are.
func Run(ctx context.Context, paths []string, o Options) (Results, error) {
	f := find(ctx, paths)
	defer f.trees.close()
	jobs := make([]job, len(f.targets))
	look := projects{fixed: o.Project, trees: f.trees}
	for i, t := range f.targets {
		jobs[i] = job{target: t, options: &o, project: look.of(t.capture)}
	}
	results := make(Results, len(jobs))
	// Whoever is alone has all processors to itself.
	share := o.processors()
	var perCapture int
	if len(jobs) > 0 {
		perCapture = share / len(jobs)
	}
	alone := make([]analyzer.Analyzer, share)
	finished := each(ctx, len(jobs), share, func(i, worker int) {
		jobs[i].workers, jobs[i].alone = perCapture, &alone[worker]
		results[i] = jobs[i].run(ctx)
		results[i].ProjectFile = jobs[i].project.file
	})
	for i := range jobs {
		jobs[i].warn()
	}
	if err := context.Cause(ctx); err != nil {
		var seen Results
		for _, i := range finished {
			seen = append(seen, results[i])
		}
		return sorted(seen), err
	}
	results = append(results, f.broken...)
	return sorted(append(results, look.broken...)), nil
}

func (o *Options) most() int { return cmp.Or(o.Most, MaxRecords) }

func (o *Options) processors() int { return processors(o.Workers) }

// processors is so many workers, or if that is 0, one for each processor.
func processors(workers int) int {
	if workers > 0 {
		return workers
	}
	return runtime.GOMAXPROCS(0)
}

// job is one capture to check.
type job struct {
	target
	options *Options
	project *project
	workers int // more than 1: it may start so many goroutines
	alone   *analyzer.Analyzer

	warnings []error
}

// warn tells what was strange about the capture.
func (j *job) warn() {
	for _, w := range j.warnings {
		if j.options.Warn != nil {
			j.options.Warn(w)
		}
	}
}

func (j *job) run(ctx context.Context) Result {
	r := Result{Capture: j.capture, Expectation: j.expectation}
	check := expect.Check{Flags: j.options.Rules, Project: j.project.rules(), Suppressions: j.project.suppressions(j.capture)}
	if j.idle(&check) {
		r.Status = Unchecked
		if j.named && j.options.Mode == Compare {
			r.Status, r.Problems = Malformed, []string{fmt.Sprintf(
				"%s: nothing is expected of it: there is no %s ('tcptrace check --init' writes a first one), and no --assert, --deny or --budget",
				j.capture, filepath.Base(ExpectationOf(j.capture)))}
		}
		return r
	}
	c, problems := j.analyze(ctx)
	r.Conversations, r.Outcomes = len(c.Conversations), outcomes(c)
	if problems != nil {
		r.Status, r.Problems = Unreadable, problems
		return r
	}
	text, broken := j.expect(&check, c)
	if broken != nil {
		return *broken
	}
	v := check.Run(c)
	if v.Problems != nil {
		return malformed(j.capture, j.expectation, v.Problems)
	}
	r.Failures, r.Suppressed, r.Status = v.Failures, v.Suppressed, Passed
	if len(v.Failures) > 0 {
		r.Status = Failed
	}
	if j.writes(&r) {
		r = j.write(r, c, text, &check)
	}
	r.explain(ctx, j, c)
	return r
}

// expect adds the expectation of c to check, and returns its text. broken is why it cannot be used.
func (j *job) expect(check *expect.Check, c *expect.Capture) (text []byte, broken *Result) {
	if j.expectation == "" {
		return nil, nil
	}
	text, err := readText(j.tree.open(j.expectation))
	if err != nil {
		return nil, &Result{Capture: j.capture, Expectation: j.expectation, Status: Malformed, Problems: []string{plain(j.expectation, err)}}
	}
	if expect.Unchanged(c, text) {
		check.Unchanged = true
		return text, nil
	}
	var problems []expect.Problem
	if check.Expectation, problems = expect.Parse(filepath.ToSlash(j.expectation), text); problems != nil {
		r := malformed(j.capture, j.expectation, problems)
		return nil, &r
	}
	return text, nil
}

// idle: there is nothing to compare the capture with, nor to write.
func (j *job) idle(check *expect.Check) bool {
	switch {
	case j.options.Mode == Init:
		return j.expectation != ""
	case j.options.Mode == Update:
		return false
	}
	return j.expectation == "" && !check.Flags.Some() && !check.Project.Some()
}

func (j *job) source(ctx context.Context) input.Source {
	o := input.Options{Context: ctx, Open: j.open}
	if info, err := os.Stat(j.capture); err == nil && info.Size() < maxSmall {
		o.ChunkSize = int(max(minChunk, info.Size()))
	}
	return input.Open([]string{j.capture}, o)
}

const (
	maxSmall = 256 << 10 // captures below are read at once
	minChunk = 4 << 10
)

// What a capture may have: the records of its conversations are in memory at once, of 3 kB each, and what is said of their anomalies, of
// about 2 kB each if all are denied.
const (
	MaxRecords   = 1 << 18
	maxAnomalies = 1 << 18
	manyRecords  = 1 << 15 // of which the garbage would be much
)

// errTooMany is that a capture has more than n conversations.
func errTooMany(n int) error {
	return fmt.Errorf("more than %d conversations: too many to check at once", n)
}

var (
	errTooManyWrong = fmt.Errorf("more than %d anomalies: too many to check at once", maxAnomalies)
)

// analyze reads the capture and analyzes it.
func (j *job) analyze(ctx context.Context) (*expect.Capture, []string) {
	records := &collector{large: j.options.Large, most: j.options.most()}
	sum, problems := j.read(ctx, records)
	if records.refused {
		return &expect.Capture{Summary: report.NewSummaryRecord(&sum, report.Selection{})}, problems
	}
	return &expect.Capture{Conversations: records.sorted(), Summary: report.NewSummaryRecord(&sum, report.Selection{})}, problems
}

// read analyzes the capture for sink.
func (j *job) read(ctx context.Context, sink analyzer.Sink) (sum analyzer.Summary, problems []string) {
	src := j.source(ctx)
	defer src.Close()
	sum, err := j.pass(ctx, src, sink)
	stats := src.Stats()
	for _, w := range stats.Warnings {
		j.warnings = append(j.warnings, w)
	}
	for _, e := range stats.Errors {
		problems = append(problems, e.Error())
	}
	if err != nil {
		problems = append(problems, j.capture+": "+err.Error())
	}
	return sum, problems
}

func (j *job) pass(ctx context.Context, src input.Source, sink analyzer.Sink) (analyzer.Summary, error) {
	o := j.options.Options
	if o.Workers = j.workers; o.Workers > 1 {
		return analyzer.Run(ctx, src, o, sink)
	}
	j.alone.Reset(o, sink)
	return j.alone.Run(ctx, src)
}

// collector keeps the records of all conversations.
type collector struct {
	judgment  analyzer.Judgment
	all       []*report.Record
	anomalies int  // of all of them
	most      int  // records
	refused   bool // there are too many, of whatever: none is kept
	large     func()
	chunk     []report.Record // room for more: one slice that grows would be copied again and again
}

// recordsAtOnce is how many records are allocated at a time, at most: 2 kB each.
const recordsAtOnce = 256

// Conversation implements analyzer.Sink.
func (s *collector) Conversation(c *analyzer.Conversation) error {
	if len(s.all) == s.most {
		return s.refuse(errTooMany(s.most))
	}
	s.judgment.Judge(c)
	if s.anomalies += len(s.judgment.Anomalies); s.anomalies > maxAnomalies {
		return s.refuse(errTooManyWrong)
	}
	if len(s.all) == manyRecords && s.large != nil {
		s.large()
	}
	if len(s.chunk) == 0 {
		s.chunk = make([]report.Record, min(len(s.all)+1, recordsAtOnce))
	}
	r := &s.chunk[0]
	s.chunk = s.chunk[1:]
	*r = report.NewRecord(c, &s.judgment)
	s.all = append(s.all, r)
	return nil
}

// refuse lets go of all records.
func (s *collector) refuse(err error) error {
	s.all, s.chunk, s.refused = nil, nil, true
	return err
}

// sorted is the records in order of their streams. The collector has none left.
func (s *collector) sorted() []report.Record {
	slices.SortFunc(s.all, func(a, b *report.Record) int { return cmp.Compare(a.Stream, b.Stream) })
	records := make([]report.Record, len(s.all))
	for i, r := range s.all {
		records[i], s.all[i] = *r, nil
		if third := max(manyRecords, len(records)/3); i%third == third-1 {
			debug.FreeOSMemory() // or all would be there twice
		}
	}
	s.all, s.chunk = nil, nil
	return records
}

// outcomes sums a capture up.
func outcomes(c *expect.Capture) string {
	var words []string
	for o := range analyzer.NumOutcomes {
		if n := c.Summary.Outcomes[o.String()]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(words, ", ")
}

// Load is the records of a capture. If it could be read only in part, there is an error beside them.
func Load(ctx context.Context, path string, o Options) (*expect.Capture, error) {
	c, problems := loading(path, &o, o.processors()).analyze(ctx)
	return c, inOne(problems)
}

// loading is the reading of a capture by so many goroutines.
func loading(path string, o *Options, workers int) *job {
	return &job{target: target{capture: path, anything: true}, options: o, workers: workers, alone: &analyzer.Analyzer{}}
}

func inOne(problems []string) error {
	if problems == nil {
		return nil
	}
	return errors.New(strings.Join(problems, "; "))
}
