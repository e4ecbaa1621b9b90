package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
)

// renamed is a capture with other names of interfaces.
type renamed struct{ *capturefile.File }

func (renamed) Interface(number uint16) string { return []string{"eth0", "lo"}[number] }

// TestInterface: a conversation has the name of its interface from the options, else from the source.
func TestInterface(t *testing.T) {
	upper := func(number uint16) string { return []string{"ETH0", "LO"}[number] }
	const file = "../testdata/pcaps/pcapng-two-interfaces.pcapng"
	for _, test := range []struct {
		named func(uint16) string
		want  string
	}{{nil, "eth0 lo"}, {upper, "ETH0 LO"}} {
		o := analyzer.Options{Interface: test.named}
		var list []string
		for c, err := range analyzer.Read(t.Context(), renamed{capturefile.Open(file)}, o) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, c.Interface)
		}
		if got := strings.Join(list, " "); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
		var k keep
		if _, err := analyzer.New(o, &k).Run(t.Context(), renamed{capturefile.Open(file)}); err != nil {
			t.Fatal(err)
		}
		if got := k[0].Interface + " " + k[1].Interface; len(k) != 2 || got != test.want {
			t.Errorf("in one goroutine: %d, %q, want %q", len(k), got, test.want)
		}
	}
}
