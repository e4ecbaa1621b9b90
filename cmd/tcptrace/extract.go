package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"tcptrace/analyzer"
	"tcptrace/internal/live/dump"
)

type extractOptions struct {
	selectOptions
	output string
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
pcap otherwise, which can hold only one. The input is read twice, so it cannot be a pipe.`,
		Example: `  tcptrace extract capture.pcapng --stream 3 -w stream3.pcapng
  tcptrace extract ring_*.pcap.gz --where 'outcome == "reset"' -w resets.pcap
  tcptrace extract capture.pcap --stream 3 -w - | tshark -r - -V`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runExtract(cmd.Context(), args, o, e) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.addSelection(cmd)
	f.StringVarP(&o.output, "write", "w", "", "write the packets to this `file`")
	o.addTracking(cmd, e)
	return cmd
}

// extraction is the packets on their way to the file.
type extraction struct{ out *dump.File }

func (x *extraction) Take(*analyzer.Conversation) {}

func (x *extraction) See(f *analyzer.Frame) error {
	var err error
	for i := range f.Fragments {
		part := &f.Fragments[i]
		err = errors.Join(err, x.out.Packet(&part.Packet, part.Data, part.Frame))
	}
	err = errors.Join(err, x.out.Packet(f.Packet, f.Data, f.Number))
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
	x.out = dump.NewFile(out, o.output, p.Interfaces)
	err = p.Show(ctx)
	if failed := end(ctx, out, err, x.out.Flush()); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}
