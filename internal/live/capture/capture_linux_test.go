package capture_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/testutil/netns"
	"tcptrace/internal/wire"
)

// port is the test's server's.
const port = 8080

// open starts a capture on a host. It is closed when the test ends.
func open(t *testing.T, h *netns.Host, opts capture.Options) *capture.Capture {
	t.Helper()
	var c *capture.Capture
	var err error
	h.Do(func() { c, err = capture.Open(opts) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// seen is a TCP segment and where it came from.
type seen struct {
	wire.Segment
	packet packet.Packet
}

// collect reads until enough segments of TCP have come. It fails the test after 5 s.
func collect(t *testing.T, c *capture.Capture, enough func([]seen) bool) []seen {
	t.Helper()
	var got []seen
	var d wire.Decoder
	var b packet.Batch
	for end := time.Now().Add(5 * time.Second); !enough(got); {
		if time.Now().After(end) {
			t.Fatalf("only %d segments: %+v", len(got), got)
		}
		if err := c.Next(&b); err != nil {
			t.Fatal(err)
		}
		for i, p := range b.Packets {
			s := seen{packet: p}
			if d.Decode(p.Link, b.Data(i), p.WireLen, &s.Segment) == wire.TCP {
				got = append(got, s)
			}
		}
	}
	return got
}

// converse makes a connection from A to B, sends a little, and closes it from both sides.
func converse(t *testing.T, n *netns.Net) {
	t.Helper()
	l := n.B.Listen(port)
	defer l.Close()
	c, err := n.A.Dial(l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	c.CloseWrite()
	if b, err := io.ReadAll(s); string(b) != "hello" || err != nil {
		t.Fatalf("got %q, %v", b, err)
	}
	s.Close()
	if _, err := io.ReadAll(c); err != nil {
		t.Fatal(err)
	}
}

// fins is enough when so many segments with FIN have come.
func fins(want int) func([]seen) bool {
	return func(got []seen) bool {
		n := 0
		for _, s := range got {
			if s.Flags&wire.FIN != 0 {
				n++
			}
		}
		return n >= want
	}
}

var _ input.Source = (*capture.Capture)(nil)

func TestConversation(t *testing.T) {
	for _, on := range []string{"the interface", capture.AnyInterface} {
		t.Run(on, func(t *testing.T) {
			n := netns.New(t)
			name, link := n.A.Device, wire.LinkEthernet
			if on == capture.AnyInterface {
				name, link = on, wire.LinkLinuxSLL2
			}
			c := open(t, n.A, capture.Options{Interfaces: []string{name}})
			before := time.Now()
			converse(t, n)
			got := collect(t, c, fins(2))
			after := time.Now()
			if got[0].Flags != wire.SYN {
				t.Errorf("the first segment is %+v", got[0].Segment)
			}
			fine := false
			for i, s := range got {
				if at := time.Unix(0, s.packet.Time); at.Before(before) || at.After(after) || i > 0 && s.packet.Time < got[i-1].packet.Time {
					t.Errorf("segment %d at %v; the test ran from %v to %v", i, at, before, after)
				}
				fine = fine || s.packet.Time%1000 != 0
				if is := c.Interface(s.packet.Iface); is != n.A.Device || s.packet.Link != link {
					t.Errorf("segment %d: interface %q, link %d", i, is, s.packet.Link)
				}
			}
			if !fine {
				t.Error("all times are whole microseconds")
			}
			if is := c.Interfaces(); is[0].Name != name || is[0].Link != link || is[0].SnapLen != 128 {
				t.Errorf("interfaces: %+v", is)
			}
			if n := c.Counts()[0]; n.Received < uint64(len(got)) || n.Dropped != 0 {
				t.Errorf("counts: %+v", n)
			}
		})
	}
}

// TestSeveralInterfaces has a question come in by one interface and the answer go out by another.
func TestSeveralInterfaces(t *testing.T) {
	n := netns.New(t)
	n.A.IP("link", "add", "other-a", "type", "veth", "peer", "name", "other-b", "netns", n.B.Namespace)
	n.A.IP("link", "set", "other-a", "up")
	n.B.IP("link", "set", "other-b", "up")
	c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device, "other-a"}})
	const pairs, attempts = 2000, 5
	disorder := 0
	for range attempts { // on a busy machine a reader may be held up for longer than frames are waited for
		n.B.Do(func() {
			question, answer := sender(t, n.B.Device), sender(t, "other-b")
			for range pairs {
				question(taggedFrame)
				answer(taggedFrame)
			}
		})
		got := collect(t, c, func(got []seen) bool { return len(got) == 2*pairs })
		for disorder = 0; disorder < len(got) && int(got[disorder].packet.Iface) == disorder%2; {
			disorder++
		}
		if disorder == len(got) {
			return
		}
	}
	t.Fatalf("%d times frames were not in order, the last time from frame %d on", attempts, disorder)
}

func TestSnapLength(t *testing.T) {
	n := netns.New(t)
	c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device}, SnapLen: 60})
	converse(t, n)
	for _, s := range collect(t, c, fins(2)) {
		if s.packet.CapLen > 60 || s.WireLen < 66 {
			t.Errorf("%d bytes captured of %d", s.packet.CapLen, s.WireLen)
		}
	}
}

func TestFilter(t *testing.T) {
	n := netns.New(t)
	c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device}, Filter: "tcp and src host " + n.B.IPv4.String()})
	converse(t, n)
	got := collect(t, c, fins(1))
	for _, s := range got {
		if s.Dir != 1 { // B's address is the higher one
			t.Errorf("a segment from A: %+v", s.Segment)
		}
	}
}

