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

// Layout is all files in the order of time, as one capture. It does not change, and may be used by several goroutines.
type Layout struct {
	files  []File
	first  []uint64 // by file: how many frames come before it
	clock  []int64  // by file: the latest time of those before it
	end    int64    // the latest of all
	places map[string]int
	open   map[ID]int // the first file with it at its end

	firstOpen int // the first file with any
}

// NewLayout puts files in their order, whatever that which they come in. Names are not used twice, and the times of files do not overlap: [Overlap]
// says which are to be read as one.
func NewLayout(files []File) (*Layout, error) {
	l := &Layout{files: slices.Clone(files), places: map[string]int{}, open: map[ID]int{}, end: math.MinInt64, firstOpen: len(files)}
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
			return nil, fmt.Errorf("%s begins before a file ends that begins before it: read them as one", f.Name)
		}
		frames += f.Frames
		l.end = max(l.end, f.End)
		if len(f.Open) > 0 {
			l.firstOpen = min(l.firstOpen, i)
		}
		for _, id := range f.Open {
			if _, ok := l.open[id]; !ok {
				l.open[id] = i
			}
		}
	}
	return l, nil
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

// Crosses reports whether the conversations of two sockets in a file are to be completed by Join: in this file or one before it they are
// open at the end. What Analyze has handed out of them is void.
func (l *Layout) Crosses(file int, id ID) bool {
	first, ok := l.open[id]
	return ok && first <= file
}

// fileOf is the file of a frame. Those without packets come before it.
func (l *Layout) fileOf(frame uint64) int {
	return sort.Search(len(l.first), func(i int) bool { return l.first[i] >= frame }) - 1
}

// AnyCrosses reports whether Crosses holds for any sockets in a file.
func (l *Layout) AnyCrosses(file int) bool { return file >= l.firstOpen }
