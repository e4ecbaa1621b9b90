package apart

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"slices"

	"github.com/klauspost/compress/zstd"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pipeline"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/names"
	"tcptrace/internal/wire"
)

// keySize is how long the text of a key is.
const keySize = 37

// text is a key as what is packed of its sockets is known by: in a canonical order, so that it is the same for both directions.
func text(key wire.Key) string {
	b := make([]byte, 0, keySize)
	b = append(b, byte(key.V6&1))
	for _, word := range [...]uint64{key.A.Hi, key.A.Lo, key.B.Hi, key.B.Lo} {
		b = binary.BigEndian.AppendUint64(b, word)
	}
	b = binary.BigEndian.AppendUint16(b, key.PortA)
	return string(binary.BigEndian.AppendUint16(b, key.PortB))
}

// parseKey is the key with a text.
func parseKey(s string) (key wire.Key, ok bool) {
	if len(s) != keySize {
		return key, false
	}
	b := []byte(s)
	key.V6 = uint32(b[0] & 1)
	for i, word := range [...]*uint64{&key.A.Hi, &key.A.Lo, &key.B.Hi, &key.B.Lo} {
		*word = binary.BigEndian.Uint64(b[1+8*i:])
	}
	key.PortA, key.PortB = binary.BigEndian.Uint16(b[33:]), binary.BigEndian.Uint16(b[35:])
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

// part is what is packed of two sockets in a file.
type part struct {
	state
	key    wire.Key
	b      []byte
	ifaces []uint16 // that its segments come from
}

// lasts is where the latest segment with each place is, of a partition.
type lasts [256]struct {
	any  bool  // there is one
	part *part // nil: it is not packed
	at   int   // of the entry
}

// packer packs what is wanted of a file.
type packer struct {
	decoder pipeline.Decoder
	wanted  func(ID) bool
	parts   map[wire.Key]*part
	lasts   []lasts // by partition
}

// Pack reads all of src, which is one file, and gives each what is packed of sockets that are wanted. Key is what is to be grouped by: it holds 37
// bytes. It takes memory for what it packs, which is 10 to 20 bytes for a segment.
func Pack(ctx context.Context, src packet.Source, o Options, wanted func(ID) bool, each func(key string, part []byte) error) error {
	p, err := pack(ctx, src, o, wanted)
	if err != nil {
		return err
	}
	name := func(uint16) string { return "" }
	if n, ok := src.(packet.Namer); ok {
		name = n.Interface
	}
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		return err
	}
	parts := make([]*part, 0, len(p.parts))
	for _, x := range p.parts {
		parts = append(parts, x)
	}
	slices.SortFunc(parts, func(a, b *part) int { return cmp.Compare(text(a.key), text(b.key)) }) // a file is packed the same each time
	for _, x := range parts {
		if err := each(text(x.key), x.close(name, zip)); err != nil {
			return err
		}
	}
	return nil
}

func pack(ctx context.Context, src packet.Source, o Options, wanted func(ID) bool) (*packer, error) {
	n := pipeline.Tracking(o).Partitions()
	p := &packer{
		decoder: pipeline.NewDecoder(o), wanted: wanted, parts: map[wire.Key]*part{}, lasts: make([]lasts, n),
	}
	if err := each(ctx, src, p.packet); err != nil {
		return nil, err
	}
	for i := range p.lasts {
		for _, l := range p.lasts[i] {
			if l.part != nil {
				l.part.b[l.at] |= flagLast
			}
		}
	}
	return p, nil
}

func (p *packer) packet(packet *packet.Packet, data []byte) error {
	var s wire.Segment
	if _, tcp := p.decoder.Packet(packet, data, &s); tcp {
		p.segment(&s)
	}
	for _, n := range p.decoder.Notices() {
		if p.wanted(idOf(&n.Key)) {
			p.part(&n.Key).notice(&n)
		}
	}
	return nil
}

