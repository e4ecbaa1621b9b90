package apart

import (
	"cmp"
	"fmt"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/latest"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/internal/wire"
)

// Part is what Pack gave of two sockets in a file.
type Part struct {
	File string  // its name in the Layout
	Data Columns // Packed.Data
}

// Joiner completes conversations, those of two sockets after those of others. It belongs to one goroutine.
type Joiner struct {
	layout  *Layout
	opts    flow.Options
	tracker *flow.Tracker // nil: none so far, or the last one met an error. There is nothing in it between two calls of Join
	merger  *flow.Merger
	outs    [1]flow.Output
	at      join // memory of it is kept from one call of Join to the next, as is that of list
	list    []placed
}

// placed is what was packed in a file.
type placed struct {
	file int
	data *Columns
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
	list := j.list[:0]
	for i := range parts {
		p := &parts[i]
		file := j.layout.Place(p.File)
		if file < 0 {
			return fmt.Errorf("%s is not among the files", p.File)
		}
		list = append(list, placed{file, &p.Data})
	}
	j.list = list
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
		x.columns = newReader(p.data)
		if err := x.part(p.file, &x.columns); err != nil {
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
	s       wire.Segment   // the latest
	state   state          // of the file at hand
	columns reader         // what was packed of that
	at      flow.Placement // of that
	ifaces  []string       // by number, of all files
	numbers []uint16       // of the interfaces of the file at hand, by their numbers in it
	copies  latest.Frames
	last    [latest.Places]int32 // by place: one more than the file at the end of which the latest segment with it is one of these sockets
	index   int                  // of the partition

	lastPayload [latest.PayloadPlaces]int32 // as last, of those with payloads
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
	x := &j.at
	x.Joiner, x.key, x.each, x.index = j, key, each, key.Partition(j.opts.Partitions())
	x.at, x.ifaces, x.copies = flow.Placement{}, x.ifaces[:0], latest.Frames{}
	clear(x.last[:])
	clear(x.lastPayload[:])
	return x
}

// part tracks what there is of a file.
func (x *join) part(file int, r *reader) error {
	x.state = newState(x.layout.files[file].Span())
	t := &x.state
	x.numbers = x.numbers[:0]
	rest := &r[columnRest]
	for range rest.Uvarint() {
		number, name := uint16(rest.Uvarint()), rest.Text()
		if rest.Bad {
			return errPart
		}
		i := slices.Index(x.ifaces, name)
		if i < 0 {
			i, x.ifaces = len(x.ifaces), append(x.ifaces, name)
		}
		for len(x.numbers) <= int(number) {
			x.numbers = append(x.numbers, 0)
		}
		x.numbers[number] = uint16(i)
	}
	for n := 1; len(r[columnKind].Left) > 0; n++ {
		switch flags := r[columnKind].Byte(); flags & entryKind {
		case entrySegment, entrySegmentLast:
			known := t.read(r, &x.key, flags, &x.s)
			if !r.bad() {
				x.segment(file, &x.s, flags, known)
			}
		case entryName, entryICMP:
			n := t.unnotice(r, &x.key, flags)
			n.Frame += x.layout.first[file]
			if !r.bad() {
				x.tracker.Notice(&n, x.at, &x.outs[0])
			}
		}
		if r.bad() {
			return errPart
		}
		if n%pipeline.GroupSize != 0 {
			continue
		}
		if err := x.merger.Batch(x.outs[:]); err != nil {
			return err
		}
	}
	if !r.done() {
		return errPart
	}
	return x.merger.Batch(x.outs[:])
}

// segment tracks a segment.
func (x *join) segment(file int, s *wire.Segment, flags uint8, known knownPayload) {
	s.Frame += x.layout.first[file]
	s.Clock = max(s.Clock, x.layout.clock[file])
	s.Iface = x.iface(s.Iface)
	place := latest.PlaceOf(s)
	if flags&flagSame == 0 && !(flags&flagFirst != 0 && x.reaches(file, place)) {
		x.copies.Forget(place)
	}
	again := x.copies.Again(s)
	x.last[place] = 0
	if flags&flagLast != 0 {
		x.last[place] = int32(file) + 1
	}
	x.recall(file, s, flags, known)
	x.at = x.tracker.Replay(s, again, x.copies.Before, &x.outs[0])
}

// iface is the number that an interface of the file at hand has among those of all files.
func (x *join) iface(number uint16) uint16 {
	if int(number) < len(x.numbers) {
		return x.numbers[number]
	}
	return 0 // what was packed does not name it: it is damaged
}

// recall has the tracker remember the payload before that of s, in its place, only if an analysis of all files does.
func (x *join) recall(file int, s *wire.Segment, flags uint8, known knownPayload) {
	place, ok := latest.PayloadPlace(s)
	if !ok {
		return
	}
	last := &x.lastPayload[place]
	switch {
	case known == knownHere:
	case known == knownBefore && *last != 0 && !x.touched(int(*last), file, int(place), latest.PayloadPlaces, payloadsOf):
	default:
		x.tracker.ForgetPayload(place)
	}
	*last = 0
	if flags&entryKind == entrySegmentLast {
		*last = int32(file) + 1
	}
}

// reaches reports whether the latest segment with a place before a file is of these sockets. Where a file comes between that is not short that
// one is too old to matter.
func (x *join) reaches(file int, place uint8) bool {
	return x.last[place] != 0 && !x.touched(int(x.last[place]), file, int(place), len(x.last), func(f *File) ([]uint64, bool) { return f.Touched, false })
}

// payloadsOf is where a file leaves what is remembered of payloads, everywhere if that is not said.
func payloadsOf(f *File) (places []uint64, everywhere bool) { return f.Payloads, f.Packets > 0 }

// touched reports whether something came into a place, of so many of each partition, in the files from one to another. in says of a file where something
// did; otherwise is for those of which it is not said.
func (x *join) touched(from, to, place, of int, in func(f *File) (places []uint64, otherwise bool)) bool {
	for f := from; f < to; f++ {
		places, touched := in(&x.layout.files[f])
		if at := x.index*of + place; at/64 < len(places) {
			touched = places[at/64]>>(at%64)&1 != 0
		}
		if touched {
			return true
		}
	}
	return false
}

// end hands out what is open when all files end.
func (x *join) end() error {
	if err := x.tracker.FinishAll(conn.Time(x.layout.end), flow.All, &x.outs[0], func() error { return nil }); err != nil {
		return err
	}
	return x.merger.Batch(x.outs[:])
}
