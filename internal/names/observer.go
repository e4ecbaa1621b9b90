package names

import (
	"encoding/binary"

	"tcptrace/internal/wire"
)

// maxRead is how many bytes are read of the beginning of a stream.
const maxRead = 16 << 10

// Observer finds names in what passes. It belongs to one goroutine, which shows it the packets in the order of the capture.
//
// Of the streams it knows where those began whose SYN passed lately; so that of all other segments it takes no more than a look at the
// first bytes. It keeps bytes only of streams of which it has read a part of a name, or which lack their first segment.
type Observer struct {
	answers answers
	states  [maxStarts]startState // by place of a stream
	starts  []start               // by place; nil: none yet
	streams streams
	found   []Name
}

// New returns an Observer that has seen nothing.
func New() *Observer { return &Observer{} }

// start is where a stream begins, which is what one side of a connection sends. Streams with one place displace one another: then it is
// lost what a stream says whose first segments change places.
type start struct {
	tag  uint32 // of the stream, to tell it from others with its place
	base uint32 // sequence number of its first byte, or of the first that matters
}

// maxStarts is the number of places for streams.
const maxStarts = 1 << 13

type startState uint8

const (
	startNone   startState = iota
	startPlain             // its first bytes are nothing of use here: a ClientHello may come behind them (STARTTLS)
	startIsRead            // there is nothing more to find
	startBegun             // nothing was read
	startWaits             // a part is in streams
)

// Datagram looks at a datagram.
func (o *Observer) Datagram(g *wire.Datagram) {
	if _, _, payload, _ := g.UDP(); IsAnswer(g) {
		o.answers.message(g.Dst, payload)
	}
}

// Segment looks at a segment, of which payload was captured, and returns what is found with it, which is valid until the next call.
func (o *Observer) Segment(s *wire.Segment, payload []byte) []Name {
	if at, may, ok := Look(s, payload); !ok || !may && o.Plain(at) {
		return nil // as most
	}
	i, tag := place(s)
	if o.starts == nil {
		o.starts = make([]start, maxStarts)
	}
	o.found = o.found[:0]
	if s.Flags.Any(wire.SYN) {
		o.syn(s, i, tag)
	}
	if len(payload) > 0 {
		o.data(s, i, tag, payload)
	}
	return o.found
}

// Look is what can be said of a segment before an Observer sees it: whether Segment may find something, and else where to ask for that (Plain).
// Several goroutines may look. ok is false if Segment finds nothing.
func Look(s *wire.Segment, payload []byte) (at uint16, may, ok bool) {
	isSYN := s.Flags.Any(wire.SYN)
	if s.Flags.Any(wire.RST) || !isSYN && len(payload) == 0 {
		return 0, false, false
	}
	i, _ := place(s)
	return uint16(i), isSYN || formatOf(payload, sender(s)) != formatNone, true
}

// Plain reports whether Segment finds nothing in a segment at a place, which Look says it may find nothing in.
func (o *Observer) Plain(at uint16) bool { return o.states[at] < startBegun }

// IsAnswer reports whether Datagram may find something.
func IsAnswer(g *wire.Datagram) bool {
	from, _, _, ok := g.UDP()
	return ok && from == portDNS
}

// place is where the start of the stream of s is kept, or may be, and its tag. It is the same in every run, as what is displaced is.
func place(s *wire.Segment) (i, tag uint32) {
	k := &s.Key
	h := (k.A.Lo^uint64(k.PortA)<<40)*0x9E3779B97F4A7C15 + (k.B.Lo^uint64(k.PortB)<<40)*0xD6E8FEB86659FD93 + (k.A.Hi^k.B.Hi^uint64(s.Dir))*0xA0761D6478BD642F
	h ^= h >> 29
	return uint32(h>>51) % maxStarts, uint32(h)
}

func (o *Observer) add(kind Kind, text string) {
	if text != "" {
		o.found = append(o.found, Name{kind, text})
	}
}

// sender is the port that s comes from.
func sender(s *wire.Segment) uint16 {
	if s.Dir == 0 {
		return s.Key.PortA
	}
	return s.Key.PortB
}

// receiver is the address that s goes to.
func receiver(s *wire.Segment) wire.Addr {
	if s.Dir == 0 {
		return s.Key.B
	}
	return s.Key.A
}

