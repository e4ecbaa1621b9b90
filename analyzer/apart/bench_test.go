package apart_test

import (
	"testing"

	"tcptrace/analyzer/apart"
)

// The three steps, of conversations of which each crosses.
func BenchmarkApart(b *testing.B) {
	c := load(b, "showcase", "../../testdata/pcaps/showcase.pcap")
	outline, err := apart.Analyze(b.Context(), c.piece(nil, 0), noNames, func(apart.ID, *apart.Conversation) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	layout, err := apart.NewLayout([]apart.File{{Name: "file", Outline: outline}})
	if err != nil {
		b.Fatal(err)
	}
	parts := map[string][]apart.Part{}
	if err := apart.Pack(b.Context(), c.piece(nil, 0), noNames, func(apart.ID) bool { return true }, func(key string, part []byte) error {
		parts[key] = []apart.Part{{File: "file", Data: part}}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	join, err := apart.NewJoiner(layout, noNames)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for key, list := range parts {
			if err := join.Join(key, list, func(string, *apart.Conversation) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.Packets)), "ns/packet")
}
