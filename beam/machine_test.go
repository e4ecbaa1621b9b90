package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/internal/findings"
	"tcptrace/report"
)

// machine is what one machine says of all files: its records and findings, with the numbers of the files and the frames in them, and its sums.
type machine struct {
	records []string
	found   *findings.Report
	sums    map[string]string // by the name of the file
}

// by is what it sums up by.
const by = "server,outcome,minute"

// cutAt writes frames to captures in dir, cut at these places, and returns what one machine says of them.
func cutAt(t *testing.T, dir string, frames []frame, at []int) (want machine) {
	t.Helper()
	from := 0
	for i, to := range append(slices.Clone(at), len(frames)) {
		suffix := ".pcap"
		if i%2 == 1 {
			suffix = ".pcap.gz"
		}
		write(t, filepath.Join(dir, fmt.Sprintf("ring-%03d%s", i, suffix)), frames[from:to])
		from = to
	}
	paths, err := filepath.Glob(filepath.Join(dir, "ring-*"))
	if err != nil {
		t.Fatal(err)
	}
	file := capturefile.Open(paths...)
	defer file.Close()
	encode := report.NewNDJSON(nil).NewEncoder()
	var j analyzer.Judgment
	all := findings.New()
	sums, err := report.NewSums(by, report.MostGroups)
	if err != nil {
		t.Fatal(err)
	}
	type place struct{ file, before uint64 }
	places := map[uint64]place{}
	sum, err := analyzer.Run(t.Context(), file, analyzer.Options{NoNames: true}, sink(func(c *analyzer.Conversation) error {
		i, _ := slices.BinarySearch(at, int(c.FirstFrame))
		x := place{file: uint64(i)}
		if i > 0 {
			x.before = uint64(at[i-1])
		}
		places[c.Stream] = x
		j.Judge(c)
		all.Conversation(c, &j)
		if err := sums.Conversation(c); err != nil {
			return err
		}
		c.Stream, c.FirstFrame, c.LastFrame = x.file, c.FirstFrame-x.before, c.LastFrame-x.before
		want.records = append(want.records, strings.TrimSuffix(string(encode(nil, c)), "\n"))
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want.records)
	want.found = all.Report(&sum, findings.Options{})
	for i := range want.found.Findings {
		if f := &want.found.Findings[i]; f.Stream != nil {
			x := places[*f.Stream]
			f.Text = strings.Replace(f.Text, fmt.Sprintf("stream %d)", *f.Stream), fmt.Sprintf("stream %d)", x.file), 1)
			f.Stream = &x.file
			if f.Evidence != nil {
				f.Evidence.Stream, f.Evidence.Frame = x.file, f.Evidence.Frame-x.before
			}
		}
	}
	want.sums = map[string]string{}
	options := report.SumOptions{Summary: report.NewSummaryRecord(&sum, report.Selection{})}
	for _, format := range []string{"csv", "ndjson", "json"} {
		var b strings.Builder
		writeSums, _ := report.SumFormats.Find(format)
		if err := writeSums(&b, sums, options); err != nil {
			t.Fatal(err)
		}
		want.sums["sums."+format] = b.String()
	}
	return want
}
