package apart

import (
	"cmp"
	"fmt"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/internal/wire"
)

// Part is what Pack gave of two sockets in a file.
type Part struct {
	File string // its name in the Layout
	Data []byte // Packed.Data
}

// Joiner completes conversations, those of two sockets after those of others. It belongs to one goroutine.
type Joiner struct {
	layout  *Layout
	opts    flow.Options
	tracker *flow.Tracker // nil: none so far, or the last one met an error. There is nothing in it between two calls of Join
	merger  *flow.Merger
	outs    [1]flow.Output
	at      *join
}

// NewJoiner returns a Joiner.
func NewJoiner(l *Layout, o Options) *Joiner {
	j := &Joiner{layout: l, opts: pipeline.Tracking(o)}
	if j.opts.Interface == nil {
		j.opts.Interface = func(number uint16) string {
			if int(number) >= len(j.at.ifaces) {
				return ""
			}
			return j.at.ifaces[number]
		}
	}
	return j
}

// Join hands out the conversations of two sockets, of which parts are what was packed in all files, in any order. file is that in which a
// conversation begins: its frames count from the beginning of that, on into those behind it.
func (j *Joiner) Join(key string, parts []Part, each func(file string, c *Conversation) error) error {
	sockets, ok := parseKey(key)
	if !ok {
		return errPart
	}
	type placed struct {
		file int
		data []byte
	}
	list := make([]placed, len(parts))
	for i, p := range parts {
		list[i] = placed{j.layout.Place(p.File), p.Data}
		if list[i].file < 0 {
			return fmt.Errorf("%s is not among the files", p.File)
		}
	}
	slices.SortFunc(list, func(a, b placed) int { return cmp.Compare(a.file, b.file) })
	x := j.begin(sockets, each)
	done := false
	defer func() {
		if !done {
			j.tracker = nil
		}
	}()
	for i, p := range list {
		if i > 0 && list[i-1].file == p.file {
			return fmt.Errorf("%s is there twice", j.layout.files[p.file].Name)
		}
		if err := x.part(p.file, &reader{b: p.data}); err != nil {
			return err
		}
	}
	err := x.end()
	done = err == nil
	return err
}

// join is the completion of the conversations of two sockets.
type join struct {
	*Joiner
	key     wire.Key
	each    func(file string, c *Conversation) error
	s       wire.Segment      // the latest
	at      flow.Placement    // of that
	ifaces  []string          // by number, of all files
	numbers map[uint16]uint16 // of the interfaces of the file at hand
	copies  flow.Copies
	last    [256]int // by place: one more than the file at the end of which the latest segment with it is one of these sockets
	index   int      // of the partition
}

func (j *Joiner) begin(key wire.Key, each func(file string, c *Conversation) error) *join {
	if j.tracker == nil {
		sink := handing(func(c *Conversation) error {
			file := j.layout.fileOf(c.FirstFrame)
			c.FirstFrame -= j.layout.first[file]
			c.LastFrame -= j.layout.first[file]
			c.Stream = 0
			return j.at.each(j.layout.files[file].Name, c)
		})
		j.tracker, j.merger = flow.NewTracker(j.opts, sink), flow.NewMerger(1, sink)
		j.outs[0].Discard()
	}
	j.at = &join{Joiner: j, key: key, each: each, index: key.Partition(j.opts.Partitions())}
	return j.at
}

// part tracks what there is of a file.
func (x *join) part(file int, r *reader) error {
	var t state
	x.numbers = map[uint16]uint16{}
	for range r.uvarint() {
		number, name := uint16(r.uvarint()), r.text()
		if r.bad {
			return errPart
		}
		i := slices.Index(x.ifaces, name)
		if i < 0 {
			i, x.ifaces = len(x.ifaces), append(x.ifaces, name)
		}
		x.numbers[number] = uint16(i)
	}
	for len(r.b) > 0 {
		flags := r.byte()
		switch flags & entryKind {
		case entrySegment:
			t.read(r, &x.key, flags, &x.s)
			if !r.bad {
				x.segment(file, &x.s, flags)
			}
		case entryName, entryICMP:
			n := t.unnotice(r, &x.key, flags)
			n.Frame += x.layout.first[file]
			if !r.bad {
				x.tracker.Notice(&n, x.at, &x.outs[0])
			}
		default:
			return errPart
		}
		if r.bad {
			return errPart
		}
		if err := x.merger.Batch(x.outs[:]); err != nil {
			return err
		}
	}
	return nil
}

// segment tracks a segment.
func (x *join) segment(file int, s *wire.Segment, flags uint8) {
	s.Frame += x.layout.first[file]
	s.Clock = max(s.Clock, x.layout.clock[file])
	s.Iface = x.numbers[s.Iface]
	place := flow.PlaceOf(s)
	if flags&flagSame == 0 && !(flags&flagFirst != 0 && x.reaches(file, place)) {
		x.copies.Forget(place)
	}
	again, before := x.copies.Again(s)
	x.last[place] = 0
	if flags&flagLast != 0 {
		x.last[place] = file + 1
	}
	x.at = x.tracker.Replay(s, again, before, &x.outs[0])
}

// reaches reports whether the latest segment with a place before a file is of these sockets. Where a file comes between that is not short that
// one is too old to matter.
func (x *join) reaches(file int, place uint8) bool {
	if x.last[place] == 0 {
		return false
	}
	for f := x.last[place]; f < file; f++ {
		if places := x.layout.files[f].Touched; len(places) > 0 && places[4*x.index+int(place/64)]>>(place%64)&1 != 0 {
			return false
		}
	}
	return true
}

// end hands out what is open when all files end.
func (x *join) end() error {
	x.tracker.FinishAll(conn.Time(x.layout.end), &x.outs[0])
	return x.merger.Batch(x.outs[:])
}
