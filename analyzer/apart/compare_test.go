package apart_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/apart"
	"tcptrace/report"
)

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
		err := apart.Pack(t.Context(), c.piece(at, i), o, layout.Files()[place].Span(), wanted, int64(place), func(to int64, bundle []byte) error {
			if to == int64(place) {
				n.atHome += len(bundle)
			} else {
				n.bytes += len(bundle)
			}
			opened, err := unbundler.Open(bundle)
			if err != nil {
				return err
			}
			for _, p := range opened.All() {
				parts[p.Key] = append(parts[p.Key], apart.Part{File: name(i), Data: p.Data})
			}
			return nil
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
