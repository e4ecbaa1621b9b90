package verify

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// bridge carries frames between two devices, the client's and the server's. It can hold segments of a connection back, and send some in the name of both hosts.
type bridge struct {
	ports   [2]*os.File
	reading sync.WaitGroup

	lock   sync.Mutex // of what is below, which is about the connections of one port of the client
	client uint16
	holds  bool
	held   [2][][]byte // by the port that they came in by
	latest [2][]byte   // segments of this port, with a header for offloading in front
}

// Frames have the header of virtio_net in front, which says what is left for a device to do: checksums, and to cut what is too long.
const (
	offload  = 10
	ethernet = 14
	ipHeader = 20
	mostRead = offload + ethernet + 1<<16
)

// newBridge joins two devices of the namespace of this thread.
func newBridge(devices ...string) (*bridge, error) {
	b := &bridge{}
	for i, device := range devices {
		f, err := openPort(device)
		if err != nil {
			if i > 0 {
				b.ports[0].Close()
			}
			return nil, fmt.Errorf("%s: %w", device, err)
		}
		b.ports[i] = f
	}
	for i := range b.ports {
		b.reading.Go(func() { b.carry(i) })
	}
	return b, nil
}

func openPort(device string) (*os.File, error) {
	about, err := net.InterfaceByName(device)
	if err != nil {
		return nil, err
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), device)
	for _, option := range []int{unix.PACKET_VNET_HDR, unix.PACKET_IGNORE_OUTGOING} {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, option, 1); err != nil {
			f.Close()
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: about.Index}); err != nil {
		f.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	return f, nil
}

// carry takes to the other port what comes in by one, until it is closed.
func (b *bridge) carry(from int) {
	frame := make([]byte, mostRead)
	for {
		n, err := b.ports[from].Read(frame)
		if err != nil {
			return
		}
		b.pass(from, frame[:n])
	}
}

// pass hands on a frame, or holds it back.
func (b *bridge) pass(from int, frame []byte) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if isSegment(frame) && clientPort(from, frame) == b.client {
		b.latest[from] = append(b.latest[from][:0], frame...)
		if b.holds {
			b.held[from] = append(b.held[from], append([]byte(nil), frame...))
			return
		}
	}
	b.send(1-from, frame)
}

// send sends a frame by a port. That there is no room for it is a loss as any other.
func (b *bridge) send(port int, frame []byte) { _, _ = b.ports[port].Write(frame) }

// isSegment reports whether a frame is a TCP segment, in IPv4 without options.
func isSegment(frame []byte) bool {
	const ip = offload + ethernet
	return len(frame) >= ip+ipHeader+20 && binary.BigEndian.Uint16(frame[ip-2:]) == unix.ETH_P_IP && frame[ip] == 0x45 && frame[ip+9] == unix.IPPROTO_TCP
}

// clientPort is the client's port of a segment that came in by a port of the bridge.
func clientPort(from int, frame []byte) uint16 {
	const tcp = offload + ethernet + ipHeader
	return binary.BigEndian.Uint16(frame[tcp+2*from:]) // the client's segments have theirs first
}

// follow has the bridge be about another port of the client.
func (b *bridge) follow(client uint16) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.client = client
	b.latest = [2][]byte{}
}

// hold has segments wait from now on.
func (b *bridge) hold() {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.holds = true
}

// holding is from how many sides any wait.
func (b *bridge) holding() (sides int) {
	b.lock.Lock()
	defer b.lock.Unlock()
	for i := range b.held {
		sides += min(len(b.held[i]), 1)
	}
	return sides
}

// release sends what waits, from both sides at once.
func (b *bridge) release() error {
	b.lock.Lock()
	defer b.lock.Unlock()
	for from, list := range b.held {
		for _, frame := range list {
			b.send(1-from, frame)
		}
		b.held[from] = nil
	}
	b.holds = false
	return nil
}

// cut resets the connection whose segments were the latest, each side in the name of the other.
func (b *bridge) cut() error {
	b.lock.Lock()
	defer b.lock.Unlock()
	for from, frame := range b.latest {
		if !isSegment(frame) {
			return fmt.Errorf("no segment has come from %s", b.ports[from].Name())
		}
		b.send(1-from, resetOf(frame))
	}
	return nil
}

// resetOf is a RST that stands behind a segment.
func resetOf(frame []byte) []byte {
	const ip = offload + ethernet
	const tcp = ip + ipHeader
	r := append(make([]byte, offload), frame[offload:tcp+20]...)
	length := int(binary.BigEndian.Uint16(frame[ip+2:])) - ipHeader - int(frame[tcp+12]>>4)*4 + int(frame[tcp+13]&1) + int(frame[tcp+13]>>1&1) // FIN, SYN
	binary.BigEndian.PutUint16(r[ip+2:], ipHeader+20)
	binary.BigEndian.PutUint16(r[ip+4:], binary.BigEndian.Uint16(frame[ip+4:])+1)
	binary.BigEndian.PutUint16(r[ip+10:], 0)
	binary.BigEndian.PutUint16(r[ip+10:], sumOf(r[ip:tcp]))
	segment := r[tcp:]
	binary.BigEndian.PutUint32(segment[4:], binary.BigEndian.Uint32(segment[4:])+uint32(length))
	segment[12], segment[13] = 5<<4, 0x14 // RST, ACK
	binary.BigEndian.PutUint16(segment[14:], 0)
	binary.BigEndian.PutUint16(segment[16:], 0)
	binary.BigEndian.PutUint16(segment[16:], checksum([4]byte(r[ip+12:]), [4]byte(r[ip+16:]), segment))
	return r
}

func (b *bridge) close() {
	for _, f := range b.ports {
		f.Close()
	}
	b.reading.Wait()
}
