package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// The message of sock_diag(7): struct inet_diag_req_v2 and struct inet_diag_msg of linux/inet_diag.h.
const (
	requestLength = 56
	answerLength  = 72
	diagByFamily  = 20 // SOCK_DIAG_BY_FAMILY
	allStates     = 1<<13 - 1
	timerRemains  = 3 // idiag_timer of what is left of a socket
	numberSynRecv = 3
)

// patience is how long the kernel may take to answer.
var patience = unix.Timeval{Sec: 5}

// asker asks the kernel for the TCP endpoints of a network namespace.
type asker struct {
	fd        int
	namespace uint32
	question  uint32 // number of the last
	buf       []byte
}

// newAsker is for the network namespace of this thread.
func newAsker() (*asker, error) {
	namespace, err := ownNamespace()
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, os.NewSyscallError("sock_diag", err)
	}
	a := &asker{fd: fd, namespace: namespace, buf: make([]byte, 1<<16)}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		return nil, errors.Join(os.NewSyscallError("setsockopt", err), a.close())
	}
	return a, nil
}

func (a *asker) close() error { return unix.Close(a.fd) }

// all are the endpoints in states, a bit for each.
func (a *asker) all(states uint32) (list []Endpoint, err error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if err := a.ask(question(family, states, unix.NLM_F_DUMP), func(e *Endpoint) { list = append(list, *e) }); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// one is the endpoint of a key; its holder is nothing if there is none.
func (a *asker) one(k Key) (found Endpoint, err error) {
	q := question(unix.AF_INET6, allStates, unix.NLM_F_ACK)
	if k.Local.Addr().Is4() {
		q = question(unix.AF_INET, allStates, unix.NLM_F_ACK)
	}
	id := q[syscall.NLMSG_HDRLEN+8:]
	binary.BigEndian.PutUint16(id, k.Local.Port())
	binary.BigEndian.PutUint16(id[2:], k.Remote.Port())
	copy(id[4:20], k.Local.Addr().AsSlice())
	copy(id[20:36], k.Remote.Addr().AsSlice())
	for i := range 8 {
		id[40+i] = 0xff // INET_DIAG_NOCOOKIE
	}
	err = a.ask(q, func(e *Endpoint) { found = *e })
	switch {
	case errors.Is(err, unix.ENOENT):
		return Endpoint{}, nil
	case err != nil:
		return Endpoint{}, err
	case found.Key != k: // a socket that listens there
		return Endpoint{}, nil
	}
	return found, nil
}

// ask calls f with each answer to a question.
func (a *asker) ask(question []byte, f func(*Endpoint)) error {
	a.question++
	binary.NativeEndian.PutUint32(question[8:], a.question)
	if err := unix.Sendto(a.fd, question, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sock_diag", err)
	}
	for {
		last, err := a.answers(f)
		if err != nil {
			return fmt.Errorf("sock_diag: %w", err)
		}
		if last {
			return nil
		}
	}
}

// question asks for endpoints in states. Of one endpoint the rest follows.
func question(family uint8, states uint32, flags uint16) []byte {
	b := make([]byte, syscall.NLMSG_HDRLEN+requestLength)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], diagByFamily)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|flags)
	q := b[syscall.NLMSG_HDRLEN:]
	q[0], q[1], q[2] = family, unix.IPPROTO_TCP, asked
	binary.NativeEndian.PutUint32(q[4:], states)
	return b
}

// answers calls f with those to the last question that are received at once, and reports whether there are no more. Those to an earlier one, which was given up,
// may still come.
func (a *asker) answers(f func(*Endpoint)) (last bool, err error) {
	n, _, err := unix.Recvfrom(a.fd, a.buf, 0)
	if err == unix.EINTR {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	messages, err := syscall.ParseNetlinkMessage(a.buf[:n])
	if err != nil {
		return false, err
	}
	for _, m := range messages {
		switch {
		case m.Header.Seq != a.question:
			continue
		case m.Header.Type == unix.NLMSG_DONE:
			return true, nil
		case m.Header.Type == unix.NLMSG_ERROR && len(m.Data) >= 4:
			if code := int32(binary.NativeEndian.Uint32(m.Data)); code != 0 {
				return true, unix.Errno(-code)
			}
			return true, nil
		case m.Header.Type != diagByFamily || len(m.Data) < answerLength:
			return true, errors.New("an answer of another kind")
		}
		e := answer(m.Data)
		e.Namespace = a.namespace
		f(&e)
	}
	return false, nil
}

// answer reads one. b has at least answerLength bytes.
func answer(b []byte) (e Endpoint) {
	family, state, timer := b[0], b[1], b[2]
	e.Local = netip.AddrPortFrom(address(family, (*[16]byte)(b[8:])), binary.BigEndian.Uint16(b[4:]))
	e.Remote = netip.AddrPortFrom(address(family, (*[16]byte)(b[24:])), binary.BigEndian.Uint16(b[6:]))
	e.State = stateOf(state)
	e.Process.User = binary.NativeEndian.Uint32(b[64:])
	e.inode = binary.NativeEndian.Uint32(b[68:])
	switch {
	case timer == timerRemains:
		e.holder = remains
	case state == numberSynRecv && e.inode == 0:
		e.holder = request
	default:
		e.holder = socket
	}
	if e.Socket = e.holder == socket; e.Socket {
		attributes(&e, b[answerLength:], binary.NativeEndian.Uint32(b[56:]), binary.NativeEndian.Uint32(b[60:]))
	}
	return e
}

// address is the one of the family, 4 or 16 bytes of b. IPv4 in IPv6 is IPv4, as on the wire.
func address(family uint8, b *[16]byte) netip.Addr {
	if family == unix.AF_INET {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16(*b).Unmap()
}

// ownNamespace is the number of the network namespace of this thread.
func ownNamespace() (uint32, error) {
	var s unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &s); err != nil {
		return 0, fmt.Errorf("network namespace: %w", err)
	}
	return uint32(s.Ino), nil
}
