package findings

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"net/netip"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
)

// key is a value of a factor as conversations are counted by it: two have the same key there if their values are the same text. It takes no
// allocation, and the text is made of it when somebody wants to read that.
type key struct {
	addr [2]uint64 // as [netip.Addr.As16] has it
	rest uint64    // family, port, TTL, or VLANs
	text string    // of what is a name
}

const (
	keyV4 = 1 << 32 // in key.rest, beside 32 bits for numbers: the address is one of IPv4
	keyV6 = 1 << 33
)

// same is ==, without the call that the compiler makes of it.
func (k *key) same(o *key) bool {
	return (k.addr[0]^o.addr[0])|(k.addr[1]^o.addr[1])|(k.rest^o.rest) == 0 && k.text == o.text
}

func addrKey(a netip.Addr) key {
	b, family := a.As16(), uint64(keyV6)
	if a.Is4() {
		family = keyV4
	}
	return key{addr: [2]uint64{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}, rest: family}
}

// networkKey is of the networks that dimension.Find tells apart when it is not told their sizes: /24, or /64 of IPv6.
func networkKey(a netip.Addr) key {
	k := addrKey(a)
	if k.rest == keyV4 {
		k.addr[1] &^= 1<<8 - 1
	} else {
		k.addr[1] = 0
	}
	return k
}

// example is a conversation with that value of its factor, whichever that is. Nothing else of it is so.
func (k *key) example() *analyzer.Conversation {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], k.addr[0])
	binary.BigEndian.PutUint64(b[8:], k.addr[1])
	a := netip.AddrFrom16(b)
	if k.rest&keyV4 != 0 {
		a = a.Unmap()
	}
	at := netip.AddrPortFrom(a, uint16(k.rest))
	c := &analyzer.Conversation{Addr: [2]netip.AddrPort{at, at}, VLAN: [2]uint16{uint16(k.rest), uint16(k.rest >> 16)}, Interface: k.text}
	c.Names[analyzer.Server].Text = k.text
	c.Sent[analyzer.Client].TTLMin = uint8(k.rest)
	c.Sent[analyzer.Server].TTLMin, c.Sent[analyzer.Server].TTLMax = uint8(k.rest>>16), uint8(k.rest>>16)
	return c
}

// value is the text of a key of the factor.
func (f *factor) value(k *key) string {
	var v dimension.Values
	f.dimension.Values(&v, k.example(), nil)
	return string(v.At(0))
}

// What hashes depend on is chosen once a run, so that no capture can be made whose values collide. Nothing that is output depends on it.
var (
	textSeed = maphash.MakeSeed()
	seeds    = [3]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64() | 1}
)

func (k *key) hash() uint32 {
	hi, lo := bits.Mul64(k.addr[1]^seeds[0], (k.addr[0]*seeds[2]+k.rest)^seeds[1])
	if k.text != "" {
		return uint32(hi ^ lo ^ maphash.String(textSeed, k.text))
	}
	return uint32(hi ^ lo)
}
