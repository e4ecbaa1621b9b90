package annotate

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/names"
)

// TestRoom: what has no room is counted, and what has is kept.
func TestRoom(t *testing.T) {
	a := New()
	kind := analyzer.FindAnomalyKind("no-answer")
	a.room = 2*(textSize+4) - 1
	var c conversation
	c.say(a, &analyzer.Anomaly{Kind: kind, Frame: 7}, "1234", 3)
	c.say(a, &analyzer.Anomaly{Kind: kind}, "1234", 3)
	if len(c.said) != 1 || c.said[0].frame != 7 || a.LeftOut != 1 {
		t.Errorf("%v, %d left out", c.said, a.LeftOut)
	}
	a.room++
	a.room += textSize + 4
	c.say(a, &analyzer.Anomaly{Kind: kind}, "5678", 3)
	if len(c.said) != 2 || c.said[1].frame != 3 {
		t.Errorf("%v", c.said)
	}
}

// TestDue: what is said of a frame that is not shown is said of the next one that is, with its number.
func TestDue(t *testing.T) {
	c := conversation{said: []said{{1, "a", "first"}, {3, "b", "missed"}, {4, "c", "here"}, {5, "d", "later"}}}
	a := New()
	a.keep(c)
	first := &a.all[0][0]
	a.due(first, 1)
	if got := strings.Join(a.texts, "; "); got != "first" {
		t.Errorf("frame 1: %q", got)
	}
	a.texts, a.ids = nil, nil
	for range 2 * chunkSize {
		a.keep(conversation{})
	}
	if len(a.all) != 3 || first != &a.all[0][0] {
		t.Errorf("%d chunks, or the first was moved", len(a.all))
	}
	a.due(first, 4)
	if got := strings.Join(a.texts, "; "); got != "missed (frame 3); here" || strings.Join(a.ids, "") != "bc" || a.Left() != 1 {
		t.Errorf("frame 4: %q, anomalies %q, %d left", got, a.ids, a.Left())
	}
}

// TestNames: what says more of a host goes first, then what was there first, and there is an end to them.
func TestNames(t *testing.T) {
	a := New()
	c := analyzer.Conversation{}
	for _, n := range []names.Name{{Kind: names.DNS, Text: "asked.example"}, {Kind: names.SNI, Text: "first.example"}, {Kind: names.SNI, Text: "second.example"}, {}} {
		c.Names[analyzer.Server] = n
		c.Addr[analyzer.Server] = netip.MustParseAddrPort("[::ffff:10.0.0.1]:443")
		a.name(&c)
	}
	c.Names[analyzer.Server] = names.Name{Kind: names.HTTP, Text: "other.example"}
	c.Addr[analyzer.Server] = netip.MustParseAddrPort("[2001:db8::1]:80")
	a.name(&c)
	var out bytes.Buffer
	for _, h := range a.Hosts() {
		out.WriteString(h.Addr.String() + " " + h.Name + "\n")
	}
	if want := "10.0.0.1 first.example\n2001:db8::1 other.example\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	for i := range mostHosts + 1 {
		c.Addr[analyzer.Server] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), 80)
		a.name(&c)
	}
	if n := len(a.Hosts()); n != mostHosts {
		t.Errorf("%d hosts, want %d", n, mostHosts)
	}
}
