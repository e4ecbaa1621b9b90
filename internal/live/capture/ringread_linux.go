package capture

import (
	"encoding/binary"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

const (
	cookedLen = 20 // of the header that stands for a link's (LINKTYPE_LINUX_SLL2)
	macsLen   = 12 // the two addresses of an Ethernet frame; a VLAN tag comes behind them
	etherVLAN = 0x8100
	second    = 1_000_000_000
)

func (r *ring) read(b *packet.Batch, iface uint16) (dry bool, err error) {
	for room(b) {
		if r.left == 0 && !r.nextBlock() {
			switch {
			case len(b.Packets) > 0:
				return true, nil
			case r.failed != nil:
				return true, r.failed
			}
			return true, r.wait()
		}
		h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.memory[r.at]))
		r.put(b, h, iface)
		r.at += int(h.Next_offset)
		if r.left--; r.left == 0 {
			r.giveBack()
		}
	}
	return false, nil
}

// nextBlock reports whether the kernel has handed over the next block.
func (r *ring) nextBlock() bool {
	h := r.header()
	if atomic.LoadUint32(&h.Block_status)&unix.TP_STATUS_USER == 0 {
		return false
	}
	r.left = h.Num_pkts
	r.at = r.block*blockSize + int(h.Offset_to_first_pkt)
	if r.left == 0 {
		r.giveBack()
	}
	return r.left > 0
}

// giveBack lets the kernel fill the block again.
func (r *ring) giveBack() {
	atomic.StoreUint32(&r.header().Block_status, unix.TP_STATUS_KERNEL)
	r.block = (r.block + 1) % (len(r.memory) / blockSize)
}

// wait until there is a block, for as long as frames are gathered.
func (r *ring) wait() error {
	fds := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN | unix.POLLERR}}
	if _, err := unix.Poll(fds, int(hold.Milliseconds())); err != nil && err != unix.EINTR {
		return err
	}
	if fds[0].Revents&unix.POLLERR == 0 {
		return nil
	}
	number, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return err
	}
	if number != 0 {
		r.failed = unix.Errno(number)
	}
	if r.failed == unix.ENETDOWN {
		r.failed = errDown
	}
	time.Sleep(2 * hold) // in that time the block that is being filled is handed over
	return nil
}

// put appends a frame. What the kernel has taken out of it, its VLAN tag and from a cooked packet its link header,
// is put back.
func (r *ring) put(b *packet.Batch, h *unix.Tpacket3Hdr, iface uint16) {
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&r.memory[r.at+unix.SizeofTpacket3Hdr]))
	if from.Hatype == unix.ARPHRD_LOOPBACK && from.Pkttype == unix.PACKET_OUTGOING {
		return // it comes in again
	}
	start := r.at + int(h.Mac)
	data := r.memory[start : start+int(h.Snaplen)]
	off := len(b.Buf)
	switch {
	case r.kind == wire.LinkLinuxSLL2:
		b.Buf = append(appendCooked(b.Buf, from, h), data...)
	case h.Status&unix.TP_STATUS_VLAN_VALID != 0 && len(data) >= macsLen:
		b.Buf = append(b.Buf, data[:macsLen]...)
		b.Buf = appendTag(b.Buf, h)
		b.Buf = append(b.Buf, data[macsLen:]...)
	default:
		b.Buf = append(b.Buf, data...)
	}
	added := len(b.Buf) - off - len(data)
	b.Buf = b.Buf[:min(len(b.Buf), off+r.snap)]
	b.Packets = append(b.Packets, packet.Packet{
		Time:    int64(h.Sec)*second + int64(h.Nsec),
		Off:     uint32(off),
		CapLen:  uint32(len(b.Buf) - off),
		WireLen: h.Len + uint32(added),
		Link:    r.kind,
		Iface:   iface,
	})
}

// protocol is the ethertype, which the kernel has in network byte order.
func protocol(from *unix.RawSockaddrLinklayer) []byte {
	return (*[2]byte)(unsafe.Pointer(&from.Protocol))[:]
}

// appendCooked is the cooked header, and behind it the tag, if the frame had one.
func appendCooked(b []byte, from *unix.RawSockaddrLinklayer, h *unix.Tpacket3Hdr) []byte {
	ether := protocol(from)
	tag := appendTag(nil, h)
	if len(tag) > 0 {
		b = append(b, tag[:2]...)
	} else {
		b = append(b, ether...)
	}
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(from.Ifindex))
	b = binary.BigEndian.AppendUint16(b, from.Hatype)
	b = append(append(b, from.Pkttype, from.Halen), from.Addr[:]...)
	if len(tag) > 0 {
		b = append(append(b, tag[2:]...), ether...)
	}
	return b
}

// appendTag is the ethertype of a tag and the tag, if the frame had one.
func appendTag(b []byte, h *unix.Tpacket3Hdr) []byte {
	if h.Status&unix.TP_STATUS_VLAN_VALID == 0 {
		return b
	}
	ether := uint16(etherVLAN)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		ether = h.Hv1.Vlan_tpid
	}
	b = binary.BigEndian.AppendUint16(b, ether)
	return binary.BigEndian.AppendUint16(b, uint16(h.Hv1.Vlan_tci))
}
