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
	run     func(*scene) error
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
	{name: "TIME_WAIT is taken by the next connection", ends: 4, run: func(sc *scene) error {
		c, s, err := sc.connect()
		if err != nil {
			return err
		}
		if err := first(s.Close, readOut(c), c.Close); err != nil { // else the client may be in TIME_WAIT, too
			return err
		}
		if c, err = sc.dialAgain(sc.listener.Addr().String()); err != nil {
			return err
		}
		if s, err = sc.accept(); err != nil {
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
	{name: "refused", ends: 1, run: func(sc *scene) error {
		if _, err := sc.dial(netip.AddrPortFrom(sc.server.addr, 1).String(), accepts); !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		return nil
	}},
	{name: "killed", ends: 2, run: func(sc *scene) error { return sc.kill(func(*net.TCPConn) error { return nil }) }},
	{name: "killed with unread data", ends: 2, run: func(sc *scene) error { return sc.kill(func(s *net.TCPConn) error { return write(s)() }) }},
}, morePlays...)

// both is a play on a connection that was made.
func both(name string, f func(client, server *net.TCPConn) error) play {
	return play{name: name, ends: 2, run: func(sc *scene) error {
		c, s, err := sc.connect()
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

// readOut waits until a socket has read all and the other end has closed.
func readOut(c *net.TCPConn) func() error {
	return func() error {
		_, err := io.Copy(io.Discard, c)
		return err
	}
}

// small leaves a socket little room for what it is sent.
func small(c *net.TCPConn) func() error { return func() error { return c.SetReadBuffer(4096) } }

// fewWritten bounds what waits for a window. Where segments are longer than the window, as on the loopback interface, they get through it by probes.
const fewWritten = 16 << 10

// fill writes until there is no room for more, and says how much that was.
func fill(c *net.TCPConn, n *int) func() error {
	return func() (err error) {
		if err = c.SetWriteBuffer(fewWritten); err != nil {
			return err
		}
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
