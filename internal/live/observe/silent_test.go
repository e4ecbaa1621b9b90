package observe

import (
	"net"
	"net/netip"
	"testing"

	"tcptrace/internal/input"
)

// TestTaken: what a host sends to itself takes the loopback interface; other packets take the interface that has the address.
func TestTaken(t *testing.T) {
	elsewhere := netip.MustParseAddr("192.0.2.1")
	inside := netip.MustParseAddr("127.0.0.1")
	for _, c := range []struct {
		name string
		a, b netip.Addr
		want bool
	}{
		{"lo", inside, inside, true}, {"any", inside, inside, true}, {"other0", inside, inside, false},
		{"lo", inside, elsewhere, true}, // whatever that may be: the interface has the address
		{"any", netip.MustParseAddr("192.0.2.2"), elsewhere, true}, {"lo", netip.MustParseAddr("192.0.2.2"), elsewhere, false},
	} {
		if _, err := net.InterfaceByName("lo"); err != nil {
			t.Skip(err)
		}
		if got := takenBy([]input.Interface{{Name: c.name}})(c.a, c.b); got != c.want {
			t.Errorf("%s, %v to %v: %v", c.name, c.a, c.b, got)
		}
	}
}

// TestPasses: a filter is asked about a segment of the connection, of either version of IP.
func TestPasses(t *testing.T) {
	for _, c := range []struct {
		filter, from, to string
		want             bool
	}{
		{"port 80", "10.0.0.1:1000", "10.0.0.2:80", true}, {"port 80", "10.0.0.1:1000", "10.0.0.2:81", false},
		{"src host 10.0.0.2", "10.0.0.1:1000", "10.0.0.2:80", false}, {"src host 10.0.0.2", "10.0.0.2:80", "10.0.0.1:1000", true},
		{"tcp port 80", "[2001:db8::1]:1000", "[2001:db8::2]:80", true}, {"ip and port 80", "[2001:db8::1]:1000", "[2001:db8::2]:80", false},
		{"udp", "10.0.0.1:1000", "10.0.0.2:80", false},
	} {
		f, err := input.NewFilter(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := passes(f, netip.MustParseAddrPort(c.from), netip.MustParseAddrPort(c.to)); got != c.want {
			t.Errorf("%s, %s to %s: %v", c.filter, c.from, c.to, got)
		}
	}
}
