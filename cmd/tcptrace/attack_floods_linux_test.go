package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// icmpFlood sends ICMP errors about a connection, about ones that there are not, and about what is no segment.
func icmpFlood(n int) []byte {
	f := newAttack()
	f.open(40000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range uint32(n) {
		s := segment{port: 40000, flags: flagACK, seq: 1001 + i%7, ack: 2001, window: 65535}
		src := uint32(attacker)
		switch i % 4 {
		case 1:
			src += i
		case 2:
			s.seq = rng.Uint32()
		case 3:
			s.port, s.flags = uint16(i), flagSYN
		}
		quoted := f.ip(6, src, victim, 0, s.bytes())
		if i%64 == 5 {
			quoted = quoted[:20+i/64%9]
		}
		kind, code := byte(3), byte(i/4%16)
		if i%32 == 9 {
			kind = 11
		}
		f.packet(f.ip(1, attacker+i*7, src, 0, append([]byte{kind, code, 0, 0, 0, 0, byte(i % 3), byte(i)}, quoted...)))
	}
	return f.b
}

// udp adds a datagram.
func (f *attackFile) udp(src, dst uint32, ports [2]uint16, payload []byte) {
	o := binary.BigEndian
	p := o.AppendUint16(o.AppendUint16(nil, ports[0]), ports[1])
	p = o.AppendUint16(o.AppendUint16(p, uint16(8+len(payload))), 0)
	f.packet(f.ip(17, src, dst, 0, append(p, payload...)))
}

// answer is a message of the DNS that answers a question for an address, with the records given, of which each begins with its name.
func answer(name string, records ...[]byte) []byte {
	o := binary.BigEndian
	b := o.AppendUint16([]byte{0, 1, 0x81, 0x80, 0, 1}, uint16(len(records)))
	b = append(b, 0, 0, 0, 0)
	for label := range bytes.SplitSeq([]byte(name), []byte{'.'}) {
		b = append(append(b, byte(len(label))), label...)
	}
	b = append(b, 0, 0, 1, 0, 1)
	for _, r := range records {
		b = append(b, r...)
	}
	return b
}

// record is what such an answer says, of its name at an offset.
func record(name, kind uint16, data []byte) []byte {
	o := binary.BigEndian
	b := o.AppendUint16(o.AppendUint16(o.AppendUint16(nil, 0xc000|name), kind), 1)
	return append(o.AppendUint16(append(b, 0, 0, 0, 60), uint16(len(data))), data...)
}

// nameFlood names as many servers by answers of the DNS, some of which are chains of aliases, point at themselves, or are cut, and has a
// client connect to each, with another name in its hello.
func nameFlood(n int) []byte {
	f := newAttack()
	for i := range uint32(n) {
		server := victim + i
		name := fmt.Sprintf("%d.%050d.\x1b]0;x\a.%060d.example", i, i, i)
		a := record(12, 1, binary.BigEndian.AppendUint32(nil, server))
		records := [][]byte{a}
		switch i % 8 {
		case 1:
			records = nil
			for range 40 {
				records = append(records, record(12, 5, []byte{0xc0, 12}))
			}
			records = append(records, a)
		case 2:
			records = [][]byte{record(uint16(len(answer(name))), 1, a[12:])} // its own name
		}
		m := answer(name, records...)
		if i%8 == 3 {
			m = m[:len(m)-int(i/8%20)]
		}
		f.udp(0x08080808, attacker, [2]uint16{53, 5000}, m)
		port := uint16(40000 + i%1000)
		hello := fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name)
		for _, s := range []segment{
			{port: port, flags: flagSYN, seq: 1000, window: 65535},
			{port: port, back: true, flags: flagSYN | flagACK, seq: 2000, ack: 1001, window: 65535},
			{port: port, flags: flagACK, seq: 1001, ack: 2001, window: 65535},
		} {
			src, dst := uint32(attacker), server
			if s.back {
				src, dst = dst, src
			}
			p := s.bytes()
			if s.seq == 1001 {
				p = append(p, hello...)
			}
			f.packet(f.ip(6, src, dst, 0, p))
		}
	}
	return f.b
}

