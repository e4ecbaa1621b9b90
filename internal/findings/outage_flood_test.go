package findings

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"tcptrace/analyzer"
)

// So many stalls are kept until it is known whether they are of an outage; of more none is looked for, and all are counted as they were without it, also
// where two collectors have as many together.
func TestStallsAreBounded(t *testing.T) {
	take := func(k *Collector, from, n int) {
		for i := from; i < from+n; i++ {
			b := [4]byte{10}
			binary.BigEndian.PutUint16(b[2:], uint16(i))
			at := analyzer.Time(1e18) + analyzer.Time(i)*1e6
			c := analyzer.Conversation{Stream: uint64(i), Start: at, Outcome: analyzer.Unanswered,
				Addr: [2]netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4(b), 40000), netip.MustParseAddrPort("10.9.9.9:443")}}
			id := "no-answer"
			if i%2 == 0 {
				id = "retries-exhausted"
			}
			k.Conversation(&c, &analyzer.Judgment{Anomalies: []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind(id), Time: at}}})
		}
		for i := range 10 {
			c := analyzer.Conversation{Start: analyzer.Time(1e18) + analyzer.Time(i)*60e9, Addr: [2]netip.AddrPort{netip.MustParseAddrPort("10.8.8.8:1"), netip.MustParseAddrPort("10.9.9.9:80")}}
			for range 500 {
				k.count(&c, 0)
			}
		}
	}
	for _, test := range []struct {
		n    int
		told bool
	}{{mostStalls, true}, {mostStalls + 1, false}} {
		whole, half, other := New(), New(), New()
		take(whole, 0, test.n)
		take(half, 0, test.n/2)
		take(other, test.n/2, test.n-test.n/2)
		if err := half.Merge(other.Append(nil)); err != nil {
			t.Fatal(err)
		}
		for _, k := range []*Collector{whole, half} {
			r := k.Report(&analyzer.Summary{Start: 1e18, End: 1e18 + 600e9}, Options{})
			outages, n := 0, uint64(0)
			for _, f := range r.Findings {
				n += f.Conversations
				if f.ID == outage {
					outages++
				}
			}
			if (outages == 1) != test.told || n != uint64(test.n) || k.flooded == test.told || len(k.stalls) > mostStalls {
				t.Errorf("%d: %d outages, %d conversations in %d findings, %d kept", test.n, outages, n, len(r.Findings), len(k.stalls))
			}
		}
	}
}
