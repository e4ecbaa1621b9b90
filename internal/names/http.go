package names

import "bytes"

// methods are those of HTTP and WebDAV, with the space behind them (RFC 9110 9, RFC 5789, RFC 4918 9).
var methods = [...][]byte{
	[]byte("GET "), []byte("POST "), []byte("HEAD "), []byte("PUT "), []byte("OPTIONS "), []byte("DELETE "), []byte("CONNECT "), []byte("PATCH "), []byte("TRACE "),
	[]byte("PROPFIND "), []byte("PROPPATCH "), []byte("MKCOL "), []byte("COPY "), []byte("MOVE "), []byte("LOCK "), []byte("UNLOCK "), []byte("REPORT "),
}

// likeRequest reports whether b may be the first bytes of an HTTP/1 request.
func likeRequest(b []byte) bool {
	if b[0] < 'C' || b[0] > 'U' {
		return false
	}
	for _, m := range methods {
		if n := min(len(m), len(b)); bytes.Equal(m[:n], b[:n]) {
			return true
		}
	}
	return false
}

// readRequest reads a stream that begins with an HTTP/1 request, up to where it was captured. end says that it was read as far as its Host, or has
// none. A request that is meant for a proxy (RFC 9112 3.2.2, 3.2.3) names a server behind that, not the one it is sent to.
func readRequest(b []byte) (name string, end bool) {
	line, rest, ok := cutLine(b)
	if !ok {
		return "", false
	}
	_, target, _ := bytes.Cut(line, []byte{' '})
	if i := bytes.LastIndexByte(target, ' '); i <= 0 || !bytes.HasPrefix(target[i+1:], []byte("HTTP/1.")) || target[0] != '/' && target[0] != '*' {
		return "", true
	}
	for {
		if line, rest, ok = cutLine(rest); !ok {
			return "", false
		}
		if len(line) == 0 {
			return "", true
		}
		if field, value, ok := bytes.Cut(line, []byte{':'}); ok && bytes.EqualFold(field, []byte("host")) {
			return host(withoutPort(bytes.Trim(value, " \t"))), true
		}
	}
}

// cutLine is the first line of b, and what is behind it; ok is false if it has no end.
func cutLine(b []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest, ok
}

// withoutPort is a host and port without the port.
func withoutPort(b []byte) []byte {
	i := bytes.LastIndexByte(b, ':')
	if i < 0 || len(bytes.Trim(b[i+1:], "0123456789")) > 0 {
		return b
	}
	return b[:i]
}
