package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Script is a parsed script: every number that the text leaves out is filled in.
type Script struct {
	Name   string
	Story  string // the comment at the top
	Format Format

	start   int64 // ns since the Unix epoch
	link    link  // of every frame, unless there are interfaces
	tunnel  tunnel
	ifaces  []link
	conns   []*conn // the first one has no name
	packets []packet
}

// Frame is one captured frame.
type Frame struct {
	Time    int64  // ns since the Unix epoch
	Link    uint16 // link type, as capture files number it
	Iface   int    // pcapng interface, from 0
	Data    []byte // as captured
	WireLen int    // bytes on the wire, at least len(Data)
}

// direction is from whom: an index into everything that a connection has twice.
type direction uint8

const (
	fromClient direction = iota
	fromServer
)

func (d direction) peer() direction { return d ^ 1 }

// conn is one connection of a script.
type conn struct {
	name string
	ends [2]netip.AddrPort // by direction
	isn  [2]uint32
	ttl  [2]uint8

	stamped bool      // timestamps are on
	stamp   [2]uint32 // their values at the start
	half    [2]half
}

// half is what one direction has sent so far; the numbers that lines leave out come from it.
type half struct {
	next   uint32 // relative
	spoken bool
	win    uint16
	ipid   uint16
	tsval  uint32 // of the last segment
}

// packet is one line. Sequence numbers are relative to the ISN so that
// RelocateISN has nothing to rewrite.
type packet struct {
	line  int
	time  int64 // ns since the start
	conn  *conn
	dir   direction
	raw   []byte // not nil: a frame that is no TCP; nothing below but cut, sliced, dup and iface counts
	icmp  *icmp  // not nil: an ICMP error; likewise
	flags uint16
	seq   uint32
	ack   uint32
	win   uint16
	urg   uint16
	doff  int // 0: what the options need
	opts  []option
	load  payload

	ipid           uint16
	ttl, tos       uint8
	df             bool
	alert          bool
	frag           *[2]int // bytes of the IP payload; an end of -1 is the end
	tso            bool
	badSum         bool
	badIPSum       bool
	partial        bool
	cut            int // bytes captured; -1: all
	sliced         int // bytes that were left of the frame before it was captured; 0: all
	dup            int64
	iface          int
	unseen, forged bool
}

// payload is what a segment carries.
type payload struct {
	n    int
	data []byte // nil: fill, or if that is 0 the pattern
	fill byte
}

// maxCapture bounds what a script may grow to: a few characters can ask for a 256 KiB frame.
const maxCapture = 64 << 20

// Frames are the frames of the capture, in the order of the script's lines. A
// second copy (dup) stands where its time puts it.
func (s *Script) Frames() ([]Frame, error) {
	var out, copies []Frame
	total := 0
	flush := func(until int64) {
		for len(copies) > 0 && copies[0].Time <= until {
			out, copies = append(out, copies[0]), copies[1:]
		}
	}
	for i := range s.packets {
		p := &s.packets[i]
		if p.unseen {
			continue
		}
		f, err := s.frame(p)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", s.Name, p.line, err)
		}
		if total += len(f.Data); total > maxCapture {
			return nil, fmt.Errorf("%s:%d: the capture is larger than %d bytes", s.Name, p.line, maxCapture)
		}
		flush(f.Time - 1)
		out = append(out, f)
		if p.dup > 0 {
			f.Time += p.dup
			copies = append(copies, f)
			slices.SortStableFunc(copies, func(a, b Frame) int { return int(a.Time - b.Time) })
		}
	}
	return append(out, copies...), nil
}

// Capture is the capture file.
func (s *Script) Capture() ([]byte, error) {
	frames, err := s.Frames()
	if err != nil {
		return nil, err
	}
	b, err := WriteCapture(frames, s.Format)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return b, nil
}

// frame builds the frame of one line.
func (s *Script) frame(p *packet) (Frame, error) {
	l := &s.link
	if len(s.ifaces) > 0 {
		l = &s.ifaces[p.iface]
	}
	data := p.raw
	if data == nil {
		h := hop{p.conn.ends[p.dir].Addr(), p.conn.ends[p.dir.peer()].Addr(), p.dir, s.Format.BigEndian}
		var ip []byte
		var err error
		if p.icmp != nil {
			ip, err = s.icmp(p)
		} else {
			ip, err = p.ip()
		}
		if err != nil {
			return Frame{}, err
		}
		t := s.tunnel
		if l.outer.wrap != nil {
			t = l.outer
		}
		if t.wrap != nil {
			if ip, h, err = t.around(ip, h); err != nil {
				return Frame{}, err
			}
		}
		data = l.wrap(ip, h)
	}
	if p.sliced > 0 {
		data = data[:min(p.sliced, len(data))]
	}
	f := Frame{Time: s.start + p.time, Link: l.kind.number, Iface: p.iface, Data: data, WireLen: len(data)}
	if p.cut >= 0 {
		f.Data = f.Data[:min(p.cut, len(f.Data))]
	}
	if n := s.Format.SnapLen; n > 0 {
		f.Data = f.Data[:min(n, len(f.Data))]
	}
	return f, nil
}

// defaultStart is a fixed moment: captures must not depend on when they are made.
var defaultStart = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC).UnixNano()

// newConn is a connection as it is when the script says nothing about it. n keeps
// the ISNs of several connections apart.
func newConn(name string, n int) *conn {
	c := &conn{
		name: name,
		ends: [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")},
		ttl:  [2]uint8{64, 64},
	}
	c.isn = [2]uint32{0x3C5A1F20 + uint32(n)*0x01000193, 0x8F21D3B4 + uint32(n)*0x010F0F0D}
	c.half = freshHalves(n)
	return c
}

func freshHalves(n int) [2]half {
	return [2]half{
		{win: 64240, ipid: 0x1A2B + uint16(n)*0x101},
		{win: 65160, ipid: 0x7C10 + uint16(n)*0x101},
	}
}
