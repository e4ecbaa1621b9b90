package main

import "encoding/binary"

// attackFile is a capture that an attacker would send, written packet by packet: a pcap file of IP packets without anything below.
type attackFile struct {
	b    []byte
	time uint32 // µs
	id   uint16
}

func newAttack() *attackFile {
	const linkRaw = 101
	o := binary.LittleEndian
	f := &attackFile{b: o.AppendUint32(nil, 0xA1B2C3D4)}
	f.b = o.AppendUint16(o.AppendUint16(f.b, 2), 4)
	f.b = append(f.b, make([]byte, 8)...)
	f.b = o.AppendUint32(o.AppendUint32(f.b, 1<<18), linkRaw)
	return f
}

// packet adds an IP packet, 10 µs behind the one before.
func (f *attackFile) packet(p []byte) {
	f.time += 10
	o := binary.LittleEndian
	f.b = o.AppendUint32(o.AppendUint32(f.b, 1_772_000_000+f.time/1e6), f.time%1e6)
	f.b = o.AppendUint32(o.AppendUint32(f.b, uint32(len(p))), uint32(len(p)))
	f.b = append(f.b, p...)
}

// ip is an IPv4 packet; fragment is the field with the flags and the offset.
func (f *attackFile) ip(protocol uint8, src, dst uint32, fragment uint16, payload []byte) []byte {
	f.id++
	o := binary.BigEndian
	p := o.AppendUint16([]byte{0x45, 0}, uint16(20+len(payload)))
	p = append(o.AppendUint16(o.AppendUint16(p, f.id), fragment), 64, protocol, 0, 0)
	p = append(o.AppendUint32(o.AppendUint32(p, src), dst), payload...)
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(o.Uint16(p[i:]))
	}
	sum = sum&0xffff + sum>>16
	o.PutUint16(p[10:], ^uint16(sum+sum>>16))
	return p
}

// segment is what an attack says in a TCP segment.
type segment struct {
	port     uint16 // of the client
	back     bool   // the server sends it
	flags    uint8
	seq, ack uint32
	window   uint16
	options  []byte // whole words
	payload  int
}

const (
	flagFIN, flagSYN, flagRST, flagACK = 1, 2, 4, 16
	attacker, victim                   = 0x0a000001, 0xc0000202
)

func (s *segment) bytes() []byte {
	o := binary.BigEndian
	ports := [2]uint16{s.port, 80}
	if s.back {
		ports = [2]uint16{80, s.port}
	}
	p := o.AppendUint16(o.AppendUint16(nil, ports[0]), ports[1])
	p = o.AppendUint32(o.AppendUint32(p, s.seq), s.ack)
	p = append(p, uint8(20+len(s.options))/4<<4, s.flags)
	p = append(o.AppendUint16(p, s.window), 0, 0, 0, 0)
	return append(append(p, s.options...), make([]byte, s.payload)...)
}

// tcp adds a segment between the attacker and its victim.
func (f *attackFile) tcp(s segment) {
	src, dst := uint32(attacker), uint32(victim)
	if s.back {
		src, dst = dst, src
	}
	f.packet(f.ip(6, src, dst, 0, s.bytes()))
}

// open adds a handshake; what follows of the client begins at 1001, of the server at 2001.
func (f *attackFile) open(port uint16) {
	sack := []byte{4, 2, 3, 3, 14, 1, 1, 1} // and windows of 1 GB
	f.tcp(segment{port: port, flags: flagSYN, seq: 1000, window: 65535, options: sack})
	f.tcp(segment{port: port, back: true, flags: flagSYN | flagACK, seq: 2000, ack: 1001, window: 65535, options: sack})
	f.tcp(segment{port: port, flags: flagACK, seq: 1001, ack: 2001, window: 65535})
}
