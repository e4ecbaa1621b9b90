package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"

	"github.com/klauspost/compress/gzip"
)

func synFlood(n int) []byte {
	f := newAttack()
	s := segment{port: 40000, flags: flagSYN, window: 1024}
	for i := range uint32(n) {
		f.packet(f.ip(6, attacker+i, victim, 0, s.bytes()))
	}
	return f.b
}

func holes(n int) []byte {
	f := newAttack()
	f.open(40000)
	for i := range uint32(n) {
		f.tcp(segment{port: 40000, flags: flagACK, seq: 1001 + 2*i, ack: 2001, window: 65535, payload: 1})
	}
	return f.b
}

func sackStorm(n int) []byte {
	const sent = 1 << 28
	f := newAttack()
	f.open(40000)
	f.tcp(segment{port: 40000, flags: flagACK, seq: 1001 + sent, ack: 2001, window: 65535, payload: 1})
	rng := rand.New(rand.NewPCG(1, 2))
	for range n {
		blocks := []byte{1, 1, 5, 34}
		for range 4 {
			begin := 1001 + rng.Uint32N(sent)
			blocks = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(blocks, begin), begin+1+rng.Uint32N(1000))
		}
		f.tcp(segment{port: 40000, back: true, flags: flagACK, seq: 2001, ack: 1001, window: 65535, options: blocks})
	}
	return f.b
}

func portReuse(n int) []byte {
	f := newAttack()
	for i := range uint32(n) {
		f.tcp(segment{port: 40000, flags: flagSYN, seq: 100_000 * i, window: 65535})
		f.tcp(segment{port: 40000, back: true, flags: flagRST | flagACK, ack: 100_000*i + 1})
	}
	return f.b
}

func nestedTunnels() []byte {
	f := newAttack()
	for i := range 60_000 {
		s := segment{port: uint16(i % 1000), flags: flagSYN}
		p := f.ip(6, attacker, victim, 0, s.bytes())
		for range i % 70 {
			p = f.ip(4, attacker, victim, 0, p)
		}
		f.packet(p)
	}
	return f.b
}

func fragments(n int) []byte {
	const more = 1 << 13
	f := newAttack()
	s := segment{port: 40000, flags: flagSYN, payload: 4}
	large := segment{port: 40000, flags: flagACK, payload: 1380}
	for i := range uint32(n) {
		f.packet(f.ip(6, attacker+i>>16, victim, more, s.bytes()))
		if i%8 == 0 {
			f.packet(f.ip(6, attacker+i, victim, more, large.bytes()))
		}
	}
	return f.b
}

func gzipBomb() []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(newAttack().b)
	zeros := make([]byte, 1<<20)
	for range 256 {
		w.Write(zeros)
	}
	w.Close()
	return out.Bytes()
}

// zstdFrame begins a frame of zstd (RFC 8878 3.1.1) with a window of 1<<log bytes.
func zstdFrame(log uint8) []byte { return []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3} }

// zstdBomb repeats a byte 128 KiB times in each block of 4 bytes.
func zstdBomb() []byte {
	b := zstdFrame(27)
	for range 8 << 20 {
		b = append(b, 0x02, 0, 0x10, 0)
	}
	return b
}

func zstdWindow() []byte { return append(zstdFrame(31), 0x02, 0, 0x10, 0) }

// attackNG is the same as a pcapng file.
type attackNG struct{ b []byte }

func (f *attackNG) block(kind uint32, body []byte) {
	o := binary.LittleEndian
	size := uint32(12 + (len(body)+3)&^3)
	f.b = append(o.AppendUint32(o.AppendUint32(f.b, kind), size), body...)
	f.b = o.AppendUint32(append(f.b, make([]byte, -len(body)&3)...), size)
}

// option adds an option to the body of a block.
func option(body []byte, code, size uint16) []byte {
	body = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(body, code), size)
	return append(append(body, bytes.Repeat([]byte{'x'}, int(size))...), make([]byte, -size&3)...)
}

func newAttackNG(comments int) *attackNG {
	body := append([]byte{0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0}, bytes.Repeat([]byte{0xff}, 8)...)
	for range comments {
		body = option(body, 1, 1<<16-1)
	}
	f := &attackNG{}
	f.block(0x0a0d0d0a, body)
	return f
}

// face adds an interface with a name of so many bytes, and packet a packet of it.
func (f *attackNG) face(name uint16) { f.block(1, option([]byte{101, 0, 0, 0, 0, 0, 4, 0}, 2, name)) }

func (f *attackNG) packet(face uint32, p []byte, comments int) {
	o := binary.LittleEndian
	body := o.AppendUint32(o.AppendUint32(o.AppendUint32(nil, face), 0x64c14), 0)
	body = append(o.AppendUint32(o.AppendUint32(body, uint32(len(p))), uint32(len(p))), p...)
	body = append(body, make([]byte, -len(p)&3)...)
	for range comments {
		body = option(body, 1, 1<<16-1)
	}
	f.block(6, body)
}

func interfaces() []byte {
	var a attackFile
	f := newAttackNG(0)
	s := segment{port: 40000, flags: flagSYN}
	for i := range uint32(100_000) {
		f.face(16)
		f.packet(i, a.ip(6, attacker+i, victim, 0, s.bytes()), 0)
	}
	return f.b
}

func options() []byte {
	var a attackFile
	f := newAttackNG(240)
	for range 240 {
		f.face(1<<16 - 1)
	}
	s := segment{port: 40000, flags: flagSYN, options: bytes.Repeat([]byte{2, 0, 254, 1}, 10)}
	for i := range uint32(240) {
		f.packet(i, a.ip(6, attacker, victim, 0, s.bytes()), 2)
	}
	return f.b
}

func anomalyStorm(n int) []byte {
	f := newAttack()
	f.open(40000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range uint32(n) {
		s := segment{port: 40000, flags: flagACK, seq: 1001 + 10*i, ack: 2001, window: uint16(rng.Uint32N(2)), payload: 10}
		switch rng.Uint32N(8) {
		case 0:
			s.seq -= 100 // again
		case 1:
			s.seq += 1 << 20 // beyond a hole
		case 2:
			s.back, s.seq, s.ack, s.payload = true, 2001, 1001+5*i, 0 // a duplicate ACK, or a zero window
		case 3:
			s.flags, s.seq, s.payload = flagRST, s.seq+5, 0 // not at RCV.NXT
		case 4:
			s.back, s.seq, s.ack = true, 2001, 1001+1<<24 // of what was not sent
		case 5:
			s.flags |= flagSYN
		case 6:
			s.payload, s.seq = 1, s.seq-1 // a keep-alive
		}
		f.tcp(s)
	}
	return f.b
}
