package apart

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestAlike: alike compares those fields that are not looked at one by one if it says so, and no others.
func TestAlike(t *testing.T) {
	var st state
	last := wire.Segment{Len: 100, PayloadCap: 100, PayloadOff: 54, IPLen: 140, WireLen: 154, TTL: 64, MSS: 1460, VLAN: [2]uint16{1, 2}, V4DF: true}
	if same := last; !alike(&same, &last) {
		t.Error("a segment is not like itself")
	}
	for i := range fields {
		s := last
		fields[i].to(&st, &s, &last, 1)
		if s == last {
			t.Fatalf("field %d did not change", i)
		}
		if got, want := alike(&s, &last), i < rareFrom; got != want {
			t.Errorf("field %d is another: alike is %v, not %v: %+v", i, got, want, s)
		}
	}
}
