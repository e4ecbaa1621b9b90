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
	"strings"
	"sync"
	"syscall"
	"time"

	"tcptrace/analyzer"
)

// hosts make connections.
type hosts struct {
	*stage
	listener *net.TCPListener
	open     []io.Closer
	port     int // of the client, the last one
	peer     func(address string) *exec.Cmd
	playing  string

	lock  sync.Mutex        // of what is below
	names map[uint16]string // of plays, by port of the client
	pids  map[uint16]int    // of clients that are processes of their own
}

const (
	firstPort = 1024                    // nobody else uses the address of the client
	lastPort  = 32767                   // below those that the system gives
	pause     = 30 * time.Millisecond   // lets both ends take in what was sent
	patience  = 300 * time.Millisecond  // with an answer that does not come
	accepts   = time.Minute             // for what comes at once, unless this program is stopped, or a process takes long to start
	settle    = 3500 * time.Millisecond // until keep-alives were given up, and the kernel was asked for what it does not tell
)

func newHosts(s *stage, peer func(address string) *exec.Cmd) *hosts {
	return &hosts{stage: s, peer: peer, port: firstPort, names: map[uint16]string{}, pids: map[uint16]int{}}
}

// listen has the server listen.
func (h *hosts) listen() error {
	return h.server.do(func() error {
		var lc net.ListenConfig
		lc.SetMultipathTCP(false) // it takes no filters
		l, err := lc.Listen(context.Background(), "tcp4", netip.AddrPortFrom(h.server.addr, 0).String())
		if err != nil {
			return err
		}
		h.listener, h.open = l.(*net.TCPListener), append(h.open, l)
		return nil
	})
}

// play makes all connections.
func (h *hosts) play(ctx context.Context, rounds int) error {
	for range rounds {
		for _, p := range plays {
			if p.bridged && h.bridge == nil {
				continue
			}
			h.playing = p.name
			if err := errors.Join(context.Cause(ctx), p.run(h)); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	sleep(ctx, settle)
	return nil
}

// connect makes a connection.
func (h *hosts) connect() (client, server *net.TCPConn, err error) {
	if client, err = h.dial(h.listener.Addr().String(), accepts); err != nil {
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
		c, err := h.dialFrom(h.client, h.nextPort(), to, timeout)
		if errors.Is(err, syscall.EADDRINUSE) && h.port < lastPort {
			continue
		}
		return c, err
	}
}

// nextPort is the client's for the next connection.
func (h *hosts) nextPort() int {
	h.port++
	h.name(h.port, 0)
	return h.port
}

// name has the play at hand, and a process if it is another, be those of a port of the client.
func (h *hosts) name(port, pid int) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.names[uint16(port)] = h.playing
	if pid != 0 {
		h.pids[uint16(port)] = pid
	}
}

// dialFrom connects from a host and a port.
func (h *hosts) dialFrom(at *place, port int, to string, timeout time.Duration) (*net.TCPConn, error) {
	var c net.Conn
	err := at.do(func() (err error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: at.addr.AsSlice(), Port: port}, Timeout: timeout, KeepAlive: -1}
		c, err = d.Dial("tcp4", to)
		return err
	})
	if err != nil {
		return nil, err
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	h.open = append(h.open, c)
	return c.(*net.TCPConn), nil
}

// kill has a process connect, and kills it after what the server does.
func (h *hosts) kill(f func(server *net.TCPConn) error) error {
	cmd := h.peer(h.listener.Addr().String() + from + h.client.addr.String())
	if err := h.client.do(cmd.Start); err != nil {
		return err
	}
	s, err := h.accept()
	if err == nil {
		h.name(s.RemoteAddr().(*net.TCPAddr).Port, cmd.Process.Pid)
		err = first(func() error { return f(s) })
	}
	err = errors.Join(err, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	time.Sleep(pause)
	return err
}

// made is the play that made a connection, and the process that has one of its ends.
func (h *hosts) made(addr [2]netip.AddrPort, side analyzer.Side) (play string, pid int) {
	port := addr[analyzer.Client].Port()
	if addr[analyzer.Server].Addr() == h.client.addr { // the roles were inferred
		port = addr[analyzer.Server].Port()
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	pid = os.Getpid()
	if other, ok := h.pids[port]; ok && addr[side].Addr() == h.client.addr {
		pid = other
	}
	return h.names[port], pid
}

func (h *hosts) close() {
	for _, c := range h.open {
		_ = c.Close() // most are closed
	}
}

// from stands between the server's address and the client's, in what a peer is given.
const from = "@"

// Peer connects to an address from another, and waits to be killed. It is for a process of its own.
func Peer(address string) error {
	server, client, _ := strings.Cut(address, from)
	local, err := netip.ParseAddr(client)
	if err != nil {
		return fmt.Errorf("%q are no addresses to connect to and from", address)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: local.AsSlice()}}
	c, err := d.Dial("tcp4", server)
	if err != nil {
		return err
	}
	defer c.Close()
	time.Sleep(time.Minute)
	return nil
}
