package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
	"tcptrace/internal/dimension"
	"tcptrace/internal/flows"
	"tcptrace/internal/live"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/live/observe"
	"tcptrace/internal/look"
	"tcptrace/internal/manual"
	"tcptrace/internal/names"
	"tcptrace/report"
)

// watchOptions are the flags of the commands that analyze while packets come: live and replay.
type watchOptions struct {
	filter    string
	format    string
	where     string
	by        string
	output    string
	color     look.Color
	time      string
	times     report.Times
	write     dump.Options
	rotate    dump.Size
	keepOn    []string
	duration  time.Duration
	packets   uint64
	until     string
	interval  time.Duration
	stats     bool
	metrics   string
	services  []string
	processes []string
	web       string
	msl       time.Duration
	maxFlows  int
	workers   int
	idle      time.Duration
	names     names.Choice
}

// watchFormats are the ways to show what goes on: what each of them opens.
var watchFormats = report.Choices[func(*session) error]{
	{Name: "auto", Help: "view on a terminal and ndjson otherwise", Is: (*session).openAuto},
	{Name: "view", Help: "a view to look around in", Is: (*session).openView},
	{Name: "ndjson", Help: "a JSON record for each event", Is: (*session).openEvents},
	{Name: "parquet", Help: "the same events as a table of Apache Parquet, which is whole at the end", Is: (*session).openParquet},
}

// watchGroups divide the flags of addWatching.
var watchGroups = []manual.Group{
	{"Output", "format"}, {"Packets to files", "write"}, {"When to stop", "duration"}, {"Events, metrics and a page", "interval"},
	{"Tracking", "msl"},
}

const filterHelp = `--where is an expression over the conversation record, as in 'tcptrace FILE'. The view lets you change it; for
events, it selects those of conversations for which it is true at that moment, and those that retract or end these.
With --by, it is about conversations as they are at their end.`

func (o *watchOptions) addFilter(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.filter, "filter", "f", "", "only packets that match this capture `filter` (in tcpdump's language)")
}

func (o *watchOptions) addWatching(cmd *cobra.Command, e env) {
	f := cmd.Flags()
	choiceFlag(cmd, &o.format, "format", watchFormats, "; auto is view on a terminal and ndjson otherwise")
	f.StringVar(&o.where, "where", "", "only conversations for which this `expression` is true")
	f.StringVar(&o.by, "by", "", "write no events but, at the end, a table of the conversations added up by these `keys`, as 'tcptrace summary --by' does (also in its formats csv, json and ndjson)")
	f.StringVarP(&o.output, "output", "o", "", "write the events to this `file` instead of standard output")
	o.color.AddTo(f)
	look.Times(cmd, &o.time, "the line above, or the first packet")
	f.StringVarP(&o.write.Path, "write", "w", "", "write the packets to this `file`: pcapng, unless its name ends in .pcap")
	f.Var(&o.rotate, "rotate-size", "start a new file after this `size`")
	f.DurationVar(&o.write.RotateEvery, "rotate-every", 0, "start a new file after this time")
	f.Uint64Var(&o.write.RotateCount, "rotate-count", 0, "start a new file after `n` packets")
	f.IntVar(&o.write.MaxFiles, "max-files", 0, "keep only the newest `n` files")
	f.StringVar(&o.write.Compress, "compress", "", "compress completed files: "+strings.Join(dump.Compressions, " or "))
	f.StringSliceVar(&o.keepOn, "keep-on", nil, "write only packets of conversations with an anomaly of this `severity or id` (may be repeated), or of those selected in the view by w (selected)")
	f.DurationVar(&o.duration, "duration", 0, "stop after this time")
	f.Uint64Var(&o.packets, "packets", 0, "stop after `n` packets")
	f.StringVar(&o.until, "until", "", "stop when this `expression` is true for a conversation")
	f.DurationVar(&o.interval, "interval", 0, "report each open conversation that was active, at this interval")
	f.BoolVar(&o.stats, "stats", false, "write an event with overall statistics every second")
	f.StringVar(&o.metrics, "metrics", "", "serve Prometheus metrics at this `address`, such as :9310 (on loopback) or 0.0.0.0:9310")
	f.StringSliceVar(&o.services, "metrics-service", nil, "with --metrics, count connections to this server `port or name` separately: 443, www.example.org, *.example.org (may be repeated)")
	f.StringSliceVar(&o.processes, "metrics-process", nil, "with --metrics, count connections of processes with this `name` separately (may be repeated)")
	f.StringVar(&o.web, "web", "", "serve a page that shows the analysis at this `address`, such as :8080 (on loopback) or 0.0.0.0:8080")
	f.DurationVar(&o.msl, "msl", 30*time.Second, "maximum segment lifetime; TIME_WAIT lasts twice as long")
	flows.Flag(f, &o.maxFlows, "; beyond that, those not established are dropped first, then the one idle longest")
	f.IntVar(&o.workers, "workers", 0, "follow conversations with `n` goroutines (rounded down to a power of two), and capture with as many rings, one of them for SYNs; 0: half as many as there are processors, at least 2 and at most 16, but 1 on one processor")
	f.DurationVar(&o.idle, "idle-timeout", live.EstablishedIdle, "forget established connections after this much silence, 0 for never")
	o.names.AddTo(f, e.openHosts(cmd))
	complete.Flag(cmd, "names", "auto", "off")
	complete.Flag(cmd, "by", dimension.Names()...)
	complete.Flag(cmd, "where", complete.OutcomeConditions()...)
	complete.Flag(cmd, "until", complete.OutcomeConditions()...)
	complete.Flag(cmd, "keep-on", append(complete.SeveritiesOrIDs(), keepSelected)...)
	complete.Flag(cmd, "compress", dump.Compressions...)
}

