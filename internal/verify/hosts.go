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
	peer func(address string) *exec.Cmd
	told *work

	lock  sync.Mutex        // of what is below
	port  int               // of the client, the last one that was given
	names map[uint16]string // of plays, by port of the client
	pids  map[uint16]int    // of clients that are processes of their own
	open  []io.Closer
}

const (
	firstPort = 1024                    // nobody else uses the address of the client
	lastPort  = 32767                   // below those that the system gives
	pause     = 30 * time.Millisecond   // lets both ends take in what was sent
	stagger   = 41 * time.Millisecond   // between the beginnings of two plays, whose segments would else come at once
	patience  = 300 * time.Millisecond  // with an answer that does not come
	accepts   = time.Minute             // for what comes at once, unless this program is stopped, or a process takes long to start
	settle    = 3500 * time.Millisecond // until keep-alives were given up, and the kernel was asked for what it does not tell
)

func newHosts(s *stage, peer func(address string) *exec.Cmd, told *work) *hosts {
	return &hosts{stage: s, peer: peer, told: told, port: firstPort, names: map[uint16]string{}, pids: map[uint16]int{}}
}

// play makes all connections. The plays of a round go on at the same time, but for those that need the bridge: these follow each other.
func (h *hosts) play(ctx context.Context, rounds int) error {
	for range rounds {
		var going sync.WaitGroup
		var bridged []play
		failed := make(chan error, len(plays))
		for _, p := range h.plays() {
			if p.bridged {
				bridged = append(bridged, p)
				continue
			}
			going.Go(func() { failed <- h.make(ctx, p) })
			sleep(ctx, stagger)
		}
		for _, p := range bridged {
			failed <- h.make(ctx, p)
		}
		going.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				return err
			}
		}
	}
	h.told.sleep(ctx, settle)
	return nil
}

// make makes the connections of one play.
func (h *hosts) make(ctx context.Context, p play) error {
	defer h.told.over()
	s := &scene{hosts: h, play: p.name}
	err := s.listen()
	if err == nil {
		err = p.run(s)
	}
	if err = errors.Join(context.Cause(ctx), err); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// leave leaves something open until all is over.
func (h *hosts) leave(c io.Closer) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.open = append(h.open, c)
}

// name has a play, and a process if it is another, be those of a port of the client.
func (h *hosts) name(port int, play string, pid int) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.names[uint16(port)] = play
	if pid != 0 {
		h.pids[uint16(port)] = pid
	}
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

// scene is where one play takes place: a socket of the server listens for it alone.
type scene struct {
	*hosts
	play     string
	listener *net.TCPListener
	port     int // of the client, the last one
}

// listen has the server listen.
func (s *scene) listen() error {
	return s.server.do(func() error {
		var lc net.ListenConfig
		lc.SetMultipathTCP(false) // it takes no filters
		l, err := lc.Listen(context.Background(), "tcp4", netip.AddrPortFrom(s.server.addr, 0).String())
		if err != nil {
			return err
		}
		s.listener = l.(*net.TCPListener)
		s.leave(l)
		return nil
	})
}

// connect makes a connection.
func (s *scene) connect() (client, server *net.TCPConn, err error) {
	if client, err = s.dial(s.listener.Addr().String(), accepts); err != nil {
		return nil, nil, err
	}
	server, err = s.accept()
	return client, server, err
}

func (s *scene) accept() (*net.TCPConn, error) {
	if err := s.listener.SetDeadline(time.Now().Add(accepts)); err != nil {
		return nil, err
	}
	c, err := s.listener.AcceptTCP()
	if err != nil {
		return nil, err // also if nobody comes
	}
	s.leave(c)
	time.Sleep(pause)
	return c, nil
}

// dial connects from a port that is the play's, and none of an earlier run.
func (s *scene) dial(to string, timeout time.Duration) (*net.TCPConn, error) {
	for {
		c, err := s.dialFrom(s.client, s.nextPort(), to, timeout)
		if errors.Is(err, syscall.EADDRINUSE) && s.port < lastPort {
			continue
		}
		return c, err
	}
}

// dialAgain connects from the port of the connection before, as soon as that has left it.
func (s *scene) dialAgain(to string) (*net.TCPConn, error) {
	for range accepts / pause {
		c, err := s.dialFrom(s.client, s.port, to, accepts)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return c, err
		}
		time.Sleep(pause)
	}
	return nil, fmt.Errorf("port %d of the client is not left", s.port)
}

// nextPort is the client's for the next connection.
func (s *scene) nextPort() int {
	s.lock.Lock()
	s.hosts.port++
	s.port = s.hosts.port
	s.lock.Unlock()
	s.name(s.port, s.play, 0)
	return s.port
}

// dialFrom connects from a host and a port.
func (s *scene) dialFrom(at *place, port int, to string, timeout time.Duration) (*net.TCPConn, error) {
	var c net.Conn
	err := at.do(func() (err error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: at.addr.AsSlice(), Port: port}, Timeout: timeout, KeepAlive: -1}
		c, err = d.Dial("tcp4", to)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.leave(c)
	return c.(*net.TCPConn), nil
}

// kill has a process connect, and kills it after what the server does.
func (s *scene) kill(f func(server *net.TCPConn) error) error {
	cmd := s.peer(s.listener.Addr().String() + from + s.client.addr.String())
	if err := s.client.do(cmd.Start); err != nil {
		return err
	}
	c, err := s.accept()
	if err == nil {
		s.name(c.RemoteAddr().(*net.TCPAddr).Port, s.play, cmd.Process.Pid)
		err = first(func() error { return f(c) })
	}
	err = errors.Join(err, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	time.Sleep(pause)
	return err
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
