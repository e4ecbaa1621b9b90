package main

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcptrace/internal/testutil/netns"
)

// churn puts connections on a wire, of hosts that there are not: some that close, some that are reset, half closed, left alone or not
// answered, some that last, and now and then nothing, or a flood of SYNs.
type churn struct {
	fd      int
	to      unix.SockaddrLinklayer
	frame   []byte
	serial  uint32 // of the connections of cohorts
	cohorts [cohortTicks]cohort
	cycle   time.Duration
	sent    atomic.Uint64 // frames
	opened  atomic.Uint64 // connections that were answered
	flooded atomic.Uint64 // SYNs of floods
	err     error         // valid when it has stopped
}

// cohort is the connections that began in one tick.
type cohort struct{ first, n uint32 }

const (
	churnTick   = 20 * time.Millisecond
	cohortTicks = 16 // from the first segment of a connection to its last
	perTick     = 5  // connections
	floodTick   = 60 // SYNs, in place of nothing
	keepers     = 100
	keepEvery   = 5 * time.Second // a keeper speaks
)

// newChurn sends on a host's interface, in cycles of churn, churn with a flood, and silence.
func newChurn(t *testing.T, h *netns.Host, cycle time.Duration) *churn {
	t.Helper()
	c := &churn{cycle: cycle}
	h.Do(func() {
		device, err := net.InterfaceByName(h.Device)
		if err != nil {
			t.Fatal(err)
		}
		c.to.Ifindex = device.Index
		if c.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { unix.Close(c.fd) })
	return c
}

// run sends until stop is closed.
func (c *churn) run(stop <-chan struct{}) {
	tick := time.NewTicker(churnTick)
	defer tick.Stop()
	began := time.Now()
	for i := range uint32(keepers) {
		c.open(keeper(i))
	}
	for n := uint32(0); c.err == nil; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		at := time.Since(began) % c.cycle
		c.keep(n)
		silent := at > c.cycle*3/4
		fresh := uint32(perTick)
		if silent {
			fresh = 0
		}
		c.step(n, fresh)
		if at > c.cycle/2 && at < c.cycle*11/18 {
			c.flood()
		}
	}
}

// connection is the sockets of one, and what becomes of it.
type connection struct {
	client, server uint32
	port           uint16
	fate           uint32
}

func keeper(i uint32) connection {
	return connection{client: 0x0a140000 + i, server: 0xc0000202, port: 50000}
}

// member is one of a cohort. Its sockets come again after 2^32 others.
func member(serial uint32) connection {
	return connection{client: 0x0a200000 + serial/40000, server: 0xc0000200 + serial%7, port: uint16(2000 + serial%40000), fate: serial % 16}
}

// Fates; all others close.
const (
	fateReset = iota
	fateUnanswered
	fateHalfOpen
	fateLeft
	fateHalfClosed
)

// open is a handshake; what follows of the client begins at 1001, of the server at 2001.
func (c *churn) open(n connection) {
	c.tcp(n, false, flagSYN, 1000, 0, 0)
	if n.fate == fateUnanswered {
		return
	}
	c.opened.Add(1)
	c.tcp(n, true, flagSYN|flagACK, 2000, 1001, 0)
	if n.fate != fateHalfOpen {
		c.tcp(n, false, flagACK, 1001, 2001, 0)
	}
}

// keep has those speak that last: each every keepEvery.
func (c *churn) keep(n uint32) {
	every := uint32(keepEvery / churnTick)
	for i := n % every; i < keepers; i += every {
		turn := n / every
		c.tcp(keeper(i), false, flagACK, 1001+turn*10, 2001+turn*20, 10)
		c.tcp(keeper(i), true, flagACK, 2001+turn*20, 1011+turn*10, 20)
		c.tcp(keeper(i), false, flagACK, 1011+turn*10, 2021+turn*20, 0)
	}
}

// step begins a cohort, and carries on those before.
func (c *churn) step(n, fresh uint32) {
	old := c.cohorts[n%cohortTicks]
	for i := range old.n {
		c.end(member(old.first + i))
	}
	c.cohorts[n%cohortTicks] = cohort{c.serial, fresh}
	for range fresh {
		c.open(member(c.serial))
		c.serial++
	}
	half := c.cohorts[(n+cohortTicks/2)%cohortTicks]
	for i := range half.n {
		c.talk(member(half.first + i))
	}
}

// talk is a question and its answer.
func (c *churn) talk(n connection) {
	if n.fate == fateUnanswered {
		c.tcp(n, false, flagSYN, 1000, 0, 0)
	}
	if n.fate == fateUnanswered || n.fate == fateHalfOpen {
		return
	}
	c.tcp(n, false, flagACK, 1001, 2001, 50)
	c.tcp(n, true, flagACK, 2001, 1051, 60)
	c.tcp(n, false, flagACK, 1051, 2061, 0)
}

func (c *churn) end(n connection) {
	switch n.fate {
	case fateUnanswered, fateHalfOpen, fateLeft:
	case fateReset:
		c.tcp(n, true, flagRST|flagACK, 2061, 1051, 0)
	case fateHalfClosed:
		c.tcp(n, false, flagFIN|flagACK, 1051, 2061, 0)
		c.tcp(n, true, flagACK, 2061, 1052, 0)
	default:
		c.tcp(n, false, flagFIN|flagACK, 1051, 2061, 0)
		c.tcp(n, true, flagFIN|flagACK, 2061, 1052, 0)
		c.tcp(n, false, flagACK, 1052, 2062, 0)
	}
}

// flood is SYNs of as many sources.
func (c *churn) flood() {
	for range floodTick {
		i := uint32(c.flooded.Add(1))
		c.tcp(connection{client: 0x64000000 + i, server: 0xc0000202, port: uint16(1024 + i%60000)}, false, flagSYN, i, 0, 0)
	}
}

// tcp sends a segment, to port 80 of the server or from there.
func (c *churn) tcp(n connection, back bool, flags uint8, seq, ack uint32, payload int) {
	s := segment{port: n.port, back: back, flags: flags, seq: seq, ack: ack, window: 65000, payload: payload}
	src, dst := n.client, n.server
	if back {
		src, dst = dst, src
	}
	o := binary.BigEndian
	p := s.bytes()
	pseudo := o.AppendUint16(o.AppendUint32(o.AppendUint32(nil, src), dst), 6)
	o.PutUint16(p[16:], onesComplement(append(o.AppendUint16(pseudo, uint16(len(p))), p...)))
	// To a host that is not there, so that no kernel answers.
	frame := append(c.frame[:0], "\x02\x00\x00\x00\x00\x99\x02\x00\x00\x00\x00\x98\x08\x00"...)
	var f attackFile
	c.frame = append(frame, f.ip(6, src, dst, 0, p)...)
	if err := unix.Sendto(c.fd, c.frame, 0, &c.to); err != nil && err != unix.ENOBUFS {
		c.err = err
	}
	c.sent.Add(1)
}

// onesComplement is the checksum of an even number of bytes.
func onesComplement(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum&0xffff + sum>>16
	return ^uint16(sum + sum>>16)
}
