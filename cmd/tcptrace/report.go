package main

import (
	"context"

	"github.com/spf13/cobra"

	"tcptrace/internal/build"
	"tcptrace/internal/input"
	"tcptrace/internal/look"
	"tcptrace/internal/page"
	"tcptrace/report"
)

type reportOptions struct {
	selectOptions
	output  string
	title   string
	details int
	time    string
}

func newReportCommand(e env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report FILE... -o OUT.html",
		Short: "Write an HTML page that shows a capture in a browser",
		Long: `report writes one HTML page: what is wrong, a timeline, a table of the conversations, and for those that matter most their
states, ladders, sequence numbers, windows, round trips and throughput on one time axis. The page is self-contained: it
opens from disk, loads nothing over any network, and can be attached to an incident.

Conversations with errors or warnings are shown in detail, then the largest. --where and --stream choose which
conversations the page is about. The input is read twice, so it cannot be a pipe.`,
		Example: `  tcptrace report capture.pcapng -o capture.html
  tcptrace report ring_*.pcap.gz --where 'server.port == 443' -o https.html
  tcptrace report capture.pcapng --stream 3 -o stream3.html`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runReport(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.addSelection(cmd)
	f.IntVar(&o.details, "max-details", page.MostDetails, "show at most `n` conversations segment by segment, 0 for none")
	look.Times(cmd, &o.time, "the first packet")
	f.StringVar(&o.title, "title", "", "`title` of the page (default: the names of the files)")
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	o.addTracking(cmd, e)
	return cmd
}

func (o *reportOptions) check(args []string, e env) error {
	if o.details < 0 {
		return usageError("--max-details must not be negative")
	}
	if e.outTTY && (o.output == "" || o.output == "-") {
		return usageError("-o is missing: a page is not for a terminal")
	}
	return checkOutput("-o", o.output, args)
}

func runReport(ctx context.Context, args []string, o reportOptions, e env) error {
	if err := o.check(args, e); err != nil {
		return err
	}
	all := analyzeOptions{selectOptions: o.selectOptions}
	if len(o.streams) > 0 && o.where == "" {
		o.where = "true" // every conversation is read in the first pass, for what the page says of the capture
	}
	times, err := choose("time", o.time, report.TimesNames)
	if err != nil {
		return err
	}
	pg := page.New(page.Options{Title: o.title, Times: times, Files: args, Words: all.words(args), Program: build.Name(release), Details: o.details, Command: all.showing(all.words(args), args), Limits: all.limits(all.words(args))})
	p, err := o.passes(ctx, "tcptrace report", args, pg, e)
	if err != nil {
		return err
	}
	open := p.Open
	p.Open = func(ctx context.Context) input.Source { return pg.Source(open(ctx)) }
	p.Reads = true
	if err := p.find(ctx); err != nil {
		return err
	}
	out, err := openOutput("-o", o.output, args, e)
	if err != nil {
		return err
	}
	if err = p.Show(ctx); err != nil && interrupted(ctx, err) == err {
		return finish(out, err)
	}
	if failed := finish(out, pg.Write(out, &p.Summary, p.Where != nil)); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}
