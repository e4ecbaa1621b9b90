package output

import (
	"net/netip"
	"strconv"
	"strings"
)

// AppendCSVSocket appends an address and a port as two columns, each with its comma.
func AppendCSVSocket(b []byte, a netip.AddrPort) []byte {
	return AppendCSVCount(a.Addr().AppendTo(append(b, ',')), uint64(a.Port()))
}

// AppendCSVText appends a comma and s, by RFC 4180. What a spreadsheet would take for a formula begins with an apostrophe, which it takes for the
// mark of text; numbers stay as they are.
func AppendCSVText[T string | []byte](b []byte, s T) []byte {
	b = append(b, ',')
	from, quote := len(b), false
	if len(s) > 0 && startsFormula(s[0]) && !isNumber(s) {
		b = append(b, '\'')
	}
	b = append(b, s...)
	for _, c := range b[from:] {
		quote = quote || c == ',' || c == '"' || c == '\n' || c == '\r'
	}
	if quote {
		text := strings.ReplaceAll(string(b[from:]), `"`, `""`)
		b = append(append(append(b[:from], '"'), text...), '"')
	}
	return b
}

func startsFormula(c byte) bool {
	return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r'
}

// isNumber reports whether s is a sign and a decimal number.
func isNumber[T string | []byte](s T) bool {
	digits, points := 0, 0
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			points++
		default:
			return false
		}
	}
	return digits > 0 && points <= 1 && (s[0] == '+' || s[0] == '-')
}

// AppendCSVCount appends a comma and n.
func AppendCSVCount(b []byte, n uint64) []byte {
	return strconv.AppendUint(append(b, ','), n, 10)
}
