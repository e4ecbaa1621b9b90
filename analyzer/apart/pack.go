package apart

import (
	"context"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/latest"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/names"
	"tcptrace/internal/octets"
	"tcptrace/internal/wire"
)

// The text of a key is what is packed of its sockets is known by, in a canonical order, so that it is the same for both directions: the version of IP,
// addresses, ports.
const (
	keySize4 = 1 + 2*4 + 2*2
	keySize6 = 1 + 2*16 + 2*2
)

// appendKey appends the text of a key.
func appendKey(b []byte, key *wire.Key) []byte {
	v6 := key.V6&1 != 0
	b = append(b, byte(key.V6&1))
	for _, a := range [...]wire.Addr{key.A, key.B} {
		if v6 {
			b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, a.Hi), a.Lo)
		} else {
			b = binary.BigEndian.AppendUint32(b, uint32(a.Lo))
		}
	}
	b = binary.BigEndian.AppendUint16(b, key.PortA)
	return binary.BigEndian.AppendUint16(b, key.PortB)
}

// keySize is how long the text is that b begins with, 0 if none does.
func keySize(b []byte) int {
	switch {
	case len(b) >= keySize4 && b[0] == 0:
		return keySize4
	case len(b) >= keySize6 && b[0] == 1:
		return keySize6
	}
	return 0
}

// parseKey is the key with a text.
func parseKey(s string) (key wire.Key, ok bool) {
	b := []byte(s)
	n := keySize(b)
	if n == 0 || n != len(b) {
		return key, false
	}
	key.V6 = uint32(b[0])
	b = b[1:]
	for _, a := range [...]*wire.Addr{&key.A, &key.B} {
		if n == keySize6 {
			a.Hi, a.Lo, b = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), b[16:]
		} else {
			a.Lo, b = uint64(binary.BigEndian.Uint32(b)), b[4:]
		}
	}
	key.PortA, key.PortB = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	return key, true
}

