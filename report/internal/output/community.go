package output

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

const protocolTCP = 6

// CommunityID is the Community ID v1 of the TCP flow between a and b, with seed 0:
// the same for both directions, and the same in every tool that speaks it
// (https://github.com/corelight/community-id-spec).
func CommunityID(a, b netip.AddrPort) string {
	return string(AppendCommunityID(nil, a, b))
}

// AppendCommunityID appends the Community ID of the flow between a and b.
func AppendCommunityID(dst []byte, a, b netip.AddrPort) []byte {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	var room [2 + 16 + 16 + 2 + 4]byte // seed, addresses, protocol and padding, ports
	in := room[:2]
	in = AppendAddrBytes(in, a.Addr())
	in = AppendAddrBytes(in, b.Addr())
	in = append(in, protocolTCP, 0)
	in = binary.BigEndian.AppendUint16(in, a.Port())
	in = binary.BigEndian.AppendUint16(in, b.Port())
	sum := sha1.Sum(in)
	return base64.StdEncoding.AppendEncode(append(dst, "1:"...), sum[:])
}

// AppendAddrBytes appends the address in network byte order, in its own length.
func AppendAddrBytes(b []byte, a netip.Addr) []byte {
	if a.Is4() {
		v4 := a.As4()
		return append(b, v4[:]...)
	}
	v6 := a.As16()
	return append(b, v6[:]...)
}
