package verify

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// hosts make connections. What a play leaves open stays so until all is over.
type hosts struct {
	listener *net.TCPListener
	open     []io.Closer
}

// pause lets both ends take in what was sent.
const pause = 30 * time.Millisecond

// settle is longer than it takes until the kernel is asked again for what it does not tell.
const settle = 1500 * time.Millisecond

// play makes all connections.
func play(ctx context.Context, rounds int) (*hosts, error) {
	h := &hosts{}
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.ParseIP(serverHost)})
	if err != nil {
		return h, err
	}
	h.listener, h.open = l, append(h.open, l)
	for range rounds {
		for _, p := range plays {
			if err := errors.Join(ctx.Err(), h.one(p)); err != nil {
				return h, err
			}
		}
	}
	time.Sleep(settle)
	return h, nil
}

// one makes a connection and plays on it.
func (h *hosts) one(p func(client, server *net.TCPConn) error) error {
	c, err := h.dial(h.listener.Addr().String())
	if err != nil {
		return err
	}
	s, err := h.listener.AcceptTCP()
	if err != nil {
		return err
	}
	h.open = append(h.open, c, s)
	time.Sleep(pause)
	return p(c, s)
}

func (h *hosts) dial(to string) (*net.TCPConn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientHost)}}
	c, err := d.Dial("tcp4", to)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

func (h *hosts) close() {
	for _, c := range h.open {
		_ = c.Close() // most are closed
	}
}

// first and then do one thing after another, until something fails.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

func write(c *net.TCPConn) func() error {
	return func() error {
		_, err := c.Write(make([]byte, 3000))
		return err
	}
}

func read(c *net.TCPConn) func() error {
	return func() error {
		_, err := io.ReadFull(c, make([]byte, 3000))
		return err
	}
}

// reset has a socket send a RST when it is closed.
func reset(c *net.TCPConn) func() error { return func() error { return c.SetLinger(0) } }

// plays are what ends do to each other.
var plays = []func(client, server *net.TCPConn) error{
	func(c, s *net.TCPConn) error { return first(write(c), read(s), c.Close, s.Close) },
	func(c, s *net.TCPConn) error { return first(write(s), read(c), s.Close, c.Close) },
	func(c, s *net.TCPConn) error { return first(c.CloseWrite, write(s), read(c), s.Close, c.Close) },
	func(c, _ *net.TCPConn) error { return first(c.CloseWrite) },                    // the server leaks CLOSE_WAIT
	func(c, s *net.TCPConn) error { return first(write(c), read(s), c.Close) },      // FIN_WAIT_2 without a process
	func(_, s *net.TCPConn) error { return first(s.Close) },                         // the same the other way
	func(c, s *net.TCPConn) error { return first(write(c), s.Close) },               // unread data: a RST in place of a FIN
	func(c, _ *net.TCPConn) error { return first(reset(c), c.Close) },               // RST
	func(_, s *net.TCPConn) error { return first(reset(s), s.Close) },               // RST
	func(c, s *net.TCPConn) error { return first(c.Close, write(s)) },               // data for nobody
	func(c, s *net.TCPConn) error { return first(c.CloseWrite, reset(s), s.Close) }, // RST after a FIN
	func(c, s *net.TCPConn) error { return first(write(c), read(s)) },               // stays open
}
