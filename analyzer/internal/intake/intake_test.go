package intake

import (
	"slices"
	"testing"

	"tcptrace/internal/wire"
)

// TestUnsupportedLinks: the first link types that nobody can read are named, each once.
func TestUnsupportedLinks(t *testing.T) {
	var in Intake
	var s wire.Segment
	for _, link := range []wire.LinkType{143, 143, 147, 60000, 143, 148, 149, 150} {
		in.Frame(link, make([]byte, 60), 60, 1, &s)
	}
	got := in.Summary.NotAnalyzed()
	want := []string{"DOCSIS (143)", "USER0 (147)", "60000", "USER1 (148)"}
	if len(got) != 1 || got[0].Packets != 8 || !slices.Equal(got[0].LinkTypes, want) ||
		got[0].Text != "unsupported link type DOCSIS (143), USER0 (147), 60000, USER1 (148)" {
		t.Errorf("%+v", got)
	}
}
