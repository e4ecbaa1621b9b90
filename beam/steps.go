package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"strings"

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
	result, err = apart.Analyze(ctx, file, f.Job.options(), apart.Others{Before: c.Number > 0, End: c.Expected}, func(id apart.ID, c *apart.Conversation) error { return w.add(ctx, id, c) })
	staged, err = w.close(ctx, err)
	return result, staged, err
}

// packFn packs what crosses from capture to capture. What is completed in the same capture waits in a file, as records do.
type packFn struct{ Job job }

// ProcessElement is for Beam.
func (f *packFn) ProcessElement(ctx context.Context, number int64, p plan, emit func(int64, bundle)) error {
	wanted, err := unpackCrossing(p.Crossing)
	if err != nil || len(wanted) == 0 {
		return err
	}
	home, err := newHome(ctx, &f.Job, &p)
	if err != nil {
		return err
	}
	return home.close(ctx, f.pack(ctx, &p, wanted, func(to int64, data []byte) error {
		if to == number {
			return home.add(data)
		}
		shuffled.Inc(ctx, int64(len(data)))
		emit(to, bundle{Number: number, Data: data})
		return nil
	}))
}

// pack gives each what is packed of a capture.
func (f *packFn) pack(ctx context.Context, p *plan, wanted []apart.Wanted, each func(int64, []byte) error) error {
	file, remove, err := p.Capture.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Capture.Name, err)
	}
	defer remove()
	stays := p.Capture.Number
	if strings.Contains(f.Job.Output, "://") {
		stays = -1 // what waits there is compressed
	}
	return apart.Pack(ctx, file, f.Job.options(), p.Span, wanted, stays, each)
}
