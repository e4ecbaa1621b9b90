package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/packet"
)

// analyzeFn analyzes captures apart.
type analyzeFn struct{ Job job }

// ProcessElement is for Beam.
func (f *analyzeFn) ProcessElement(ctx context.Context, c capture, outline func(outlined), over func(int64, rows), dead func(trouble)) error {
	var result apart.Outline
	alone := len(c.With) == 0
	file, remove, err := c.open(ctx)
	if err != nil {
		dead(trouble{File: c.Name, Offset: -1, Reason: err.Error()})
		unreadable.Inc(ctx, 1)
	} else {
		defer remove()
		w := newRowWriter(f.Job.Format, c.Number, over)
		if !alone {
			w.out.Batch = batchesOfGroups
		}
		result, err = apart.Analyze(ctx, file, f.Job.options(), w.add)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if err := w.flush(); err != nil {
			return err
		}
		for _, e := range file.Stats().Errors {
			if !alone {
				break // each was told of when it was read alone
			}
			reason := trouble{File: c.Name, Offset: -1, Reason: e.Error()}
			if damage, ok := errors.AsType[*packet.Error](e); ok {
				reason.Offset, reason.Reason = damage.Offset, damage.Reason
			}
			dead(reason)
			unreadable.Inc(ctx, 1)
		}
	}
	for _, n := range result.Counts.Bounds {
		boundsMet.Inc(ctx, int64(n))
	}
	boundsMet.Inc(ctx, int64(result.Counts.Evicted+result.Counts.ReleasedEarly))
	if alone {
		packets.Inc(ctx, int64(result.Packets))
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(result); err != nil {
		return err
	}
	outline(outlined{Capture: c, Packets: int64(result.Packets), Start: result.Start, End: result.End, Outline: b.Bytes()})
	return nil
}

// keepFn writes the records of conversations that are complete, and drops those that were void.
type keepFn struct{ Job job }

// ProcessElement is for Beam.
func (f *keepFn) ProcessElement(ctx context.Context, number int64, values func(*rows) bool, plans func(*plan) bool, emit func(tally)) error {
	var p plan
	if !plans(&p) {
		return nil // it was read again, with others
	}
	batches := map[int64][]byte{} // what is delivered twice is there once
	for r := (rows{}); values(&r); r = (rows{}) {
		if (len(p.Capture.With) > 0) == (r.Batch >= batchesOfGroups) { // else it was read again, with others
			batches[r.Batch] = r.Data
		}
	}
	crossing := p.crossing()
	w := newWriter(&f.Job, fmt.Sprintf("%06d", number))
	for _, batch := range slices.Sorted(maps.Keys(batches)) {
		if err := eachRow(batches[batch], func(row row) error {
			if _, crosses := slices.BinarySearch(crossing, row.id); crosses {
				return nil
			}
			return w.add(ctx, row)
		}); err != nil {
			return err
		}
	}
	conversations.Inc(ctx, w.tally.Conversations)
	return w.close(ctx, emit)
}

// packFn packs what crosses from capture to capture.
type packFn struct{ Job job }

// ProcessElement is for Beam.
func (f *packFn) ProcessElement(ctx context.Context, number int64, p plan, emit func(int64, bundle)) error {
	crossing := p.crossing()
	if len(crossing) == 0 {
		return nil
	}
	file, remove, err := p.Capture.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Capture.Name, err)
	}
	defer remove()
	return apart.Pack(ctx, file, f.Job.options(), crossing, f.Job.Shards, func(shard int, data []byte) error {
		shuffled.Inc(ctx, int64(len(data)))
		emit(int64(shard), bundle{Number: number, Data: data})
		return nil
	})
}

// joinFn completes conversations, those of a shard one after the other.
type joinFn struct{ Job job }

// packed is what is handed on of two sockets in a capture.
type packed struct {
	number int64
	apart.Packed
}

// ProcessElement is for Beam.
func (f *joinFn) ProcessElement(ctx context.Context, shard int64, values func(*bundle) bool, tables func(*[]byte) bool, emit func(tally)) error {
	w := newWriter(&f.Job, fmt.Sprintf("crossing-%05d-of-%05d", shard, f.Job.Shards))
	all, err := unbundle(values, &w.tally)
	if err != nil || len(all) == 0 {
		return err
	}
	lines, layout, err := f.layout(tables)
	if err != nil {
		return err
	}
	number := map[string]int64{}
	name := map[int64]string{}
	for i := range lines {
		number[lines[i].File.Name], name[lines[i].Capture.Number] = lines[i].Capture.Number, lines[i].File.Name
	}
	joiner := apart.NewJoiner(layout, f.Job.options())
	encode := newEncoder(f.Job.Format)
	var encoded []byte
	var parts []apart.Part
	for i := 0; i < len(all); {
		key := all[i].Key
		parts = parts[:0]
		for first := i; i < len(all) && all[i].Key == key; i++ {
			if i > first && all[i].number == all[i-1].number {
				continue // delivered twice
			}
			parts = append(parts, apart.Part{File: name[all[i].number], Data: all[i].Data})
		}
		if err := joiner.Join(key, parts, func(file string, c *apart.Conversation) error {
			c.Stream = uint64(number[file])
			encoded = encode(encoded[:0], c)
			return w.add(ctx, row{day: dayOf(c), outcome: uint8(c.Outcome), data: encoded})
		}); err != nil {
			return err
		}
	}
	w.tally.Crossing = w.tally.Conversations
	conversations.Inc(ctx, w.tally.Conversations)
	crossing.Inc(ctx, w.tally.Crossing)
	return w.close(ctx, emit)
}

// unbundle is what is in bundles, in the order of sockets and captures.
func unbundle(values func(*bundle) bool, t *tally) (all []packed, err error) {
	u, err := apart.NewUnbundler()
	if err != nil {
		return nil, err
	}
	defer u.Close()
	for b := (bundle{}); values(&b); b = (bundle{}) {
		t.Bytes += int64(len(b.Data))
		parts, err := u.Open(b.Data)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			all = append(all, packed{b.Number, p})
		}
	}
	slices.SortFunc(all, func(a, b packed) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.number, b.number)) })
	return all, nil
}

// layout is how all captures lie in time.
func (f *joinFn) layout(tables func(*[]byte) bool) (lines []line, layout *apart.Layout, err error) {
	var table []byte
	if !tables(&table) {
		return nil, nil, errors.New("what says how the captures lie in time did not come")
	}
	if err := gob.NewDecoder(bytes.NewReader(table)).Decode(&lines); err != nil {
		return nil, nil, err
	}
	layout, err = layoutOf(lines)
	return lines, layout, err
}
