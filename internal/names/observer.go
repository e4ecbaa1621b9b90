package names

import (
	"encoding/binary"
	"math/rand/v2"

	"tcptrace/internal/wire"
)

// maxRead is how many bytes are read of the beginning of a stream.
const maxRead = 16 << 10

// Observer finds names in what passes. It belongs to one goroutine, which shows it the packets in the order of the capture.
//
// Of the streams it knows, by a hash, where those began whose SYN passed lately; so that of all other segments it takes no more than a
// look at the first bytes. It keeps bytes only of streams of which it has read a part of a name, or which lack their first segment.
type Observer struct {
	answers answers
	starts  []start // by hash; nil: none yet
	streams streams
	found   []Name
	seed    [4]uint64
}

// New returns an Observer that has seen nothing.
func New() *Observer {
	return &Observer{seed: [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}}
}

// start is what is known of the beginning of a stream, which is what one side of a connection sends. Streams with one place displace
// one another: it is lost then what a stream says whose first segments change places.
type start struct {
	tag   uint32 // of the stream's hash
	base  uint32 // sequence number of its first byte, or of the first that matters
	state startState
}

// maxStarts is the number of places for streams.
const maxStarts = 1 << 13

type startState uint8

const (
	startNone   startState = iota
	startBegun             // nothing was read
	startPlain             // its first bytes are nothing of use here: a ClientHello may come behind them (STARTTLS)
	startWaits             // a part is in streams
	startIsRead            // there is nothing more to find
)

// Datagram looks at a datagram.
func (o *Observer) Datagram(g *wire.Datagram) {
	if from, _, payload, ok := g.UDP(); ok && from == portDNS {
		o.answers.message(g.Dst, payload)
	}
}

// Segment looks at a segment, of which payload was captured, and returns what is found with it, which is valid until the next call.
func (o *Observer) Segment(s *wire.Segment, payload []byte) []Name {
	o.found = o.found[:0]
	if s.Flags.Any(wire.SYN) && !s.Flags.Any(wire.RST) {
		o.syn(s)
	}
	if len(payload) > 0 && !s.Flags.Any(wire.RST) {
		o.data(s, payload)
	}
	return o.found
}

func (o *Observer) add(kind Kind, text string) {
	if text != "" {
		o.found = append(o.found, Name{kind, text})
	}
}

// sockets are those of the sender and of the receiver of s.
func sockets(s *wire.Segment) (from, to wire.Addr, port uint16) {
	k := &s.Key
	if s.Dir == 0 {
		return k.A, k.B, k.PortA
	}
	return k.B, k.A, k.PortB
}

// syn looks at a SYN or SYN-ACK: which name has its server, for its client?
func (o *Observer) syn(s *wire.Segment) {
	from, to, port := sockets(s)
	isServer := s.Flags.Has(wire.ACK)
	o.ask(s, from, to, isServer)
	if isServer && port != portDNS {
		return
	}
	at, tag := o.place(s)
	if base := s.Seq + 1; at.tag != tag || at.base != base || at.state == startNone {
		o.forget(at, s)
		*at = start{tag, base, startBegun}
	}
}

// ask asks for the name that the DNS gave for the server.
func (o *Observer) ask(s *wire.Segment, from, to wire.Addr, isServer bool) {
	if o.answers.empty() {
		return
	}
	if isServer {
		from, to = to, from
	}
	o.add(DNS, o.answers.get(pair{from, to, s.Key.V6&1 != 0}))
}

// place is where the start of the stream of s is kept, or may be, and its tag.
func (o *Observer) place(s *wire.Segment) (*start, uint32) {
	if o.starts == nil {
		o.starts = make([]start, maxStarts)
	}
	h := s.Key.Hash(&o.seed)
	h += uint64(s.Dir) * 0x9E3779B97F4A7C15
	return &o.starts[h%maxStarts], uint32(h >> 32)
}

// forget drops what is kept of the stream of s.
func (o *Observer) forget(at *start, s *wire.Segment) {
	if at.state == startWaits {
		o.streams.drop(streamKey{s.Key, s.Dir})
	}
}

