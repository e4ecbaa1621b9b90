package main

import (
	"strings"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// checkFormat finds what is wrong with --format and --by.
func (o *watchOptions) checkFormat() error {
	if o.by == "" {
		_, err := choose("format", o.format, watchFormats)
		return err
	}
	if _, ok := report.SumFormats.Find(o.sumFormat()); !ok {
		return usageError("--by writes sums, not events: --format is %s, not %q", strings.Join(report.SumFormats.Names(), ", "), o.format)
	}
	if o.output == "" && o.write.Path == "-" {
		return usageError("-w - and the sums of --by cannot both go to standard output: write the sums with -o FILE")
	}
	_, err := report.NewSums(o.by, report.MostGroups)
	if err != nil {
		return usageError("--by: %w", err)
	}
	return nil
}

// sumFormat is the format of the sums of --by.
func (o *watchOptions) sumFormat() string {
	if o.format == "auto" {
		return "table"
	}
	return o.format
}

// openSums opens the output of --by.
func (s *session) openSums() error {
	sums, err := report.NewSums(s.by, report.MostGroups)
	if err == nil && s.Kernel == nil {
		err = sums.Captured()
	}
	if err != nil {
		return usageError("--by: %w", err)
	}
	sums.In(s.times.Zone())
	format := s.sumFormat()
	if s.out, err = openReport(format == "table", s.output, nil, s.e); err != nil {
		return err
	}
	write, _ := report.SumFormats.Find(format)
	opts := report.SumOptions{Services: s.names.Services(s.e.services), Times: s.times, Color: s.color.On(s.e.outTTY && s.output == "")}
	if format == "table" {
		opts.Limit = defaultTableLimit
	}
	if s.output == "" {
		opts.Width = s.e.width
	}
	s.AtEnd = true
	s.Events = report.NewSumEvents(sums, func(sum *analyzer.Summary) error {
		selection := report.Selection{Active: s.where != "", Matched: sums.Conversations(), Total: sum.Conversations}
		opts.Summary = report.NewSummaryRecord(sum, selection)
		return write(s.out, sums, opts)
	})
	return nil
}
