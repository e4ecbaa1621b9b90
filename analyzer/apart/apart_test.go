package apart_test

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/analyzer/capturefile"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/report"
)

// capture is the packets of a capture in memory.
type capture struct {
	name string
	packet.Batch
	iface func(uint16) string
}

func load(t testing.TB, name string, paths ...string) *capture {
	t.Helper()
	file := capturefile.Open(paths...)
	c := &capture{name: name, iface: file.Interface}
	var b packet.Batch
	for file.Next(&b) == nil {
		for i, p := range b.Packets {
			c.Add(p, b.Data(i))
		}
	}
	return c
}

// piece is some of its packets, as a source.
type piece struct {
	*capture
	from, to int
}

func (p *piece) Next(b *packet.Batch) error {
	b.Reset()
	for ; p.from < p.to && len(b.Packets) < 100; p.from++ {
		b.Add(p.Packets[p.from], p.Data(p.from))
	}
	if len(b.Packets) == 0 {
		return io.EOF
	}
	return nil
}

func (p *piece) Interface(number uint16) string { return p.iface(number) }

// cut is where a capture is cut into files.
type cut []int

func (c *capture) piece(at cut, i int) *piece {
	from, to := 0, len(c.Packets)
	if i > 0 {
		from = at[i-1]
	}
	if i < len(at) {
		to = at[i]
	}
	return &piece{c, from, to}
}

func name(i int) string { return fmt.Sprintf("file %03d", i) }

// records are those of one capture, with files and frames in them.
type records struct {
	encode func([]byte, *analyzer.Conversation) []byte
	lines  []string
}

func newRecords() *records { return &records{encode: report.NewNDJSON(nil).NewEncoder()} }

func (r *records) add(file string, c *analyzer.Conversation) error {
	r.lines = append(r.lines, file+" "+string(r.encode(nil, c)))
	return nil
}

type sink func(*analyzer.Conversation) error

func (s sink) Conversation(c *analyzer.Conversation) error { return s(c) }

// together is the records of one analysis of all files.
func (c *capture) together(t *testing.T, at cut, o analyzer.Options) []string {
	t.Helper()
	all := newRecords()
	_, err := analyzer.Run(t.Context(), &piece{c, 0, len(c.Packets)}, o, sink(func(c *analyzer.Conversation) error {
		i, _ := slices.BinarySearch(at, int(c.FirstFrame))
		if i > 0 {
			c.FirstFrame -= uint64(at[i-1])
			c.LastFrame -= uint64(at[i-1])
		}
		c.Stream = 0
		return all.add(name(i), c)
	}))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all.lines)
	return all.lines
}

// sizes are what was handed on.
type sizes struct{ local, crossing, segments, bytes, atHome int }

// crosses reports whether sockets are among those that cross, which are in order.
func crosses(list []apart.Crossing, id apart.ID) bool {
	_, found := slices.BinarySearchFunc(list, id, func(x apart.Crossing, id apart.ID) int { return cmp.Compare(x.ID, id) })
	return found
}

