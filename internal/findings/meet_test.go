package findings

import (
	"path/filepath"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
	"tcptrace/internal/bitset"
)

// TestMayMeet: what a conversation meets is among what it may meet, in all golden captures; where there is no anomaly nothing is that takes one.
func TestMayMeet(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/pcaps/*.pcap")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	file := capturefile.Open(paths...)
	defer file.Close()
	var j analyzer.Judgment
	var met, spared bitset.Set
	if _, err := analyzer.Run(t.Context(), file, analyzer.Options{}, told(func(c *analyzer.Conversation) error {
		j.Judge(c)
		s := subject{c, &j}
		may := s.mayMeet()
		for i := range kinds {
			switch holds := kinds[i].when.holds(&s); {
			case holds && !may.Has(i):
				t.Errorf("%v: it is %s, and may not be", c.Addr, kinds[i].id)
			case holds:
				met.Add(i)
			case !may.Has(i):
				spared.Add(i)
			}
			if len(j.Anomalies) == 0 && may.Has(i) && kinds[i].when.flagged {
				t.Errorf("%v: it may be %s without an anomaly", c.Addr, kinds[i].id)
			}
		}
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	if met.Empty() || spared.Empty() {
		t.Error("the test does not show what it is for")
	}
}
