package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/internal/dimension"
	"tcptrace/internal/input"
	"tcptrace/internal/look"
	"tcptrace/internal/progress"
	"tcptrace/internal/twopass"
	"tcptrace/report"
)

type summaryOptions struct {
	selectOptions
	by        string
	sort      string
	format    string
	limit     int
	maxGroups int
	output    string
	color     look.Color
	time      string
	times     report.Times // what time says
}

func newSummaryCommand(e env) *cobra.Command {
	var o summaryOptions
	cmd := &cobra.Command{
		Use:   "summary FILE... --by KEYS",
		Short: "Group conversations by server, network, outcome, minute ... and add them up",
		Long: `summary groups conversations by what they have in common, and adds each group up: how many there are, how many failed,
bytes each way, losses, retransmissions and their causes, round trips, how long servers take to answer, what caused the
RSTs, how long windows were closed, and the worst anomaly.

KEYS are one to three of these, with commas between them:

` + dimension.Help() + `
A conversation that has two values of a key, such as two hosts, is in two groups. A conversation failed if it was
refused or never answered, if an RST or a peer that fell silent cut it, or if it ended with bytes on the way.

Round trips and the times that servers take to answer are percentiles over conversations (the 50th, 90th and 99th), within
1 %. "To server and back" is measured from where the capture was made.

With --time local, days and other stretches of time are those of the local zone (TZ): a day begins at its midnight. Only tables show
its times; other formats have them in UTC.

--sort takes a key or a column of --format csv; -column puts the greatest first.`,
		Example: `  tcptrace summary capture.pcapng --by server
  tcptrace summary capture.pcapng --by service,outcome --where 'client.ip startsWith "10.1."'
  tcptrace summary ring_*.pcap.gz --by minute,anomaly --sort minute --format csv -o anomalies.csv
  tcptrace summary capture.pcapng --by client-network/16,server --sort -loss_ratio --limit 10`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("limit") && o.format == "table" {
				o.limit = defaultTableLimit
			}
			return runSummary(cmd.Context(), args, o, e)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.by, "by", "server", "group by these `keys`: one to three, with commas between them")
	choiceFlag(cmd, &o.format, "format", report.SumFormats, "")
	o.addSelection(cmd)
	f.StringVar(&o.sort, "sort", "", "sort by this `column`, the least first; -column reverses (default: the most conversations first)")
	f.IntVar(&o.limit, "limit", 0, "show at most `n` groups, 0 for all (default: 50 in a table, all in other formats)")
	f.IntVar(&o.maxGroups, "max-groups", report.MostGroups, "keep at most `n` groups, about 1 kB each; those that do not fit are added up as \"others\"")
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	look.Times(cmd, &o.time, "the row above")
	o.color.AddTo(f)
	o.addTracking(cmd, e)
	complete.Flag(cmd, "by", dimension.Names()...)
	complete.Flag(cmd, "sort", append(dimension.Names(), report.SumColumnNames()...)...)
	return cmd
}

// check finds what is wrong with the options, and makes of them what is to be done.
func (o *summaryOptions) check(args []string) (sums *report.Sums, key report.SumKey, err error) {
	if err = o.selectOptions.check("tcptrace summary", args); err != nil {
		return nil, key, err
	}
	switch {
	case o.limit < 0:
		return nil, key, usageError("--limit must not be negative")
	case o.maxGroups <= 0:
		return nil, key, usageError("--max-groups must be positive, not %d", o.maxGroups)
	}
	if _, err = choose("format", o.format, report.SumFormats); err != nil {
		return nil, key, err
	}
	if o.times, err = choose("time", o.time, report.TimesNames); err != nil {
		return nil, key, err
	}
	if sums, err = report.NewSums(o.by, o.maxGroups); err == nil {
		err = sums.Captured()
	}
	if err != nil {
		return nil, key, usageError("--by: %w", err)
	}
	sums.In(o.times.Zone())
	if o.sort != "" {
		if key, err = sums.Key(o.sort); err != nil {
			return nil, key, usageError("--sort: %w", err)
		}
	}
	return sums, key, checkOutput("-o", o.output, args)
}

func runSummary(ctx context.Context, args []string, o summaryOptions, e env) error {
	sums, key, err := o.check(args)
	if err != nil {
		return err
	}
	opts, filter, err := o.analysis()
	if err != nil {
		return err
	}
	a := twopass.Into{Next: sums.Conversation}
	opts.Late = e.late(ctx, args)
	if a.Selected, err = o.selected(ctx, &e); err != nil {
		return err
	}
	src := progress.Wrap(input.Open(args, input.Options{Stdin: e.in, Context: ctx}), o.progress, e.errTTY, e.bar)
	sum, err := analyzer.Run(ctx, src, opts, &a)
	src.Close()
	interrupted := ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
	if err != nil && !interrupted {
		return err
	}
	if missing := a.Missing(&sum); missing != nil && len(src.Stats().Errors) == 0 {
		return missing
	}
	if sum.Packets > 0 || len(src.Stats().Errors) == 0 {
		selection := report.Selection{Active: o.where != "" || len(o.streams) > 0, Matched: sums.Conversations(), Total: a.Seen}
		if err := o.write(args, sums, report.SumOptions{Sort: key, Limit: o.limit, Summary: report.NewSummaryRecord(&sum, selection)}, e); err != nil {
			return err
		}
	}
	noteSummary(&sum, e)
	if n := sums.Overflow(); n > 0 {
		e.say("note: %s did not fit into %s: they are added up as others, --max-groups allows more", report.Counted(n, "conversation"), report.Counted(uint64(o.maxGroups), "group"))
	}
	return conclude(src.Stats(), filter, interrupted, e)
}

// write opens the output and writes the sums.
func (o *summaryOptions) write(args []string, sums *report.Sums, opts report.SumOptions, e env) error {
	out, err := openReport(o.format == "table", o.output, args, e)
	if err != nil {
		return err
	}
	opts.Services, opts.Times = o.names.Services(e.services), o.times
	opts.Color = o.color.On(e.outTTY && o.output == "")
	if o.output == "" {
		opts.Width = e.width
	}
	write, _ := report.SumFormats.Find(o.format)
	return finish(out, write(out, sums, opts))
}
