package anonymize

import "net/netip"

// special is addresses that say what they are for, and to nobody whose they are: they stay what they are (IANA's registries of special-purpose and
// of multicast addresses).
type special struct {
	prefix [16]byte
	mask   [16]byte // where the prefix counts
	keep   int      // how many first bits stay
}

// specials are those of a family of addresses.
func specials(lines ...struct {
	prefix, mask string
	keep         int
}) []special {
	var list []special
	for _, l := range lines {
		s := special{keep: l.keep}
		copy(s.prefix[:], netip.MustParseAddr(l.prefix).AsSlice())
		copy(s.mask[:], netip.MustParseAddr(l.mask).AsSlice())
		list = append(list, s)
	}
	return list
}

type specialLine = struct {
	prefix, mask string
	keep         int
}

var specials4 = specials(
	specialLine{"0.0.0.0", "255.255.255.255", 32},         // none yet
	specialLine{"127.0.0.0", "255.0.0.0", 8},              // loopback
	specialLine{"169.254.0.0", "255.255.0.0", 16},         // link-local (RFC 3927)
	specialLine{"224.0.0.0", "240.0.0.0", 4},              // multicast
	specialLine{"224.0.0.0", "255.255.255.0", 32},         // of protocols on a link (RFC 5771 4)
	specialLine{"239.0.0.0", "255.0.0.0", 8},              // with a scope (RFC 2365)
	specialLine{"255.255.255.255", "255.255.255.255", 32}, // broadcast
)

var specials6 = specials(
	specialLine{"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 128},          // none yet, and loopback
	specialLine{"fe80::", "ffff:ffff:ffff:ffff::", 64},                         // link-local
	specialLine{"ff00::", "fff0:ffff:ffff:ffff:ffff:ffff::", 128},              // permanent multicast groups (RFC 3307 4.1), in any scope
	specialLine{"ff00::", "ff00::", 16},                                        // other: flags and scope (RFC 4291 2.7)
	specialLine{"ff02::1:ff00:0", "ffff:ffff:ffff:ffff:ffff:ffff:ff00:0", 104}, // those who are looked for (RFC 4291 2.7.1)
)

// stays reports whether bit i of an address stays: whether the bits before it are those that a special address begins with. So bits stay on the way
// to special addresses and in them, no address becomes special that was not, and prefixes are kept as before.
func stays(list []special, in *[16]byte, i int) bool {
	for k := range list {
		if s := &list[k]; i < s.keep && s.begins(in, i) {
			return true
		}
	}
	return false
}

// begins reports whether the first n bits are those of s.
func (s *special) begins(in *[16]byte, n int) bool {
	for at := 0; at*8 < n; at++ {
		differ := (in[at] ^ s.prefix[at]) & s.mask[at]
		if left := n - at*8; left < 8 {
			differ &^= 0xff >> left
		}
		if differ != 0 {
			return false
		}
	}
	return true
}

// group is the group address of a network card for an IP multicast address (RFC 1112 6.4, RFC 2464 7); ok: it is one.
func group(ip []byte) (mac [6]byte, ok bool) {
	switch {
	case len(ip) == 4 && ip[0]>>4 == 0xe:
		return [6]byte{0x01, 0x00, 0x5e, ip[1] & 0x7f, ip[2], ip[3]}, true
	case len(ip) == 16 && ip[0] == 0xff:
		return [6]byte{0x33, 0x33, ip[12], ip[13], ip[14], ip[15]}, true
	}
	return mac, false
}
