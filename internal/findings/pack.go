package findings

import (
	"encoding/binary"
	"net/netip"

	"tcptrace/analyzer"
	"tcptrace/internal/histogram"
	"tcptrace/internal/octets"
)

// How keys, times and tallies are appended: in few octets, and what is alike in the same.

// parts of a key that it has
const (
	keyAddr   = 1 << iota
	keyPrefix // of an address of IPv6; else it is one of IPv4
	keyRest
	keyText
)

// prefix4 is what addresses of IPv4 begin with.
const prefix4 = 0xffff

func (k *key) append(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	switch {
	case k.addr == [2]uint64{}:
	case k.addr[0] == 0 && k.addr[1]>>32 == prefix4:
		b[at] |= keyAddr
		b = binary.BigEndian.AppendUint32(b, uint32(k.addr[1]))
	default:
		b[at] |= keyAddr | keyPrefix
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, k.addr[0]), k.addr[1])
	}
	if k.rest != 0 {
		b[at] |= keyRest
		b = binary.AppendUvarint(b, k.rest)
	}
	if k.text != "" {
		b[at] |= keyText
		b = octets.AppendText(b, k.text)
	}
	return b
}

func readKey(r *octets.Reader) (k key) {
	has := r.Byte()
	if has&keyPrefix != 0 {
		if b := r.Bytes(16); len(b) == 16 {
			k.addr = [2]uint64{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
		}
	} else if has&keyAddr != 0 {
		if b := r.Bytes(4); len(b) == 4 {
			k.addr[1] = prefix4<<32 | uint64(binary.BigEndian.Uint32(b))
		}
	}
	if has&keyRest != 0 {
		k.rest = r.Uvarint()
	}
	if has&keyText != 0 {
		k.text = r.Text()
	}
	return k
}

// tallyWriter appends tallies. Many have the same example, which is there once: the others have its place.
type tallyWriter struct {
	octets.Clock
	places map[exampleKey]uint64
}

// exampleKey is what tells examples of a kind from each other.
type exampleKey struct {
	order, stream, waited, again uint64
	failed                       bool
	addr                         [2]netip.AddrPort
}

func (w *tallyWriter) append(b []byte, t *tally) []byte {
	for _, v := range [...]uint64{t.n, t.failed, t.waited, t.again, t.near[0], t.near[1], t.spread} {
		b = binary.AppendUvarint(b, v)
	}
	b = w.Clock.Append(b, int64(t.first))
	b = binary.AppendVarint(b, int64(t.last-t.first))
	b = t.happened.Append(b, &w.Clock)
	x := &t.worst
	k := exampleKey{x.order, x.stream, x.waited, x.again, x.failed, x.addr}
	place, ok := w.places[k]
	if !ok {
		place = uint64(len(w.places))
		w.places[k] = place
	}
	if b = binary.AppendUvarint(b, place); ok {
		return b
	}
	return x.append(b)
}

func (x *example) append(b []byte) []byte {
	flags, evidence := uint8(0), x.evidence()
	if x.failed {
		flags |= noteFailed
	}
	if evidence != nil {
		flags |= noteEvidence
	}
	b = append(b, flags)
	for _, v := range [...]uint64{x.order, x.stream, x.waited, x.again} {
		b = binary.AppendUvarint(b, v)
	}
	for _, a := range x.addr {
		b = appendAddr(b, a)
	}
	if evidence != nil {
		b = appendEvidence(b, evidence)
	}
	return b
}

// tallyReader reads what a tallyWriter appended.
type tallyReader struct {
	octets.Clock
	r    *octets.Reader
	list []example
}

func (t *tallyReader) read() tally {
	r := t.r
	out := tally{n: r.Uvarint(), failed: r.Uvarint(), waited: r.Uvarint(), again: r.Uvarint(), near: [2]uint64{r.Uvarint(), r.Uvarint()}, spread: r.Uvarint()}
	out.first = analyzer.Time(t.Clock.Read(r))
	out.last = out.first + analyzer.Time(r.Varint())
	out.happened = histogram.ReadSpan(r, &t.Clock)
	switch place := r.Uvarint(); {
	case place > uint64(len(t.list)):
		r.Bad = true
		return tally{}
	case place == uint64(len(t.list)):
		t.list = append(t.list, readExample(r))
		out.worst = t.list[place]
	default:
		out.worst = t.list[place]
	}
	return out
}

func readExample(r *octets.Reader) example {
	flags := r.Byte()
	x := example{failed: flags&noteFailed != 0, order: r.Uvarint(), stream: r.Uvarint(), waited: r.Uvarint(), again: r.Uvarint()}
	for i := range x.addr {
		x.addr[i] = readAddr(r)
	}
	if flags&noteEvidence != 0 {
		x.told = readEvidence(r)
	}
	return x
}

func (s *stall) append(b []byte) []byte {
	b = s.shows.append(binary.AppendVarint(b, int64(s.start)))
	for f := range s.keys {
		b = s.keys[f].append(b)
	}
	b = append(b, uint8(len(s.parts)))
	for _, p := range append([]stallPart{s.all}, s.parts...) {
		b = p.x.append(append(b, uint8(p.kind)))
		for _, v := range [...]uint64{uint64(p.x.service), p.near[0], p.near[1], uint64(p.x.at)} {
			b = binary.AppendUvarint(b, v)
		}
	}
	return b
}

func (s *stall) read(r *octets.Reader) {
	s.start = analyzer.Time(r.Varint())
	s.shows = readShows(r)
	for f := range s.keys {
		s.keys[f] = readKey(r)
	}
	parts := int(r.Byte())
	r.Bad = r.Bad || len(s.times) == 0 || parts == 0
	for i := 0; i <= parts && !r.Bad; i++ {
		p := stallPart{kind: int(r.Byte())}
		p.x = readExample(r)
		p.x.service = uint32(r.Uvarint())
		p.near = [2]uint64{r.Uvarint(), r.Uvarint()}
		p.x.at = analyzer.Time(r.Uvarint())
		if i == 0 {
			r.Bad = r.Bad || p.kind != outing
			s.all = p
		} else {
			r.Bad = r.Bad || p.kind >= len(kinds) || !stalling.Has(p.kind)
			s.parts = append(s.parts, p)
		}
	}
}
