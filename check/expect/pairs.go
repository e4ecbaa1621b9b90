package expect

import (
	"bytes"
	"cmp"
	"context"
	"reflect"
	"slices"
	"sync"

	"tcptrace/report"
)

// Pair is a conversation in both captures.
type Pair struct {
	A, B    *Party
	Changes []Change // empty: they are alike
}

// pairsAtOnce is how many pairs a goroutine compares in one go.
const pairsAtOnce = 64

// Each compares the pairs of d, in the order of A: of makes of each what is wanted of it, in one of so many goroutines, and use gets
// that in order. Few are held at a time, as all of them may differ in everything. It ends with the first error, and when ctx does.
func Each[T any](ctx context.Context, d *Difference, workers int, of func(*Pair) T, use func(T) error) error {
	ctx, stop := context.WithCancel(ctx)
	type batch struct {
		pairs [][2]int
		made  []T
		err   error
		done  chan struct{}
	}
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	todo := make(chan *batch)
	order := make(chan *batch, 2*workers)
	all.Go(func() {
		defer close(order)
		defer close(todo)
		for pairs := range slices.Chunk(d.pairs, pairsAtOnce) {
			b := &batch{pairs: pairs, done: make(chan struct{})}
			for _, to := range [...]chan *batch{order, todo} {
				select {
				case to <- b:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		all.Go(func() {
			c := newComparer(d)
			for b := range todo {
				for i := 0; i < len(b.pairs) && b.err == nil; i++ {
					var p Pair
					if p, b.err = c.compare(b.pairs[i]); b.err == nil {
						b.made, b.err = append(b.made, of(&p)), context.Cause(ctx)
					}
				}
				close(b.done)
			}
		})
	}
	for b := range order {
		select {
		case <-b.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		for _, v := range b.made {
			if err := use(v); err != nil {
				return err
			}
		}
		if b.err != nil {
			return b.err
		}
	}
	return context.Cause(ctx)
}

// comparer compares the records of pairs.
type comparer struct {
	d        *Difference
	from, to unpacker
	a, b     report.Record
}

func newComparer(d *Difference) *comparer {
	return &comparer{d: d, from: unpacker{of: d.a}, to: unpacker{of: d.b}}
}

func (c *comparer) compare(pair [2]int) (Pair, error) {
	v, w := &c.d.a.index[pair[0]], &c.d.b.index[pair[1]]
	p := Pair{A: &v.Party, B: &w.Party}
	if bytes.Equal(v.data, w.data) {
		return p, nil
	}
	if err := cmp.Or(c.from.record(pair[0], &c.a), c.to.record(pair[1], &c.b)); err != nil {
		return p, err
	}
	x := differ{tolerance: c.d.tolerance, a: &c.a, b: &c.b}
	x.records(recordPlan, reflect.ValueOf(&c.a).Elem(), reflect.ValueOf(&c.b).Elem())
	p.Changes = x.out
	return p, nil
}
