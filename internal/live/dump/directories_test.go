package dump

import (
	"slices"
	"testing"
)

// TestDirectories: what may be written to while the capture goes on is the directory of the file, if there is one.
func TestDirectories(t *testing.T) {
	for path, want := range map[string][]string{"": nil, "-": nil, "a.pcap": {"."}, "/tmp/x/a.pcap": {"/tmp/x"}} {
		if got := (&Options{Path: path}).Directories(); !slices.Equal(got, want) {
			t.Errorf("%q: %q", path, got)
		}
	}
}
