// Package anonymize takes out of captured packets what tells whose they are: addresses become others, prefixes staying prefixes, and
// payload becomes zeros or is cut off. Ports, sequence numbers, times and lengths stay, and a checksum is right afterwards if it was
// right before. Bytes of which it is not known what they are become zeros.
//
// Not its job: what stands beside packets in a capture (package blocks).
package anonymize

import (
	"encoding/binary"

	"tcptrace/internal/wire"
)

// Anonymizer changes packets. It is for one goroutine. Equal keys change equal addresses into equal ones.
type Anonymizer struct {
	addresses *addresses
	cut       bool
	decoder   wire.Decoder
	headers   []wire.Header
	old       []byte
	sums      []checksum
}

// New returns an Anonymizer. cut: payload is cut off, as by a snap length, not zeroed.
func New(key [KeySize]byte, cut bool) (*Anonymizer, error) {
	a, err := newAddresses(key)
	return &Anonymizer{addresses: a, cut: cut}, err
}

// Frame changes a frame in place and returns how many of its bytes remain. wireLen is its length on the wire.
func (a *Anonymizer) Frame(link wire.LinkType, frame []byte, wireLen uint32) int {
	a.headers = a.decoder.Headers(link, frame, wireLen, a.headers[:0])
	a.old = append(a.old[:0], frame...)
	a.sums = a.sums[:0]
	known := 0 // up to here it is known what the bytes are
	for i, h := range a.headers {
		end := min(h.End, len(frame))
		switch h.Kind {
		case wire.HeaderIPv4, wire.HeaderIPv6:
			inner := -1
			if i+1 < len(a.headers) {
				inner = a.headers[i+1].Off
			}
			known = a.packet(frame[:end], h.Off, h.End, inner, h.Kind == wire.HeaderIPv6, 0)
		case wire.HeaderARP:
			known = h.Off + a.arp(frame[h.Off:end])
		default:
			a.link(h.Kind, frame[h.Off:end])
			known = end
		}
	}
	a.groups(frame)
	clear(frame[known:])
	for i := len(a.sums) - 1; i >= 0; i-- { // the inner ones are part of what the outer ones are about
		a.sums[i].update(a.old, frame)
	}
	if a.cut {
		return known
	}
	return len(frame)
}

// groups makes groups of network cards those of the multicast addresses that packets have now.
func (a *Anonymizer) groups(frame []byte) {
	var cards [2]int // where the addresses of the last link layer are that may be groups
	n := 0
	settle := func(of, is []byte) {
		for _, at := range cards[:n] {
			if b := frame[at : at+6]; b[0]&1 != 0 {
				was, _ := group(of)
				if now, ok := group(is); ok && was == [6]byte(a.old[at:]) {
					copy(b, now[:])
				} else {
					a.addresses.group(b)
				}
			}
		}
		n = 0
	}
	for _, h := range a.headers {
		switch h.Kind {
		case wire.HeaderEthernet:
			settle(nil, nil)
			cards[0], n = h.Off, 1
		case wire.HeaderWLAN:
			settle(nil, nil)
			for at := h.Off + 4; at+6 <= min(h.End, len(frame)) && n < 2; at += 12 {
				cards[n], n = at, n+1
			}
		case wire.HeaderIPv4, wire.HeaderIPv6:
			at, size := h.Off+16, 4
			if h.Kind == wire.HeaderIPv6 {
				at, size = h.Off+24, 16
			}
			if at+size <= len(frame) {
				settle(a.old[at:at+size], frame[at:at+size])
			}
		}
	}
	settle(nil, nil)
}

// link changes the addresses in a header of a link layer.
func (a *Anonymizer) link(kind wire.HeaderKind, h []byte) {
	switch kind {
	case wire.HeaderEthernet:
		a.addresses.mac(h[:6])
		a.addresses.mac(h[6:12])
	case wire.HeaderCooked:
		a.cooked(h[6:14], int(binary.BigEndian.Uint16(h[4:])))
	case wire.HeaderCooked2:
		a.cooked(h[12:20], int(h[11]))
	case wire.HeaderWLAN:
		for at := 4; at+6 <= 22; at += 6 {
			a.addresses.mac(h[at : at+6])
		}
		if len(h) >= 30 && h[1]&3 == 3 {
			a.addresses.mac(h[24:30])
		}
	default:
		clear(h)
	}
}

// cooked changes the address in a header of Linux, which has room for 8 bytes.
func (a *Anonymizer) cooked(b []byte, length int) {
	if length != 6 {
		clear(b)
		return
	}
	a.addresses.mac(b[:6])
	clear(b[6:])
}

// arp changes the addresses in an ARP packet (RFC 826), and returns how many bytes it has.
func (a *Anonymizer) arp(b []byte) int {
	const whole = 28
	if len(b) < whole || binary.BigEndian.Uint32(b[2:]) != 0x0800_0604 { // IPv4, and lengths 6 and 4
		return 0
	}
	for _, at := range []int{8, 18} {
		a.addresses.mac(b[at : at+6])
		a.addresses.ip(b[at+6 : at+10])
	}
	return whole
}