// heaviest has as many connections of which each takes as much memory as one may: holes in what was sent and acknowledged, segments in
// flight, anomalies of all kinds.
func heaviest(n int) []byte {
	f := newAttack()
	const turns = 60
	for i := range uint32(n) {
		a := newAttack()
		a.time = f.time
		a.open(40000)
		rng := rand.New(rand.NewPCG(1, uint64(i)))
		for k := range uint32(turns) {
			s := segment{port: 40000, flags: flagACK, seq: 1001 + 4*k, ack: 2001 + 4*k, window: uint16(rng.Uint32N(2)), payload: 1}
			switch rng.Uint32N(9) {
			case 0:
				s.back, s.seq, s.ack = true, s.ack, s.seq
				blocks := []byte{1, 1, 5, 34}
				for range 4 {
					begin := 1001 + rng.Uint32N(4*turns)
					blocks = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(blocks, begin), begin+1+rng.Uint32N(9))
				}
				s.options = blocks
			case 1:
				s.seq -= 8
			case 2:
				s.flags, s.seq, s.payload = flagRST, s.seq+5, 0
			case 3:
				s.flags |= flagSYN
			case 4:
				s.seq += 100 * k
			case 5, 6:
				s.back, s.seq, s.ack = true, s.ack, s.seq
			}
			a.tcp(s)
		}
		// The same with addresses of its own: neither checksum matters.
		for b := a.b[24:]; len(b) > 0; {
			size := 16 + binary.LittleEndian.Uint32(b[8:])
			p := b[16:size]
			at := 12
			if binary.BigEndian.Uint32(p[12:]) != attacker {
				at = 16
			}
			binary.BigEndian.PutUint32(p[at:], attacker+i)
			binary.BigEndian.PutUint16(p[10:], 0)
			b = b[size:]
		}
		f.b, f.time = append(f.b, a.b[24:]...), a.time
	}
	return f.b
}

// sections is a pcapng file of as many sections, each with an interface and a packet of it.
func sections() []byte {
	var a attackFile
	one := newAttackNG(0)
	f := &attackNG{}
	s := segment{port: 40000, flags: flagSYN}
	for i := range uint32(100_000) {
		f.b = append(f.b, one.b...)
		f.face(16)
		f.packet(0, a.ip(6, attacker+i, victim, 0, s.bytes()), 0)
	}
	return f.b
}

// hugeBlock says that it has 4 GB of options.
func hugeBlock() []byte {
	f := newAttackNG(0)
	f.face(4)
	f.b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(f.b, 6), 0xfffffff0)
	return append(f.b, make([]byte, 1<<20)...)
}

// nestedLinks are packets in VLANs, MPLS, GRE and VXLAN, as deep as a frame has room for.
func nestedLinks() []byte {
	f := newAttack()
	f.b[20] = 1 // Ethernet
	s := segment{port: 40000, flags: flagSYN}
	mac := make([]byte, 12)
	for i := range 30_000 {
		p := f.ip(6, attacker, victim, 0, s.bytes())
		kind := []byte{8, 0}
		for range i % 90 {
			switch i % 4 {
			case 0:
				p, kind = append(append([]byte{0, 1}, kind...), p...), []byte{0x81, 0}
			case 1:
				bottom := byte(0)
				if kind[0] == 8 {
					bottom = 1
				}
				p, kind = append([]byte{0, 1, bottom, 64}, p...), []byte{0x88, 0x47}
			case 2:
				p, kind = f.ip(47, attacker, victim, 0, append(append([]byte{0, 0}, kind...), p...)), []byte{8, 0}
			case 3:
				inner := append(append([]byte{8, 0, 0, 0, 0, 0, 1, 0}, mac...), append(kind, p...)...)
				o := binary.BigEndian
				u := o.AppendUint16(o.AppendUint16([]byte{0xc0, 0, 0x12, 0xb5}, uint16(8+len(inner))), 0)
				p, kind = f.ip(17, attacker, victim, 0, append(u, inner...)), []byte{8, 0}
			}
		}
		f.packet(append(append(append([]byte{}, mac...), kind...), p...))
	}
	return f.b
}

// garbage is what no program would have written, behind the header of a capture.
func garbage() []byte {
	f := newAttack()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		p := make([]byte, rng.IntN(120))
		for i := range p {
			p[i] = byte(rng.Uint32())
		}
		if len(p) > 20 {
			p[0], p[9] = 0x45, []byte{1, 4, 6, 17, 41, 47}[rng.IntN(6)]
			binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
		}
		f.packet(p)
	}
	return append(f.b, bytes.Repeat([]byte{0xee}, 1<<20)...)
}