// wireAddr is an address as the key of a segment has it.
func wireAddr(a netip.Addr) wire.Addr {
	b := a.As16()
	if a.Is4() {
		return wire.Addr{Lo: uint64(binary.BigEndian.Uint32(b[12:]))}
	}
	return wire.Addr{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}

// whose says of a place whose the latest segment is that has it: that of the part with that number, or noPart, or otherPart.
type whose uint32

const (
	noPart    whose = iota // there was none
	otherPart              // it is not packed
	firstPart              // the number of the first one
)

// lasts is where the latest segment with each place is, of a partition. What is asked of every segment is apart from what is of those that are packed.
type lasts struct {
	whose [latest.Places]whose
	at    [latest.Places]int // of the entry
}

// payloads is where the latest segment with a payload is that has each place, of a partition.
type payloads struct {
	whose [latest.PayloadPlaces]whose
	of    [latest.PayloadPlaces]payload
}

type payload struct {
	dir      uint8
	seq, len uint32
	at       int // of the entry
}

// packer packs what is wanted of a file.
type packer struct {
	decoder pipeline.Decoder
	segment wire.Segment // the latest
	wanted  wanted
	lasts   []lasts // by partition
	payload []payloads
}

// Wanted is two sockets that are to be packed, and where to: a number that is the same in all files.
type Wanted struct {
	ID ID
	To int64
}

// Pack reads all of src, which is one file that has that span, and gives each what is packed of the sockets that are wanted, in bundles for where they go. It takes memory
// for what it packs, which is 10 to 20 bytes for a segment. What goes to stays is not compressed.
func Pack(ctx context.Context, src packet.Source, o Options, span Span, list []Wanted, stays int64, each func(to int64, bundle []byte) error) error {
	p, err := pack(ctx, src, o, span, list)
	if err != nil {
		return err
	}
	name := func(uint16) string { return "" }
	if n, ok := src.(packet.Namer); ok {
		name = n.Interface
	}
	all := p.wanted.all()
	bundles := bundlesFor(all)
	var interfaces []byte
	for _, x := range all {
		b := bundles[x.to]
		interfaces = x.interfaces(interfaces[:0], name)
		b.add(&x.key, interfaces, &x.c)
		if b.size >= bundleSize {
			if err := each(x.to, b.close(x.to == stays)); err != nil {
				return err
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(bundles)) {
		if b := bundles[at]; b.size > 0 {
			if err := each(at, b.close(at == stays)); err != nil {
				return err
			}
		}
	}
	return nil
}

func pack(ctx context.Context, src packet.Source, o Options, span Span, list []Wanted) (*packer, error) {
	n := pipeline.Tracking(o).Partitions()
	p := &packer{decoder: pipeline.NewDecoder(o), wanted: newWanted(list, span), lasts: make([]lasts, n), payload: make([]payloads, n)}
	if err := each(ctx, src, p.packet); err != nil {
		return nil, err
	}
	for i := range p.lasts {
		last, payload := &p.lasts[i], &p.payload[i]
		for place, whose := range last.whose {
			if whose >= firstPart {
				p.wanted.list[whose-firstPart].c[columnKind][last.at[place]] |= flagLast
			}
		}
		for place, whose := range payload.whose {
			if whose >= firstPart {
				p.wanted.list[whose-firstPart].c[columnKind][payload.of[place].at] |= entrySegmentLast
			}
		}
	}
	return p, nil
}

func (p *packer) packet(packet *packet.Packet, data []byte) error {
	if _, tcp := p.decoder.Packet(packet, data, &p.segment); tcp {
		p.pack(&p.segment)
	}
	for _, n := range p.decoder.Notices() {
		if x := p.wanted.part(&n.Key); x != nil {
			x.notice(&n)
		}
	}
	return nil
}

// pack packs a segment if it is wanted.
func (p *packer) pack(s *wire.Segment) {
	partition := s.Key.Partition(len(p.lasts))
	last, place := &p.lasts[partition], latest.PlaceOf(s)
	before := last.whose[place]
	x := p.wanted.part(&s.Key)
	known := p.payloadBefore(partition, s, x)
	if x == nil {
		last.whose[place] = otherPart
		return
	}
	last.whose[place], last.at[place] = x.number, len(x.c[columnKind])
	flags := uint8(0)
	switch before {
	case noPart:
		flags |= flagFirst
	case x.number:
		flags |= flagSame
	}
	x.from(s.Iface)
	x.append(&x.c, s, flags, known)
}

// payloadBefore is what of the payload before that of s, in its place, is known in a file. x is where s is packed.
func (p *packer) payloadBefore(partition int, s *wire.Segment, x *part) knownPayload {
	place, ok := latest.PayloadPlace(s)
	if !ok {
		return knownNothing
	}
	last := &p.payload[partition]
	if x == nil {
		last.whose[place] = otherPart
		return knownNothing
	}
	before, then := last.whose[place], last.of[place]
	last.whose[place] = x.number
	last.of[place] = payload{s.Dir, s.Seq, s.Len, len(x.c[columnKind])}
	switch {
	case before == noPart:
		return knownBefore
	case before == x.number && then.dir == s.Dir && then.seq == s.Seq && then.len == s.Len: // else it is the same whether it is known
		return knownHere
	}
	return knownNothing
}

// notice appends what a frame tells beside its segment.
func (x *part) notice(n *flow.Notice) {
	kind := byte(entryName)
	if n.Kind == flow.NoticeICMP {
		kind = entryICMP
	}
	x.c[columnKind] = append(x.c[columnKind], kind|n.Dir&1*flagDir)
	x.stamp(&x.c, int64(n.Time), n.Frame)
	b := binary.AppendUvarint(x.c[columnRest], uint64(n.Net))
	if kind == entryName {
		x.c[columnRest] = octets.AppendText(append(b, byte(n.Name.Kind)), n.Name.Text)
		return
	}
	e := &n.ICMP
	b = append(b, byte(e.Kind), e.Code)
	for _, v := range [...]uint64{uint64(e.Seq), uint64(e.Size), uint64(e.MTU), e.From.Hi, e.From.Lo, uint64(e.Dir)} {
		b = binary.AppendUvarint(b, v)
	}
	x.c[columnRest] = b
}

// unnotice reads what notice wrote.
func (t *state) unnotice(of *reader, key *wire.Key, flags uint8) (n flow.Notice) {
	n = flow.Notice{Kind: flow.NoticeName, Key: *key, Dir: flags & flagDir / flagDir}
	t.unstamp(of)
	r := &of[columnRest]
	n.Time, n.Frame, n.Net = conn.Time(t.time), t.frame, uint32(r.Uvarint())
	if flags&entryKind == entryName {
		n.Name.Kind = names.Kind(r.Byte())
		n.Name.Text = r.Text()
		r.Bad = r.Bad || n.Name.Kind >= names.NumKinds
		return n
	}
	n.Kind = flow.NoticeICMP
	e := &n.ICMP
	e.Key, e.Kind, e.Code = *key, wire.ICMPKind(r.Byte()), r.Byte()
	e.Seq, e.Size, e.MTU = uint32(r.Uvarint()), uint32(r.Uvarint()), uint32(r.Uvarint())
	e.From.Hi, e.From.Lo, e.Dir = r.Uvarint(), r.Uvarint(), uint8(r.Uvarint())&1
	r.Bad = r.Bad || e.Kind >= wire.NumICMPKinds
	return n
}
