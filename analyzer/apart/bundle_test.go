package apart_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer/apart"
)

// What was packed may be damaged: that is an error, whatever it is.
func TestDamagedParts(t *testing.T) {
	c := load(t, "showcase", "../../testdata/pcaps/showcase.pcap")
	var all []apart.ID
	outline, err := apart.Analyze(t.Context(), c.piece(nil, 0), noNames, apart.Never, func(id apart.ID, _ *apart.Conversation) error {
		all = append(all, id)
		return nil
	})
	for _, open := range outline.Open {
		all = append(all, open.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	layout, err := apart.NewLayout([]apart.File{{Name: "file", Outline: outline}})
	if err != nil {
		t.Fatal(err)
	}
	unbundler, err := apart.NewUnbundler()
	if err != nil {
		t.Fatal(err)
	}
	defer unbundler.Close()
	join := apart.NewJoiner(layout, noNames)
	none := func(string, *apart.Conversation) error { return nil }
	r := rand.New(rand.NewPCG(1, 1))
	if err := apart.Pack(t.Context(), c.piece(nil, 0), noNames, all, 1, func(_ int, bundle []byte) error {
		parts, err := unbundler.Open(bundle)
		if err != nil || len(parts) < 2 {
			t.Error(len(parts), err)
		}
		for _, p := range parts {
			if err := join.Join(p.Key, []apart.Part{{File: "file", Data: p.Data}}, none); err != nil {
				t.Error(err)
			}
			for range 30 { // no bundle holds that, but nothing may break
				bad := p.Data
				for i := range bad {
					if r.IntN(3) == 0 {
						bad[i] = bad[i][:r.IntN(len(bad[i])+1)]
					}
				}
				_ = join.Join(p.Key, []apart.Part{{File: "file", Data: bad}}, none)
			}
		}
		for range 300 {
			bad := slices.Clone(bundle)
			bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
			bad = bad[:len(bad)-r.IntN(2)*r.IntN(len(bad))]
			if got, err := unbundler.Open(bad); err == nil && !equal(got, parts) {
				t.Error("no error")
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if join.Join("short", nil, none) == nil || join.Join(strings.Repeat("k", 37), []apart.Part{{File: "file"}}, none) == nil {
		t.Error("no error")
	}
}

// equal is so if a damage changed nothing, as in what says how a bundle was compressed.
func equal(a, b []apart.Packed) bool {
	return slices.EqualFunc(a, b, func(x, y apart.Packed) bool {
		return x.Key == y.Key && slices.EqualFunc(x.Data[:], y.Data[:], slices.Equal)
	})
}

// However many shards there are, all have some of the sockets.
func TestShards(t *testing.T) {
	c := load(t, "showcase", "../../testdata/pcaps/showcase.pcap")
	for _, shards := range []int{1, 3, 4} {
		used := map[int]bool{}
		for by := range uint16(40) {
			c := c.moved(by)
			outline, err := apart.Analyze(t.Context(), c.piece(nil, 0), noNames, apart.Never, func(apart.ID, *apart.Conversation) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			var all []apart.ID
			for _, open := range outline.Open {
				all = append(all, open.ID)
			}
			if err := apart.Pack(t.Context(), c.piece(nil, 0), noNames, all, shards, func(shard int, _ []byte) error {
				used[shard] = true
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if len(used) != shards {
			t.Errorf("of %d shards %d are used", shards, len(used))
		}
	}
}
