package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// hosts make connections.
type hosts struct {
	listener *net.TCPListener
	open     []io.Closer
	port     int               // of the client, the last one
	names    map[uint16]string // of plays, by port of the client
	pids     map[uint16]int    // of clients that are processes of their own
	peer     func(address string) *exec.Cmd
	playing  string
}

const (
	firstPort = 1024                    // nobody else uses the address of the client
	lastPort  = 32767                   // below those that the system gives
	pause     = 30 * time.Millisecond   // lets both ends take in what was sent
	patience  = 300 * time.Millisecond  // with an answer that does not come
	accepts   = 10 * time.Second        // for a process to start, and connect
	settle    = 3500 * time.Millisecond // until keep-alives were given up, and the kernel was asked for what it does not tell
)

// play makes all connections.
func (h *hosts) play(ctx context.Context, rounds int) error {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // it takes no filters
	l, err := lc.Listen(ctx, "tcp4", serverHost+":0")
	if err != nil {
		return err
	}
	h.listener, h.open = l.(*net.TCPListener), append(h.open, l)
	for range rounds {
		for _, p := range plays {
			h.playing = p.name
			if err := errors.Join(ctx.Err(), p.run(h)); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	time.Sleep(settle)
	return nil
}

// connect makes a connection.
func (h *hosts) connect() (client, server *net.TCPConn, err error) {
	if client, err = h.dial(h.listener.Addr().String(), time.Second); err != nil {
		return nil, nil, err
	}
	server, err = h.accept()
	return client, server, err
}

func (h *hosts) accept() (*net.TCPConn, error) {
	if err := h.listener.SetDeadline(time.Now().Add(accepts)); err != nil {
		return nil, err
	}
	s, err := h.listener.AcceptTCP()
	if err != nil {
		return nil, err // also if nobody comes
	}
	h.open = append(h.open, s)
	time.Sleep(pause)
	return s, nil
}

// dial connects from a port that is the play's, and none of an earlier run.
func (h *hosts) dial(to string, timeout time.Duration) (*net.TCPConn, error) {
	for {
		h.port++
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientHost), Port: h.port}, Timeout: timeout, KeepAlive: -1}
		c, err := d.Dial("tcp4", to)
		if errors.Is(err, syscall.EADDRINUSE) && h.port < lastPort {
			continue
		}
		h.names[uint16(h.port)] = h.playing
		if err != nil {
			return nil, err
		}
		h.open = append(h.open, c)
		return c.(*net.TCPConn), nil
	}
}

// kill has a process connect, and kills it after what the server does.
func (h *hosts) kill(f func(server *net.TCPConn) error) error {
	cmd := h.peer(h.listener.Addr().String())
	if err := cmd.Start(); err != nil {
		return err
	}
	s, err := h.accept()
	if err == nil {
		port := uint16(s.RemoteAddr().(*net.TCPAddr).Port)
		h.names[port], h.pids[port] = h.playing, cmd.Process.Pid
		err = first(func() error { return f(s) })
	}
	err = errors.Join(err, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	time.Sleep(pause)
	return err
}

// pid is the process that a client belongs to.
func (h *hosts) pid(client uint16) int {
	if pid, ok := h.pids[client]; ok {
		return pid
	}
	return os.Getpid()
}

func (h *hosts) close() {
	for _, c := range h.open {
		_ = c.Close() // most are closed
	}
}

// Peer connects to an address, and waits to be killed. It is for a process of its own.
func Peer(address string) error {
	server, err := netip.ParseAddrPort(address)
	if err != nil || !server.Addr().Is4() {
		return fmt.Errorf("%q is no address to connect to", address)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: clientOf(server.Addr()).AsSlice()}}
	c, err := d.Dial("tcp4", address)
	if err != nil {
		return err
	}
	defer c.Close()
	time.Sleep(time.Minute)
	return nil
}
