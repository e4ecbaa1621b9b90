package lab_test

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/testutil/thorough"
	"tcptrace/internal/truth/lab"
	"tcptrace/internal/wire"
)

// The cut tests take from captures what a capture can lack, and hold what is said of the rest against what is said of
// the whole. By default the golden captures and those of kernels are cut; the flags choose others:
//
//	go test ./internal/truth/lab -run TestCut -cut.files '../../testdata/pcaps/fin-*.pcap' -cut.kinds skip,end
//	go test ./internal/truth/lab -run TestCut -cut.files X.pcap -cut.kinds skip -cut.at 7 -cut.write /tmp/cut.pcap
var (
	cutFiles = flag.String("cut.files", "", "cut the captures that match these `patterns`, separated by commas, and no others")
	cutKinds = flag.String("cut.kinds", "", "cut only in these `ways`, separated by commas: "+strings.Join(cutNames(), ", "))
	cutAt    = flag.Int("cut.at", 0, "cut only at this `frame`")
	cutMost  = flag.Int("cut.most", 0, "cut a capture in one way at most at so many `frames`, spread over it (0: as the test decides)")
	cutShow  = flag.Int("cut.show", 3, "show at most so many `examples` of one kind of violation; 0: all")
	cutWrite = flag.String("cut.write", "", "write the last cut capture to this `file`")
)

// readCapture reads a capture of any format.
func readCapture(path string) (*capture, error) {
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	c := &capture{path: path}
	var (
		b packet.Batch
		d wire.Decoder
		s wire.Segment
	)
	for src.Next(&b) == nil {
		for i, p := range b.Packets {
			data := slices.Clone(b.Data(i))
			c.frames = append(c.frames, lab.Frame{Time: p.Time, Link: uint16(p.Link), Data: data, WireLen: int(p.WireLen)})
			side, flags := -1, wire.Flags(0)
			if d.Decode(p.Link, data, p.WireLen, &s) == wire.TCP {
				side, flags = int(s.Dir), s.Flags
			}
			c.side, c.flags, c.sent = append(c.side, side), append(c.flags, flags), append(c.sent, s)
		}
	}
	for _, err := range src.Stats().Errors {
		return nil, err
	}
	return c, nil
}

// besideProject is where more captures may be.
const besideProject = "../../../../shared/kernel-truth/"

// cutSets are the captures that are cut, and at how many frames each.
var cutSets = []struct {
	patterns   []string
	most, full int // frames, and where everything is tested
	every      int // only one capture of so many
	some       int // and of those one of so many, unless everything is tested
}{
	{[]string{goldenDir + "/*.pcap*"}, 8, 64, 1, 4},
	{[]string{"../../../testdata/kernel/*.pcap"}, 2, 10, 1, 4},
	{[]string{besideProject + "*/*.pcap"}, 1, 4, 12, 8},
}

// TestCut cuts captures.
func TestCut(t *testing.T) {
	sets := cutSets
	if *cutFiles != "" {
		sets = sets[:1:1]
		sets[0].patterns, sets[0].most, sets[0].every, sets[0].some = strings.Split(*cutFiles, ","), 0, 1, 1
	}
	found := violations{}
	for _, set := range sets {
		var paths []string
		for _, pattern := range set.patterns {
			some, err := filepath.Glob(pattern)
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, some...)
		}
		if len(paths) == 0 {
			t.Logf("no captures match %s", strings.Join(set.patterns, ", "))
		}
		most := set.most
		if thorough.Asked() {
			most = set.full
		}
		if *cutMost != 0 {
			most = *cutMost
		}
		found.cutAll(t, thorough.Some(t, everyNth(paths, set.every), set.some), most)
	}
	found.report(t)
}

// violations are what was found, by kind.
type violations map[string]*violation

type violation struct {
	count    int
	examples []string
}

func (v violations) add(kind, example string) {
	if v[kind] == nil {
		v[kind] = &violation{}
	}
	v[kind].count++
	v[kind].examples = append(v[kind].examples, example)
}

func (v violations) report(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(v)) {
		some := v[kind].examples
		slices.Sort(some)
		if *cutShow > 0 {
			some = some[:min(len(some), *cutShow)]
		}
		t.Errorf("%s: %d times, as\n\t%s", kind, v[kind].count, strings.Join(some, "\n\t"))
	}
}

// everyNth is one of so many paths.
func everyNth(paths []string, n int) (some []string) {
	for i := 0; i < len(paths); i += n {
		some = append(some, paths[i])
	}
	return some
}

// cutAll cuts captures, on every processor.
func (v violations) cutAll(t *testing.T, paths []string, most int) {
	var (
		todo  = make(chan string)
		group sync.WaitGroup
		lock  sync.Mutex
	)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			var a analyzer.Analyzer // keeps its memory from cut to cut
			for path := range todo {
				c, err := readCapture(path)
				lock.Lock()
				if err != nil {
					t.Logf("%s: %v", path, err)
				}
				lock.Unlock()
				found := violations{}
				found.cut(&a, c, most)
				lock.Lock()
				for kind, f := range found {
					for _, e := range f.examples {
						v.add(kind, e)
					}
				}
				lock.Unlock()
			}
		})
	}
	for _, path := range paths {
		todo <- path
	}
	close(todo)
	group.Wait()
}

// cut holds what is said of a capture that is cut against what is said of the whole.
func (v violations) cut(a *analyzer.Analyzer, c *capture, most int) {
	if len(c.frames) == 0 {
		return
	}
	whole := cut{kind: "none"}
	for i := range c.frames {
		whole.left = append(whole.left, i)
	}
	told := tell(a, c, &whole)
	for _, p := range told.problems {
		v.add("whole: "+kindOf(p), fmt.Sprintf("-cut.files %s: %s", c.path, p))
	}
	c.cuts(most, func(k *cut) {
		if *cutWrite != "" {
			k.write(c)
		}
		rest := tell(a, c, k)
		for _, p := range rest.problems {
			v.add(k.kind+": "+kindOf(p), fmt.Sprintf("-cut.files %s %v: %s", c.path, k, p))
		}
		for _, p := range contradictions(c, k, told, rest) {
			v.add(k.kind+": "+kindOf(p), fmt.Sprintf("-cut.files %s %v: %s", c.path, k, p))
		}
	})
}
