package output

import (
	"net/netip"
	"testing"
)

// The values are those that the specification's baseline publishes for TCP.
func TestCommunityID(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"10.0.0.1:10", "10.0.0.1:11", "1:rn3uVMy07GRldneZs+okbZAwWcU="}, // computed by hand: the port decides,
	} {
		a, b := netip.MustParseAddrPort(test.a), netip.MustParseAddrPort(test.b)
		if got := CommunityID(a, b); got != test.want {
			t.Errorf("%v > %v: %s, want %s", a, b, got, test.want)
		}
		if got := CommunityID(b, a); got != test.want {
			t.Errorf("%v > %v: %s, want %s", b, a, got, test.want)
		}
	}
}
