package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// A viewer shows the packets of conversations. Which packets are whose, and what became of a
// conversation, is known when all of the input was analyzed, so it is read twice, or three times.
type viewer interface {
	// take is told of every chosen conversation in the first pass. It must not keep c.
	take(c *analyzer.Conversation)
	// see is shown their frames in the second, in order.
	see(f *analyzer.Frame) error
}

// A chooser is a viewer that has no use for some conversations that were asked for. wants is asked once for each, before take.
type chooser interface {
	viewer
	wants(c *analyzer.Conversation) bool
}

// passes are the two passes of a command over its input.
type passes struct {
	options *selectOptions
	filter  *input.Filter
	inputs  []string
	viewer  viewer
	env     env
	rewind  func() error // makes standard input ready for the second pass

	selected
	choice analyzer.Choice
	reads  bool          // the viewer wants all that reading segments tells of a conversation
	names  []uint64      // stream numbers of the chosen ones
	begin  analyzer.Time // of the first packet, from its conversation on

	// Valid after find.
	summary    analyzer.Summary
	stats      packet.Stats
	interfaces []input.Interface
}

// passes finds what is wrong with the options and the input before anything is read. command is how
// the user calls the command.
func (o *selectOptions) passes(ctx context.Context, command string, inputs []string, v viewer, e env) (*passes, error) {
	if err := o.check(command, inputs); err != nil {
		return nil, err
	}
	opts, filter, err := o.analysis()
	if err != nil {
		return nil, err
	}
	p := &passes{options: o, filter: filter, inputs: inputs, viewer: v, env: e, choice: analyzer.Choice{Options: opts}}
	if p.selected, err = o.selected(ctx); err != nil {
		return nil, err
	}
	p.rewind, err = rewindable(command, inputs, e)
	return p, err
}

// selected is which conversations --stream and --where select.
type selected struct {
	streams map[uint64]bool // those asked for, and whether they were there; nil: all are wanted
	where   *report.Where   // nil: any will do
}

func (o *selectOptions) selected(ctx context.Context) (s selected, err error) {
	if len(o.streams) > 0 {
		s.streams = map[uint64]bool{}
		for _, n := range o.streams {
			s.streams[uint64(n)] = false
		}
	}
	if o.where != "" {
		if s.where, err = report.CompileWhere(o.where); err != nil {
			return s, usageError("--where: %w", err)
		}
		s.where.Until(ctx)
	}
	return s, nil
}

func (s *selected) wants(c *analyzer.Conversation) (bool, error) {
	if s.streams != nil {
		if _, ok := s.streams[c.Stream]; !ok {
			return false, nil
		}
		s.streams[c.Stream] = true
	}
	if s.where == nil {
		return true, nil
	}
	return s.where.Match(c)
}

// missing is the error for a stream that was not there.
func (s *selected) missing(sum *analyzer.Summary) error {
	for _, n := range slices.Sorted(maps.Keys(s.streams)) {
		if !s.streams[n] {
			return noStream(n, sum)
		}
	}
	return nil
}

// noStream is the error for a number that no conversation has.
func noStream(n uint64, sum *analyzer.Summary) error {
	return usageError("there is no stream %d: 'tcptrace FILE --limit 0' shows the numbers of all %s", n, report.Counted(sum.Conversations, "conversation"))
}

// rewindable checks that every input can be read twice, and returns how to go back.
func rewindable(command string, inputs []string, e env) (rewind func() error, err error) {
	rewind = func() error { return nil }
	for _, in := range inputs {
		if in != "-" {
			if info, err := os.Stat(in); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
				return nil, onlyOnce(command, in)
			}
			continue
		}
		file, ok := e.in.(*os.File)
		if !ok {
			return nil, onlyOnce(command, "standard input")
		}
		info, err := file.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, onlyOnce(command, "standard input")
		}
		start, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, onlyOnce(command, "standard input")
		}
		rewind = func() error {
			_, err := file.Seek(start, io.SeekStart)
			return err
		}
	}
	return rewind, nil
}

