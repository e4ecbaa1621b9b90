package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/report"
)

// summaryFn writes what is said of all captures: files.ndjson, unreadable.ndjson, findings.json, sums.ndjson, sums.csv and sums.json, and summary.json last.
type summaryFn struct{ Job job }

// summary is summary.json.
type summary struct {
	Files, FilesWithErrors int
	Packets                uint64
	Start, End             time.Time
	apart.Counts
	Conversations         int64
	Outcomes              map[string]int64
	CrossingConversations int64
	CrossingBytes         int64 // that were shuffled for these
	CrossingBytesAtHome   int64 // that waited where these are completed
}

// fileLine is a line of files.ndjson.
type fileLine struct {
	Stream     int64 `json:"stream"` // as in the records
	File       string
	With       []string `json:",omitempty"`
	Packets    uint64
	FirstFrame uint64    // so many frames of all captures come before it
	Start, End time.Time `json:",omitzero"`
}

// ProcessElement is for Beam.
func (f *summaryFn) ProcessElement(ctx context.Context, _ int, outlines func(*outlined) bool, tallies func(*tally) bool, merged func(*part) bool,
	troubles func(*trouble) bool) error {
	captures, err := linesOf(outlines)
	if err != nil {
		return err
	}
	sum := summary{Outcomes: map[string]int64{}}
	files, err := sum.captures(captures)
	if err != nil {
		return err
	}
	sum.tallies(tallies)
	total, err := f.Job.merged(merged)
	if err != nil {
		return err
	}
	dead := inOrder(troubles)
	sum.FilesWithErrors = len(dead)
	whole := sum.whole()
	found := total.found.Report(whole, f.Job.findings())
	for name, lines := range map[string][]any{"files.ndjson": files, "unreadable.ndjson": dead, "findings.json": {found}} {
		if err := f.write(ctx, name, lines); err != nil {
			return err
		}
	}
	if err := f.writeSums(ctx, total.sums, whole); err != nil {
		return err
	}
	if err := f.write(ctx, "summary.json", []any{sum}); err != nil { // which says that all others are there
		return err
	}
	f.Job.unstage(ctx)
	return nil
}

// captures sums captures up, and returns the lines of files.ndjson.
func (sum *summary) captures(captures []line) (lines []any, err error) {
	byName := map[string]capture{}
	for i := range captures {
		byName[captures[i].File.Name] = captures[i].Capture
		captures[i].File = captures[i].File.Slim()
	}
	layout, err := layoutOf(captures)
	if err != nil {
		return nil, err
	}
	for i, file := range layout.Files() {
		c := byName[file.Name]
		line := fileLine{Stream: c.Number, File: c.Name, With: c.With, Packets: file.Packets, FirstFrame: layout.FirstFrame(i)}
		if file.Packets > 0 {
			line.Start, line.End = time.Unix(0, file.Start).UTC(), time.Unix(0, file.End).UTC()
			if sum.Packets == 0 {
				sum.Start = line.Start
			}
			sum.End = line.End
		}
		sum.Files += 1 + len(c.With)
		sum.Packets += file.Packets
		sum.Counts.Add(&file.Counts)
		lines = append(lines, line)
	}
	return lines, nil
}

// tallies sums up what was written.
func (sum *summary) tallies(tallies func(*tally) bool) {
	for t := (tally{}); tallies(&t); t = (tally{}) {
		sum.Conversations += t.Conversations
		sum.CrossingConversations += t.Crossing
		sum.CrossingBytes += t.Bytes
		sum.CrossingBytesAtHome += t.BytesAtHome
		for o, n := range t.Outcomes {
			if n > 0 {
				sum.Outcomes[analyzer.Outcome(o).String()] += n
			}
		}
	}
}

// whole is the summary of all captures as one.
func (sum *summary) whole() *analyzer.Summary {
	whole := &analyzer.Summary{
		Packets: sum.Packets, Bytes: sum.Bytes, TCP: sum.TCP, Filtered: sum.Filtered, FirstFragments: sum.FirstFragments, CutOptions: sum.CutOptions,
		BadOptions: sum.BadOptions, Tunneled: sum.Tunneled, ICMPErrors: sum.ICMPErrors, Conversations: uint64(sum.Conversations), Evicted: sum.Evicted,
		ReleasedEarly: sum.ReleasedEarly, Drops: sum.Drops, DropsKnown: sum.DropsKnown, OtherFrames: sum.OtherFrames,
	}
	for reason, n := range sum.NotAnalyzed {
		whole.AddNotAnalyzed(reason, n)
	}
	for bound, n := range sum.Bounds {
		whole.AddBound(bound, n)
	}
	for o := range whole.Outcomes {
		whole.Outcomes[o] = uint64(sum.Outcomes[analyzer.Outcome(o).String()])
	}
	if sum.Packets > 0 {
		whole.Start, whole.End = analyzer.Time(sum.Start.UnixNano()), analyzer.Time(sum.End.UnixNano())
	}
	return whole
}

// writeSums writes sums as 'tcptrace summary --by' does, if they are asked for.
func (f *summaryFn) writeSums(ctx context.Context, sums *report.Sums, whole *analyzer.Summary) error {
	if sums == nil {
		return nil
	}
	options := report.SumOptions{Summary: report.NewSummaryRecord(whole, report.Selection{})}
	for _, format := range []string{"ndjson", "csv", "json"} {
		write, ok := report.SumFormats.Find(format)
		if !ok {
			return fmt.Errorf("there are no sums in %s", format)
		}
		err := writeFile(ctx, join(f.Job.Output, "sums."+format), func(w io.Writer) error { return write(w, sums, options) })
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder is all troubles, each once.
func inOrder(troubles func(*trouble) bool) (lines []any) {
	var dead []trouble
	for x := (trouble{}); troubles(&x); x = (trouble{}) {
		dead = append(dead, x)
	}
	slices.SortFunc(dead, func(a, b trouble) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Reason, b.Reason))
	})
	for _, x := range slices.Compact(dead) {
		lines = append(lines, x)
	}
	return lines
}

// write writes a file of JSON documents.
func (f *summaryFn) write(ctx context.Context, name string, lines []any) error {
	return writeFile(ctx, join(f.Job.Output, name), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, line := range lines {
			if err := enc.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
}
