package findings

import (
	"net/netip"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
)

// TestKeys: two conversations have the same key where, and only where, a dimension has one text for both, and that is made of the key.
func TestKeys(t *testing.T) {
	var cs []analyzer.Conversation
	for _, at := range []string{
		"10.0.0.1:80", "10.0.0.2:80", "10.0.1.1:80", "10.0.0.1:65535", "0.0.0.0:0", "[::]:0", "[::ffff:10.0.0.1]:80", "[2001:db8::1]:443", "[2001:db8::1:0:0:0:1]:443",
		"[2001:db8:0:1::1]:443", "[fe80::ffff:ffff:ffff:ffff]:1",
	} {
		for _, vlan := range [][2]uint16{{}, {1}, {0, 1}, {100, 20}, {4095, 4095}} {
			for _, ttl := range []uint8{0, 1, 255} {
				for _, text := range []string{"", "a.example", "80"} {
					c := analyzer.Conversation{VLAN: vlan, Interface: text}
					c.Addr = [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort(at)}
					if ttl == 255 {
						c.Addr[0], c.Addr[1] = c.Addr[1], c.Addr[0]
					}
					c.Names[analyzer.Server].Text, c.Sent[analyzer.Client].TTLMin = text, ttl
					cs = append(cs, c)
				}
			}
		}
	}
	for i := range factors {
		f, keys := &factors[i], map[string]key{}
		for j := range cs {
			var v dimension.Values
			f.dimension.Values(&v, &cs[j], nil)
			text, k := string(v.At(0)), f.key(&cs[j])
			if got := f.value(&k); got != text {
				t.Fatalf("%s %q: %q is made of its key", f.dimension.Name, text, got)
			}
			if same, ok := keys[text]; ok && (!k.same(&same) || k.hash() != same.hash()) {
				t.Fatalf("%s %q: keys %v and %v", f.dimension.Name, text, same, k)
			}
			keys[text] = k
		}
		for one, k := range keys {
			for another, o := range keys {
				if one != another && k.same(&o) {
					t.Errorf("%s: %q and %q have the same key", f.dimension.Name, one, another)
				}
			}
		}
	}
}
