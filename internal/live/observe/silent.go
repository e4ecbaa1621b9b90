package observe

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/ends"
	"tcptrace/internal/wire"
	"tcptrace/report"
)

// watchSilent has connections told that are open and of which no packet comes.
func (s *Session) watchSilent() {
	s.silentsTold = s.ends.Silents(s.mayCapture(), s.silent)
	if more := s.silentsTold; more > 0 {
		s.Note("%s were open already and are not shown until a packet of theirs comes: there are too many", report.Counted(uint64(more), "connection"))
	}
}

// silent has written what the kernel says of a connection without packets.
func (s *Session) silent(t *ends.Silent) {
	if s.Events == nil || s.failed != nil {
		return
	}
	if s.Where != nil {
		if ok, err := s.Where.Match(t.Conversation); err != nil || !ok {
			s.Fail(err)
			return
		}
	}
	told := ends.Told{Change: t.Change, Between: &t.Conversation.Addr}
	line := &report.Silent{KernelState: *kernelState(&told), Info: t.Info}
	if !t.Since.IsZero() {
		line.Since = analyzer.Time(t.Since.UnixNano())
	}
	s.words.add(word{at: line.Time, write: func() error { return s.Events.Silent(line) }})
}

// mayCapture reports of which connections of this host packets may be captured: they take an interface that is, as far as addresses say, and the
// filter lets their segments through that have no data.
func (s *Session) mayCapture() func(client, server netip.AddrPort) bool {
	src, ok := s.Source.(*capture.Capture)
	if !ok {
		return func(_, _ netip.AddrPort) bool { return true }
	}
	taken := takenBy(src.Interfaces())
	var filter *input.Filter
	if s.Filter != "" {
		filter, _ = input.NewFilter(s.Filter) // what cannot be compiled for Ethernet lets everything through
	}
	return func(client, server netip.AddrPort) bool {
		return taken(client.Addr(), server.Addr()) && (filter == nil || passes(filter, client, server) || passes(filter, server, client))
	}
}

// takenBy reports whether packets between two addresses, of which one is this host's, take one of some interfaces.
func takenBy(list []input.Interface) func(a, b netip.Addr) bool {
	of := func(name string) (all []netip.Addr) {
		i, err := net.InterfaceByName(name)
		if err != nil {
			return nil
		}
		found, err := i.Addrs()
		if err != nil {
			return nil
		}
		return addresses(found)
	}
	own, err := net.InterfaceAddrs()
	ours := addresses(own)
	captured := map[string][]netip.Addr{}
	for i := range list {
		captured[list[i].Name] = of(list[i].Name)
	}
	return func(a, b netip.Addr) bool {
		isOurs := func(x netip.Addr) bool { return x.IsLoopback() || slices.Contains(ours, x.WithZone("")) }
		for name, has := range captured {
			switch inside := isOurs(a) && isOurs(b); {
			case name == "any" || err != nil:
				return true
			case inside && name == capture.Loopback, !inside && (slices.Contains(has, a.WithZone("")) || slices.Contains(has, b.WithZone(""))):
				return true
			}
		}
		return false
	}
}

func addresses(list []net.Addr) (all []netip.Addr) {
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p.Addr().Unmap().WithZone(""))
		}
	}
	return all
}

// Where headers are in a frame, and how long they are.
const (
	etherLength = 14
	ipv4Length  = 20
	ipv6Length  = 40
	tcpLength   = 20
	tcp         = 6
	ackFlag     = 0x10
)

// passes reports whether a filter lets an ACK without data from one socket to another through.
func passes(f *input.Filter, from, to netip.AddrPort) bool {
	frame := make([]byte, etherLength, etherLength+ipv6Length+tcpLength)
	if from.Addr().Is4() {
		binary.BigEndian.PutUint16(frame[12:], 0x0800)
		ip := make([]byte, ipv4Length)
		ip[0], ip[8], ip[9] = 0x45, 64, tcp
		binary.BigEndian.PutUint16(ip[2:], ipv4Length+tcpLength)
		copy(ip[12:], from.Addr().AsSlice())
		copy(ip[16:], to.Addr().AsSlice())
		frame = append(frame, ip...)
	} else {
		binary.BigEndian.PutUint16(frame[12:], 0x86dd)
		ip := make([]byte, ipv6Length)
		ip[0], ip[6], ip[7] = 0x60, tcp, 64
		binary.BigEndian.PutUint16(ip[4:], tcpLength)
		copy(ip[8:], from.Addr().AsSlice())
		copy(ip[24:], to.Addr().AsSlice())
		frame = append(frame, ip...)
	}
	segment := make([]byte, tcpLength)
	binary.BigEndian.PutUint16(segment, from.Port())
	binary.BigEndian.PutUint16(segment[2:], to.Port())
	segment[12], segment[13] = tcpLength/4<<4, ackFlag
	frame = append(frame, segment...)
	return f.Match(wire.LinkEthernet, frame, uint32(len(frame)))
}
