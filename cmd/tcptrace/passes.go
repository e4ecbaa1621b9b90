package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/blocks"
	"tcptrace/internal/input"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/progress"
	"tcptrace/internal/twopass"
	"tcptrace/report"
)

// passes are the two passes of a command over its input.
type passes struct {
	twopass.Passes
	filter *input.Filter
	env    env
	inputs []string
	begins int64 // where standard input does, if it is a file
	pcapng bool  // so is the first input, once openBlocks has looked
}

// passes finds what is wrong with the options and the input before anything is read. command is how
// the user calls the command.
func (o *selectOptions) passes(ctx context.Context, command string, inputs []string, v twopass.Viewer, e env) (*passes, error) {
	o.twice = true
	if err := o.check(command, inputs); err != nil {
		return nil, err
	}
	opts, filter, err := o.analysis()
	if err != nil {
		return nil, err
	}
	p := &passes{filter: filter, env: e, inputs: inputs}
	p.Viewer, p.Choice = v, analyzer.Choice{Options: opts}
	p.Open = func(ctx context.Context) input.Source {
		return progress.Wrap(input.Open(inputs, input.Options{Stdin: e.in, Context: ctx}), o.progress, e.errTTY, e.bar)
	}
	if p.Selected, err = o.selected(ctx, &e); err != nil {
		return nil, err
	}
	if p.Rewind, err = twopass.Rewindable(command, inputs, e.in); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	if f, ok := e.in.(*os.File); ok && slices.Contains(inputs, "-") {
		p.begins, err = f.Seek(0, io.SeekCurrent)
	}
	return p, err
}

// openBlocks opens the first input as blocks of pcapng, whatever its format is, beside what analyzes it.
func (p *passes) openBlocks(ctx context.Context) (io.ReadCloser, error) {
	opts := input.Options{Context: ctx}
	if f, ok := p.env.in.(*os.File); ok && p.inputs[0] == "-" { // the other reader moves its position
		opts.Stdin = io.NewSectionReader(f, p.begins, math.MaxInt64-p.begins)
	}
	in, ng, err := dump.OpenBlocks(p.inputs[0], opts)
	p.pcapng = ng
	return in, err
}

// comments has the comments that the capture has beside its packets, after the first pass. done ends their reading.
func (p *passes) comments(ctx context.Context) (of func(frame uint64) []string, done func()) {
	if p.Stats.Comments > 0 && len(p.inputs) > 1 {
		p.env.say("note: comments in the captures are not shown: there are several")
	}
	if p.Stats.Comments == 0 || len(p.inputs) > 1 {
		return nil, func() {}
	}
	c := blocks.NewComments(func() (io.ReadCloser, error) { return p.openBlocks(ctx) })
	return c.Of, c.Close
}

// selected is which conversations --stream and --where select.
func (o *selectOptions) selected(ctx context.Context, e *env) (s twopass.Selected, err error) {
	var where *report.Where
	if o.where != "" {
		if where, err = e.compileWhere(o.where); err != nil {
			return s, err
		}
		where.Until(ctx)
	}
	return twopass.Select(o.streams, where), nil
}

// compileWhere compiles --where of a capture, and says if nothing can meet it.
func (e *env) compileWhere(source string) (*report.Where, error) {
	where, err := report.CompileWhere(source)
	if err != nil {
		return nil, usageError("--where: %w", err)
	}
	if where.AsksProcess() {
		e.say("note: --where asks for the process of a conversation, which no capture has: 'tcptrace live' on its host asks the kernel for it, unless --kernel is off")
	}
	return where, nil
}

// find is the first pass. After an error there is nothing to show.
func (p *passes) find(ctx context.Context) error {
	err := p.Find(ctx)
	if errors.Is(err, twopass.ErrUnread) {
		return conclude(p.Stats, p.filter, false, p.env)
	}
	return interrupted(ctx, err)
}

// conclude comes last: err is what the command failed with.
func (p *passes) conclude(ctx context.Context, err error) error {
	if err != nil && interrupted(ctx, err) == err {
		return err
	}
	noteSummary(&p.Summary, p.env)
	return conclude(p.Stats, p.filter, err != nil, p.env)
}

// interrupted is err, or if it is only that ctx was cancelled what the program then ends with.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return &exitError{code: exitInterrupted}
	}
	return err
}