// syn looks at a SYN or SYN-ACK: which name has its server, for its client?
func (o *Observer) syn(s *wire.Segment, i, tag uint32) {
	isServer := s.Flags.Has(wire.ACK)
	o.ask(s, isServer)
	if isServer && sender(s) != portDNS {
		return
	}
	if begun := (start{tag, s.Seq + 1}); o.starts[i] != begun || o.states[i] == startNone {
		o.streams.drop(streamKey{s.Key, s.Dir})
		o.starts[i], o.states[i] = begun, startBegun
	}
}

// ask asks for the name that the DNS gave for the server.
func (o *Observer) ask(s *wire.Segment, fromServer bool) {
	if o.answers.empty() {
		return
	}
	p := pair{client: s.Key.A, server: s.Key.B, v6: s.Key.V6&1 != 0}
	if fromServer != (s.Dir != 0) {
		p.client, p.server = p.server, p.client
	}
	o.add(DNS, o.answers.get(p))
}

// data looks at the payload of s.
func (o *Observer) data(s *wire.Segment, i, tag uint32, payload []byte) {
	seq := s.Seq
	if s.Flags.Any(wire.SYN) {
		seq++
	}
	state, off := o.states[i], int32(seq-o.starts[i].base)
	if o.starts[i].tag != tag || state == startBegun && (off < 0 || off >= maxRead) {
		state, off = startNone, 0
	}
	payload = payload[:min(len(payload), maxRead)]
	format := formatOf(payload, sender(s))
	switch {
	case state == startIsRead, state == startPlain && (format != formatHello || off >= maxRead):
		return
	case state == startWaits:
		o.proceed(s, i, off, payload)
		return
	case state == startBegun && off > 0:
		o.keep(s, i, piece{uint32(off), payload}) // what comes before it is late
		return
	case format == formatNone:
		if state == startBegun {
			o.states[i] = startPlain
		}
		return
	case state == startNone:
		o.ask(s, format == formatDNS)
	}
	o.begin(s, i, start{tag, seq}, format, payload)
}

// begin reads the first bytes of a stream, or of a ClientHello in one.
func (o *Observer) begin(s *wire.Segment, i uint32, at start, format format, payload []byte) {
	used, next := o.read(format, s, payload)
	at.base += uint32(used)
	o.starts[i], o.states[i] = at, next
	switch {
	case next != startWaits:
	case s.PayloadCap < s.Len: // its next bytes were not captured
		o.states[i] = startIsRead
	default:
		o.keep(s, i, piece{0, payload[used:]})
	}
}

// keep keeps the first part of a stream.
func (o *Observer) keep(s *wire.Segment, i uint32, p piece) {
	o.states[i] = startWaits
	o.streams.add(o.streams.begin(streamKey{s.Key, s.Dir}), p)
}

// proceed reads more of a stream of which a part is kept.
func (o *Observer) proceed(s *wire.Segment, i uint32, off int32, payload []byte) {
	x := o.streams.open[streamKey{s.Key, s.Dir}]
	if x == nil { // there was no room
		o.states[i] = startIsRead
		return
	}
	if off < 0 {
		n := min(uint32(-off), uint32(len(payload)))
		payload, off = payload[n:], 0
	}
	next := startIsRead
	if off < maxRead && o.streams.add(x, piece{uint32(off), payload}) {
		next = o.readKept(s, i, x)
	}
	if next != startWaits {
		o.states[i] = next
		o.streams.drop(x.key)
	}
}

// readKept reads what is kept of a stream, and says what is to be done with its next bytes.
func (o *Observer) readKept(s *wire.Segment, i uint32, x *stream) startState {
	if len(x.bytes) == 0 {
		return startWaits
	}
	used, next := o.read(formatOf(x.bytes, sender(s)), s, x.bytes)
	switch {
	case next == startBegun && len(x.late) > 0:
		next = startWaits
	case next == startWaits && used == 0 && len(x.bytes) == maxRead:
		next = startIsRead
	}
	o.starts[i].base += uint32(used)
	if next == startWaits {
		o.streams.consume(x, used)
	}
	return next
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
	client := receiver(s)
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
