package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"

	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/packet"
)

// analyzeFn analyzes captures apart.
type analyzeFn struct{ Job job }

// ProcessElement is for Beam.
func (f *analyzeFn) ProcessElement(ctx context.Context, c capture, outline func(outlined), shares func(int64, share), dead func(trouble)) error {
	out := outlined{Capture: c}
	var result apart.Outline
	alone := len(c.With) == 0
	file, remove, err := c.open(ctx)
	if err != nil {
		dead(trouble{File: c.Name, Offset: -1, Reason: err.Error()})
		unreadable.Inc(ctx, 1)
	} else {
		defer remove()
		if result, out.Staged, err = f.analyze(ctx, &c, file); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
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
	sharesOf(&c, &result, shares)
	out.Packets, out.Start, out.End = int64(result.Packets), result.Start, result.End
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(result); err != nil {
		return err
	}
	out.Outline = b.Bytes()
	outline(out)
	return nil
}

// analyze has the records of a capture staged.
func (f *analyzeFn) analyze(ctx context.Context, c *capture, file packet.Source) (result apart.Outline, staged bool, err error) {
	w, err := newStaging(&f.Job, c)
	if err != nil {
		return result, false, err
	}
	result, err = apart.Analyze(ctx, file, f.Job.options(), c.Expected, func(id apart.ID, c *apart.Conversation) error { return w.add(ctx, id, c) })
	staged, err = w.close(ctx, err)
	return result, staged, err
}

// keepFn writes the records of conversations that are complete, and drops those that were void.
type keepFn struct{ Job job }

// ProcessElement is for Beam.
func (f *keepFn) ProcessElement(ctx context.Context, p plan, emit func(tally), total func(int64, part)) error {
	if !p.Staged {
		return nil
	}
	crossing := p.crossing()
	w, err := newWriter(&f.Job, fmt.Sprintf("%06d", p.Capture.Number))
	if err != nil {
		return err
	}
	err = f.Job.eachRow(ctx, &p.Capture, func(row row) error {
		if _, crosses := slices.BinarySearch(crossing, row.id); crosses {
			return nil
		}
		return w.add(ctx, row, p.Capture.Number, uint64(p.Before))
	})
	if err == nil {
		conversations.Inc(ctx, w.tally.Conversations)
	}
	return w.close(ctx, err, p.Capture.Number, emit, total)
}

// packFn packs what crosses from capture to capture.
type packFn struct{ Job job }

// ProcessElement is for Beam.
func (f *packFn) ProcessElement(ctx context.Context, p plan, emit func(int64, bundle)) error {
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
		emit(int64(shard), bundle{Number: p.Capture.Number, Data: data})
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
func (f *joinFn) ProcessElement(ctx context.Context, shard int64, values func(*bundle) bool, table func(*[]byte) bool, emit func(tally), total func(int64, part)) error {
	w, err := newWriter(&f.Job, fmt.Sprintf("crossing-%05d-of-%05d", shard, f.Job.Shards))
	if err != nil {
		return err
	}
	all, err := unbundle(values, &w.tally)
	if err != nil || len(all) == 0 {
		return err
	}
	if err = f.join(ctx, all, table, w); err == nil {
		w.tally.Crossing = w.tally.Conversations
		conversations.Inc(ctx, w.tally.Conversations)
		crossing.Inc(ctx, w.tally.Crossing)
	}
	return w.close(ctx, err, shard, emit, total)
}

// join writes the conversations of a shard.
func (f *joinFn) join(ctx context.Context, all []packed, table func(*[]byte) bool, w *writer) error {
	lines, layout, err := f.layout(table)
	if err != nil {
		return err
	}
	number, name := map[string]int64{}, map[int64]string{}
	for i := range lines {
		number[lines[i].File.Name], name[lines[i].Capture.Number] = lines[i].Capture.Number, lines[i].File.Name
	}
	joiner := apart.NewJoiner(layout, f.Job.options())
	encode := newEncoder(f.Job.Format)
	noter, err := newNoter(&f.Job)
	if err != nil {
		return err
	}
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
			r := row{day: dayOf(c), outcome: uint8(c.Outcome), notes: noter.of(c)}
			encoded = encode(encoded[:0], c, &noter.judgment)
			r.data = encoded
			return w.add(ctx, r, number[file], layout.FirstFrame(layout.Place(file)))
		}); err != nil {
			return err
		}
	}
	return nil
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
func (f *joinFn) layout(table func(*[]byte) bool) (lines []line, layout *apart.Layout, err error) {
	var packed []byte
	if !table(&packed) {
		return nil, nil, errors.New("what says how the captures lie in time did not come")
	}
	if err := gob.NewDecoder(bytes.NewReader(packed)).Decode(&lines); err != nil {
		return nil, nil, err
	}
	layout, err = layoutOf(lines)
	return lines, layout, err
}
