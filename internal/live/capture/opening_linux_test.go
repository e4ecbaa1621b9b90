package capture_test

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	batch "tcptrace/analyzer/packet"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/testutil/netns"
	"tcptrace/internal/wire"
)

// v6 is an Ethernet frame with IPv6.
func v6(next byte, payload []byte) []byte {
	f := []byte("\x02\x00\x00\x00\x00\x99\x02\x00\x00\x00\x00\x98\x86\xdd\x60\x00\x00\x00")
	f = append(f, byte(len(payload)>>8), byte(len(payload)), next, 64)
	f = append(f, "\xfd\x99\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xfd\x99\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"...)
	return append(f, payload...)
}

// TestRingOfSYNs: SYNs without ACK are in the last ring, all else in others, and nothing is in none: neither what is too short to tell, nor fragments.
func TestRingOfSYNs(t *testing.T) {
	net := netns.New(t)
	tcp := func(flags wire.Flags) []byte {
		p := ports(false, 1024, 80, 1)
		p[13] = byte(flags)
		return p
	}
	options := ethernet(false, unix.IPPROTO_TCP, 0, append([]byte{1, 1, 1, 1}, tcp(wire.SYN)...))
	options[14] = 0x46
	kinds := []struct {
		name  string
		frame []byte
		syn   bool
	}{
		{"SYN", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.SYN)), true},
		{"SYN that must not be fragmented", ethernet(false, unix.IPPROTO_TCP, 0x4000, tcp(wire.SYN)), true},
		{"SYN with ECN", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.SYN|0xc0)), true},
		{"SYN with FIN", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.SYN|wire.FIN)), true},
		{"SYN of IPv6", v6(unix.IPPROTO_TCP, tcp(wire.SYN)), true},
		{"SYN-ACK", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.SYN|wire.ACK)), false},
		{"ACK", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.ACK)), false},
		{"RST", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.RST)), false},
		{"SYN-ACK of IPv6", v6(unix.IPPROTO_TCP, tcp(wire.SYN|wire.ACK)), false},
		{"SYN behind options of IP", options, false},
		{"first fragment", ethernet(false, unix.IPPROTO_TCP, 0x2000, tcp(wire.SYN)), false},
		{"other fragment", ethernet(false, unix.IPPROTO_TCP, 3, tcp(wire.SYN)), false},
		{"what looks like a SYN in UDP", ethernet(false, unix.IPPROTO_UDP, 0, tcp(wire.SYN)), false},
		{"what looks like a SYN in UDP of IPv6", v6(unix.IPPROTO_UDP, tcp(wire.SYN)), false},
		{"all but the flags", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.SYN)[:13]), false},
		{"the flags and no more", ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.SYN)[:14]), true},
		{"all but the flags, of IPv6", v6(unix.IPPROTO_TCP, tcp(wire.SYN)[:13]), false},
		{"the flags and no more, of IPv6", v6(unix.IPPROTO_TCP, tcp(wire.SYN)[:14]), true},
		{"an IP header", ethernet(false, unix.IPPROTO_TCP, 0, nil), false},
		{"SYN in IP", ethernet(false, unix.IPPROTO_IPIP, 0, ethernet(false, unix.IPPROTO_TCP, 0, tcp(wire.SYN))[14:]), false},
	}
	for _, c := range []capture.Options{{Interfaces: []string{net.A.Device}, Rings: 2}, {Interfaces: []string{capture.AnyInterface}, Rings: 3}, {Interfaces: []string{net.A.Device}, Filter: "ether src 02:00:00:00:00:98", Rings: 2}} {
		opened := open(t, net.A, c)
		for _, kind := range kinds {
			last := c.Rings - 1
			before := opened.Shares()[last]
			net.B.Do(func() { sender(t, net.B.Device)(kind.frame) })
			if !comes(t, opened, kind.frame[14:]) {
				t.Errorf("%+v: %s is in no ring", c, kind.name)
			}
			if got := opened.Shares()[last] > before; got != kind.syn {
				t.Errorf("%+v: %s is in the ring of SYNs: %t", c, kind.name, got)
			}
		}
	}
}

// comes reads until a packet has come, or nothing comes for two seconds.
func comes(t *testing.T, c *capture.Capture, packet []byte) bool {
	t.Helper()
	var b batch.Batch
	for range 20 {
		if err := c.Next(&b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Packets {
			if bytes.HasSuffix(b.Data(i), packet) {
				return true
			}
		}
	}
	return false
}

// TestFlood: when a flood of SYNs that nobody takes has no room any more, the connections that are open lose nothing. A block of a ring is handed over after
// 10 ms, so that the 14 of the ring of SYNs, with the 12 batches that its reader fills, last for 260 ms at most, and the 42 of the other for 420 ms at least.
func TestFlood(t *testing.T) {
	net := netns.New(t)
	c := open(t, net.A, capture.Options{Interfaces: []string{net.A.Device}, Rings: 2, BufferSize: 16 << 20, Filter: "src net 10.9.0.0/16"})
	syns, others := 0, 0
	net.B.Do(func() {
		send := sender(t, net.B.Device)
		end := time.Now().Add(350 * time.Millisecond)
		for i := uint32(0); time.Now().Before(end); i++ {
			p := ports(false, uint16(i), 80, i)
			if i%20 == 0 {
				others++
			} else {
				p[13] = byte(wire.SYN)
				syns++
			}
			send(ethernet(false, unix.IPPROTO_TCP, 0, p))
		}
	})
	got, _ := frames(t, c, syns+others)
	kept := 0
	for _, f := range got {
		if f[14+20+13] == byte(wire.ACK) {
			kept++
		}
	}
	if s := c.Stats(); kept != others || s.Drops == 0 || len(got)+int(s.Drops) != syns+others {
		t.Errorf("%d of %d SYNs came, %d of %d others; %d were dropped", len(got)-kept, syns, kept, others, s.Drops)
	}
}
