package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/complete"
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

// followSides are what --from takes: whether each side is heard.
var followSides = map[string][2]bool{
	"client": {analyzer.Client: true},
	"server": {analyzer.Server: true},
	"both":   {true, true},
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
	complete.Flag(cmd, "from", slices.Sorted(maps.Keys(followSides))...)
	return cmd
}

func (o *followOptions) check(args []string, e env) error {
	if _, err := choose("as", o.as, report.Transcripts); err != nil {
		return err
	}
	_, known := followSides[o.from]
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

// following hears one conversation.
type following struct {
	want      [2]bool // by side
	follower  *analyzer.Follower
	options   report.TranscriptOptions
	out       report.Transcript
	conflicts []string
}

// quoted is the beginning of b, in characters that a terminal prints.
func quoted(b []byte) string {
	const most = 32
	if len(b) <= most {
		return strconv.QuoteToASCII(string(b))
	}
	return strconv.QuoteToASCII(string(b[:most])) + "..."
}

// maxConflicts is how many conflicts are told by name.
const maxConflicts = 10

func (w *following) Take(c *analyzer.Conversation) {
	w.follower = analyzer.NewFollower(c, w.hear)
	w.options.Addr, w.options.Start = c.Addr, c.Start
}

func (w *following) See(f *analyzer.Frame) error {
	if f.Reading.Kind == analyzer.KindUnacceptable {
		return nil
	}
	return w.follower.Segment(f.Segment, f.Payload)
}

func (w *following) hear(p *analyzer.Piece) error {
	if !w.want[p.From] {
		return nil
	}
	if p.Kind == analyzer.PieceConflict && len(w.conflicts) < maxConflicts {
		w.conflicts = append(w.conflicts, fmt.Sprintf("frame %d: bytes %d to %d of the %s were sent before with other content, which is the one shown; these are %s",
			p.Frame, p.Offset, p.Offset+p.Len-1, p.From, quoted(p.Bytes)))
	}
	return w.out.Piece(p)
}

// was is the verb for so many.
func was(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// notes say what is not in the output as it was sent.
func (w *following) notes(e env) {
	say := func(n int64, format string, args ...any) {
		if n > 0 {
			e.say("note: "+format, args...)
		}
	}
	for _, c := range w.conflicts {
		say(1, "%s", c)
	}
	for side := range analyzer.Server + 1 {
		if !w.want[side] {
			continue
		}
		s := w.follower.Stats(side)
		say(s.Conflicts-maxConflicts, "the %s sent bytes again with other content %s in all", side, report.Counted(uint64(s.Conflicts), "time"))
		say(s.Missing, "%s of the %s %s not in the capture", report.Counted(uint64(s.Missing), "byte"), side, map[bool]string{true: "is", false: "are"}[s.Missing == 1])
		say(s.Cut, "%s of the %s %s cut by the snap length", report.Counted(uint64(s.Cut), "byte"), side, was(s.Cut))
		say(s.Forced, "%s of the %s %s given up because too much had come behind", report.Counted(uint64(s.Forced), "byte"), side, was(s.Forced))
		say(s.Late, "%s of the %s came too late for the place, or from before the first one", report.Counted(uint64(s.Late), "byte"), side)
		say(s.Unchecked, "%s of the %s came again too late to be compared", report.Counted(uint64(s.Unchecked), "byte"), side)
		say(s.Segments, "%s of the %s %s left out: far from the others, or with a wrong checksum", report.Counted(uint64(s.Segments), "segment"), side, was(s.Segments))
	}
}

func runFollow(ctx context.Context, args []string, o followOptions, e env) error {
	if err := o.check(args, e); err != nil {
		return err
	}
	w := following{want: followSides[o.from]}
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
	w.options.Headings = o.toTerminal(e)
	w.options.Color = o.color.On(o.toTerminal(e))
	as, _ := report.Transcripts.Find(o.as)
	w.out = as(out, w.options)
	err = p.Show(ctx)
	if failed := end(ctx, out, err, errors.Join(w.follower.Close(), w.out.Finish())); failed != nil {
		return failed
	}
	w.notes(e)
	return p.conclude(ctx, err)
}
