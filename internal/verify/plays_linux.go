package verify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// morePlays take what Linux has: filters that lose segments behind the tap, sockets that vanish, forged segments.
var morePlays = []play{
	both("both close at once", func(c, s *net.TCPConn) error {
		return first(lose(c, everything), s.CloseWrite, c.CloseWrite, keep(c), wait(2*patience))
	}),
	both("a FIN is lost behind the tap", func(c, s *net.TCPConn) error {
		return first(lose(c, everything), s.Close, wait(patience), keep(c), wait(3*patience), c.Close)
	}),
	both("a RST is lost behind the tap", func(c, s *net.TCPConn) error { return first(lose(c, everything), reset(s), s.Close, keep(c)) }),
	both("data is lost behind the tap", func(c, s *net.TCPConn) error {
		return first(lose(s, everything), write(c), keep(s), wait(2*patience), read(s), c.Close, s.Close)
	}),
	both("half-open after a reboot", func(c, s *net.TCPConn) error { return first(vanish(s), s.Close, write(c)) }),
	both("keep-alives are given up", func(c, s *net.TCPConn) error { return first(lose(s, everything), keepAlive(c)) }),
	{name: "a SYN is dropped", ends: 1, run: func(sc *scene) error { return sc.unanswered(128, everything) }},
	{name: "the accept queue is full", ends: 3, run: func(sc *scene) error { return sc.unanswered(0, nothing) }},
	{name: "the ACK of the handshake is lost", ends: 2, run: func(sc *scene) error {
		if err := lose(sc.listener, notSYN)(); err != nil {
			return err
		}
		c, err := sc.dial(sc.listener.Addr().String(), accepts)
		if err != nil {
			return err
		}
		if err := first(keep(sc.listener), write(c)); err != nil {
			return err
		}
		s, err := sc.accept()
		if err != nil {
			return err
		}
		return first(read(s), c.Close, s.Close)
	}},
	{name: "TIME_WAIT is assassinated", ends: 2, run: func(sc *scene) error {
		c, s, err := sc.connect()
		if err != nil {
			return err
		}
		return first(c.Close, s.Close, func() error {
			return sc.server.do(func() error { return forge(s.LocalAddr().(*net.TCPAddr), c.LocalAddr().(*net.TCPAddr)) })
		})
	}},
	both("keep-alives are answered", func(c, s *net.TCPConn) error {
		return first(keepAlive(c), wait(1500*time.Millisecond), c.Close, s.Close)
	}),
	{name: "simultaneous open", ends: 2, bridged: true, run: simultaneousOpen},
	{name: "both close at once, on the way", ends: 2, bridged: true, run: func(sc *scene) error {
		c, s, err := sc.connect()
		if err != nil {
			return err
		}
		return first(sc.hold, c.Close, s.Close, sc.bridge.release)
	}},
	{name: "a device between them resets both", ends: 2, bridged: true, run: func(sc *scene) error {
		c, s, err := sc.connect()
		if err != nil {
			return err
		}
		sc.bridge.follow(uint16(sc.port))
		return first(write(c), read(s), write(s), read(c), sc.bridge.cut)
	}},
}

// simultaneousOpen has the SYNs of both sides pass each other.
func simultaneousOpen(sc *scene) error {
	port := sc.nextPort()
	const serverPort = 999 // of nobody
	if err := sc.hold(); err != nil {
		return err
	}
	addr := func(p *place, port int) string { return netip.AddrPortFrom(p.addr, uint16(port)).String() }
	var c, s *net.TCPConn
	failed := make([]error, 2)
	var both sync.WaitGroup
	both.Go(func() { c, failed[0] = sc.dialFrom(sc.client, port, addr(sc.server, serverPort), accepts) })
	both.Go(func() { s, failed[1] = sc.dialFrom(sc.server, serverPort, addr(sc.client, port), accepts) })
	for range accepts / pause {
		if sc.bridge.holding() == 2 {
			break
		}
		time.Sleep(pause)
	}
	err := sc.bridge.release()
	both.Wait()
	if err := errors.Join(append(failed, err)...); err != nil {
		return err
	}
	return first(write(c), read(s), reset(s), s.Close, c.Close) // the server's port is free again
}

// hold has the segments of the client's last port wait between both hosts.
func (sc *scene) hold() error {
	sc.bridge.follow(uint16(sc.port))
	sc.bridge.hold()
	return nil
}

// Filters of a socket, by the TCP header.
var (
	nothing    []unix.SockFilter
	everything = []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	notSYN     = []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13}, {Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, Jf: 1, K: 2},
		{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16}, {Code: unix.BPF_RET | unix.BPF_K},
	}
)

// control calls f with the descriptor of a socket.
func control(c syscall.Conn, f func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// lose has a socket get nothing that a filter drops.
func lose(c syscall.Conn, filter []unix.SockFilter) func() error {
	return func() error {
		return control(c, func(fd int) error {
			return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
		})
	}
}

// keep has it get everything again.
func keep(c syscall.Conn) func() error {
	return func() error {
		return control(c, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0) })
	}
}

// vanish has a socket say nothing when it is closed.
func vanish(c syscall.Conn) func() error {
	return func() error {
		return control(c, func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) })
	}
}

// keepAlive has a socket give up after 2 s.
func keepAlive(c *net.TCPConn) func() error {
	return func() error {
		return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 1})
	}
}

// unanswered connects until nobody answers.
func (sc *scene) unanswered(backlog int, filter []unix.SockFilter) error {
	var l *net.TCPListener
	if err := sc.server.do(func() (err error) { l, err = listen(sc.server.addr, backlog); return err }); err != nil {
		return err
	}
	sc.leave(l)
	if filter != nil {
		if err := lose(l, filter)(); err != nil {
			return err
		}
	}
	for range 3 {
		_, err := sc.dial(l.Addr().String(), patience)
		if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return errors.New("everybody was answered")
}

// listen listens with a backlog.
func listen(addr netip.Addr, backlog int) (*net.TCPListener, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	at := unix.SockaddrInet4{Addr: addr.As4()}
	if err := errors.Join(unix.Bind(fd, &at), unix.Listen(fd, backlog)); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

// forge sends a segment that looks like an old one of the connection.
func forge(from, to *net.TCPAddr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	src, dst := [4]byte(from.IP.To4()), [4]byte(to.IP.To4())
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: src}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, uint16(from.Port))
	binary.BigEndian.PutUint16(b[2:], uint16(to.Port))
	b[12], b[13] = 5<<4, 0x10 // ACK
	binary.BigEndian.PutUint16(b[16:], checksum(src, dst, b))
	return os.NewSyscallError("sendto", unix.Sendto(fd, b, 0, &unix.SockaddrInet4{Addr: dst}))
}

// checksum is that of a TCP segment in IPv4 (RFC 9293 3.1).
func checksum(src, dst [4]byte, segment []byte) uint16 {
	all := append(append(append([]byte{}, src[:]...), dst[:]...), 0, unix.IPPROTO_TCP, 0, byte(len(segment)))
	return sumOf(append(all, segment...))
}

// sumOf is the Internet checksum of an even number of octets (RFC 1071).
func sumOf(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
