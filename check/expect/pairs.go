package expect

import (
	"context"
	"slices"
	"sync"
)

// Pair is a conversation in both captures.
type Pair struct {
	A, B    *Party
	Changes []Change // empty: they are alike
	More    int      // changes that are not spelled out
}

// pairsAtOnce is how many pairs a goroutine compares in one go.
const pairsAtOnce = 64

// Each compares the pairs of d, in the order of A: of makes of each what is wanted of it, in one of so many goroutines, and use gets
// that in order. Of most changes of a pair, 0: of all, the values are spelled out. Few are held at a time, as all of them may differ in everything. It ends with the first error, and when ctx does.
func Each[T any](ctx context.Context, d *Difference, workers, most int, of func(*Pair) T, use func(T) error) error {
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
			x := differ{tolerance: d.tolerance, most: most}
			for b := range todo {
				b.made = make([]T, 0, len(b.pairs))
				for i := 0; i < len(b.pairs) && b.err == nil; i++ {
					p := d.compare(&x, b.pairs[i])
					b.made, b.err = append(b.made, of(&p)), context.Cause(ctx)
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

// compare compares a pair.
func (d *Difference) compare(x *differ, pair [2]int) Pair {
	v, w := &d.a.index[pair[0]], &d.b.index[pair[1]]
	x.out, x.more = nil, 0
	x.records(v.data, w.data)
	return Pair{A: &v.Party, B: &w.Party, Changes: x.out, More: x.more}
}
