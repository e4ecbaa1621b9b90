// Package names finds the names by which people know the hosts of a conversation, in the capture itself: in answers of the DNS, in the
// ClientHello of TLS, in requests of HTTP/1; and names of ports. [Observer] looks at datagrams and segments in the order of the capture,
// and holds as little as it can between them, [Table] keeps what was found for as long as there is a conversation that has it.
//
// A name is what somebody wrote on the wire: it proves nothing, and may be anything. Text that leaves this package is printable ASCII, and
// at most MaxLen bytes long ([Clean]).
//
// Not its job: which conversation a segment belongs to (package flow), and what TCP makes of it.
package names

import (
	"net/netip"
	"strings"
)

// MaxLen bounds a name in bytes: no name of the DNS is longer (RFC 1035 2.3.4).
const MaxLen = 255

// Kind says what was found. Of the kinds that name a server a higher one says more.
type Kind uint8

// The kinds.
const (
	None  Kind = iota
	ALPN       // the protocols that the client offers to speak in TLS (RFC 7301), the ids with commas between them; no name
	DNS        // the name that the client asked the DNS for (RFC 1035), latest of those whose answer had the server's address
	HTTP       // the Host of an HTTP/1 request (RFC 9112 3.2), or the host of its target
	SNI        // the server name of a TLS ClientHello (RFC 6066 3)
	Hosts      // the user said so
	NumKinds
)

var kindNames = [NumKinds]string{ALPN: "tls-alpn", DNS: "dns", HTTP: "http-host", SNI: "tls-sni", Hosts: "hosts"}

// String is the kind as a record has it.
func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return ""
}

// Name is what was found. The zero Name is none.
type Name struct {
	Kind Kind
	Text string
}

// Clean is bytes that somebody chose, as they can be shown anywhere: lower case (names are equal whatever their case: RFC 4343), printable ASCII
// without what is markup somewhere, anything else as \xNN. What is longer than MaxLen ends with "...".
func Clean(b []byte) string {
	const hex = "0123456789abcdef"
	const more = "..."
	out := make([]byte, 0, min(len(b), MaxLen))
	fits := 0 // where "..." may go
	for _, c := range b {
		if len(out) <= MaxLen-len(more) {
			fits = len(out)
		}
		switch {
		case c == '\\':
			out = append(out, '\\', '\\')
		case c <= ' ' || c > '~' || c == '"' || c == '&' || c == '<' || c == '>' || c == '`':
			out = append(out, '\\', 'x', hex[c>>4], hex[c&15])
		case 'A' <= c && c <= 'Z':
			out = append(out, c+'a'-'A')
		default:
			out = append(out, c)
		}
		if len(out) > MaxLen {
			return string(append(out[:fits], more...))
		}
	}
	return string(out)
}

// host is the name in b, "" if that is an address, or nothing.
func host(b []byte) string {
	name := Clean(b)
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return ""
	}
	return name
}