func onlyOnce(command, input string) error {
	return usageError("%s reads its input twice, but %s can be read only once: save it to a file first", command, input)
}

func (p *passes) open(ctx context.Context) input.Source {
	src := withProgress(input.Open(p.inputs, input.Options{Stdin: p.env.in, Context: ctx}), p.options.progress, p.env)
	return &begunSource{Source: src, begin: &p.begin}
}

// begunSource notes when the first packet was captured.
type begunSource struct {
	input.Source
	begin *analyzer.Time
	begun bool
}

func (s *begunSource) Next(b *packet.Batch) error {
	err := s.Source.Next(b)
	if err == nil && !s.begun {
		*s.begin, s.begun = analyzer.Time(b.Packets[0].Time), true
	}
	return err
}

// find is the first pass. After an error there is nothing to show.
//
// Reading every segment takes half as much time as the rest, and memory. So if there are few streams
// to be read, they are found without, and the partitions that they are in are gone through once more.
func (p *passes) find(ctx context.Context) error {
	later := p.later()
	src := p.open(ctx)
	var err error
	if p.reads && !later {
		p.summary, err = p.choice.Read(ctx, src, p)
	} else {
		opts := p.choice.Options
		opts.Quick = later || p.where == nil
		p.summary, err = analyzer.Run(ctx, src, opts, p)
	}
	p.stats, p.interfaces = src.Stats(), src.Interfaces()
	src.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	if len(p.stats.Errors) > 0 && p.choice.Len() == 0 {
		return conclude(p.stats, p.filter, false, p.env)
	}
	if err := p.missing(&p.summary); err != nil || !later {
		return err
	}
	return p.read(ctx)
}

// later reports whether conversations are found first and read then.
func (p *passes) later() bool { return p.reads && p.streams != nil && p.where == nil }

// read tells the viewer of the conversations that were found, with all that their segments tell.
func (p *passes) read(ctx context.Context) error {
	if err := p.rewind(); err != nil {
		return err
	}
	src := p.open(ctx)
	defer src.Close()
	_, err := p.choice.Reread(ctx, src, &rereader{passes: p})
	return interrupted(ctx, err)
}

// rereader is the sink of read.
type rereader struct {
	*passes
	next int
}

var errReordered = errors.New("the input changed while it was read: its conversations are others")

// Conversation tells the viewer of c if it was chosen.
func (r *rereader) Conversation(c *analyzer.Conversation) error {
	i, ok := r.choice.Index(c.FirstFrame)
	if !ok {
		return nil
	}
	if i != r.next {
		return errReordered
	}
	r.next++
	c.Stream = r.names[i]
	r.viewer.take(c)
	return nil
}

// Conversation makes p the sink of the first pass.
func (p *passes) Conversation(c *analyzer.Conversation) error {
	wanted, err := p.wants(c)
	if err != nil {
		return err
	}
	if v, ok := p.viewer.(chooser); ok && wanted {
		wanted = v.wants(c)
	}
	if !wanted {
		p.choice.Leave(c)
		return nil
	}
	p.choice.Take(c)
	if p.later() {
		p.names = append(p.names, c.Stream)
	} else {
		p.viewer.take(c)
	}
	return nil
}

// show is the second pass.
func (p *passes) show(ctx context.Context) error {
	if err := p.rewind(); err != nil {
		return err
	}
	src := p.open(ctx)
	err := p.choice.Watch(ctx, src, p.viewer.see)
	src.Close()
	return err
}

// conclude comes last: err is what the command failed with.
func (p *passes) conclude(ctx context.Context, err error) error {
	if err != nil && interrupted(ctx, err) == err {
		return err
	}
	noteSummary(&p.summary, p.env)
	return conclude(p.stats, p.filter, err != nil, p.env)
}

// interrupted is err, or if it is only that ctx was cancelled what the program then ends with.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return &exitError{code: exitInterrupted}
	}
	return err
}
