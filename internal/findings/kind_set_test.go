package findings

import (
	"slices"
	"testing"

	"tcptrace/internal/octets"
)

func TestKindSet(t *testing.T) {
	var s kindSet
	list := []int{0, 5, 63, 64, 65, mostKinds - 1}
	if !s.empty() || slices.Collect(s.each()) != nil {
		t.Error("what is empty has kinds")
	}
	for _, k := range list {
		s.add(k)
	}
	if got := slices.Collect(s.each()); !slices.Equal(got, list) || s.empty() {
		t.Errorf("%v", got)
	}
	for i, k := range list {
		if s.below(k) != i || !s.has(k) || k > 0 && s.has(k-1) != slices.Contains(list, k-1) {
			t.Errorf("%d: %d are below", k, s.below(k))
		}
	}
	var o kindSet
	o.add(63)
	o.add(66)
	both := s.and(o)
	if got := slices.Collect(both.each()); !slices.Equal(got, []int{63}) {
		t.Errorf("in both: %v", got)
	}
	o.join(s)
	if !o.has(66) || !o.has(mostKinds-1) {
		t.Errorf("joined: %v", o)
	}
	r := octets.Reader{Left: s.append(nil)}
	if readKindSet(&r) != s || !r.Done() {
		t.Error("what is written is not what is read")
	}
	if len(kinds) > mostKinds {
		t.Errorf("%d kinds", len(kinds))
	}
}
