package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"tcptrace/internal/annotate"
	"tcptrace/internal/anonymize"
	"tcptrace/internal/blocks"
	"tcptrace/internal/complete"
	"tcptrace/internal/findings"
	"tcptrace/internal/input"
	"tcptrace/internal/interrupt"
	"tcptrace/internal/live/dump"
	"tcptrace/report"
)

type annotateOptions struct {
	selectOptions
	output    string
	anonymize anonymize.Choice
}

func newAnnotateCommand(e env) *cobra.Command {
	var o annotateOptions
	cmd := &cobra.Command{
		Use:   "annotate FILE -w OUT.pcapng",
		Short: "Copy a capture with the findings added as comments, for Wireshark",
		Long: `annotate copies a capture and adds what was found: a comment on each packet where something happened, the findings on the
capture as a whole, and a block with the host names that the capture reveals. Wireshark shows the comments, and finds
them with the display filter

  frame.comment contains "tcptrace:"

Everything else stays as it was, byte for byte: packets, options, comments, interfaces, secrets, blocks of any type. Only
the lengths of sections are left open, as in a capture that is still being written. Any other format becomes pcapng.
--where, --stream and -f choose what is commented; all packets are written. The input is read twice, so it cannot be a pipe.

--anonymize makes a capture that can be given to others: addresses are replaced, and the payload and whatever names
somebody is left out. Expressions then see the new addresses.`,
		Example: `  tcptrace annotate capture.pcapng -w annotated.pcapng
  tcptrace annotate capture.pcap --where 'outcome == "reset"' -w resets.pcapng
  tcptrace annotate capture.pcapng --anonymize -w public.pcapng
  tcptrace annotate capture.pcap -w - |
    tshark -r - -Y 'frame.comment contains "tcptrace:"' -T fields -e frame.number -e frame.comment`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runAnnotate(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.addSelection(cmd)
	f.StringVarP(&o.output, "write", "w", "", "write the capture to this `file`, in pcapng")
	o.anonymize.AddTo(f)
	complete.Flag(cmd, "anonymize-payload", anonymize.Payloads...)
	o.addTracking(cmd, e)
	return cmd
}

func (o *annotateOptions) check(args []string, e env) error {
	switch {
	case len(args) > 1:
		return usageError("annotate takes one capture: 'mergecap -w ALL.pcapng FILE...' makes one of several")
	case o.output == "":
		return usageError("-w is missing: the file to write")
	case o.output != "-" && !dump.NamedPcapng(o.output):
		return usageError("-w %s: comments take pcapng, name it .pcapng", o.output)
	case o.output == "-" && e.outTTY:
		return usageError("-w -: packets are not for a terminal")
	}
	return checkOutput("-w", o.output, args)
}

// annotateGCPercent is lower than usual: what is kept of conversations between the passes is large and lasts.
const annotateGCPercent = 30

func runAnnotate(ctx context.Context, args []string, o annotateOptions, e env) error {
	if err := o.check(args, e); err != nil {
		return err
	}
	anon, err := e.anonymizer(ctx, &o.anonymize)
	if err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(annotateGCPercent))
	a := annotate.New()
	p, err := o.passes(ctx, "tcptrace annotate", args, a, e)
	if err != nil {
		return err
	}
	if open := p.Open; anon != nil {
		p.Open = func(ctx context.Context) input.Source { return anonymize.Source(open(ctx), anon) }
	}
	original, err := p.openBlocks(ctx)
	if err != nil {
		return &exitError{exitBadInput, err}
	}
	defer original.Close()
	p.Reads, p.Choice.ICMP = true, true
	if err := p.find(ctx); err != nil {
		return err
	}
	out, err := openOutput("-w", o.output, args, e)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	text := a.Findings(&p.Summary, findings.Options{Services: o.names.Services(e.services), Times: report.TimesNames[0].Is})
	changes := blocks.Changes{Comments: []string{text}, Hosts: a.Hosts()}
	if anon != nil {
		changes.Frame, changes.Hosts, changes.Alone = anon.Frame, nil, true
	}
	to := blocks.NewCopy(original, buffered, changes)
	a.Copy(to)
	if err = p.Show(ctx); err == nil {
		err = to.Finish(p.Summary.Packets)
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err := finish(out, interrupted(ctx, err)); err != nil { // half of a capture is none
		return err
	}
	o.note(a, to, e)
	return p.conclude(ctx, nil)
}

// note says what could not be said beside packets.
func (o *annotateOptions) note(a *annotate.Annotator, to *blocks.Copy, e env) {
	if n := a.LeftOut + a.Left(); n > 0 {
		e.say("%s left out: there are too many", report.Counted(n, "comment"))
	}
	if o.anonymize.On {
		e.say("%s", o.anonymize.Done())
	}
	if to.Mute > 0 {
		e.say("%s without comments: simple packet blocks hold none", report.Counted(to.Mute, "packet"))
	}
}

// anonymizer is the one that was chosen, nil if none was. Its key is an input.
func (e *env) anonymizer(ctx context.Context, c *anonymize.Choice) (*anonymize.Anonymizer, error) {
	if err := c.Check(); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	a, err := c.Anonymizer(func(path string) (io.ReadCloser, error) {
		e.reads([]string{path})
		return interrupt.Open(ctx, path, os.Open)
	})
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return a, nil
}
