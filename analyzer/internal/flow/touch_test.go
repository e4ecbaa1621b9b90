package flow

import "testing"

// TestIsNear: how long ago the conversations of most segments were heard of, and how many are most.
func TestIsNear(t *testing.T) {
	for _, test := range []struct {
		name  string
		ago   uint64
		every int // of so many segments, one is so long ago; the others follow at once
		want  bool
	}{
		{"in the cache", nearFrames, 1, true},
		{"longer ago", nearFrames + 1, 1, false},
		{"one of twelve is longer ago", nearFrames + 1, 12, true},
		{"one of two is longer ago", nearFrames + 1, 2, false},
	} {
		tr, segments, hashes := known(1)
		s := segments[0]
		if tr.IsNear(hashes[0], &s) {
			t.Errorf("%s: near as soon as one segment was", test.name)
		}
		near := 0
		for i := range 1000 {
			s.Frame = segments[0].Frame + 1
			if i%test.every == 0 {
				s.Frame = segments[0].Frame + test.ago
			}
			if tr.IsNear(hashes[0], &s) && i >= 500 {
				near++
			}
		}
		if got := near > 250; got != test.want || test.every == 1 && near%500 != 0 {
			t.Errorf("%s: near %d times of 500", test.name, near)
		}
	}
	tr, segments, hashes := known(1)
	for range 1000 {
		tr.IsNear(hashes[0]+1, &segments[0])
	}
	if tr.far != farAll {
		t.Error("a conversation that is not known says something")
	}
}
