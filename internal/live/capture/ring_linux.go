package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"tcptrace/internal/filterlang"
	"tcptrace/internal/wire"
)

// ring is a packet socket whose frames the kernel writes into memory that both see (packet(7),
// TPACKET_V3). The ring has blocks of frames; a block belongs to the kernel or to the reader.
type ring struct {
	fd     int
	memory []byte
	kind   wire.LinkType
	snap   int

	block  int    // the reader's next
	left   uint32 // frames of it that are not read; 0: none, or it is the kernel's
	at     int    // where in memory the next one is
	lost   uint64
	losses *losses // of the interface; nil: others tell them
	failed error   // what the socket said; returned once the blocks are read
}

const (
	// blockSize holds the largest frame.
	blockSize = 1 << 18
	// slotSize only has to divide a block: this version of the ring does not use slots.
	slotSize = 1 << 11
)

// plan is how an interface is captured from by rings.
type plan struct {
	index  int // 0: all interfaces
	socket int // type
	kind   wire.LinkType
	filter []bpf.RawInstruction
}

// planFor has whole frames captured from Ethernet and what looks like it, and from other interfaces and
// from all at once packets with a cooked header before them, as libpcap does, which names the interface.
func planFor(name string, opts Options) (plan, error) {
	index, hardware, err := identify(name)
	if err != nil {
		return plan{}, refused(name, err)
	}
	p := plan{index: index, socket: unix.SOCK_DGRAM, kind: wire.LinkLinuxSLL2}
	layout := filterlang.Cooked
	if hardware == unix.ARPHRD_ETHER || hardware == unix.ARPHRD_LOOPBACK {
		p.socket, p.kind = unix.SOCK_RAW, wire.LinkEthernet
		if layout, err = filterlang.Of(p.kind); err != nil {
			return plan{}, err
		}
	}
	p.filter, err = program(opts, p.kind, layout)
	return p, err
}

// openRing captures by one ring.
func openRing(name string, opts Options) (handle, error) {
	p, err := planFor(name, opts)
	if err != nil {
		return nil, err
	}
	r, err := p.open(p.filter, opts.BufferSize, opts)
	if err != nil {
		return nil, refused(name, err)
	}
	r.losses = newLosses(name)
	return r, nil
}

// open makes a ring of so many bytes, of the frames that the filter lets through.
func (p *plan) open(filter []bpf.RawInstruction, size int, opts Options) (*ring, error) {
	// Without a protocol it receives nothing before it is bound.
	fd, err := unix.Socket(unix.AF_PACKET, p.socket|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	r := &ring{fd: fd, kind: p.kind, snap: opts.SnapLen}
	if err := r.start(p.index, filter, size, opts.Promiscuous); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// noHardware is the hardware type of AnyInterface, whose interfaces may be of every kind.
const noHardware = unix.ARPHRD_VOID

// identify finds the number and the hardware type (ARPHRD) of an interface that is up.
func identify(name string) (index int, hardware uint16, err error) {
	if name == AnyInterface {
		return 0, noHardware, nil
	}
	w, err := newWatch(name)
	if err != nil {
		return 0, 0, err
	}
	defer w.close()
	request, err := unix.NewIfreq(name)
	if err != nil || errors.Is(w.down(), errDisappeared) {
		return 0, 0, errors.New("there is no such interface")
	}
	if err := w.down(); err == errDown {
		return 0, 0, errors.New("the interface is not up")
	} else if err != nil {
		return 0, 0, err
	}
	if err := unix.IoctlIfreq(w.fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, 0, err
	}
	index = int(request.Uint32())
	if err := unix.IoctlIfreq(w.fd, unix.SIOCGIFHWADDR, request); err != nil {
		return 0, 0, err
	}
	return index, request.Uint16(), nil
}

// program is the filter, which also says how much of a frame is kept. A cooked header comes on top of that.
func program(opts Options, kind wire.LinkType, layout filterlang.Layout) ([]bpf.RawInstruction, error) {
	snap := uint32(opts.SnapLen)
	if kind == wire.LinkLinuxSLL2 {
		snap = uint32(max(opts.SnapLen-cookedLen, 1))
	}
	code := []bpf.Instruction{bpf.RetConstant{Val: snap}}
	if opts.Filter != "" {
		var err error
		if code, err = filterlang.Compile(opts.Filter, layout, snap); err != nil {
			if code, ok := compileElse(opts.Filter, kind, snap); ok {
				return code, nil
			}
			return nil, fmt.Errorf("filter %q: %w", opts.Filter, err)
		}
	}
	return bpf.Assemble(code)
}

// start sets the socket up. Binding it comes last: from then on frames come.
func (r *ring) start(index int, filter []bpf.RawInstruction, size int, promiscuous bool) error {
	if err := r.attach(filter); err != nil {
		return err
	}
	if err := r.reserve(size / blockSize); err != nil {
		return err
	}
	if promiscuous && index != 0 {
		request := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(r.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &request); err != nil {
			return fmt.Errorf("promiscuous: %w", err)
		}
	}
	all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL & 0xff}) // in network byte order
	return unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index})
}

// attach has the kernel ask a filter, in place of the one before.
func (r *ring) attach(code []bpf.RawInstruction) error {
	filter := make([]unix.SockFilter, len(code))
	for i, c := range code {
		filter[i] = unix.SockFilter{Code: c.Op, Jt: c.Jt, Jf: c.Jf, K: c.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &fprog); err != nil {
		return fmt.Errorf("the kernel refuses the filter: %w", err)
	}
	return nil
}

// reserve makes the ring.
func (r *ring) reserve(blocks int) error {
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("the kernel has no TPACKET_V3: %w", err)
	}
	request := unix.TpacketReq3{
		Block_size:     blockSize,
		Block_nr:       uint32(blocks),
		Frame_size:     slotSize,
		Frame_nr:       uint32(blocks * (blockSize / slotSize)),
		Retire_blk_tov: uint32(hold.Milliseconds()),
	}
	err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request)
	if err == nil {
		r.memory, err = unix.Mmap(r.fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		return fmt.Errorf("a buffer of %d bytes: %w", blocks*blockSize, err)
	}
	return nil
}

func (r *ring) drops() (lost, missed uint64) {
	// The kernel counts from the last time it was asked.
	if s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		r.lost += uint64(s.Drops)
	}
	return r.lost, r.losses.sinceOpen()
}

func (r *ring) link() wire.LinkType { return r.kind }

func (r *ring) close() {
	if r.memory != nil {
		unix.Munmap(r.memory)
	}
	unix.Close(r.fd)
}

// header is the part of a block's description that the kernel and the reader exchange.
func (r *ring) header() *unix.TpacketHdrV1 {
	block := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.memory[r.block*blockSize]))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&block.Hdr))
}
