package dump

// pool is a fixed number of items with indices from 1. Those given back are taken first, so that
// memory is touched only where it is needed.
type pool[T any] struct {
	items []T
	used  int      // items[1:used+1] were taken before
	back  []uint32 // of them, given back
}

func newPool[T any](n int) pool[T] { return pool[T]{items: make([]T, n+1)} }

func (p *pool[T]) size() int { return len(p.items) - 1 }
func (p *pool[T]) left() int { return p.size() - p.used + len(p.back) }

// take returns an item as it was left. There must be one.
func (p *pool[T]) take() uint32 {
	if n := len(p.back); n > 0 {
		i := p.back[n-1]
		p.back = p.back[:n-1]
		return i
	}
	p.used++
	return uint32(p.used)
}

func (p *pool[T]) give(i uint32) { p.back = append(p.back, i) }
