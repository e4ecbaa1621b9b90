package output

import (
	"net/netip"
	"unicode/utf8"
)

// AppendString appends s as a JSON string (RFC 8259 7). Bytes that are not UTF-8 become U+FFFD, and what a terminal may obey is written by number.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r >= 0x7f && r < 0xa0:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// AppendSocket appends an address and a port as a JSON object.
func AppendSocket(b []byte, a netip.AddrPort) []byte {
	b = a.Addr().AppendTo(append(b, `{"ip":"`...))
	b = AppendCount(append(b, `","port":`...), uint64(a.Port()))
	return append(b, '}')
}
