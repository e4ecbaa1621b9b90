package bitset

import (
	"slices"
	"testing"

	"tcptrace/internal/octets"
)

func TestSet(t *testing.T) {
	var s Set
	list := []int{0, 5, 63, 64, 65, Most - 1}
	if !s.Empty() || slices.Collect(s.Each()) != nil {
		t.Error("what is empty has numbers")
	}
	for _, k := range list {
		s.Add(k)
	}
	if got := slices.Collect(s.Each()); !slices.Equal(got, list) || s.Empty() {
		t.Errorf("%v", got)
	}
	for i, k := range list {
		if s.Below(k) != i || !s.Has(k) || k > 0 && s.Has(k-1) != slices.Contains(list, k-1) {
			t.Errorf("%d: %d are below", k, s.Below(k))
		}
	}
	var o Set
	o.Add(63)
	o.Add(66)
	both := s.And(o)
	if got := slices.Collect(both.Each()); !slices.Equal(got, []int{63}) {
		t.Errorf("in both: %v", got)
	}
	o.Join(s)
	if !o.Has(66) || !o.Has(Most-1) {
		t.Errorf("joined: %v", o)
	}
	r := octets.Reader{Left: s.Append(nil)}
	if Read(&r) != s || !r.Done() {
		t.Error("what is written is not what is read")
	}
}
