package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tcptrace/internal/build"
	"tcptrace/internal/complete"
	"tcptrace/internal/flagerror"
	"tcptrace/internal/look"
	"tcptrace/internal/manual"
	"tcptrace/report"
)

const (
	analyzeHelp = `tcptrace reads packet captures and reports, for every TCP connection, who opened it, which states of RFC 9293 its
two endpoints went through, how it closed, and what went wrong.

FILE is a capture (pcap, pcapng, snoop or ERF), plain or compressed with gzip, zstd or lz4; - is standard input.
It may be an https:// URL, and in builds with cloud support an s3://, gs:// or azblob:// URL.
Several files are read as one capture, merged by time: the files of a ring buffer, or captures from two taps.

Bytes are TCP payload as sent, including retransmissions; 1.2 kB is 1,200 bytes. Frame and stream numbers are
Wireshark's. The column loss is the share of both sides' segments with payload, SYN or FIN that was lost; loss_ratio in a
record is that of one side. The expressions of --where use the fields of a record of --format ndjson.

Exit status: 0 done; 1 a check failed, or the output could not be written; 2 wrong usage;
3 an input could not be read, or only in part (what was read is reported); 130 interrupted
(what was read until then is reported).`

	analyzeExample = `  tcptrace capture.pcapng
  tcptrace ring_*.pcap.gz --sort -bytes --limit 10
  tcptrace capture.pcap --where 'outcome == "reset" && server.port == 443'
  tcptrace capture.pcap -f 'host 10.0.0.1' --format ndjson -o conversations.ndjson
  tcptrace ring_*.pcap.gz --format parquet --partition-by day -o conversations
  tcptrace https://host/capture.pcap.zst
  tcpdump -w - | tcptrace -`
)

func newRootCommand(e env) *cobra.Command {
	o := analyzeOptions{formats: report.Formats}
	cmd := &cobra.Command{
		Use:           "tcptrace FILE...",
		Short:         "Report what every TCP connection in a capture did",
		Long:          analyzeHelp,
		Example:       analyzeExample,
		Version:       version(),
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCommand(cmd, args); err != nil {
				return err
			}
			if err := o.settle(cmd); err != nil {
				return err
			}
			return runAnalyze(cmd.Context(), args, o, e)
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError("%w", flagerror.Explain(cmd, err)) })
	cmd.SetHelpCommand(newHelpCommand(cmd))
	cmd.SetIn(e.in)
	cmd.SetOut(e.out)
	cmd.SetErr(e.err)
	cmd.SetVersionTemplate("{{.Version}}")
	o.addFlags(cmd, e)
	cmd.AddCommand(
		newSummaryCommand(e), newTimelineCommand(e), newPlotCommand(e), newReportCommand(e), newStatesCommand(e), newFollowCommand(e), newExtractCommand(e), newAnnotateCommand(e), newWiresharkCommand(e),
		newLiveCommand(e), newReplayCommand(e),
		newFindingsCommand(e), newCheckCommand(e), newDiffCommand(e), newVerifyCommand(e),
		newAnomaliesCommand(e), newFieldsCommand(e), newSchemaCommand(e), newManCommand(e),
	)
	manual.Fit(cmd, e.width)
	return cmd
}

// settle works out the options that depend on which flags were given.
func (o *analyzeOptions) settle(cmd *cobra.Command) error {
	o.sorted = cmd.Flags().Changed("sort")
	if !cmd.Flags().Changed("limit") {
		o.limit = noLimit
	} else if o.limit < 0 {
		return usageError("--limit must not be negative")
	}
	if o.long {
		if cmd.Flags().Changed("format") && o.format != "long" {
			return usageError("--long is --format long, not %s", o.format)
		}
		o.format = "long"
	}
	return nil
}

func (o *analyzeOptions) addFlags(cmd *cobra.Command, e env) {
	f := cmd.Flags()
	f.SortFlags = false
	choiceFlag(cmd, &o.format, "format", o.formats, "")
	f.BoolVar(&o.long, "long", false, "the same as --format long")
	f.BoolVar(&o.quick, "quick", false, "only states, handshake and close: skip round trips, retransmissions, windows and the anomalies of open\nconnections, which need every segment; faster, and each record says so (\"quick\")")
	o.addSelection(cmd)
	f.StringVar(&o.sort, "sort", "start", "sort by "+strings.Join(report.KeyNames(), ", ")+" or any other field of a record; -`key` reverses")
	f.StringSliceVar(&o.columns, "columns", nil, "columns of table and csv: any `fields` of a record (stream,client,rtt,client_rtt_p95_s), +field to add one, -field to drop one")
	look.Times(cmd, &o.time, "the line above")
	f.IntVar(&o.limit, "limit", 0, fmt.Sprintf("show at most `n` conversations, 0 for all (default: %d in formats for people, all in formats for programs);\nof those that must be sorted first, the first %d are kept and the others counted, unless n is greater\n(%d where there is less than 4 GB of memory)", defaultTableLimit, report.MostRows, report.MostRows/4))
	f.StringSliceVar(&o.failOn, "fail-on", nil, "exit with status 1 if a selected conversation has an anomaly of this `severity or id`: note, warning, error,\nor one listed by 'tcptrace anomalies' (may be repeated)")
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	f.BoolVar(&o.noFindings, "no-findings", false, "only the table, or the records, without the findings; faster, since only the conversations that are shown\nare searched for anomalies")
	o.partition.addTo(cmd)
	o.color.AddTo(f)
	o.addTracking(cmd, e)
	complete.Flag(cmd, "sort", slices.Concat(report.KeyNames(), report.FieldNames())...)
	complete.Flag(cmd, "columns", report.FieldNames()...)
	complete.Flag(cmd, "fail-on", complete.SeveritiesOrIDs()...)
}

// release is the version that .ci/release has the linker set: Go knows the module's only at a commit that has its tag.
var release string

// version describes this build, as --version prints it.
func version() string { return build.Describe(release) }
