package names

// maxTableBytes bounds the texts of a Table, each counted with textSize more. A capture of real traffic stays far below.
const (
	maxTableBytes = 2 << 20
	textSize      = 64
)

// Table keeps texts by small numbers, from 1; 0 is none. Equal texts have one number. The zero Table is empty.
type Table struct {
	Dropped uint64 // texts for which there was no room

	numbers map[string]uint32
	texts   []text // of number i+1
	free    []uint32
	bytes   int
}

type text struct {
	s    string
	uses uint32
}

// Add is the number of s, which is kept until it was released as often as it was added. It is 0 where there is no room.
func (t *Table) Add(s string) uint32 {
	if i := t.numbers[s]; i != 0 {
		t.texts[i-1].uses++
		return i
	}
	if s == "" {
		return 0
	}
	if t.bytes+len(s)+textSize > maxTableBytes {
		t.Dropped++
		return 0
	}
	t.bytes += len(s) + textSize
	var i uint32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.texts = append(t.texts, text{})
		i = uint32(len(t.texts))
	}
	t.texts[i-1] = text{s, 1}
	if t.numbers == nil {
		t.numbers = map[string]uint32{}
	}
	t.numbers[s] = i
	return i
}

// Release undoes one Add that returned i.
func (t *Table) Release(i uint32) {
	if i == 0 {
		return
	}
	x := &t.texts[i-1]
	if x.uses--; x.uses > 0 {
		return
	}
	delete(t.numbers, x.s)
	t.bytes -= len(x.s) + textSize
	*x = text{}
	t.free = append(t.free, i)
}

// Text is that of number i.
func (t *Table) Text(i uint32) string {
	if i == 0 {
		return ""
	}
	return t.texts[i-1].s
}
