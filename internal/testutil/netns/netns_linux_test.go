package netns_test

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"tcptrace/internal/testutil/netns"
)

func TestConnection(t *testing.T) {
	before, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	n := netns.New(t)
	l := n.B.Listen(8080)
	c, err := n.A.Dial(l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, want := s.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(), n.A.IPv4; got != want {
		t.Errorf("the connection comes from %v, not %v", got, want)
	}
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if b, err := io.ReadAll(s); string(b) != "hello" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	if after, err := os.Readlink("/proc/thread-self/ns/net"); after != before || err != nil {
		t.Errorf("the test is now in %s, %v; it was in %s", after, err, before)
	}
}

func TestCommandIsOnTheHost(t *testing.T) {
	n := netns.New(t)
	for _, h := range []*netns.Host{n.A, n.B} {
		out, err := h.Command("ip", "-o", "addr").CombinedOutput()
		if err != nil || !strings.Contains(string(out), h.IPv4.String()) || !strings.Contains(string(out), h.IPv6.String()) {
			t.Errorf("%s: %v\n%s", h.Namespace, err, out)
		}
	}
}
