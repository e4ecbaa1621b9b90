package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"

	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/packet"
)

// analyzeFn analyzes captures apart.
type analyzeFn struct{ Job job }

// ProcessElement is for Beam.
func (f *analyzeFn) ProcessElement(ctx context.Context, c capture, outline func(outlined), over func(rows), dead func(trouble)) error {
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
	outline(outlined{c, b.Bytes()})
	return nil
}

// keepFn writes the records of conversations that are complete, and drops those that were void.
type keepFn struct {
	Job job
	layouts
}

// ProcessElement is for Beam.
func (f *keepFn) ProcessElement(ctx context.Context, r rows, outlines func(*outlined) bool, emit func(tally)) error {
	layout, err := f.of(outlines)
	if err != nil {
		return err
	}
	place := layout.Place(f.name[r.Number])
	if place < 0 || (len(f.byName[f.name[r.Number]].With) > 0) != (r.Batch >= batchesOfGroups) {
		return nil // it was read again, with others
	}
	w := newWriter(&f.Job, fmt.Sprintf("%06d-%03d", r.Number, r.Batch%batchesOfGroups))
	if err := r.each(func(row row) error {
		if layout.Crosses(place, row.id) {
			return nil
		}
		return w.add(ctx, row)
	}); err != nil {
		return err
	}
	conversations.Inc(ctx, w.tally.Conversations)
	return w.close(ctx, emit)
}

// packFn packs what crosses from capture to capture.
type packFn struct {
	Job job
	layouts
}

// ProcessElement is for Beam.
func (f *packFn) ProcessElement(ctx context.Context, o outlined, outlines func(*outlined) bool, emit func(int64, part)) error {
	layout, err := f.of(outlines)
	if err != nil {
		return err
	}
	c, ok := f.byName[o.Capture.Name]
	place := layout.Place(c.Name)
	if !ok || len(c.With) != len(o.Capture.With) || !layout.AnyCrosses(place) {
		return nil
	}
	file, remove, err := c.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	defer remove()
	wanted := func(id apart.ID) bool { return layout.Crosses(place, id) }
	return apart.Pack(ctx, file, f.Job.options(), wanted, func(key string, data []byte) error {
		h := fnv.New32a()
		h.Write([]byte(key))
		shuffled.Inc(ctx, int64(len(key)+len(c.Name)+len(data)))
		emit(int64(h.Sum32())%int64(f.Job.Shards), part{Key: key, File: c.Name, Data: data})
		return nil
	})
}

// joinFn completes conversations, those of a shard one after the other.
type joinFn struct {
	Job job
	layouts
}

// ProcessElement is for Beam.
func (f *joinFn) ProcessElement(ctx context.Context, shard int64, values func(*part) bool, outlines func(*outlined) bool, emit func(tally)) error {
	layout, err := f.of(outlines)
	if err != nil {
		return err
	}
	var parts []part
	var p part
	for values(&p) {
		parts = append(parts, p)
		p = part{}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.File, b.File)) })
	joiner, err := apart.NewJoiner(layout, f.Job.options())
	if err != nil {
		return err
	}
	w := newWriter(&f.Job, fmt.Sprintf("crossing-%05d-of-%05d", shard, f.Job.Shards))
	encode := newEncoder(f.Job.Format)
	var encoded []byte
	for i := 0; i < len(parts); {
		key, list := parts[i].Key, []apart.Part{}
		for ; i < len(parts) && parts[i].Key == key; i++ {
			if n := len(list); n > 0 && list[n-1].File == parts[i].File {
				continue // delivered twice
			}
			list = append(list, apart.Part{File: parts[i].File, Data: parts[i].Data})
			w.tally.Bytes += int64(len(parts[i].Key) + len(parts[i].File) + len(parts[i].Data))
		}
		if err := joiner.Join(key, list, func(file string, c *apart.Conversation) error {
			c.Stream = uint64(f.byName[file].Number)
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
