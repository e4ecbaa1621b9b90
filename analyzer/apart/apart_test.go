package apart_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer/apart"
	"tcptrace/internal/testutil/thorough"
)

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
