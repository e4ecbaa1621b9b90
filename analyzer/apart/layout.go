package apart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
)

// File is a file, and its outline.
type File struct {
	Name string
	Outline
}

// Slim is f as it is known to [Joiner.Join]: without what only says what crosses.
func (f File) Slim() File {
	f.Open, f.Sockets = nil, nil
	return f
}

// Crossing is two sockets that cross, and the file where their conversations are completed: that which has the largest part of them, so that the
// others hand on as little as can be.
type Crossing struct {
	ID   ID
	Home int
}

// Layout is all files in the order of time, as one capture. It does not change, and may be used by several goroutines.
type Layout struct {
	files    []File
	first    []uint64 // by file: how many frames come before it
	clock    []int64  // by file: the latest time of those before it
	end      int64    // the latest of all
	places   map[string]int
	crossing [][]Crossing // by file, in order
}

// NewLayout puts files in their order, whatever that which they come in. Names are not used twice, and the times of files do not overlap: [Overlap]
// says which are to be read as one.
func NewLayout(files []File) (*Layout, error) {
	l := &Layout{files: slices.Clone(files), places: map[string]int{}, end: math.MinInt64}
	slices.SortFunc(l.files, inTime)
	frames := uint64(0)
	for i := range l.files {
		f := &l.files[i]
		if _, twice := l.places[f.Name]; twice {
			return nil, fmt.Errorf("%s is there twice", f.Name)
		}
		l.places[f.Name] = i
		l.first, l.clock = append(l.first, frames), append(l.clock, l.end)
		if f.Packets == 0 {
			continue
		}
		if f.Start < l.end {
			return nil, fmt.Errorf("%s begins before an earlier file has ended: read them as one", f.Name)
		}
		frames += f.Frames
		l.end = max(l.end, f.End)
	}
	return l, l.cross()
}

// cross finds out what crosses. A conversation that is open at the end of a file does if there is anything of its sockets in a file that begins before it is
// over, or if what Analyze told of its end is not so. From then on all of the sockets' is taken together: whether it is over later cannot be told
// from a part of it.
func (l *Layout) cross() error {
	sockets := make([][]pair, len(l.files))
	for i := range l.files {
		ok := false
		if sockets[i], ok = l.files[i].Sockets.pairs(); !ok {
			return fmt.Errorf("%s: %w", l.files[i].Name, errPart)
		}
	}
	l.crossing = make([][]Crossing, len(l.files))
	all := l.crossed(sockets)
	if len(all) == 0 {
		return nil
	}
	l.eachCrossed(sockets, all, func(i int, p pair, x *crossed) {
		if p.amount > x.amount {
			x.home, x.amount = i, p.amount
		}
	})
	l.eachCrossed(sockets, all, func(i int, p pair, x *crossed) { l.crossing[i] = append(l.crossing[i], Crossing{p.id, x.home}) })
	return nil
}

// crossed is two sockets that cross, from a file on. Their home has that amount.
type crossed struct {
	since, home int
	amount      uint8
}

// crossed is what crosses. Whether there is more of what was told of as open is found once for all, from the last file to the first.
func (l *Layout) crossed(sockets [][]pair) map[ID]*crossed {
	next := map[ID]int{} // of what was told of: the next file that has it, if any
	for i := range l.files {
		for _, open := range l.files[i].Open {
			if open.Told {
				next[open.ID] = len(l.files)
			}
		}
	}
	all := map[ID]*crossed{}
	for i := len(l.files) - 1; i >= 0; i-- {
		for _, open := range l.files[i].Open {
			if l.reaches(i, open, next) {
				all[open.ID] = &crossed{since: i, home: i}
			}
		}
		for _, p := range sockets[i] {
			if _, ok := next[p.id]; ok {
				next[p.id] = i
			}
		}
	}
	return all
}

// eachCrossed gives f the files that have anything of sockets that cross, in order, and those in the order of IDs.
func (l *Layout) eachCrossed(sockets [][]pair, all map[ID]*crossed, f func(file int, p pair, x *crossed)) {
	for i := range l.files {
		for _, p := range sockets[i] {
			if x := all[p.id]; x != nil && x.since <= i {
				f(i, p, x)
			}
		}
	}
}

// reaches reports whether what is open at the end of file i may not be over when there is more of it, or is not known as it is when all files end. next says in
// which file there is.
func (l *Layout) reaches(i int, open Open, next map[ID]int) bool {
	expected := l.files[i].Expected
	if !open.Told || expected != l.end && open.Over > min(expected, l.end) {
		return true
	}
	j := next[open.ID]
	return j < len(l.files) && l.files[j].Start < open.Over
}

// inTime is the order of files: that of an analysis of all of them. Those without packets are first.
func inTime(a, b File) int {
	return cmp.Or(cmp.Compare(min(a.Packets, 1), min(b.Packets, 1)), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Name, b.Name))
}

// Overlap is files that are to be read as one, since their times overlap, if there are some: an analysis of all would read their packets in turn.
// They are in order, and each file is in one list at most.
func Overlap(files []File) (together [][]File) {
	files = slices.Clone(files)
	slices.SortFunc(files, inTime)
	for i := 0; i < len(files); {
		n, end := i+1, files[i].End
		for n < len(files) && files[i].Packets > 0 && files[n].Start < end {
			end = max(end, files[n].End)
			n++
		}
		if n > i+1 {
			together = append(together, files[i:n:n])
		}
		i = n
	}
	return together
}

// Files are the files in order.
func (l *Layout) Files() []File { return l.files }

// FirstFrame is how many frames come before those of file i.
func (l *Layout) FirstFrame(i int) uint64 { return l.first[i] }

// Place is the number of a file, -1 if there is none of that name.
func (l *Layout) Place(name string) int {
	if i, ok := l.places[name]; ok {
		return i
	}
	return -1
}

// Crossing are the sockets of which all conversations in a file are to be completed by Join, in the order of IDs: in this file or one before it one crosses.
// What Analyze has handed out of them is void. There may be some of which the file has nothing.
func (l *Layout) Crossing(file int) []Crossing { return l.crossing[file] }

// fileOf is the file of a frame. Those without packets come before it.
func (l *Layout) fileOf(frame uint64) int {
	return sort.Search(len(l.first), func(i int) bool { return l.first[i] >= frame }) - 1
}
