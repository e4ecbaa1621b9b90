package topk

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAgainstSort: what is kept is what sorting all and cutting leaves.
func TestAgainstSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{0, 1, 2, 7, 100, 1000} {
		top := New(limit, cmp.Compare[int])
		for range 20 {
			top.Reset()
			var all []int
			for range rng.IntN(300) {
				v := rng.IntN(100)
				all = append(all, v)
				if top.Admits(v) {
					top.Put(v)
				}
				if limit > 0 && top.Last() != slices.Max(top.kept) {
					t.Fatalf("limit %d: the last is %d of %v", limit, top.Last(), top.kept)
				}
			}
			slices.Sort(all)
			if limit > 0 {
				all = all[:min(limit, len(all))]
			}
			if got := top.Sorted(); !slices.Equal(got, all) || top.Len() != len(all) || top.Full() != (limit > 0 && len(all) == limit) {
				t.Fatalf("limit %d: %v, want %v", limit, got, all)
			}
		}
	}
}

// TestTies: what compares equal to the last does not get in.
func TestTies(t *testing.T) {
	top := New(1, cmp.Compare[int])
	top.Put(1)
	if top.Admits(1) || !top.Admits(0) {
		t.Error("a tie gets in, or what is before does not")
	}
}
