package anonymize

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"

	"tcptrace/internal/wire"
)

// became is what an address becomes.
func became(a *addresses, from netip.Addr) netip.Addr {
	b := from.AsSlice()
	a.ip(b)
	to, _ := netip.AddrFromSlice(b)
	return to
}

// TestSpecial: addresses with a meaning keep it, those beside them do not get it, with any key. Worked out and remembered is the same.
func TestSpecial(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var key [KeySize]byte
		for i := range key {
			key[i] = byte(r.Uint32())
		}
		a, err := newAddresses(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, same := range []string{"0.0.0.0", "255.255.255.255", "224.0.0.251", "224.0.0.255", "::", "::1", "ff02::1", "ff02::fb", "ff05::1:3", "ff02::1:2", "ff0e::ffff"} {
			addr := netip.MustParseAddr(same)
			if to := became(a, addr); to != addr {
				t.Errorf("%s became %s", same, to)
			}
		}
		for _, prefix := range []string{"127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "239.0.0.0/8", "fe80::/64", "ff00::/8", "ff02::/16", "ff1e::/16", "ff02::1:ff00:0/104"} {
			p := netip.MustParsePrefix(prefix)
			last := netip.Prefix.Masked(p).Addr().AsSlice()
			for i := p.Bits(); i < 8*len(last); i++ {
				last[i/8] |= 0x80 >> (i % 8)
			}
			end, _ := netip.AddrFromSlice(last)
			for _, in := range []netip.Addr{p.Addr(), p.Addr().Next(), end} {
				if to := became(a, in); !p.Contains(to) || to != became(a, in) {
					t.Errorf("%s of %s became %s", in, prefix, to)
				}
			}
			for _, out := range []netip.Addr{p.Addr().Prev(), end.Next()} {
				if out.IsValid() && p.Contains(became(a, out)) {
					t.Errorf("%s is not in %s, but %s is", out, prefix, became(a, out))
				}
			}
		}
	}
}

// TestPrefixes: two addresses have as many first bits in common as before, special or not.
func TestPrefixes(t *testing.T) {
	a, err := newAddresses(sampleKey)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	common := func(a, b []byte) (n int) {
		for n < 8*len(a) && (a[n/8]^b[n/8])&(0x80>>(n%8)) == 0 {
			n++
		}
		return n
	}
	for i := range 20000 {
		size := 4 + 12*(i&1)
		x := make([]byte, size)
		for at := range x {
			x[at] = byte(r.Uint32())
		}
		switch r.IntN(4) {
		case 0:
			x[0] |= 0xe0
		case 1:
			x[0] = 0xff
		}
		y := bytes.Clone(x)
		for at := r.IntN(8 * size); at < 8*size; at += 1 + r.IntN(9) {
			y[at/8] ^= 0x80 >> (at % 8)
		}
		before := common(x, y)
		was := bytes.Clone(x)
		a.ip(x)
		a.ip(y)
		if after := common(x, y); after != before {
			t.Fatalf("% x: %d bits in common, then %d", was, before, after)
		}
	}
}

// TestGroups: the group of network cards is that of the multicast address in the packet, or tells nothing of it where that is missing.
func TestGroups(t *testing.T) {
	v4 := append([]byte("\x01\x00\x5e\x01\x02\x03\x00\x1b\x21\x01\x02\x03\x08\x00\x45\x00\x00\x14\x00\x00\x00\x00\x40\x02\x00\x00"), 10, 0, 0, 1, 239, 129, 2, 3)
	v6 := append([]byte("\x33\x33\xff\x01\x02\x03\x00\x1b\x21\x01\x02\x03\x86\xdd\x60\x00\x00\x00\x00\x00\x3b\xff"),
		bytes.Join([][]byte{netip.MustParseAddr("fe80::1").AsSlice(), netip.MustParseAddr("ff02::1:ff01:203").AsSlice()}, nil)...)
	for name, frame := range map[string][]byte{"IPv4": v4, "IPv6": v6} {
		a, now := newAnonymizer(t, false), bytes.Clone(frame)
		a.Frame(wire.LinkEthernet, now, uint32(len(now)))
		dst := now[len(now)-4:]
		if name == "IPv6" {
			dst = now[len(now)-16:]
		}
		if want, ok := group(dst); !ok || want != [6]byte(now) {
			t.Errorf("%s: % x to group % x, want % x", name, dst, now[:6], want)
		}
		if bytes.Contains(now, []byte("\x01\x02\x03")) {
			t.Errorf("%s: the group is still there: % x", name, now)
		}
		cut := bytes.Clone(frame[:20])
		a.Frame(wire.LinkEthernet, cut, uint32(len(frame)))
		if bytes.Equal(cut[:6], frame[:6]) || cut[0] != frame[0] || cut[1] != frame[1] {
			t.Errorf("%s, cut: group % x", name, cut[:6])
		}
	}
	a := newAnonymizer(t, false)
	for _, same := range []string{"\x33\x33\x00\x00\x00\xfb", "\x01\x00\x5e\x00\x00\xfb", "\x01\x80\xc2\x00\x00\x0e", "\xff\xff\xff\xff\xff\xff"} {
		b := []byte(same)
		if a.addresses.group(b); string(b) != same {
			t.Errorf("% x became % x", same, b)
		}
	}
}
