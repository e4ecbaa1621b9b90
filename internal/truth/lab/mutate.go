package lab

import (
	"net/netip"
	"time"
)

// The mutations change what the analysis must not depend on. Those of a Script
// return another Script that shares what they leave alone; those of frames return
// new frames that may share bytes with the old ones.

// RelocateISN adds to every connection's initial sequence numbers: enough to make them wrap
// anywhere. Numbers that the script gives raw move along. A socket connected to itself has one ISN.
func RelocateISN(s *Script, client, server uint32) *Script {
	return s.mapConns(func(c *conn) {
		if c.ends[0] == c.ends[1] {
			c.isn[fromClient] += client
			c.isn[fromServer] += client
			return
		}
		c.isn[fromClient] += client
		c.isn[fromServer] += server
	})
}

// SwapAddresses gives the client the server's IP address and the reverse; each keeps its port.
func SwapAddresses(s *Script) *Script {
	return s.mapConns(func(c *conn) {
		a, b := c.ends[0], c.ends[1]
		c.ends = [2]netip.AddrPort{
			netip.AddrPortFrom(b.Addr(), a.Port()),
			netip.AddrPortFrom(a.Addr(), b.Port()),
		}
	})
}

func toIPv6(a4 netip.Addr) netip.Addr {
	a := [16]byte{0x20, 0x01, 0x0D, 0xB8}
	copy(a[12:], a4.AsSlice())
	return netip.AddrFrom16(a)
}

// growthIPv6 is how much longer an IPv6 header is.
const growthIPv6 = 40 - 20

// ToIPv6 puts every IPv4 address into 2001:db8::/96. Lengths at which the capture cut frames
// grow with the header. IP IDs are lost.
func ToIPv6(s *Script) *Script {
	v6 := s.mapConns(func(c *conn) {
		for i, end := range c.ends {
			if end.Addr().Is4() {
				c.ends[i] = netip.AddrPortFrom(toIPv6(end.Addr()), end.Port())
			}
		}
	})
	for i := range v6.packets {
		p, was := &v6.packets[i], &s.packets[i]
		if p.icmp != nil && was.conn.ends[0].Addr().Is4() {
			p.icmp = p.icmp.toIPv6()
		}
		if p.cut >= 0 && p.raw == nil && was.conn.ends[0].Addr().Is4() {
			p.cut += growthIPv6
		}
		if p.sliced > 0 && p.raw == nil && was.conn.ends[0].Addr().Is4() {
			p.sliced += growthIPv6
		}
	}
	if v6.Format.SnapLen > 0 {
		v6.Format.SnapLen += growthIPv6
	}
	return v6
}

// ShiftTime moves the whole capture in time.
func ShiftTime(frames []Frame, d time.Duration) []Frame {
	out := make([]Frame, len(frames))
	for i, f := range frames {
		f.Time += int64(d)
		out[i] = f
	}
	return out
}

// Snap cuts every frame to at most n captured bytes.
func Snap(frames []Frame, n int) []Frame {
	out := make([]Frame, len(frames))
	for i, f := range frames {
		f.Data = f.Data[:min(n, len(f.Data))]
		out[i] = f
	}
	return out
}

// mapConns is a copy of s with every connection changed.
func (s *Script) mapConns(change func(*conn)) *Script {
	out := *s
	changed := make(map[*conn]*conn, len(s.conns))
	out.conns = make([]*conn, len(s.conns))
	for i, c := range s.conns {
		d := *c
		change(&d)
		changed[c], out.conns[i] = &d, &d
	}
	out.packets = make([]packet, len(s.packets))
	for i, p := range s.packets {
		p.conn = changed[p.conn]
		out.packets[i] = p
	}
	return &out
}
