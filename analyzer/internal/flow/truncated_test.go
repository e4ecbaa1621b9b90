package flow

import (
	"testing"

	"tcptrace/internal/wire"
)

// TestIsTruncated: a segment that ends where its interface cuts all packets is not noted as one that was cut; one that ends before is.
func TestIsTruncated(t *testing.T) {
	for _, test := range []struct {
		why  string
		snap uint32 // of interface 1
		s    wire.Segment
		want bool
	}{
		{"whole", 128, wire.Segment{PayloadOff: 66, PayloadCap: 20, Len: 20}, false},
		{"cut at the snap length", 128, wire.Segment{PayloadOff: 66, PayloadCap: 62, Len: 63}, false},
		{"cut a byte before it", 128, wire.Segment{PayloadOff: 66, PayloadCap: 61, Len: 63}, true},
		{"cut, of an interface without one", 0, wire.Segment{PayloadOff: 66, PayloadCap: 62, Len: 63}, true},
		{"put together from fragments", 128, wire.Segment{PayloadOff: 66, PayloadCap: 62, Len: 63, Bits: wire.Reassembled}, true},
	} {
		test.s.Iface = 1
		o := origins{snapLen: func(iface uint16) uint32 { return test.snap * uint32(iface) }}
		if got := o.isTruncated(&test.s); got != test.want {
			t.Errorf("%s: %t", test.why, got)
		}
	}
	if o := (origins{}); !o.isTruncated(&wire.Segment{PayloadOff: 66, PayloadCap: 62, Len: 63}) {
		t.Error("where no snap length is known, a cut is none")
	}
}
