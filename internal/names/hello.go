package names

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// likeHello reports whether b may be the first bytes of a TLS record with a ClientHello (RFC 8446 5.1, 4.1.2).
func likeHello(b []byte) bool {
	const handshake, clientHello = 0x16, 1
	return b[0] == handshake && (len(b) < 2 || b[1] == 3) && (len(b) < 6 || b[5] == clientHello)
}

// hello is what a ClientHello says that is of use here.
type hello struct {
	sni, alpn string
	end       bool // it was read to its end, or it is none
}

// The extensions that are read, as IANA numbers them.
const (
	extServerName = 0
	extALPN       = 16
)

// readHello reads a stream that begins with a ClientHello, up to where it was captured.
func readHello(b []byte) (h hello) {
	message, whole := handshakeOf(b)
	var kind, skipped uint8
	var size, version uint16
	var random, list cryptobyte.String
	s := cryptobyte.String(message)
	if !s.ReadUint8(&kind) || !s.ReadUint8(&skipped) || !s.ReadUint16(&size) {
		return hello{end: whole}
	}
	n := int(skipped)<<16 | int(size)
	if len(s) >= n {
		s, whole = s[:n], true
	}
	h.end = whole
	if !s.ReadUint16(&version) || !s.ReadBytes((*[]byte)(&random), 32) || !s.ReadUint8LengthPrefixed(&list) || // session id
		!s.ReadUint16LengthPrefixed(&list) || !s.ReadUint8LengthPrefixed(&list) || // ciphers, compression
		!s.ReadUint16(&size) {
		return h
	}
	for s = s[:min(int(size), len(s))]; len(s) > 0; {
		var kind uint16
		var body cryptobyte.String
		if !s.ReadUint16(&kind) || !s.ReadUint16LengthPrefixed(&body) {
			return h
		}
		switch {
		case kind == extServerName && h.sni == "":
			h.sni = serverName(body)
		case kind == extALPN && h.alpn == "":
			h.alpn = protocols(body)
		}
	}
	return h
}

// handshakeOf is the content of the handshake records that b begins with. whole says that there is no more of them.
func handshakeOf(b []byte) (content []byte, whole bool) {
	s := cryptobyte.String(b)
	for records := 0; ; records++ {
		var kind uint8
		var version, size uint16
		if len(s) > 0 && (s[0] != b[0] || len(s) > 1 && s[1] != 3) {
			return content, true // another kind of record
		}
		if !s.ReadUint8(&kind) || !s.ReadUint16(&version) || !s.ReadUint16(&size) {
			return content, false
		}
		part := s[:min(int(size), len(s))]
		switch records {
		case 0:
			content = part // which is all of it, as a rule
		case 1:
			content = append(append(make([]byte, 0, len(b)), content...), part...)
		default:
			content = append(content, part...)
		}
		if len(part) < int(size) {
			return content, false
		}
		s = s[len(part):]
	}
}

// serverName is the first host name of the extension (RFC 6066 3).
func serverName(s cryptobyte.String) string {
	const hostName = 0
	var list, name cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return ""
	}
	for len(list) > 0 {
		var kind uint8
		if !list.ReadUint8(&kind) || !list.ReadUint16LengthPrefixed(&name) {
			return ""
		}
		if kind == hostName {
			return host(name)
		}
	}
	return ""
}

// protocols is the ids of the extension (RFC 7301 3.1).
func protocols(s cryptobyte.String) string {
	var list, id cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return ""
	}
	var ids [][]byte
	for len(list) > 0 {
		if !list.ReadUint8LengthPrefixed(&id) || len(ids) == maxProtocols {
			break
		}
		ids = append(ids, id)
	}
	return Clean(bytes.Join(ids, []byte{','}))
}

// maxProtocols bounds the ids that are read: no client offers so many.
const maxProtocols = 32