func (o *watchOptions) check() error {
	var err error
	if err = o.checkFormat(); err != nil {
		return err
	}
	if o.times, err = choose("time", o.time, report.TimesNames); err != nil {
		return err
	}
	w := &o.write
	w.RotateSize = int64(o.rotate)
	switch {
	case o.format == "view" && o.output != "":
		return usageError("-o is for events: --format ndjson")
	case w.Path == "" && (w.RotateSize > 0 || w.RotateEvery > 0 || w.RotateCount > 0 || w.MaxFiles > 0 || w.Compress != "" || len(o.keepOn) > 0):
		return usageError("--rotate-..., --max-files, --compress and --keep-on need -w FILE")
	case w.Compress != "" && !slices.Contains(dump.Compressions, w.Compress):
		return usageError("--compress is %s, not %q", strings.Join(dump.Compressions, " or "), w.Compress)
	case w.Path == "-" && (o.output == "" || o.output == "-"):
		return usageError("-w - and events cannot both go to standard output: write the events with -o FILE")
	case o.metrics == "" && len(o.services) > 0:
		return usageError("--metrics-service needs --metrics ADDRESS")
	case o.metrics == "" && len(o.processes) > 0:
		return usageError("--metrics-process needs --metrics ADDRESS")
	case o.duration < 0 || o.interval < 0 || w.RotateEvery < 0 || w.MaxFiles < 0:
		return usageError("--duration, --interval, --rotate-every and --max-files must not be negative")
	case o.workers < 0 || o.workers > live.MostWorkers:
		return usageError("--workers is from 0 to %d", live.MostWorkers)
	case o.idle < 0:
		return usageError("--idle-timeout must not be negative")
	}
	return checkTracking(o.msl, o.maxFlows)
}

// loop is the options as the loop takes them.
func (o *watchOptions) loop(e *env) live.Options {
	return live.Options{
		Options:  analyzer.Options{Workers: live.Workers(o.workers), MaxFlows: flows.Or(o.maxFlows, flows.Live, flows.MostLive), MSL: o.msl, NoNames: o.names.Off(), Hosts: o.names.Hosts()},
		Idle:     live.Idle(o.idle),
		Packets:  o.packets,
		Duration: o.duration,
		Prompt:   o.until != "" || o.where != "" && o.by == "" && !o.hasView(e), // each event is for --where as things are then
	}
}

// keepSelected is the value of --keep-on for what is selected in the view.
const keepSelected = "selected"

// conditions compiles --where, --until and --keep-on, where they are given.
func (o *watchOptions) conditions(ctx context.Context, s *observe.Session) (err error) {
	for _, one := range []struct {
		flag, source string
		to           **report.Where
	}{{"--where", o.where, &s.Where}, {"--until", o.until, &s.Until}} {
		if one.source == "" {
			continue
		}
		if *one.to, err = report.CompileWhere(one.source); err != nil {
			return usageError("%s: %w", one.flag, err)
		}
		(*one.to).Until(ctx)
	}
	if len(o.keepOn) > 0 {
		anomalies := slices.DeleteFunc(slices.Clone(o.keepOn), func(on string) bool { return on == keepSelected })
		if s.KeepOn, err = report.ParseFailOn(anomalies); err != nil {
			return usageError("--keep-on: %w", err)
		}
	}
	return nil
}
