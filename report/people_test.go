package report

import (
	"net/netip"
	"testing"

	"tcptrace/analyzer"
)

// TestShortHost: a name goes before an address; of a name the end is kept, of an address both ends.
func TestShortHost(t *testing.T) {
	c := &analyzer.Conversation{Addr: [2]netip.AddrPort{netip.MustParseAddrPort("[2001:db8:1:2:3::1]:40000"), netip.MustParseAddrPort("10.0.0.2:443")}}
	c.Names[analyzer.Server].Text = "www.example.com"
	for _, test := range []struct {
		side  analyzer.Side
		width int
		want  string
	}{
		{analyzer.Server, 19, "www.example.com:443"},
		{analyzer.Server, 18, "...example.com:443"},
		{analyzer.Server, 2, ".."},
		{analyzer.Server, 1, "."},
		{analyzer.Client, 26, "[2001:db8:1:2:3::1]:40000"},
		{analyzer.Client, 25, "[2001:db8:1:2:3::1]:40000"},
	} {
		if got := ShortHost(c, test.side, test.width); got != test.want {
			t.Errorf("%v in %d columns: %q, want %q", test.side, test.width, got, test.want)
		}
	}
	if got := ShortHost(c, analyzer.Client, 24); len(got) > 24 || got == "" {
		t.Errorf("an address in 24 columns is %q", got)
	}
	c.Names[analyzer.Server].Text = "a\x1b[31mb"
	if got := ShortHost(c, analyzer.Server, 40); got != HostText(c, analyzer.Server) || got == c.Names[analyzer.Server].Text+":443" {
		t.Errorf("what a terminal would obey is shown as %q", got)
	}
}
