package verify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
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
	{"a SYN is dropped", 1, func(h *hosts) error { return h.unanswered(128, everything) }},
	{"the accept queue is full", 3, func(h *hosts) error { return h.unanswered(0, nothing) }},
	{"the ACK of the handshake is lost", 2, func(h *hosts) error {
		if err := lose(h.listener, notSYN)(); err != nil {
			return err
		}
		c, err := h.dial(h.listener.Addr().String(), time.Second)
		if err != nil {
			return err
		}
		if err := first(keep(h.listener), write(c)); err != nil {
			return err
		}
		s, err := h.accept()
		if err != nil {
			return err
		}
		return first(read(s), c.Close, s.Close)
	}},
	both("TIME_WAIT is assassinated", func(c, s *net.TCPConn) error {
		old := func() error { return forge(s.LocalAddr().(*net.TCPAddr), c.LocalAddr().(*net.TCPAddr)) }
		return first(c.Close, s.Close, old)
	}),
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
func (h *hosts) unanswered(backlog int, filter []unix.SockFilter) error {
	l, err := listen(backlog)
	if err != nil {
		return err
	}
	h.open = append(h.open, l)
	if filter != nil {
		if err := lose(l, filter)(); err != nil {
			return err
		}
	}
	for range 3 {
		_, err := h.dial(l.Addr().String(), patience)
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
func listen(backlog int) (*net.TCPListener, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	at := unix.SockaddrInet4{Addr: [4]byte(net.ParseIP(serverHost).To4())}
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
	sum := uint32(0)
	for all = append(all, segment...); len(all) > 1; all = all[2:] {
		sum += uint32(binary.BigEndian.Uint16(all))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