// data looks at the payload of s.
func (o *Observer) data(s *wire.Segment, payload []byte) {
	from, to, port := sockets(s)
	at, tag := o.place(s)
	payload = payload[:min(len(payload), maxRead)]
	seq := s.Seq
	if s.Flags.Any(wire.SYN) {
		seq++
	}
	state, off := at.state, int32(seq-at.base)
	if at.tag != tag || state == startBegun && (off < 0 || off >= maxRead) {
		state, off = startNone, 0
	}
	format := formatOf(payload, port)
	switch {
	case state == startIsRead, state == startPlain && (format != formatHello || off >= maxRead):
		return
	case state == startWaits:
		o.proceed(at, s, off, payload)
		return
	case state == startBegun && off > 0:
		o.keep(at, s, piece{uint32(off), payload}) // what comes before it is late
		return
	case format == formatNone:
		if state == startBegun {
			at.state = startPlain
		}
		return
	case state == startNone:
		o.ask(s, from, to, format == formatDNS)
	}
	o.begin(at, tag, s, seq, format, payload)
}

// begin reads the first bytes of a stream, or of a ClientHello in one.
func (o *Observer) begin(at *start, tag uint32, s *wire.Segment, seq uint32, format format, payload []byte) {
	used, next := o.read(format, s, payload)
	*at = start{tag, seq + uint32(used), next}
	switch {
	case next != startWaits:
	case s.PayloadCap < s.Len: // its next bytes were not captured
		at.state = startIsRead
	default:
		o.keep(at, s, piece{0, payload[used:]})
	}
}

// keep keeps the first part of a stream.
func (o *Observer) keep(at *start, s *wire.Segment, p piece) {
	at.state = startWaits
	o.streams.add(o.streams.begin(streamKey{s.Key, s.Dir}), p)
}

// proceed reads more of a stream of which a part is kept.
func (o *Observer) proceed(at *start, s *wire.Segment, off int32, payload []byte) {
	x := o.streams.get(streamKey{s.Key, s.Dir})
	if x == nil { // there was no room
		at.state = startIsRead
		return
	}
	if off < 0 {
		n := min(uint32(-off), uint32(len(payload)))
		payload, off = payload[n:], 0
	}
	if off >= maxRead || !o.streams.add(x, piece{uint32(off), payload}) {
		o.end(at, x, startIsRead)
		return
	}
	if _, _, port := sockets(s); len(x.bytes) > 0 {
		used, next := o.read(formatOf(x.bytes, port), s, x.bytes)
		switch {
		case next == startBegun && len(x.late) > 0:
			next = startWaits
		case next == startWaits && used == 0 && len(x.bytes) == maxRead:
			next = startIsRead
		}
		at.base += uint32(used)
		if next == startWaits {
			o.streams.consume(x, used)
			return
		}
		o.end(at, x, next)
	}
}

// end drops what is kept of a stream.
func (o *Observer) end(at *start, x *stream, next startState) {
	at.state = next
	o.streams.drop(x.key)
}

// format is what a stream may begin with.
type format uint8

const (
	formatNone format = iota
	formatHello
	formatRequest
	formatDNS
)

// formatOf is what the first bytes of a stream look like that comes from a port.
func formatOf(b []byte, port uint16) format {
	switch {
	case port == portDNS:
		return formatDNS
	case likeHello(b):
		return formatHello
	case likeRequest(b):
		return formatRequest
	}
	return formatNone
}

// read reads the bytes of a stream up to where it was captured, and says how many of them are done with, and what is to be
// done with the next ones.
func (o *Observer) read(f format, s *wire.Segment, b []byte) (used int, next startState) {
	switch f {
	case formatDNS:
		return o.readDNS(s, b)
	case formatHello:
		h := readHello(b)
		o.add(SNI, h.sni)
		o.add(ALPN, h.alpn)
		if !h.end && (h.sni == "" || h.alpn == "") {
			return 0, startWaits
		}
		return 0, startIsRead
	case formatRequest:
		name, end := readRequest(b)
		o.add(HTTP, name)
		if !end {
			return 0, startWaits
		}
		return 0, startIsRead
	}
	return 0, startPlain
}

// readDNS reads messages of the DNS, each behind its length (RFC 1035 4.2.2).
func (o *Observer) readDNS(s *wire.Segment, b []byte) (used int, next startState) {
	_, client, _ := sockets(s)
	for {
		rest := b[used:]
		if len(rest) == 0 {
			return used, startBegun
		}
		if len(rest) < 2 {
			return used, startWaits
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n > maxRead-2 {
			return used, startIsRead
		}
		if len(rest) < 2+n {
			if s.PayloadCap < s.Len {
				o.answers.message(client, rest[2:])
			}
			return used, startWaits
		}
		o.answers.message(client, rest[2:2+n])
		used += 2 + n
	}
}
