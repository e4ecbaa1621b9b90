package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"slices"

	"tcptrace/analyzer/apart"
	"tcptrace/internal/octets"
)

// overlapFn finds captures that are to be read together.
type overlapFn struct{}

// ProcessElement is for Beam.
func (f *overlapFn) ProcessElement(_ context.Context, _ int, outlines func(*outlined) bool, emit func(capture)) error {
	all := latest(outlines)
	var files []apart.File
	for name, o := range all {
		files = append(files, apart.File{Name: name, Outline: apart.Outline{Packets: uint64(o.Packets), Start: o.Start, End: o.End}})
	}
	for _, group := range apart.Overlap(files) {
		c := all[group[0].Name].Capture
		for _, file := range group[1:] {
			c.With = append(c.With, file.Name)
		}
		emit(c)
	}
	return nil
}

// latest is all captures that were analyzed, by name, but those that are read with others.
func latest(outlines func(*outlined) bool) map[string]outlined {
	all := map[string]outlined{}
	var with []string
	for o := (outlined{}); outlines(&o); o = (outlined{}) {
		name := o.Capture.Name
		if was, ok := all[name]; !ok || len(o.Capture.With) > len(was.Capture.With) {
			all[name] = o
		}
		with = append(with, o.Capture.With...)
	}
	for _, name := range with {
		delete(all, name)
	}
	return all
}

// line is a capture among all of them.
type line struct {
	Capture capture
	File    apart.File
	staged  bool
}

// linesOf is all captures, in the order of their numbers.
func linesOf(outlines func(*outlined) bool) (lines []line, err error) {
	for name, o := range latest(outlines) {
		l := line{Capture: o.Capture, File: apart.File{Name: name}, staged: o.Staged}
		if err := gob.NewDecoder(bytes.NewReader(o.Outline)).Decode(&l.File.Outline); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.Capture.Number, b.Capture.Number) })
	return lines, nil
}

func layoutOf(lines []line) (*apart.Layout, error) {
	files := make([]apart.File, len(lines))
	for i := range lines {
		files[i] = lines[i].File
	}
	return apart.NewLayout(files)
}

// numShares is into how many shares all sockets are divided: of each is found out in one place what crosses.
const numShares = 64

// sharesOf divides what an outline says of sockets, and takes it out of that.
func sharesOf(c *capture, o *apart.Outline, emit func(int64, share)) {
	for i, x := range o.Shares(numShares) {
		if len(x.Sockets) == 0 {
			continue
		}
		emit(int64(i), share{Number: c.Number, Together: len(c.With) > 0, Data: x.Append(nil, o.End)})
	}
	o.Open, o.Sockets = nil, nil
}

// crossFn finds out what crosses, of a share of all sockets.
type crossFn struct {
	Job job

	lines []line // all captures: they are the same for each share, and read once
}

// ProcessElement is for Beam. That there is something in ready says that it is known how all captures lie in time.
func (f *crossFn) ProcessElement(ctx context.Context, _ int64, ready func(*bool) bool, values func(*share) bool, emit func(int64, crosses)) (err error) {
	if f.lines == nil {
		if f.lines, err = f.Job.table(ctx); err != nil {
			return err
		}
	}
	lines := slices.Clone(f.lines)
	byNumber, byName := map[int64]*line{}, map[string]int64{}
	for i := range lines {
		byNumber[lines[i].Capture.Number], byName[lines[i].File.Name] = &lines[i], lines[i].Capture.Number
	}
	for x := (share{}); values(&x); x = (share{}) {
		l := byNumber[x.Number]
		if l == nil || x.Together != (len(l.Capture.With) > 0) {
			continue // it is read with others
		}
		of, err := apart.ParseShare(x.Data, l.File.End)
		if err != nil {
			return err
		}
		l.File.Open, l.File.Sockets = of.Open, of.Sockets
	}
	layout, err := layoutOf(lines)
	if err != nil {
		return err
	}
	for i := range lines {
		var list []apart.Wanted
		for _, x := range layout.Crossing(layout.Place(lines[i].File.Name)) {
			list = append(list, apart.Wanted{ID: x.ID, To: byName[layout.Files()[x.Home].Name]})
		}
		if len(list) > 0 {
			emit(lines[i].Capture.Number, crosses{packCrossing(list)})
		}
	}
	return nil
}

// planFn says what is to be done with each capture, but for what crosses, and has a file that says how all lie in time, for those who find out what crosses and
// those who complete it. When it is there, each share is ready.
type planFn struct{ Job job }

// ProcessElement is for Beam.
func (f *planFn) ProcessElement(ctx context.Context, _ int, outlines func(*outlined) bool, plans func(int64, plan), ready func(int64, bool)) error {
	lines, err := linesOf(outlines)
	if err != nil {
		return err
	}
	layout, err := layoutOf(lines)
	if err != nil {
		return err
	}
	for i := range lines {
		c := lines[i].Capture
		plans(c.Number, plan{Capture: c, Staged: lines[i].staged, Before: int64(layout.FirstFrame(layout.Place(lines[i].File.Name))), Span: lines[i].File.Span()})
		lines[i].File.Counts = apart.Counts{}
	}
	if err := f.Job.writeTable(ctx, lines); err != nil {
		return err
	}
	for i := range int64(numShares) {
		ready(i, true)
	}
	return nil
}

// gatherFn completes plans by what crosses.
type gatherFn struct{}

// ProcessElement is for Beam.
func (f *gatherFn) ProcessElement(_ context.Context, number int64, plans func(*plan) bool, crossing func(*crosses) bool, emit func(int64, plan)) error {
	var p plan
	if !plans(&p) {
		return nil
	}
	var all []apart.Wanted
	for x := (crosses{}); crossing(&x); x = (crosses{}) {
		list, err := unpackCrossing(x.Crossing)
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b apart.Wanted) int { return cmp.Compare(a.ID, b.ID) })
	p.Crossing = packCrossing(slices.Compact(all))
	emit(number, p)
	return nil
}

// packCrossing is the sockets of which conversations cross, in order, and the captures where they are completed, as both are handed on: as differences.
func packCrossing(list []apart.Wanted) (b []byte) {
	var last apart.Wanted
	for _, w := range list {
		b = binary.AppendUvarint(b, uint64(w.ID-last.ID))
		b = binary.AppendVarint(b, w.To-last.To)
		last = w
	}
	return b
}

// errCrossing is an error in what packCrossing made.
var errCrossing = errors.New("what says which sockets cross is damaged")

// unpackCrossing is the inverse of packCrossing.
func unpackCrossing(b []byte) (list []apart.Wanted, err error) {
	list = make([]apart.Wanted, 0, len(b)/leastCrossing)
	err = eachCrossing(b, func(w apart.Wanted) { list = append(list, w) })
	return list, err
}

// leastCrossing is how many bytes packCrossing takes for two sockets, at least.
const leastCrossing = 2

// eachCrossing gives f what packCrossing packed.
func eachCrossing(b []byte, f func(apart.Wanted)) error {
	r, last := octets.Reader{Left: b}, apart.Wanted{}
	for len(r.Left) > 0 {
		last.ID += apart.ID(r.Uvarint())
		last.To += r.Varint()
		f(last)
	}
	if r.Bad {
		return errCrossing
	}
	return nil
}

// isHome reports whether conversations are completed in the capture.
func (p *plan) isHome() (is bool, err error) {
	err = eachCrossing(p.Crossing, func(w apart.Wanted) { is = is || w.To == p.Capture.Number })
	return is, err
}
