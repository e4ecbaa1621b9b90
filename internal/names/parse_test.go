package names

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// sized is parts behind their length in n bytes.
func sized(n int, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(body)))
	return append(append([]byte(nil), size[8-n:]...), body...)
}

func extension(kind uint16, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, kind), sized(2, body)...)
}

func sniExtension(kind byte, name string) []byte {
	return extension(extServerName, sized(2, append([]byte{kind}, sized(2, []byte(name))...)))
}

func alpnExtension(ids ...string) []byte {
	var list []byte
	for _, id := range ids {
		list = append(list, sized(1, []byte(id))...)
	}
	return extension(extALPN, sized(2, list))
}

// handshake is a ClientHello with extensions, without its record.
func handshake(extensions ...[]byte) []byte {
	body := append([]byte{3, 3}, make([]byte, 32)...)
	body = append(body, sized(1, make([]byte, 32))...)
	body = append(body, sized(2, []byte{0x13, 1, 0x13, 2})...)
	body = append(body, sized(1, []byte{0})...)
	body = append(body, sized(2, extensions...)...)
	return append([]byte{1}, sized(3, body)...)
}

func tlsRecord(part []byte) []byte { return append([]byte{0x16, 3, 1}, sized(2, part)...) }

func clientHello(extensions ...[]byte) []byte { return tlsRecord(handshake(extensions...)) }

func TestHello(t *testing.T) {
	other := extension(10, []byte{0, 2, 0, 29})
	both := handshake(other, sniExtension(0, "www.Example.com"), alpnExtension("h2", "http/1.1"))
	for _, tt := range []struct {
		name string
		data []byte
		want string // sni, alpn, and whether it ends
	}{
		{"both", tlsRecord(both), "www.example.com h2,http/1.1 true"},
		{"other order", clientHello(alpnExtension("h2"), sniExtension(0, "a.b")), "a.b h2 true"},
		{"neither", clientHello(other), "  true"},
		{"no extensions", clientHello(), "  true"},
		{"a name of another kind", clientHello(sniExtension(1, "a.b")), "  true"},
		{"an address", clientHello(sniExtension(0, "10.0.0.1")), "  true"},
		{"an empty name", clientHello(sniExtension(0, "")), "  true"},
		{"two names", clientHello(sniExtension(0, "a.b"), sniExtension(0, "c.d")), "a.b  true"},
		{"hostile", clientHello(sniExtension(0, "\x1b]0;a\x07"), alpnExtension("\x9a,\n")), `\x1b]0;a\x07 \x9a,\x0a true`},
		{"two records", append(tlsRecord(both[:50]), tlsRecord(both[50:])...), "www.example.com h2,http/1.1 true"},
		{"three records", append(append(tlsRecord(both[:5]), tlsRecord(both[5:50])...), tlsRecord(both[50:])...), "www.example.com h2,http/1.1 true"},
		{"more behind it", append(tlsRecord(both), 0x14, 3, 3, 0, 1, 1), "www.example.com h2,http/1.1 true"},
		{"an alert instead of the rest", append(tlsRecord(both[:50]), 0x15, 3, 3, 0, 2, 2, 40), "  true"},
		{"many records", tinyRecords(both), "www.example.com h2,http/1.1 true"},
	} {
		h := readHello(tt.data)
		if got := fmt.Sprintf("%s %s %v", h.sni, h.alpn, h.end); got != tt.want || !likeHello(tt.data) {
			t.Errorf("%s: %q, want %q; like a hello: %v", tt.name, got, tt.want, likeHello(tt.data))
		}
	}
}

func tinyRecords(b []byte) (out []byte) {
	for i := range b {
		out = append(out, tlsRecord(b[i:i+1])...)
	}
	return out
}

// TestHelloCut: of a hello that is cut anywhere the names are told that are whole, and nothing is told of what is not.
func TestHelloCut(t *testing.T) {
	whole := clientHello(sniExtension(0, "www.example.com"), alpnExtension("h2"))
	sniEnd := len(whole) - len(alpnExtension("h2"))
	for n := 1; n < len(whole); n++ {
		h := readHello(whole[:n])
		want := hello{}
		if n >= sniEnd {
			want.sni = "www.example.com"
		}
		if h != want {
			t.Errorf("%d of %d bytes: %+v, want %+v", n, len(whole), h, want)
		}
		if !likeHello(whole[:n]) {
			t.Errorf("%d bytes are not like a hello", n)
		}
	}
	for i, b := range map[int]byte{0: 0x17, 1: 2, 5: 2} {
		other := append([]byte(nil), whole...)
		other[i] = b
		if likeHello(other) {
			t.Errorf("with %d at %d it is like a hello", b, i)
		}
	}
}

func TestRequest(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example true"},
		{"GET / HTTP/1.1\r\nAccept: */*\r\nhOsT:\t A.Example:8080 \r\n", "a.example true"},
		{"GET / HTTP/1.1\nHost: a.example\n", "a.example true"},
		{"OPTIONS * HTTP/1.1\r\nHost: a.example\r\n", "a.example true"},
		{"GET /a b HTTP/1.1\r\nHost: a.example\r\n", "a.example true"},
		{"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n", "a.example true"},
		{"GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n", " true"},
		{"GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n", " true"},
		{"GET / HTTP/1.1\r\nHost:\r\n", " true"},
		{"GET / HTTP/1.1\r\nHost: a:b\r\n", "a:b true"},
		{"GET / HTTP/1.1\r\n\r\nHost: body\r\n", " true"},
		{"GET / HTTP/1.0\r\n\r\n", " true"},
		{"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n", " true"},
		{"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n", " true"},
		{"OPTIONS / RTSP/1.0\r\nHost: a.example\r\n", " true"},
		{"OPTIONS sip:a SIP/2.0\r\nHost: a.example\r\n", " true"},
		{"GET /\r\nHost: a.example\r\n", " true"},
		{"GET  HTTP/1.1\r\nHost: a.example\r\n", " true"},
		{"GET / HTTP/2.0\r\nHost: a.example\r\n", " true"},
		{"GET / HTTP/1.1\r\nX-Host: a.example\r\nHost : b.example\r\n\r\n", " true"},
		{"GET / HTTP/1.1\r\nHost: \x1b[31m\r\n", `\x1b[31m true`},
		{"GET / HT", " false"},
		{"GET / HTTP/1.1\r\n", " false"},
		{"GET / HTTP/1.1\r\nHost: a.exam", " false"},
	} {
		name, end := readRequest([]byte(tt.text))
		if got := fmt.Sprintf("%s %v", name, end); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
	for text, want := range map[string]bool{
		"GET /": true, "G": true, "POST": true, "PROPFIND /": true, "UNLOCK /": true, "GETS /": false, "get /": false, "BREW /": false,
		"VERSION": false, "SSH-2.0": false, "\x16\x03": false, "HTTP/1.1 200 OK": false,
	} {
		if likeRequest([]byte(text)) != want {
			t.Errorf("%q is like a request: %v", text, !want)
		}
	}
	for _, m := range methods {
		if text := string(m) + "/ HTTP/1.1"; !likeRequest([]byte(text)) || strings.Count(text, " ") != 2 {
			t.Errorf("%q is not like a request", text)
		}
	}
}
