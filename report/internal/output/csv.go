package output

import (
	"net/netip"
	"strconv"
)

// AppendCSVSocket appends an address and a port as two columns, each with its comma.
func AppendCSVSocket(b []byte, a netip.AddrPort) []byte {
	return AppendCSVCount(a.Addr().AppendTo(append(b, ',')), uint64(a.Port()))
}

// AppendCSVCount appends a comma and n.
func AppendCSVCount(b []byte, n uint64) []byte {
	return strconv.AppendUint(append(b, ','), n, 10)
}
