package lab_test

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/truth/lab"
	"tcptrace/internal/wire"
)

// capture is the frames of a capture, in memory.
type capture struct {
	path   string
	frames []lab.Frame
	flags  []wire.Flags // of the segment in it
	side   []int        // 0 or 1 by the key of its connection, -1: no TCP
	sent   []wire.Segment
}

// cut is what is left of a capture: indices of its frames, in order; one that is there twice was captured twice.
type cut struct {
	kind string
	at   int // frame, from 1; 0: the way has only one cut
	left []int
	back int          // from this of those left on, if not 0, the clock is set back
	snap int          // 1: the payload is taken away, as by a snap length; 2: half of it; 0: nothing
	time []int64      // when the frames of left were captured; nil: as in the whole
	kept map[int]bool // left, for has
}

// setBack is by how much.
const setBack = 800e6

func (c *cut) String() string {
	if c.at == 0 {
		return "-cut.kinds " + c.kind
	}
	return fmt.Sprintf("-cut.kinds %s -cut.at %d", c.kind, c.at)
}

// cutKind is a way to cut.
type cutKind struct {
	name   string
	single bool                            // there is one cut, not one for each frame
	keep   func(c *capture, at, i int) int // how often frame i is left if the cut is at frame at
}

var cutWays = []cutKind{
	{"skip", false, func(_ *capture, at, i int) int { return times(i != at) }},
	{"begin", false, func(_ *capture, at, i int) int { return times(i >= at) }},
	{"end", false, func(_ *capture, at, i int) int { return times(i < at) }},
	{"forth", true, func(c *capture, _, i int) int { return times(c.side[i] != 1) }},
	{"back", true, func(c *capture, _, i int) int { return times(c.side[i] != 0) }},
	{"double", true, func(*capture, int, int) int { return 2 }},
	{"clock", false, func(*capture, int, int) int { return 1 }},
	{"half", false, func(_ *capture, at, i int) int { return times(i%2 != at) }},
	{"third", false, func(_ *capture, at, i int) int { return times(i%3 != at) }},
	{"fifth", false, func(_ *capture, at, i int) int { return times(i%5 != at) }},
	{"gap", false, func(_ *capture, at, i int) int { return times(i < at || i >= at+gap) }},
	{"sparse", false, func(_ *capture, at, i int) int {
		return times(crc32.ChecksumIEEE([]byte{byte(at), byte(i >> 8), byte(i)})%4 != 0)
	}},
	{"snap", false, func(*capture, int, int) int { return 1 }},
	{"swap", false, func(*capture, int, int) int { return 1 }},
	{"late", false, func(*capture, int, int) int { return 1 }},
	{"window", false, func(c *capture, at, i int) int { return times(i >= at && i < at+(len(c.frames)+1)/2) }},
	{"pair", false, func(c *capture, at, i int) int { return times(i != at/len(c.frames) && i != at%len(c.frames)) }},
	{"forth-from", false, func(c *capture, at, i int) int { return times(i < at || c.side[i] != 1) }},
	{"back-from", false, func(c *capture, at, i int) int { return times(i < at || c.side[i] != 0) }},
	{"taps", false, func(_ *capture, at, i int) int { return 1 + times(i%2 == at) }},
}

// moves are the ways that move frames.
var moves = map[string]func(c *capture, k *cut, at int){"swap": swap, "late": later, "taps": taps}

// queued is how long a tap holds a frame back at most while it captures others.
const queued = 50e6

// swap has a frame and the next exchange their places, and keep their times, as queues of a network card do.
func swap(c *capture, k *cut, at int) {
	if at+1 < len(k.left) && c.frames[at+1].Time-c.frames[at].Time <= queued {
		k.left[at], k.left[at+1] = k.left[at+1], k.left[at]
	}
}

// places by which a frame comes too late.
const tooLate = 3

// later has a frame be captured some places later, at the time of the one that it follows then.
func later(c *capture, k *cut, at int) {
	to := min(at+tooLate, len(k.left)-1)
	for c.frames[to].Time-c.frames[at].Time > queued {
		to--
	}
	k.left = slices.Insert(slices.Delete(k.left, at, at+1), to, at)
	for n, i := range k.left {
		if n == to && n > 0 {
			i = k.left[n-1]
		}
		k.time = append(k.time, c.frames[i].Time)
	}
}

// taps has the frames that are there twice be captured by a second tap later.
func taps(c *capture, k *cut, _ int) {
	const away = 1e6
	type seen struct {
		frame int
		time  int64
	}
	var all []seen
	for n, i := range k.left {
		all = append(all, seen{i, c.frames[i].Time + int64(times(n > 0 && k.left[n-1] == i))*away})
	}
	slices.SortStableFunc(all, func(a, b seen) int { return cmp.Compare(a.time, b.time) })
	for n, s := range all {
		k.left[n], k.time = s.frame, append(k.time, s.time)
	}
}