func TestFilterIsNamed(t *testing.T) {
	n := netns.New(t)
	n.A.Do(func() {
		_, err := capture.Open(capture.Options{Interfaces: []string{n.A.Device}, Filter: "tcp and and"})
		if err == nil || !strings.Contains(err.Error(), `"tcp and and"`) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNoSuchInterface(t *testing.T) {
	n := netns.New(t)
	n.A.Do(func() {
		_, err := capture.Open(capture.Options{Interfaces: []string{n.A.Device, "nowhere0"}})
		if err == nil || err.Error() != "nowhere0: there is no such interface" {
			t.Errorf("got %v", err)
		}
	})
}

// TestQuiet: without frames Next returns soon, and empty.
func TestQuiet(t *testing.T) {
	n := netns.New(t)
	c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device}, Filter: "tcp"})
	for range 3 {
		var b packet.Batch
		start := time.Now()
		if err := c.Next(&b); err != nil || len(b.Packets) != 0 {
			t.Errorf("got %d packets, %v", len(b.Packets), err)
		}
		if took := time.Since(start); took > 300*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	}
}

func TestCloseEndsNext(t *testing.T) {
	n := netns.New(t)
	c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device}})
	go func() {
		time.Sleep(50 * time.Millisecond)
		c.Close()
	}()
	var b packet.Batch
	var err error
	for end := time.Now().Add(5 * time.Second); err == nil && time.Now().Before(end); {
		err = c.Next(&b)
	}
	if err != io.EOF {
		t.Errorf("got %v", err)
	}
	if err := c.Next(&b); err != io.EOF {
		t.Errorf("then %v", err)
	}
}

// TestInterfaceEnds: what came before is delivered, then the reason.
func TestInterfaceEnds(t *testing.T) {
	for how, reason := range map[string]string{"set down": "the interface went down", "del": "the interface disappeared"} {
		t.Run(how, func(t *testing.T) {
			n := netns.New(t)
			c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device}, Filter: "tcp"})
			converse(t, n)
			time.Sleep(50 * time.Millisecond)
			n.A.IP(append([]string{"link"}, slices.Insert(strings.Fields(how), 1, n.A.Device)...)...)
			packets := 0
			var b packet.Batch
			var err error
			for end := time.Now().Add(5 * time.Second); err == nil && time.Now().Before(end); {
				err = c.Next(&b)
				packets += len(b.Packets)
			}
			var failed *packet.Error
			if !errors.As(err, &failed) || failed.File != n.A.Device || failed.Reason != reason || packets < 8 {
				t.Fatalf("%d packets, then %v", packets, err)
			}
			if s := c.Stats(); len(s.Errors) != 1 || s.Errors[0] != failed {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}

// TestOneOfSeveralEnds: the others go on.
func TestOneOfSeveralEnds(t *testing.T) {
	n := netns.New(t)
	c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device, "lo"}})
	n.A.IP("link", "set", "lo", "down")
	for end := time.Now().Add(5 * time.Second); len(c.Stats().Errors) == 0 && time.Now().Before(end); {
		var b packet.Batch
		if err := c.Next(&b); err != nil {
			t.Fatal(err)
		}
	}
	if errs := c.Stats().Errors; len(errs) != 1 || errs[0].Error() != "lo: the interface went down" {
		t.Errorf("errors: %v", errs)
	}
	converse(t, n)
	collect(t, c, fins(2))
}

// taggedFrame is a SYN from 10.77.0.2:8080 in VLAN 5.
var taggedFrame = []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x81\x00\x00\x05\x08\x00" +
	"\x45\x00\x00\x28\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x4d\x00\x02\x0a\x4d\x00\x01" +
	"\x1f\x90\x9c\x40\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\xff\xff\x00\x00\x00\x00")

// TestTags: the kernel takes VLAN tags out of frames. They are back in those that are delivered.
func TestTags(t *testing.T) {
	for on, headers := range map[string]int{"veth-a": 14, capture.AnyInterface: 20} {
		t.Run(on, func(t *testing.T) {
			n := netns.New(t)
			c := open(t, n.A, capture.Options{Interfaces: []string{on}})
			n.B.Do(func() { sender(t, n.B.Device)(taggedFrame) })
			var b packet.Batch
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
				if err := c.Next(&b); err != nil {
					t.Fatal(err)
				}
				for i, p := range b.Packets {
					// Behind the addresses, and whatever a cooked header has before the protocol.
					data := b.Data(i)
					if !bytes.HasSuffix(data, taggedFrame[18:]) {
						continue
					}
					tag := taggedFrame[12:]
					if on == capture.AnyInterface { // its first two bytes are the protocol of the cooked header
						tag = tag[2:]
					}
					if !bytes.HasSuffix(data, tag) || p.WireLen != p.CapLen || int(p.CapLen) != headers+len(taggedFrame)-14 {
						t.Errorf("%d bytes on the wire: %x", p.WireLen, data)
					}
					return
				}
			}
			t.Error("the frame has not come")
		})
	}
}

// sender puts frames on the wire.
func sender(t *testing.T, device string) func(frame []byte) {
	t.Helper()
	on, err := net.InterfaceByName(device)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return func(frame []byte) {
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: on.Index}); err != nil {
			t.Fatal(err)
		}
	}
}
