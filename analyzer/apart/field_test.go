package apart

import (
	"testing"

	"tcptrace/internal/wire"
)

// changed says of each field alone that it is not as expected, and of no other, whether it is looked at by itself or not. By how much it differs, and what was expected,
// is the same as by the table.
func TestChanged(t *testing.T) {
	before := wire.Segment{Seq: 1, Ack: 2, TSval: 5, TSecr: 9, Len: 100, PayloadCap: 80, PayloadOff: 54, IPLen: 140, WireLen: 154, TTL: 64, MSS: 1460, VLAN: [2]uint16{1, 2}, V4DF: true}
	st := state{last: [2]wire.Segment{before, {Seq: 7}}, step: [2]uint16{3, 1}, cut: 130}
	last := &st.last[0]
	same := before
	for i := range fields {
		fields[i].to(&st, &same, last, 0)
	}
	if got := st.changed(&same, last); got != 0 || !alike(&same, last) {
		t.Errorf("of a segment that is as expected fields %b changed", got)
	}
	for i := range fields {
		s := before
		for k := range fields {
			fields[k].to(&st, &s, last, boolean(k == i))
		}
		if s == same {
			t.Fatalf("field %d did not change", i)
		}
		if got, want := st.number(i, &s, last), fields[i].from(&st, &s, last); got != want {
			t.Errorf("field %d differs by %d, not %d: %+v", i, got, want, s)
		}
		x, y := s, s
		st.expect(i, &x, last)
		if fields[i].to(&st, &y, last, 0); x != y {
			t.Errorf("field %d is expected to be as in %+v, not as in %+v", i, x, y)
		}
		if got := st.changed(&s, last); got != 1<<i {
			t.Errorf("field %d is another: fields %b changed: %+v", i, got, s)
		}
		if got, want := alike(&s, last), i < rareFrom; got != want {
			t.Errorf("field %d is another: alike is %v, not %v: %+v", i, got, want, s)
		}
	}
}
