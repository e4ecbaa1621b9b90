package page

// table numbers values in the order in which they come up.
type table[T comparable] struct {
	list  []T
	index map[T]uint32
}

// words is a table of texts.
type words = table[string]

// of is the number of v.
func (t *table[T]) of(v T) uint32 {
	if i, ok := t.index[v]; ok {
		return i
	}
	if t.index == nil {
		t.index = map[T]uint32{}
	}
	i := uint32(len(t.list))
	t.index[v] = i
	t.list = append(t.list, v)
	return i
}
