package anonymize

import (
	"crypto/aes"
	"crypto/cipher"
)

// KeySize is the length of a key in bytes: one for AES, and what the pad is made of.
const KeySize = 32

// addresses gives addresses others, with special ones among themselves, by Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization, ICNP 2002): two
// addresses that have their first n bits in common have so afterwards, and no more.
type addresses struct {
	block            cipher.Block
	pad              [aes.BlockSize]byte
	known            map[[16]byte][16]byte // by address, an IPv4 address first in it
	known4, knownMAC map[[16]byte][16]byte
}

// mostKnown bounds how many addresses are remembered; then they are worked out anew.
const mostKnown = 1 << 16

func newAddresses(key [KeySize]byte) (*addresses, error) {
	block, err := aes.NewCipher(key[:aes.BlockSize])
	if err != nil {
		return nil, err
	}
	a := &addresses{block: block, known: map[[16]byte][16]byte{}, known4: map[[16]byte][16]byte{}, knownMAC: map[[16]byte][16]byte{}}
	block.Encrypt(a.pad[:], key[aes.BlockSize:])
	return a, nil
}

// ip replaces an IPv4 address, or an IPv6 address: 4 or 16 bytes.
func (a *addresses) ip(b []byte) {
	known, special := a.known, specials6
	if len(b) == 4 {
		known, special = a.known4, specials4
	}
	replace(known, b, func(in [16]byte, n int) [16]byte { return a.prefixes(in, n, special) })
}

// prefixes is what the bytes become of which the first n count: bit i is changed or not as the bits before it decide.
// Without special addresses it is Crypto-PAn.
func (a *addresses) prefixes(in [16]byte, n int, special []special) (out [16]byte) {
	var text, secret [aes.BlockSize]byte
	for i := range 8 * n {
		if stays(special, &in, i) {
			continue
		}
		at, bit := i/8, byte(0x80)>>(i%8)
		text = a.pad
		copy(text[:at], in[:at])
		before := ^(bit<<1 - 1) // of this byte, the bits before
		if i%8 == 0 {
			before = 0
		}
		text[at] = in[at]&before | a.pad[at]&^before
		a.block.Encrypt(secret[:], text[:])
		if secret[0]&0x80 != 0 {
			out[at] |= bit
		}
	}
	for i := range n {
		out[i] ^= in[i]
	}
	return out
}

// mac replaces the address of a network card by a locally administered one. Groups, and an address of zeros, are nobody's.
func (a *addresses) mac(b []byte) {
	if len(b) != 6 || b[0]&1 != 0 || [6]byte(b) == [6]byte{} {
		return
	}
	replace(a.knownMAC, b, func(in [16]byte, n int) (out [16]byte) {
		in[15] = 'M' // no prefix of an IP address is asked for with that
		a.block.Encrypt(out[:], in[:])
		out[0] = out[0]&^1 | 2
		return out
	})
}

// group replaces a group of network cards for IP multicast of which the packet is not there, unless it is one that is assigned.
func (a *addresses) group(b []byte) {
	keep := 3
	switch {
	case b[0] == 0x33 && b[1] == 0x33 && b[2]|b[3] != 0:
		keep = 2
	case b[0] == 0x01 && b[1] == 0x00 && b[2] == 0x5e && b[3]|b[4] != 0:
	default:
		return
	}
	replace(a.knownMAC, b, func(in [16]byte, _ int) (out [16]byte) {
		in[15] = 'M'
		a.block.Encrypt(out[:], in[:])
		copy(out[:keep], in[:])
		if keep == 3 {
			out[3] &= 0x7f
		}
		return out
	})
}

// replace puts in the place of b what it becomes.
func replace(known map[[16]byte][16]byte, b []byte, become func(in [16]byte, n int) [16]byte) {
	var in [16]byte
	n := copy(in[:], b)
	out, ok := known[in]
	if !ok {
		out = become(in, n)
		if len(known) >= mostKnown {
			clear(known)
		}
		known[in] = out
	}
	copy(b, out[:n])
}
