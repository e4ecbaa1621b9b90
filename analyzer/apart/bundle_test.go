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
	for _, stays := range []int64{-1, 0} {
		damagedParts(t, stays)
	}
}

func damagedParts(t *testing.T, stays int64) {
	t.Helper()
	c := load(t, "showcase", "../../testdata/pcaps/showcase.pcap")
	var all []apart.Wanted
	outline, err := apart.Analyze(t.Context(), c.piece(nil, 0), noNames, alone, func(id apart.ID, _ *apart.Conversation) error {
		all = append(all, apart.Wanted{ID: id})
		return nil
	})
	for _, open := range outline.Open {
		all = append(all, apart.Wanted{ID: open.ID})
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
	if err := apart.Pack(t.Context(), c.piece(nil, 0), noNames, outline.Span(), all, stays, func(_ int64, bundle []byte) error {
		opened, err := unbundler.Open(bundle)
		if err != nil {
			return err
		}
		parts := opened.All()
		if len(parts) < 2 {
			t.Error(len(parts))
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
			if got, err := unbundler.Open(bad); err == nil && !equal(got.All(), parts) {
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

// What is packed goes where it is wanted, and what crosses is completed in the file that has the largest part of it, the first of those that have as
// much.
func TestHome(t *testing.T) {
	c := load(t, "one conversation", "../../testdata/pcaps/packet-loss.pcap")
	n := len(c.Packets)
	for _, x := range []struct {
		what string
		at   cut
		home int
	}{
		{"the first has most", cut{n - n/4}, 0},
		{"the second has most", cut{n / 4}, 1},
		{"they have as much", cut{n / 2}, 0},
		{"the one in the middle has most", cut{n / 5, n - n/5}, 1},
		{"each has few", cut{1, 2, 3, 4, 5}, 5},
	} {
		var files []apart.File
		for i := range len(x.at) + 1 {
			outline, err := apart.Analyze(t.Context(), c.piece(x.at, i), noNames, alone, func(apart.ID, *apart.Conversation) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, apart.File{Name: name(i), Outline: outline})
		}
		layout, err := apart.NewLayout(files)
		if err != nil {
			t.Fatal(err)
		}
		for i := range files {
			for _, crossing := range layout.Crossing(i) {
				if crossing.Home != x.home {
					t.Errorf("%s: the home of %x is file %d, not %d", x.what, crossing.ID, crossing.Home, x.home)
				}
				to := int64(crossing.Home) + 7
				if err := apart.Pack(t.Context(), c.piece(x.at, i), noNames, layout.Files()[i].Span(), []apart.Wanted{{ID: crossing.ID, To: to}}, -1, func(at int64, _ []byte) error {
					if at != to {
						t.Errorf("%s: it is packed for %d, not %d", x.what, at, to)
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(layout.Crossing(0)) == 0 {
			t.Errorf("%s: nothing crosses", x.what)
		}
	}
}

// Amounts tell what is a quarter more, or more than that, from what they are of, and few from some.
func TestAmount(t *testing.T) {
	if apart.Amount(15) != 0 || apart.Amount(16) == 0 {
		t.Error("16 are the first that are not few")
	}
	for n := uint64(16); n < 1<<60; n += 1 + n/50 {
		if apart.Amount(n+n/4) <= apart.Amount(n) || apart.Amount(n+1) < apart.Amount(n) {
			t.Errorf("%d and a quarter more are %d and %d", n, apart.Amount(n), apart.Amount(n+n/4))
		}
	}
}
