package capture_test

import (
	"encoding/binary"
	"io"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/testutil/netns"
	"tcptrace/internal/wire"
)

// ethernet is a frame between two hosts that are not there, so that no kernel answers.
func ethernet(back bool, protocol byte, fragment uint16, payload []byte) []byte {
	hosts := [2][4]byte{{10, 9, 0, 1}, {10, 9, 0, 2}}
	from, to := hosts[0], hosts[1]
	if back {
		from, to = to, from
	}
	f := []byte("\x02\x00\x00\x00\x00\x99\x02\x00\x00\x00\x00\x98\x08\x00\x45\x00")
	f = binary.BigEndian.AppendUint16(f, uint16(20+len(payload)))
	f = binary.BigEndian.AppendUint16(append(f, 0, 7), fragment)
	f = append(append(append(f, 64, protocol, 0, 0), from[:]...), to[:]...)
	return append(f, payload...)
}

// ports are those of a connection or of a flow of datagrams, in one direction, and a number behind them.
func ports(back bool, client, server uint16, number uint32) []byte {
	if back {
		client, server = server, client
	}
	p := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, client), server)
	return append(binary.BigEndian.AppendUint32(p, number), 0, 0, 0, 0, 0x50, 0x10, 1, 0, 0, 0, 0, 0)
}

// mixed is the frame with a number: of many connections in turn, in both directions, tunnels, fragments, errors of ICMP and SYNs.
func mixed(number uint32) []byte {
	back, client := number%2 == 1, uint16(1024+number/2%200)
	segment := ports(back, client, 80, number)
	switch number / 400 % 6 {
	case 1: // IP in IP
		return ethernet(back, unix.IPPROTO_IPIP, 0, ethernet(back, unix.IPPROTO_TCP, 0, segment)[14:])
	case 2: // VXLAN, where the outer ports say what is inside, and nothing of the direction
		outer := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, 40000+client), 4789)
		outer = append(outer, 0, 100, 0, 0, 8, 0, 0, 0, 0, 0, 1, 0)
		return ethernet(back, unix.IPPROTO_UDP, 0, append(outer, ethernet(back, unix.IPPROTO_TCP, 0, segment)...))
	case 3: // fragments: only the first has ports
		return ethernet(back, unix.IPPROTO_TCP, []uint16{0x2000, 3}[number/2%2], segment)
	case 4:
		about := ethernet(!back, unix.IPPROTO_TCP, 0, ports(!back, client, 80, number))[14:]
		return ethernet(back, unix.IPPROTO_ICMP, 0, append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, about...))
	case 5:
		segment[13] = byte(wire.SYN)
	}
	return ethernet(back, unix.IPPROTO_TCP, 0, segment)
}

// sendMixed sends so many frames from one processor, in whose order they come.
func sendMixed(t *testing.T, h *netns.Host, n int) {
	t.Helper()
	h.Do(func() {
		var all, one unix.CPUSet
		if err := unix.SchedGetaffinity(0, &all); err != nil {
			t.Fatal(err)
		}
		first := 0
		for !all.IsSet(first) {
			first++
		}
		one.Set(first)
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			t.Fatal(err)
		}
		defer unix.SchedSetaffinity(0, &all)
		send := sender(t, h.Device)
		for i := range n {
			send(mixed(uint32(i)))
		}
	})
}

// frames reads until n frames have come, or none comes for two seconds, and returns what is in them.
func frames(t *testing.T, c *capture.Capture, n int) (got []string, latest []int64) {
	t.Helper()
	var b packet.Batch
	for quiet := 0; len(got) < n && quiet < 20; quiet++ {
		if err := c.Next(&b); err != nil {
			t.Error(err)
			break
		}
		if len(b.Packets) > 0 {
			quiet = 0
		}
		for i := range b.Packets {
			if data := b.Data(i); slices.Equal(data[:6], []byte("\x02\x00\x00\x00\x00\x99")) {
				got, latest = append(got, string(data)), append(latest, b.Packets[i].Time)
			}
		}
	}
	return got, latest
}

// TestRings: several rings of an interface have each frame once, and together in order. Captures beside each other have groups of their own.
func TestRings(t *testing.T) {
	const n = 24000
	net := netns.New(t)
	var captures []*capture.Capture
	for _, rings := range []int{1, 2, 4, 2} {
		captures = append(captures, open(t, net.A, capture.Options{Interfaces: []string{net.A.Device}, Rings: rings}))
	}
	read := make(chan struct{})
	for which, c := range captures {
		go func() {
			defer func() { read <- struct{}{} }()
			got, latest := frames(t, c, n)
			if len(got) != n {
				t.Errorf("capture %d has %d frames of %d", which, len(got), n)
			}
			for i := range got {
				if want := mixed(uint32(i)); got[i] != string(want) {
					t.Errorf("capture %d: frame %d is %x, want %x", which, i, got[i], want)
					break
				}
				if i > 0 && latest[i] < latest[i-1] {
					t.Errorf("capture %d: frame %d is older than the one before", which, i)
				}
			}
			if s := c.Stats(); s.Drops != 0 || len(s.Errors) != 0 {
				t.Errorf("capture %d: %+v", which, s)
			}
		}()
	}
	sendMixed(t, net.B, n)
	for range captures {
		<-read
	}
	for which, want := range []int{1, 2, 4, 2} {
		used := 0
		for _, frames := range captures[which].Shares() {
			if frames > n/20 {
				used++
			}
		}
		if used != want {
			t.Errorf("capture %d: of %d rings %d are in use: %v", which, want, used, captures[which].Shares())
		}
	}
}

