package findings

import (
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
)

type told func(c *analyzer.Conversation) error

func (f told) Conversation(c *analyzer.Conversation) error { return f(c) }

// Totals in pieces, put together in any order, tell what a Collector tells that knows nothing of what conversations have in common, and when they were.
func TestTotals(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/pcaps/*.pcap")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	file := capturefile.Open(paths...)
	defer file.Close()
	k := New()
	pieces := make([]Totals, 7)
	r := rand.New(rand.NewPCG(1, 1))
	var j analyzer.Judgment
	sum, err := analyzer.Run(t.Context(), file, analyzer.Options{NoNames: true}, told(func(c *analyzer.Conversation) error {
		j.Judge(c)
		k.Conversation(c, &j)
		pieces[r.IntN(len(pieces))].Add(Parts(nil, c, &j), Example{Order: c.Stream, Stream: c.Stream, Addr: c.Addr})
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range k.affected { // what a Totals does not know
		a := &k.affected[i]
		a.by, a.first, a.last, a.spread, a.worst.seen, a.worst.service = nil, 0, 0, 0, nil, 0
	}
	k.start = starts{}
	want := k.Report(&sum, Options{})
	for range 5 {
		slices.SortFunc(pieces, func(Totals, Totals) int { return r.IntN(3) - 1 })
		var all Totals
		for i := range pieces {
			all.Merge(&pieces[i])
		}
		if got := all.Report(&sum, Options{}); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
	}
	if len(want.Findings) < 5 || want.Conversations < 20 {
		t.Errorf("%d findings are few", len(want.Findings))
	}
}