// gap is how many frames in a row are missing, as when a capture's buffer was full.
const gap = 4

// rare are the ways in which only one capture of so many is cut, unless everything is tested and it is short, or -cut.kinds names them. Of
// those beside the project none is, unless named: some such cuts of the captures of gVisor are not told as they should be.
var rare = []string{"half", "fifth", "gap", "swap", "late", "window", "pair", "forth-from", "back-from"}

const (
	rarely = 4
	short  = 300 // frames
)

// takes reports whether the capture is to be cut in a way.
func (c *capture) takes(way string) bool {
	if *cutKinds != "" {
		return slices.Contains(strings.Split(*cutKinds, ","), way)
	}
	if !slices.Contains(rare, way) {
		return true
	}
	return !strings.Contains(c.path, besideProject) && (thorough.Asked() && len(c.frames) <= short || crc32.ChecksumIEEE([]byte(filepath.Base(c.path)+way))%rarely == 0)
}

// counted are the ways that do not take place at a frame, and how many there are of each.
var counted = map[string]int{"half": 2, "third": 3, "fifth": 5, "sparse": 12, "snap": 2, "taps": 2}

func times(kept bool) int {
	if kept {
		return 1
	}
	return 0
}

func cutNames() (names []string) {
	for _, w := range cutWays {
		names = append(names, w.name)
	}
	return names
}

// cuts are all ways to cut the capture; most is how many of one kind there are at most, those at segments that open or
// end something first.
func (c *capture) cuts(most int, yield func(*cut)) {
	for _, w := range cutWays {
		if !c.takes(w.name) {
			continue
		}
		for _, at := range c.places(&w, most) {
			if *cutAt != 0 && at+1 != *cutAt && !w.single {
				continue
			}
			k := cut{kind: w.name, at: at + 1}
			switch {
			case w.single:
				k.at = 0
			case w.name == "clock":
				k.back = at
			case w.name == "snap":
				k.snap = at + 1
			}
			for i := range c.frames {
				for range w.keep(c, at, i) {
					k.left = append(k.left, i)
				}
			}
			if move := moves[w.name]; move != nil {
				move(c, &k, at)
			}
			if len(k.left) > 0 {
				yield(&k)
			}
		}
	}
}

// places are the frames at which to cut, from 0.
func (c *capture) places(w *cutKind, most int) (places []int) {
	switch {
	case w.single:
		return []int{0}
	case counted[w.name] > 0:
		for i := range counted[w.name] {
			places = append(places, i)
		}
		return places
	case w.name == "pair":
		return c.pairs(most)
	}
	from := times(w.name == "begin" || w.name == "end" || w.name == "clock") // at the first frame nothing is cut, or nothing left
	every := 1
	if n := len(c.frames); most > 0 && n > most {
		every = (n + most - 1) / most
	}
	for i := from; i < len(c.frames); i++ {
		if i%every == 0 || c.opensOrEnds(i) && (most == 0 || len(places) < 2*most) {
			places = append(places, i)
		}
	}
	return places
}

// pairs are, as i*frames+j, the pairs of segments i and j that open or end something.
func (c *capture) pairs(most int) (places []int) {
	for i := range c.frames {
		for j := i + 1; j < len(c.frames) && c.opensOrEnds(i); j++ {
			if c.opensOrEnds(j) && (most == 0 || len(places) < 2*most) {
				places = append(places, i*len(c.frames)+j)
			}
		}
	}
	return places
}

func (c *capture) opensOrEnds(i int) bool { return c.flags[i].Any(wire.SYN | wire.FIN | wire.RST) }

// has reports whether a frame, from 1, is left.
func (k *cut) has(frame uint64) bool {
	if k.kept == nil {
		k.kept = make(map[int]bool, len(k.left))
		for _, i := range k.left {
			k.kept[i] = true
		}
	}
	return k.kept[int(frame)-1]
}

// of returns the frames that are left.
func (k *cut) of(c *capture) (frames []lab.Frame) {
	for n, i := range k.left {
		f := c.frames[i]
		if k.back > 0 && n >= k.back {
			f.Time -= setBack
		}
		if off := int(c.sent[i].Len); k.snap > 0 && c.side[i] >= 0 && off < f.WireLen { // else it is more than a frame
			f.Data = f.Data[:min(len(f.Data), f.WireLen-off/k.snap)]
		}
		if k.time != nil {
			f.Time = k.time[n]
		}
		frames = append(frames, f)
	}
	return frames
}

func (k *cut) write(c *capture) {
	b, err := lab.WriteCapture(k.of(c), lab.Format{Nano: true})
	if err == nil {
		err = os.WriteFile(*cutWrite, b, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
