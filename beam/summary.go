package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/internal/findings"
)

// summaryFn writes what is said of all captures: summary.json, findings.json, files.ndjson and unreadable.ndjson.
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
func (f *summaryFn) ProcessElement(ctx context.Context, _ []byte, outlines func(*outlined) bool, tallies func(*tally) bool, troubles func(*trouble) bool) error {
	captures, err := linesOf(outlines)
	if err != nil {
		return err
	}
	byName := map[string]capture{}
	for i := range captures {
		byName[captures[i].File.Name] = captures[i].Capture
		captures[i].File = captures[i].File.Slim()
	}
	layout, err := layoutOf(captures)
	if err != nil {
		return err
	}
	sum := summary{Outcomes: map[string]int64{}}
	var lines []any
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
	var t tally
	var all findings.Totals
	for tallies(&t) {
		totals, err := unpackTotals(t.Found)
		if err != nil {
			return err
		}
		all.Merge(&totals)
		sum.Conversations += t.Conversations
		sum.CrossingConversations += t.Crossing
		sum.CrossingBytes += t.Bytes
		for o, n := range t.Outcomes {
			if n > 0 {
				sum.Outcomes[analyzer.Outcome(o).String()] += n
			}
		}
		t = tally{}
	}
	var dead []trouble
	var x trouble
	for troubles(&x) {
		dead = append(dead, x)
		x = trouble{}
	}
	slices.SortFunc(dead, func(a, b trouble) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Reason, b.Reason))
	})
	dead = slices.Compact(dead)
	sum.FilesWithErrors = len(dead)
	if err := f.write(ctx, "files.ndjson", lines); err != nil {
		return err
	}
	lines = nil
	for _, x := range dead {
		lines = append(lines, x)
	}
	if err := f.write(ctx, "unreadable.ndjson", lines); err != nil {
		return err
	}
	whole := analyzer.Summary{Packets: sum.Packets, Start: analyzer.Time(sum.Start.UnixNano()), End: analyzer.Time(sum.End.UnixNano())}
	if err := f.write(ctx, "findings.json", []any{all.Report(&whole, findings.Options{})}); err != nil {
		return err
	}
	if err := f.write(ctx, "summary.json", []any{sum}); err != nil {
		return err
	}
	f.Job.unstage(ctx)
	return nil
}

// write writes a file of JSON documents.
func (f *summaryFn) write(ctx context.Context, name string, lines []any) error {
	file, err := create(ctx, join(f.Job.Output, name))
	if err != nil {
		return err
	}
	enc := json.NewEncoder(file)
	enc.SetEscapeHTML(false)
	for _, line := range lines {
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return file.commit(ctx)
}
