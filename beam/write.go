package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tcptrace/analyzer/apart"
)

// writeFn writes the records of a capture: those of conversations that are complete in it, but for those that are void, and those of what crosses and is completed
// here, of sockets one after the other.
type writeFn struct {
	Job job

	all     *captures // the same for each capture, and read once
	reports reports
}

// captures is how all of them lie in time, and the number of each by the name of its file, and that by the number.
type captures struct {
	layout *apart.Layout
	number map[string]int64
	name   map[int64]string
}

// ProcessElement is for Beam.
func (f *writeFn) ProcessElement(ctx context.Context, number int64, plans func(*plan) bool, bundles func(*bundle) bool, emit func(tally), total func(int64, part)) error {
	var p plan
	if !plans(&p) {
		return fmt.Errorf("nothing is known of capture %d, for which something was packed", number)
	}
	w, err := newWriter(&f.Job, fmt.Sprintf("%06d", number), &f.reports)
	if err != nil {
		return err
	}
	if err = f.keep(ctx, &p, w); err == nil {
		err = f.complete(ctx, &p, bundles, w)
	}
	if err == nil {
		conversations.Inc(ctx, w.tally.Conversations)
		crossing.Inc(ctx, w.tally.Crossing)
	}
	return w.close(ctx, err, number, emit, total)
}

// keep writes the records that waited, but for those that are void.
func (f *writeFn) keep(ctx context.Context, p *plan, w *writer) error {
	if !p.Staged {
		return nil
	}
	crossing, err := unpackCrossing(p.Crossing)
	if err != nil {
		return err
	}
	return f.Job.eachRow(ctx, &p.Capture, func(row row) error {
		if _, crosses := slices.BinarySearchFunc(crossing, row.id, func(w apart.Wanted, id apart.ID) int { return cmp.Compare(w.ID, id) }); crosses {
			return nil
		}
		return w.add(ctx, row, p.Capture.Number, uint64(p.Before))
	})
}

// complete writes the conversations that are completed here.
func (f *writeFn) complete(ctx context.Context, p *plan, bundles func(*bundle) bool, w *writer) error {
	home, err := p.isHome()
	if err != nil || !home {
		return err
	}
	all, err := f.Job.atHome(ctx, &p.Capture)
	if err != nil {
		return err
	}
	for i := range all {
		w.tally.BytesAtHome += int64(len(all[i].Data))
	}
	for b := (bundle{}); bundles(&b); b = (bundle{}) {
		w.tally.Bytes += int64(len(b.Data))
		all = append(all, b)
	}
	if len(all) == 0 {
		return nil
	}
	parts, err := unbundle(all)
	if err != nil {
		return err
	}
	return f.join(ctx, parts, w)
}

// join writes the conversations of what was packed.
func (f *writeFn) join(ctx context.Context, all *unbundled, w *writer) error {
	of, err := f.captures(ctx)
	if err != nil {
		return err
	}
	joiner := apart.NewJoiner(of.layout, f.Job.options())
	encode := newEncoder(f.Job.Format)
	noter, err := newNoter(&f.Job)
	if err != nil {
		return err
	}
	var encoded []byte
	var parts []apart.Part
	write := func(file string, c *apart.Conversation) error {
		c.Stream = uint64(of.number[file])
		r := row{day: dayOf(c), outcome: uint8(c.Outcome), notes: noter.of(c)}
		encoded = encode(encoded[:0], c, &noter.judgment)
		r.data = encoded
		if len(parts) > 1 { // else it might have crossed, and nothing came
			w.tally.Crossing++
		}
		return w.add(ctx, r, of.number[file], of.layout.FirstFrame(of.layout.Place(file)))
	}
	for p, ok := all.next(); ok; {
		key := p.Key
		parts = parts[:0]
		for last := int64(-1); ok && p.Key == key; p, ok = all.next() {
			if p.number != last { // else it was delivered twice
				parts = append(parts, apart.Part{File: of.name[p.number], Data: p.Data})
			}
			last = p.number
		}
		if err := joiner.Join(key, parts, write); err != nil {
			return err
		}
	}
	return nil
}

// captures reads how all captures lie in time.
func (f *writeFn) captures(ctx context.Context) (*captures, error) {
	if f.all != nil {
		return f.all, nil
	}
	lines, err := f.Job.table(ctx)
	if err != nil {
		return nil, err
	}
	layout, err := layoutOf(lines)
	if err != nil {
		return nil, err
	}
	f.all = &captures{layout, map[string]int64{}, map[int64]string{}}
	for i := range lines {
		name, number := lines[i].File.Name, lines[i].Capture.Number
		f.all.number[name], f.all.name[number] = number, name
	}
	return f.all, nil
}