// TestRingsOfBothDirections: the frames of a connection come into one ring, whichever direction they have, also in a tunnel of IP.
func TestRingsOfBothDirections(t *testing.T) {
	for name, protocol := range map[string]byte{"TCP": unix.IPPROTO_TCP, "IP in IP": unix.IPPROTO_IPIP} {
		t.Run(name, func(t *testing.T) {
			net := netns.New(t)
			c := open(t, net.A, capture.Options{Interfaces: []string{net.A.Device}, Rings: 4, Filter: "src net 10.9.0.0/16"})
			used := map[int]bool{}
			for port := range uint16(40) {
				before := c.Shares()
				net.B.Do(func() {
					send := sender(t, net.B.Device)
					for i := range uint32(20) {
						f := ethernet(i%2 == 1, unix.IPPROTO_TCP, 0, ports(i%2 == 1, 1024+port, 80, i))
						if protocol == unix.IPPROTO_IPIP {
							f = ethernet(i%2 == 1, protocol, 0, f[14:])
						}
						send(f)
					}
				})
				if got, _ := frames(t, c, 20); len(got) != 20 {
					t.Fatalf("%d frames of 20", len(got))
				}
				for i, n := range c.Shares() {
					if n -= before[i]; n == 20 {
						used[i] = true
					} else if n != 0 {
						t.Errorf("ring %d has %d frames of 20", i, n)
					}
				}
			}
			if len(used) < 3 {
				t.Errorf("all connections are in %d rings of 4", len(used))
			}
		})
	}
}

// TestRingsAreFull: what has no room in any ring is counted once.
func TestRingsAreFull(t *testing.T) {
	const n = 60000
	for _, rings := range []int{1, 2, 4} {
		net := netns.New(t)
		c := open(t, net.A, capture.Options{Interfaces: []string{net.A.Device}, Rings: rings, BufferSize: 4 << 20, Filter: "src net 10.9.0.0/16"})
		sendMixed(t, net.B, n)
		got, _ := frames(t, c, n)
		if s := c.Stats(); s.Drops == 0 || len(got)+int(s.Drops) != n {
			t.Errorf("%d rings: %d frames came and %d were dropped, of %d", rings, len(got), s.Drops, n)
		}
	}
}

// TestRingsOpen: rings that are opened while frames come have none twice.
func TestRingsOpen(t *testing.T) {
	net := netns.New(t)
	var send func([]byte)
	net.B.Do(func() { send = sender(t, net.B.Device) })
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := uint32(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				send(ethernet(false, unix.IPPROTO_TCP, 0, ports(false, uint16(i%500), 80, i)))
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	for range 5 {
		c := open(t, net.A, capture.Options{Interfaces: []string{net.A.Device}, Rings: 4, BufferSize: 16 << 20})
		got, _ := frames(t, c, 5000)
		if len(got) < 5000 {
			t.Errorf("%d frames came", len(got))
		}
		seen := map[string]bool{}
		for i := range got {
			if seen[got[i]] {
				t.Errorf("frame %d of %d comes twice", i, len(got))
				break
			}
			seen[got[i]] = true
		}
		c.Close()
	}
}

// TestRingsEnd: when the interface goes down all its rings do, which is told once, after what came before.
func TestRingsEnd(t *testing.T) {
	n := netns.New(t)
	c := open(t, n.A, capture.Options{Interfaces: []string{n.A.Device}, Rings: 4})
	n.B.Do(func() {
		send := sender(t, n.B.Device)
		for i := range uint32(1000) {
			send(mixed(i))
		}
	})
	n.A.IP("link", "set", n.A.Device, "down")
	var b packet.Batch
	var err error
	packets := 0
	for end := time.Now().Add(5 * time.Second); err == nil && time.Now().Before(end); {
		err = c.Next(&b)
		packets += len(b.Packets)
	}
	if err == nil || err == io.EOF || packets < 1000 {
		t.Fatalf("%d packets, then %v", packets, err)
	}
	if s := c.Stats(); len(s.Errors) != 1 {
		t.Errorf("stats: %+v", s)
	}
}

// TestRingsOfAll: what AnyInterface has may be in several rings as well; a filter that only libpcap knows, and an interface that looks like
// nothing that is known, have one.
func TestRingsOfAll(t *testing.T) {
	n := netns.New(t)
	for _, c := range []struct {
		on, filter string
		rings      int
	}{{capture.AnyInterface, "", 3}, {"lo", "", 3}, {n.A.Device, "tcp[tcpflags] & tcp-syn != 0", 3}, {n.A.Device, "vlan 5", 1}} {
		var opened *capture.Capture
		var err error
		n.A.Do(func() {
			opened, err = capture.Open(capture.Options{Interfaces: []string{c.on}, Filter: c.filter, Rings: 3})
		})
		if err != nil && c.filter != "" {
			t.Logf("%+v: %v", c, err) // a build without libpcap does not know it
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if got := len(opened.Shares()); got != c.rings {
			t.Errorf("%+v: %d rings", c, got)
		}
		opened.Close()
	}
}
