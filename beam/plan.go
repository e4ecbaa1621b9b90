package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"

	"tcptrace/analyzer/apart"
)

// overlapFn finds captures that are to be read together.
type overlapFn struct{}

// ProcessElement is for Beam.
func (f *overlapFn) ProcessElement(_ context.Context, _ []byte, outlines func(*outlined) bool, emit func(capture)) error {
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

// linesOf is all captures.
func linesOf(outlines func(*outlined) bool) (lines []line, err error) {
	for name, o := range latest(outlines) {
		l := line{Capture: o.Capture, File: apart.File{Name: name}, staged: o.Staged}
		if err := gob.NewDecoder(bytes.NewReader(o.Outline)).Decode(&l.File.Outline); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func layoutOf(lines []line) (*apart.Layout, error) {
	files := make([]apart.File, len(lines))
	for i := range lines {
		files[i] = lines[i].File
	}
	return apart.NewLayout(files)
}

// planFn says what is to be done with each capture, and tells those who complete conversations how all lie in time.
type planFn struct{ Job job }

// ProcessElement is for Beam.
func (f *planFn) ProcessElement(ctx context.Context, _ []byte, outlines func(*outlined) bool, plans func(plan), tables func(int64, []byte)) error {
	lines, err := linesOf(outlines)
	if err != nil {
		return err
	}
	layout, err := layoutOf(lines)
	if err != nil {
		return err
	}
	for i := range lines {
		place := layout.Place(lines[i].File.Name)
		plans(plan{
			Capture: lines[i].Capture, Staged: lines[i].staged, Before: int64(layout.FirstFrame(place)), Crossing: packIDs(layout.Crossing(place)),
		})
		lines[i].File = lines[i].File.Slim()
		lines[i].File.Counts = apart.Counts{}
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(lines); err != nil {
		return err
	}
	for shard := range int64(f.Job.Shards) {
		tables(shard, b.Bytes())
	}
	return nil
}

func packIDs(ids []apart.ID) (b []byte) {
	last := apart.ID(0)
	for _, id := range ids {
		b, last = binary.AppendUvarint(b, uint64(id-last)), id
	}
	return b
}

// crossing is the inverse of packIDs.
func (p *plan) crossing() (ids []apart.ID) {
	last := apart.ID(0)
	for b := p.Crossing; len(b) > 0; {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			break
		}
		b, last = b[n:], last+apart.ID(v)
		ids = append(ids, last)
	}
	return ids
}