func (p *packer) segment(s *wire.Segment) {
	last := &p.lasts[s.Key.Partition(len(p.lasts))][flow.PlaceOf(s)]
	first, before := !last.any, last.part
	last.any, last.part = true, nil
	if !p.wanted(idOf(&s.Key)) {
		return
	}
	x := p.part(&s.Key)
	last.part, last.at = x, len(x.b)
	flags := uint8(0)
	if first {
		flags |= flagFirst
	} else if before == x {
		flags |= flagSame
	}
	if !slices.Contains(x.ifaces, s.Iface) {
		x.ifaces = append(x.ifaces, s.Iface)
	}
	x.b = x.append(x.b, s, flags)
}

func (p *packer) part(key *wire.Key) *part {
	x := p.parts[*key]
	if x == nil {
		x = &part{key: *key}
		p.parts[*key] = x
	}
	return x
}

// notice appends what a frame tells beside its segment.
func (x *part) notice(n *flow.Notice) {
	kind := byte(entryName)
	if n.Kind == flow.NoticeICMP {
		kind = entryICMP
	}
	x.b = x.stamp(append(x.b, kind|n.Dir&1*flagDir), int64(n.Time), n.Frame)
	x.b = binary.AppendUvarint(x.b, uint64(n.Net))
	if kind == entryName {
		x.b = append(x.b, byte(n.Name.Kind))
		x.b = appendText(x.b, n.Name.Text)
		return
	}
	e := &n.ICMP
	x.b = append(x.b, byte(e.Kind), e.Code)
	for _, v := range [...]uint64{uint64(e.Seq), uint64(e.Size), uint64(e.MTU), e.From.Hi, e.From.Lo, uint64(e.Dir)} {
		x.b = binary.AppendUvarint(x.b, v)
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// unnotice reads what notice wrote.
func (t *state) unnotice(r *reader, key *wire.Key, flags uint8) (n flow.Notice) {
	n = flow.Notice{Kind: flow.NoticeName, Key: *key, Dir: flags & flagDir / flagDir}
	t.unstamp(r)
	n.Time, n.Frame, n.Net = conn.Time(t.time), t.frame, uint32(r.uvarint())
	if flags&entryKind == entryName {
		n.Name.Kind = names.Kind(r.byte())
		n.Name.Text = r.text()
		r.bad = r.bad || n.Name.Kind >= names.NumKinds
		return n
	}
	n.Kind = flow.NoticeICMP
	e := &n.ICMP
	e.Key, e.Kind, e.Code = *key, wire.ICMPKind(r.byte()), r.byte()
	e.Seq, e.Size, e.MTU = uint32(r.uvarint()), uint32(r.uvarint()), uint32(r.uvarint())
	e.From.Hi, e.From.Lo, e.Dir = r.uvarint(), r.uvarint(), uint8(r.uvarint())&1
	r.bad = r.bad || e.Kind >= wire.NumICMPKinds
	return n
}

// Forms of a part, its first byte.
const (
	formPlain = iota
	formZipped
)

// leastZipped is from which size on a part is compressed: below it the tables that say how cost more time than the rest of the work.
const leastZipped = 600

// close is the part as it is handed on.
func (x *part) close(name func(uint16) string, zip *zstd.Encoder) []byte {
	head := []byte{formPlain}
	body := binary.AppendUvarint(nil, uint64(len(x.ifaces)))
	for _, number := range x.ifaces {
		body = appendText(binary.AppendUvarint(body, uint64(number)), name(number))
	}
	body = append(body, x.b...)
	out := append(head, body...)
	if len(out) >= leastZipped {
		if zipped := zip.EncodeAll(body, []byte{formZipped}); len(zipped) < len(out) {
			out = zipped
		}
	}
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// maxPart bounds what a part unpacks to.
const maxPart = 1 << 30

// open is a part that was handed on, ready to be read. Nothing else than what Pack gave may reach a tracker: hence the checksum.
func open(part []byte, unzip *zstd.Decoder) (reader, error) {
	n := len(part) - crc32.Size
	if n < 1 || crc32.ChecksumIEEE(part[:n]) != binary.BigEndian.Uint32(part[n:]) {
		return reader{}, errPart
	}
	switch part[0] {
	case formPlain:
		return reader{b: part[1:n]}, nil
	case formZipped:
		b, err := unzip.DecodeAll(part[1:n], nil)
		return reader{b: b}, err
	}
	return reader{}, errPart
}
