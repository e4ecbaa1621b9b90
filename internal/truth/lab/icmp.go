package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// icmp is an ICMP or ICMPv6 error.
type icmp struct {
	from   netip.Addr // not valid: the other endpoint
	kind   *icmpKind
	mtu    uint32
	seq    uint32 // relative, with forged
	forged bool   // no segment has seq
	about  int    // which of the script's packets it quotes
}

// icmpKind is a type and a code, by family.
type icmpKind struct{ type4, code4, type6, code6 byte }

// The kinds of RFC 792 and RFC 1191, and of RFC 4443.
var icmpKinds = map[string]*icmpKind{
	"net":        {3, 0, 1, 0},
	"host":       {3, 1, 1, 3},
	"port":       {3, 3, 1, 4},
	"prohibited": {3, 13, 1, 1},
	"too-big":    {3, 4, 2, 0},
	"ttl":        {11, 0, 3, 0},
}

const (
	protoICMP   = 1
	protoICMPv6 = 58
	quotedTCP   = 8 // bytes behind the IP header that are quoted
)

func (p *packet) noSegment() bool { return p.raw != nil || p.icmp != nil }

// icmp reads what follows the word icmp.
func (ps *parser) icmp(l *lineParser, direction string, words []string) error {
	p := l.p
	if err := ps.direction(p, direction); err != nil {
		return err
	}
	if len(words) < 2 {
		return errors.New("an ICMP error is TIME DIRECTION icmp FROM KIND, and what follows")
	}
	e := &icmp{kind: icmpKinds[words[1]], about: -1}
	if e.kind == nil {
		return fmt.Errorf("unknown kind of ICMP error %q", words[1])
	}
	if words[0] != "peer" {
		var err error
		if e.from, err = netip.ParseAddr(words[0]); err != nil || e.from.Is4() != p.conn.ends[0].Addr().Is4() {
			return fmt.Errorf("%q is no address of a router between client and server", words[0])
		}
	}
	p.icmp = e
	if err := e.numbers(l, words[2:]); err != nil {
		return err
	}
	e.quote(ps.s.packets, p)
	if e.about < 0 {
		return errors.New("there is no segment yet that it can quote")
	}
	return nil
}

// quote finds the segment that e, of p, quotes: the latest with its number, or else the latest.
func (e *icmp) quote(packets []packet, p *packet) {
	wanted := e.forged
	for i := range packets {
		q := &packets[i]
		if q.noSegment() || q.conn != p.conn || q.dir != p.dir.peer() {
			continue
		}
		if same := wanted && q.seq == e.seq; same || e.forged || !wanted {
			e.about, e.forged = i, e.forged && !same
		}
	}
}

// numbers reads what follows the kind.
func (e *icmp) numbers(l *lineParser, words []string) error {
	for len(words) > 1 && (words[0] == "mtu" || words[0] == "seq") {
		if words[0] == "seq" {
			n, err := relative(words[1])
			if err != nil {
				return err
			}
			e.seq, e.forged = n, true
		} else {
			n, err := number(words[1], 16)
			if err != nil {
				return err
			}
			e.mtu = uint32(n)
		}
		words = words[2:]
	}
	return l.words(words)
}

// toIPv6 is the same between IPv6 addresses, where packets are larger.
func (e *icmp) toIPv6() *icmp {
	v6 := *e
	if v6.from.IsValid() {
		v6.from = toIPv6(v6.from)
	}
	if v6.mtu > 0 {
		v6.mtu += growthIPv6
	}
	return &v6
}

// icmp is the IP packet of an error.
func (s *Script) icmp(p *packet) ([]byte, error) {
	e, about := p.icmp, s.packets[p.icmp.about]
	if e.forged {
		about.seq = e.seq
	}
	quote, err := about.ip()
	if err != nil {
		return nil, err
	}
	from, to := e.from, p.conn.ends[p.dir.peer()].Addr()
	if !from.IsValid() {
		from = p.conn.ends[p.dir].Addr()
	}
	if to.Is4() {
		quote = quote[:min(len(quote), int(quote[0]&15)*4+quotedTCP)]
		b := append([]byte{e.kind.type4, e.kind.code4, 0, 0, 0, 0, byte(e.mtu >> 8), byte(e.mtu)}, quote...)
		binary.BigEndian.PutUint16(b[2:], checksum(b))
		h := ipv4{src: from, dst: to, proto: protoICMP, ttl: 64}
		return h.encode(b)
	}
	quote = quote[:min(len(quote), 1280-40-8)] // RFC 4443 2.4 (c)
	b := append([]byte{e.kind.type6, e.kind.code6, 0, 0}, binary.BigEndian.AppendUint32(nil, e.mtu)...)
	b = append(b, quote...)
	binary.BigEndian.PutUint16(b[2:], checksum(pseudoHeader(from, to, len(b), protoICMPv6), b))
	n := len(b)
	ip := []byte{0x60, 0, 0, 0, byte(n >> 8), byte(n), protoICMPv6, 64}
	ip = append(append(ip, from.AsSlice()...), to.AsSlice()...)
	return append(ip, b...), nil
}
