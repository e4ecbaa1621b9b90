package main

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/anonymize"
	"tcptrace/internal/blocks"
	"tcptrace/internal/complete"
	"tcptrace/internal/live/dump"
)

type extractOptions struct {
	selectOptions
	output    string
	anonymize anonymize.Choice
}

func newExtractCommand(e env) *cobra.Command {
	var o extractOptions
	cmd := &cobra.Command{
		Use:   "extract FILE... --stream N -w OUT",
		Short: "Write the packets of conversations to a capture file",
		Long: `extract writes the packets of the selected conversations as they were captured, in capture order, with the ICMP errors
about them. Timestamps are written in nanoseconds.

OUT is a pcap file if its name ends in .pcap or .cap, and pcapng if it ends in .pcapng, which also keeps the interfaces
and their names. With any other name, or - for standard output, it is pcapng if the input has several link types, and
pcap otherwise, which can hold only one. Where one pcapng file becomes another, all but packets is kept: comments, interfaces,
names, secrets, blocks of any type. The input is read twice, so it cannot be a pipe.

--anonymize makes a capture to hand to others: with other addresses, without payload and without what names somebody.`,
		Example: `  tcptrace extract capture.pcapng --stream 3 -w stream3.pcapng
  tcptrace extract ring_*.pcap.gz --where 'outcome == "reset"' -w resets.pcap
  tcptrace extract capture.pcapng --stream 3 --anonymize -w public.pcapng
  tcptrace extract capture.pcap --stream 3 -w - | tshark -r - -V`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runExtract(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.addSelection(cmd)
	f.StringVarP(&o.output, "write", "w", "", "write the packets to this `file`")
	o.anonymize.AddTo(f)
	complete.Flag(cmd, "anonymize-payload", anonymize.Payloads...)
	o.addTracking(cmd, e)
	return cmd
}

// extraction is the packets on their way to the file.
type extraction struct {
	out    *dump.File
	frames blocks.Frames         // in place of out
	anon   *anonymize.Anonymizer // nil: packets stay as they are
	data   []byte
}

// packet writes a packet.
func (x *extraction) packet(p *packet.Packet, data []byte, frame uint64) error {
	if x.anon != nil { // the analysis goes on with what was captured
		x.data = append(x.data[:0], data...)
		data = x.data[:x.anon.Frame(p.Link, x.data, p.WireLen)]
	}
	return x.out.Packet(p, data, frame)
}

func (x *extraction) Take(*analyzer.Conversation) {}

func (x *extraction) See(f *analyzer.Frame) error {
	if x.out == nil {
		for i := range f.Fragments {
			x.frames.Add(f.Fragments[i].Frame)
		}
		x.frames.Add(f.Number)
		return nil
	}
	var err error
	for i := range f.Fragments {
		part := &f.Fragments[i]
		err = errors.Join(err, x.packet(&part.Packet, part.Data, part.Frame))
	}
	err = errors.Join(err, x.packet(f.Packet, f.Data, f.Number))
	if limit, ok := errors.AsType[*dump.FormatError](err); ok {
		return &exitError{exitUsage, limit}
	}
	return err
}

func (o *extractOptions) check(args []string, e env) error {
	switch {
	case o.output == "":
		return usageError("-w is missing: the file to write")
	case dump.NamedPacked(o.output):
		return usageError("-w %s: the file is not compressed, name it .pcap or .pcapng", o.output)
	case o.output == "-" && e.outTTY:
		return usageError("-w -: packets are not for a terminal")
	case len(o.streams) == 0 && o.where == "":
		return usageError("--stream or --where is missing: which conversations?")
	}
	return checkOutput("-w", o.output, args)
}

func runExtract(ctx context.Context, args []string, o extractOptions, e env) error {
	if err := o.check(args, e); err != nil {
		return err
	}
	var x extraction
	var err error
	if x.anon, err = e.anonymizer(ctx, &o.anonymize); err != nil {
		return err
	}
	p, err := o.passes(ctx, "tcptrace extract", args, &x, e)
	if err != nil {
		return err
	}
	p.Choice.ICMP = true
	if err := p.find(ctx); err != nil {
		return err
	}
	if p.Choice.Len() == 0 {
		return errors.New("no conversation matches: nothing was written")
	}
	out, err := openOutput("-w", o.output, args, e)
	if err != nil {
		return err
	}
	in, err := o.blocks(ctx, p)
	if err != nil {
		return finish(out, err)
	}
	if x.anon != nil {
		defer e.say("%s", o.anonymize.Done())
	}
	if in != nil {
		defer in.Close()
		return x.copy(ctx, p, in, out)
	}
	interfaces := p.Interfaces
	if x.anon != nil {
		interfaces = anonymize.Bare(interfaces)
	}
	x.out = dump.NewFile(out, o.output, interfaces)
	err = p.Show(ctx)
	if failed := end(ctx, out, err, x.out.Flush()); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}

// blocks is the input as blocks, if all of them can be kept; else nil.
func (o *extractOptions) blocks(ctx context.Context, p *passes) (io.ReadCloser, error) {
	if len(p.inputs) == 1 && dump.WritesPcapng(o.output, p.Interfaces) {
		in, err := p.openBlocks(context.WithoutCancel(ctx))
		if err != nil || p.pcapng {
			return in, err
		}
		in.Close()
	}
	if p.Stats.Comments > 0 && !o.anonymize.On {
		p.env.say("note: comments are kept where one pcapng file becomes another")
	}
	return nil, nil
}

// copy finds the frames in the second pass, and copies them with all else that the capture has.
func (x *extraction) copy(ctx context.Context, p *passes, in io.Reader, out sink) error {
	err := p.Show(ctx)
	if err != nil && interrupted(ctx, err) == err {
		return finish(out, err)
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	changes := blocks.Changes{Only: true}
	if x.anon != nil {
		changes.Frame = x.anon.Frame
	}
	to := blocks.NewCopy(in, buffered, changes)
	var failed error
	for frame := range x.frames.All() {
		if failed = to.To(frame, nil); failed != nil {
			return finish(out, failed)
		}
	}
	if err == nil {
		failed = to.Finish(p.Summary.Packets)
	}
	if failed = finish(out, errors.Join(failed, buffered.Flush())); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}