// apart is the records of files analyzed apart.
func (c *capture) apart(t *testing.T, at cut, o apart.Options) ([]string, sizes) {
	t.Helper()
	type local struct {
		id   apart.ID
		line string
	}
	var files []apart.File
	locals := map[string][]local{}
	expected := c.expected()
	for i := range len(at) + 1 {
		r := newRecords()
		outline, err := apart.Analyze(t.Context(), c.piece(at, i), o, apart.Others{Before: rand.IntN(4) > 0, End: expected}, func(id apart.ID, c *apart.Conversation) error {
			r.lines = nil
			_ = r.add(name(i), c)
			locals[name(i)] = append(locals[name(i)], local{id, r.lines[0]})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, apart.File{Name: name(i), Outline: outline})
	}
	rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	layout, err := apart.NewLayout(files)
	if err != nil {
		t.Fatal(err)
	}
	inShares(t, files, layout)
	unbundler, err := apart.NewUnbundler()
	if err != nil {
		t.Fatal(err)
	}
	defer unbundler.Close()
	all, n := newRecords(), sizes{}
	parts := map[string][]apart.Part{}
	for i := range len(at) + 1 {
		place := layout.Place(name(i))
		for _, l := range locals[name(i)] {
			if !crosses(layout.Crossing(place), l.id) {
				all.lines = append(all.lines, l.line)
				n.local++
			}
		}
		var wanted []apart.Wanted
		for _, x := range layout.Crossing(place) {
			wanted = append(wanted, apart.Wanted{ID: x.ID, To: int64(x.Home)})
		}
		err := apart.Pack(t.Context(), c.piece(at, i), o, layout.Files()[place].Span(), wanted, func(to int64, bundle []byte) error {
			if to == int64(place) {
				n.atHome += len(bundle)
			} else {
				n.bytes += len(bundle)
			}
			all, err := unbundler.Open(bundle)
			for _, p := range all {
				parts[p.Key] = append(parts[p.Key], apart.Part{File: name(i), Data: p.Data})
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	join := apart.NewJoiner(layout, o)
	for key, list := range parts {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if err := join.Join(key, list, func(file string, c *apart.Conversation) error {
			n.crossing++
			n.segments += int(c.Packets())
			return all.add(file, c)
		}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all.lines)
	return all.lines, n
}

// expected is when somebody may think that c ends: mostly when it does, else a little earlier or later, or nobody does.
func (c *capture) expected() int64 {
	if len(c.Packets) == 0 {
		return apart.Never
	}
	end := c.Packets[len(c.Packets)-1].Time
	return [...]int64{end, end, end, end - 1, end - 1 - rand.Int64N(120e9), end + 1 + rand.Int64N(120e9), apart.Never}[rand.IntN(7)]
}

// inShares holds what crosses as it is found out share by share against what is found out at once. What is over a little before something else begins may be
// among it.
func inShares(t *testing.T, files []apart.File, whole *apart.Layout) {
	t.Helper()
	const n = 4
	crossing := make([][]apart.Crossing, len(files))
	for i := range n {
		share := slices.Clone(files)
		for k := range share {
			x, err := apart.ParseShare(files[k].Shares(n)[i].Append(nil, files[k].End), files[k].End)
			if err != nil {
				t.Fatal(err)
			}
			share[k].Open, share[k].Sockets = x.Open, x.Sockets
		}
		layout, err := apart.NewLayout(share)
		if err != nil {
			t.Fatal(err)
		}
		for place := range files {
			crossing[place] = append(crossing[place], layout.Crossing(place)...)
		}
	}
	for place := range files {
		for _, x := range whole.Crossing(place) {
			if !slices.Contains(crossing[place], x) {
				t.Errorf("%s: in shares %x cross, of %x", whole.Files()[place].Name, crossing[place], whole.Crossing(place))
				break
			}
		}
	}
}

// compare holds an analysis of the files against one of the whole.
func (c *capture) compare(t *testing.T, at cut, o analyzer.Options) sizes {
	t.Helper()
	want := c.together(t, at, o)
	got, n := c.apart(t, at, o)
	if slices.Equal(got, want) {
		return n
	}
	surplus, missing := less(got, want), less(want, got)
	t.Errorf("%s cut at %v: of %d conversations %d are missing, %d are too many", c.name, at, len(want), len(missing), len(surplus))
	for i := range min(len(surplus), len(missing), 3) {
		from := 0
		for from < min(len(surplus[i]), len(missing[i])) && surplus[i][from] == missing[i][from] {
			from++
		}
		from = max(0, from-200)
		t.Errorf("%.200s\n... %.600s\nwant\n... %.600s", surplus[i], surplus[i][from:], missing[i][min(from, len(missing[i])):])
	}
	return n
}

// less is a without what is in b.
func less(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

func captures(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/pcaps/*.pcap*")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	return paths
}

// inOrder reports whether the times of c never go back.
func (c *capture) inOrder() bool {
	return slices.IsSortedFunc(c.Packets, func(a, b packet.Packet) int { return int(a.Time - b.Time) })
}

// inFragments reports whether c has IP fragments: those in two files are not put together.
func (c *capture) inFragments(t *testing.T) bool {
	t.Helper()
	sum, err := analyzer.Run(t.Context(), &piece{c, 0, len(c.Packets)}, noNames, sink(func(*analyzer.Conversation) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	return sum.Reassembled+sum.FirstFragments > 0 || slices.ContainsFunc(sum.NotAnalyzed(), func(n analyzer.Count) bool {
		return strings.Contains(n.Reason, "fragment")
	})
}

var noNames = analyzer.Options{NoNames: true}

// Each capture, cut at each place.
func TestApartIsTogether(t *testing.T) {
	places := 60
	if !thorough.Asked() {
		places = 8
		t.Log("cut at few places: TCPTRACE_TEST=full cuts at most")
	}
	for _, path := range captures(t) {
		c := load(t, filepath.Base(path), path)
		if !c.inOrder() || c.inFragments(t) {
			t.Logf("%s is left out: its times go back, or it has IP fragments", c.name)
			continue
		}
		for i := 0; i <= len(c.Packets); i += 1 + len(c.Packets)/places {
			c.compare(t, cut{i}, noNames)
		}
		every := cut{}
		for i := 1; i < min(len(c.Packets), 100); i++ {
			every = append(every, i)
		}
		c.compare(t, every, noNames)
		if t.Failed() {
			return
		}
	}
}

// All captures as one, in which many conversations use the same sockets, cut anywhere.
func TestManyConversationsApart(t *testing.T) {
	var paths []string
	for _, path := range captures(t) {
		if c := load(t, "", path); c.inOrder() && !c.inFragments(t) {
			paths = append(paths, path)
		}
	}
	c := load(t, "all captures", paths...)
	for round := range uint64(20) {
		r := rand.New(rand.NewPCG(round, 1))
		at := c.randomCut(r, 40)
		n := c.compare(t, at, noNames)
		if t.Failed() {
			return
		}
		t.Logf("%d cuts: %+v", len(at), n)
	}
}

// again is c again and again: each time the sockets are used anew, a little or a good deal later.
func (c *capture) again(times int, r *rand.Rand) *capture {
	type at struct {
		time int64
		i    int
	}
	var all []at
	for range times {
		later := r.Int64N(1200e9)
		if r.IntN(2) == 0 { // those that ended a short while ago have their sockets still
			later = r.Int64N(60) * 5e9
		}
		for i, p := range c.Packets {
			all = append(all, at{p.Time + later, i})
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return int(a.time - b.time) })
	out := &capture{name: c.name + " again and again", iface: c.iface}
	for _, x := range all {
		p := c.Packets[x.i]
		p.Time = x.time
		out.Add(p, c.Data(x.i))
	}
	return out
}

// Sockets that are used again and again, at any distance.
func TestSocketsUsedAgainApart(t *testing.T) {
	for round := range uint64(20) {
		r := rand.New(rand.NewPCG(round, 2))
		var c *capture
		for c == nil || !c.inOrder() || c.inFragments(t) || len(c.Packets) > 200 {
			paths := captures(t)
			c = load(t, "some", paths[r.IntN(len(paths))], paths[r.IntN(len(paths))])
		}
		c = c.again(40, r)
		at := c.randomCut(r, 30)
		n := c.compare(t, at, noNames)
		if t.Failed() {
			return
		}
		t.Logf("%d cuts of %d packets: %+v", len(at), len(c.Packets), n)
	}
}

// Files whose times overlap are no files of one capture, one after the other.
func TestOverlap(t *testing.T) {
	file := func(name string, start, end int64) apart.File {
		return apart.File{Name: name, Outline: apart.Outline{Packets: 1, Frames: 1, Start: start, End: end}}
	}
	for _, c := range []struct {
		files []apart.File
		want  string
	}{
		{[]apart.File{file("b", 10, 20), file("a", 0, 10)}, ""}, // one ends when the next begins
		{[]apart.File{file("b", 9, 20), file("a", 0, 10)}, "a b"},
		{[]apart.File{file("c", 30, 31), file("b", 20, 25), file("a", 0, 30), {Name: "empty"}}, "a b"},
		{[]apart.File{file("a", 0, 10), file("b", 5, 15), file("c", 14, 16), file("d", 16, 17)}, "a b c"},
	} {
		got := ""
		for _, group := range apart.Overlap(c.files) {
			for _, f := range group {
				got += " " + f.Name
			}
		}
		if strings.TrimSpace(got) != c.want {
			t.Errorf("%v: together are%s, not %s", c.files, got, c.want)
		}
		_, err := apart.NewLayout(c.files)
		if says := "b begins before an earlier file has ended: read them as one"; (err != nil) != (c.want != "") || err != nil && err.Error() != says {
			t.Errorf("%v: %v", c.files, err)
		}
	}
}

// randomCut is at up to n random places of the capture.
func (c *capture) randomCut(r *rand.Rand, n int) cut {
	at := cut{}
	for range 1 + r.IntN(n) {
		at = append(at, r.IntN(len(c.Packets)+1))
	}
	slices.Sort(at)
	return at
}
