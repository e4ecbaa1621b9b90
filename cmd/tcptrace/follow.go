package main

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"tcptrace/internal/complete"
	"tcptrace/internal/dialogue"
	"tcptrace/internal/look"
	"tcptrace/report"
)

type followOptions struct {
	selectOptions
	from   string
	as     string
	output string
	color  look.Color
}

func newFollowCommand(e env) *cobra.Command {
	var o followOptions
	cmd := &cobra.Command{
		Use:   "follow FILE... --stream N",
		Short: "Write the bytes that the two sides of a conversation sent",
		Long: `follow writes the bytes that one or both sides of a conversation sent, each byte once and in order. With both sides,
they alternate in the order in which the bytes became readable. --as chooses how:

  text   characters; anything a terminal would not print is escaped, as in "\x1b"; CR LF ends a line; \ is \\
  hex    16 bytes per line with their offset; > is sent by the client, < by the server
  raw    the bytes and nothing else

Bytes missing from the capture are shown as "[1448 bytes not captured]" or "[60 bytes cut by the snap length]"; raw
omits them. Anything that is not in the output exactly as it was sent is also reported on standard error.
The input is read twice, so it cannot be a pipe.`,
		Example: `  tcptrace follow capture.pcapng --stream 3
  tcptrace follow capture.pcapng --stream 3 --from server --as raw -o download.bin
  tcptrace follow capture.pcapng --stream 3 --as hex | less`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runFollow(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	addStreams(cmd, &o.streams, "the `number` of the conversation")
	f.StringVar(&o.from, "from", "both", "client, server or both")
	choiceFlag(cmd, &o.as, "as", report.Transcripts, "")
	o.addFilter(cmd)
	f.StringVarP(&o.output, "output", "o", "", "write to this `file` instead of standard output")
	o.color.AddTo(f)
	o.addTracking(cmd, e)
	complete.Flag(cmd, "from", slices.Sorted(maps.Keys(dialogue.Sides))...)
	return cmd
}

func (o *followOptions) check(args []string, e env) error {
	if _, err := choose("as", o.as, report.Transcripts); err != nil {
		return err
	}
	_, known := dialogue.Sides[o.from]
	switch {
	case len(o.streams) != 1:
		return usageError("follow needs exactly one --stream: which conversation?")
	case !known:
		return usageError("--from is client, server or both, not %q", o.from)
	case o.as == "raw" && o.toTerminal(e):
		return usageError("raw bytes are not for a terminal: use -o FILE, or --as text")
	}
	return checkOutput("-o", o.output, args)
}

func (o *followOptions) toTerminal(e env) bool {
	return e.outTTY && (o.output == "" || o.output == "-")
}

func runFollow(ctx context.Context, args []string, o followOptions, e env) error {
	if err := o.check(args, e); err != nil {
		return err
	}
	w := dialogue.Hearing{Want: dialogue.Sides[o.from]}
	p, err := o.passes(ctx, "tcptrace follow", args, &w, e)
	if err != nil {
		return err
	}
	if err := p.find(ctx); err != nil {
		return err
	}
	out, err := openReport(o.as != "raw", o.output, args, e)
	if err != nil {
		return err
	}
	w.Options.Headings = o.toTerminal(e)
	w.Options.Color = o.color.On(o.toTerminal(e))
	as, _ := report.Transcripts.Find(o.as)
	w.Out = as(out, w.Options)
	err = p.Show(ctx)
	if failed := end(ctx, out, err, w.Finish()); failed != nil {
		return failed
	}
	for _, note := range w.Notes() {
		e.say("note: %s", note)
	}
	return p.conclude(ctx, err)
}
