package kernel

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tcptrace/fsm"
)

// message is one of netlink, to a question.
func message(kind uint16, question uint32, data []byte) []byte {
	b := make([]byte, syscall.NLMSG_HDRLEN, syscall.NLMSG_HDRLEN+len(data))
	binary.NativeEndian.PutUint32(b, uint32(cap(b)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint32(b[8:], question)
	return append(b, data...)
}

// TestLateAnswers: what comes late, to a question that was given up, is none to the next one: neither an endpoint, nor an error, nor the end.
func TestLateAnswers(t *testing.T) {
	const question = 7
	endpoint := make([]byte, answerLength)
	endpoint[0], endpoint[1] = unix.AF_INET, 1
	refused := binary.NativeEndian.AppendUint32(nil, ^uint32(unix.EPERM)+1)
	for _, c := range []struct {
		what  string
		kind  uint16
		data  []byte
		last  bool
		found int
		err   error
	}{
		{"an endpoint", diagByFamily, endpoint, false, 1, nil},
		{"the end", unix.NLMSG_DONE, make([]byte, 4), true, 0, nil},
		{"an error", unix.NLMSG_ERROR, refused, true, 0, unix.EPERM},
	} {
		for _, late := range []bool{false, true} {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			a := &asker{fd: fds[0], question: question, buf: make([]byte, 1<<12)}
			to, found := uint32(question), 0
			if late {
				to--
				c.last, c.found, c.err = false, 0, nil
			}
			if _, err := unix.Write(fds[1], message(c.kind, to, c.data)); err != nil {
				t.Fatal(err)
			}
			last, err := a.answers(func(*Endpoint) { found++ })
			if last != c.last || found != c.found || !errors.Is(err, c.err) {
				t.Errorf("%s, late %v: %d found, last %v, %v", c.what, late, found, last, err)
			}
			_, _ = unix.Close(fds[0]), unix.Close(fds[1])
		}
	}
}

// TestGivenUp: the answers to a question that nobody read are not read as those to the next.
func TestGivenUp(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	a, err := newAsker()
	if err != nil {
		t.Skip(err)
	}
	defer a.close()
	none := netip.MustParseAddrPort("127.0.0.1:1")
	q := question(unix.AF_INET, allStates, unix.NLM_F_ACK) // of no socket: the answer is an error
	if err := unix.Sendto(a.fd, q, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	list, err := a.all(1 << 10) // LISTEN
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i := range list {
		found = found || list[i].State == fsm.Listen && list[i].Local.String() == l.Addr().String()
	}
	if !found {
		t.Errorf("%v is not among %d that listen", l.Addr(), len(list))
	}
	if e, err := a.one(Key{Local: none, Remote: none}); err != nil || e.holder != nothing {
		t.Errorf("where there is none: %+v, %v", e, err)
	}
}

// TestNotAnswered: that there is none is said by one error of the kernel only. After another nothing is known of what is left of a socket.
func TestNotAnswered(t *testing.T) {
	k := Key{Local: netip.MustParseAddrPort("127.0.0.1:1"), Remote: netip.MustParseAddrPort("127.0.0.1:1")}
	a, err := newAsker()
	if err != nil {
		t.Skip(err)
	}
	w := &Watcher{namespaces: []*asker{a}}
	k.Namespace = a.namespace
	if _, left, known := w.left(k); left || !known {
		t.Errorf("none: left %v, known %v", left, known)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	a.fd = -1
	if _, err := a.one(k); !errors.Is(err, unix.EBADF) {
		t.Errorf("without a socket: %v", err)
	}
	if _, left, known := w.left(k); left || known {
		t.Errorf("without a socket: left %v, known %v", left, known)
	}
}
