package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"tcptrace/internal/anonymize"
	"tcptrace/internal/complete"
	"tcptrace/internal/extract"
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
pcap otherwise, which can hold only one. If input and output are both pcapng, everything besides the packets is kept too:
comments, interfaces, names, secrets, blocks of any type. Several files are kept section by section, if each begins after
the previous one ended. The input is read twice, so it cannot be a pipe.

--anonymize makes a capture that can be given to others: addresses are replaced, and the payload and whatever names
somebody is left out.`,
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
	anon, err := e.anonymizer(ctx, &o.anonymize)
	if err != nil {
		return err
	}
	x := extract.New(anon)
	p, err := o.passes(ctx, "tcptrace extract", args, x, e)
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
	parts, err := o.blocks(ctx, p)
	if err != nil {
		return finish(out, err)
	}
	defer extract.Close(parts)
	if anon != nil {
		defer e.say("%s", o.anonymize.Done())
	}
	if len(parts) > 0 {
		return copyBlocks(ctx, p, x, parts, out)
	}
	interfaces := p.Interfaces
	if anon != nil {
		interfaces = anonymize.Bare(interfaces)
	}
	file := dump.NewFile(out, o.output, interfaces)
	x.To(file)
	err = p.Show(ctx)
	if limit, ok := errors.AsType[*dump.FormatError](err); ok {
		err = &exitError{exitUsage, limit}
	}
	if failed := end(ctx, out, err, file.Flush()); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}

// blocks is the input as blocks, if all of them can be kept; else nil.
func (o *extractOptions) blocks(ctx context.Context, p *passes) ([]extract.Part, error) {
	if dump.WritesPcapng(o.output, p.Interfaces) {
		if len(p.inputs) > 1 {
			if parts, err := extract.Parts(ctx, p.inputs); err != nil || parts != nil {
				return parts, err
			}
		} else if in, err := p.openBlocks(context.WithoutCancel(ctx)); err != nil {
			return nil, err
		} else if part := (extract.Part{In: in, Packets: p.Summary.Packets}); p.pcapng {
			return []extract.Part{part}, nil
		} else {
			in.Close()
		}
	}
	if p.Stats.Comments > 0 && !o.anonymize.On {
		p.env.say("note: comments are kept where pcapng files that follow one another in time become one")
	}
	return nil, nil
}

// copyBlocks finds the frames in the second pass, and copies them with all else that the capture has.
func copyBlocks(ctx context.Context, p *passes, x *extract.Extraction, parts []extract.Part, out sink) error {
	err := p.Show(ctx)
	if err != nil && interrupted(ctx, err) == err {
		return finish(out, err)
	}
	if failed := finish(out, x.Copy(parts, out, err == nil)); failed != nil {
		return failed
	}
	return p.conclude(ctx, err)
}
