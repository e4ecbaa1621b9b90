package apart_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tcptrace/analyzer/apart"
)

// The three steps, of conversations of which each crosses.
func BenchmarkApart(b *testing.B) {
	c := load(b, "showcase", "../../testdata/pcaps/showcase.pcap")
	var all []apart.Wanted
	outline, err := apart.Analyze(b.Context(), c.piece(nil, 0), noNames, alone, func(id apart.ID, _ *apart.Conversation) error {
		all = append(all, apart.Wanted{ID: id})
		return nil
	})
	for _, open := range outline.Open {
		all = append(all, apart.Wanted{ID: open.ID})
	}
	if err != nil {
		b.Fatal(err)
	}
	layout, err := apart.NewLayout([]apart.File{{Name: "file", Outline: outline}})
	if err != nil {
		b.Fatal(err)
	}
	unbundler, err := apart.NewUnbundler()
	if err != nil {
		b.Fatal(err)
	}
	defer unbundler.Close()
	var parts []apart.Packed
	if err := apart.Pack(b.Context(), c.piece(nil, 0), noNames, outline.Span(), all, -1, func(_ int64, bundle []byte) error {
		opened, err := unbundler.Open(bundle)
		if err == nil {
			parts = opened.All()
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	join := apart.NewJoiner(layout, noNames)
	for b.Loop() {
		for _, p := range parts {
			if err := join.Join(p.Key, []apart.Part{{File: "file", Data: p.Data}}, func(string, *apart.Conversation) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.Packets)), "ns/packet")
}

// What crosses is found out once, for all files: 200 of a minute each with 20,000 pairs of sockets, a tenth of which are open at the end, waiting for a minute
// as most do; one in a hundred is in the next file, too.
func BenchmarkLayout(b *testing.B) {
	const files, sockets, minute = 200, 20_000, int64(60e9)
	r := rand.New(rand.NewPCG(1, 1))
	var list []apart.File
	var kept []apart.ID
	for i := range int64(files) {
		ids := kept
		for len(ids) < sockets {
			ids = append(ids, apart.ID(r.Uint32()))
		}
		kept = slices.Clone(ids[:sockets/100])
		f := apart.File{Name: fmt.Sprint(i), Outline: apart.Outline{Packets: 1, Frames: 1, Start: i * minute, End: (i+1)*minute - 1, Sockets: apart.SocketsOf(ids...)}}
		slices.Sort(ids[:sockets/10])
		for _, id := range ids[:sockets/10] {
			f.Open = append(f.Open, apart.Open{ID: id, Over: f.End + minute, Told: true})
		}
		list = append(list, f)
	}
	for b.Loop() {
		if _, err := apart.NewLayout(list); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*files*sockets), "ns/socket")
}
