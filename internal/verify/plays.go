package verify

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// play is something that ends do to each other. What it leaves open stays so until all is over.
type play struct {
	name    string
	ends    int  // whose kernel says something
	bridged bool // it takes a bridge between both hosts
	run     func(h *hosts) error
}

// plays are all of them.
var plays = append([]play{
	both("the client closes first", func(c, s *net.TCPConn) error { return first(write(c), read(s), c.Close, s.Close) }),
	both("the server closes first", func(c, s *net.TCPConn) error { return first(write(s), read(c), s.Close, c.Close) }),
	both("half-closed, then data", func(c, s *net.TCPConn) error { return first(c.CloseWrite, write(s), read(c), s.Close, c.Close) }),
	both("half-closed by the server, then data", func(c, s *net.TCPConn) error { return first(s.CloseWrite, write(c), read(s), c.Close, s.Close) }),
	both("a window closes, and opens", func(c, s *net.TCPConn) error {
		n := 0
		return first(small(s), fill(c, &n), wait(patience), func() error { return readAll(s, &n) }, c.Close, s.Close)
	}),
	both("closed in front of a window that is closed", func(c, s *net.TCPConn) error {
		n := 0
		return first(small(s), fill(c, &n), c.Close, wait(patience), func() error { return readAll(s, &n) }, s.Close)
	}),
	{name: "TIME_WAIT is taken by the next connection", ends: 4, run: func(h *hosts) error {
		c, s, err := h.connect()
		if err != nil {
			return err
		}
		if err := first(s.Close, c.Close); err != nil {
			return err
		}
		if c, err = h.dialFrom(h.client, h.port, h.listener.Addr().String(), accepts); err != nil {
			return err
		}
		if s, err = h.accept(); err != nil {
			return err
		}
		return first(write(c), read(s), c.Close, s.Close)
	}},
	both("CLOSE_WAIT is leaked", func(c, _ *net.TCPConn) error { return first(c.CloseWrite) }),
	both("FIN_WAIT_2 without a process", func(c, s *net.TCPConn) error { return first(write(c), read(s), c.Close) }),
	both("the same of the server", func(_, s *net.TCPConn) error { return first(s.Close) }),
	both("closed with unread data", func(c, s *net.TCPConn) error { return first(write(c), s.Close) }),
	both("the client aborts", func(c, _ *net.TCPConn) error { return first(reset(c), c.Close) }),
	both("the server aborts", func(_, s *net.TCPConn) error { return first(reset(s), s.Close) }),
	both("data for a closed socket", func(c, s *net.TCPConn) error { return first(c.Close, write(s)) }),
	both("aborted after a FIN", func(c, s *net.TCPConn) error { return first(c.CloseWrite, reset(s), s.Close) }),
	both("it stays open", func(c, s *net.TCPConn) error { return first(write(c), read(s)) }),
	{name: "refused", ends: 1, run: func(h *hosts) error {
		if _, err := h.dial(netip.AddrPortFrom(h.server.addr, 1).String(), accepts); !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		return nil
	}},
	{name: "killed", ends: 2, run: func(h *hosts) error { return h.kill(func(*net.TCPConn) error { return nil }) }},
	{name: "killed with unread data", ends: 2, run: func(h *hosts) error { return h.kill(func(s *net.TCPConn) error { return write(s)() }) }},
}, morePlays...)

// both is a play on a connection that was made.
func both(name string, f func(client, server *net.TCPConn) error) play {
	return play{name: name, ends: 2, run: func(h *hosts) error {
		c, s, err := h.connect()
		if err != nil {
			return err
		}
		return f(c, s)
	}}
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

// small leaves a socket little room for what it is sent.
func small(c *net.TCPConn) func() error { return func() error { return c.SetReadBuffer(4096) } }

// fill writes until there is no room for more, and says how much that was.
func fill(c *net.TCPConn, n *int) func() error {
	return func() (err error) {
		if err = c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		*n, err = c.Write(make([]byte, 8<<20))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		return err
	}
}

// readAll reads what was written.
func readAll(c *net.TCPConn, n *int) error {
	_, err := io.CopyN(io.Discard, c, int64(*n))
	return err
}

// reset has a socket send a RST when it is closed.
func reset(c *net.TCPConn) func() error { return func() error { return c.SetLinger(0) } }

func wait(d time.Duration) func() error { return func() error { time.Sleep(d); return nil } }
