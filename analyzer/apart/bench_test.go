package apart_test

import (
	"testing"

	"tcptrace/analyzer/apart"
)

// The three steps, of conversations of which each crosses.
func BenchmarkApart(b *testing.B) {
	c := load(b, "showcase", "../../testdata/pcaps/showcase.pcap")
	var all []apart.ID
	outline, err := apart.Analyze(b.Context(), c.piece(nil, 0), noNames, func(id apart.ID, _ *apart.Conversation) error {
		all = append(all, id)
		return nil
	})
	for _, open := range outline.Open {
		all = append(all, open.ID)
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
	if err := apart.Pack(b.Context(), c.piece(nil, 0), noNames, all, 1, func(_ int, bundle []byte) error {
		parts, err = unbundler.Open(bundle)
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
