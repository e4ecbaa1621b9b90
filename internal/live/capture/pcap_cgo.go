//go:build cgo

package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
	"golang.org/x/net/bpf"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// dltRaw is raw IP as libpcap numbers it for most systems; files say LinkRaw.
const dltRaw = 12

// pcapHandle reads through libpcap.
//
// Not in immediate mode. On Linux that takes the second version of the ring (TPACKET_V2), where the reader
// is woken for every frame when it keeps up: at 200,000 packets/s 300,000 context switches and 0.31 s of processor
// time each second. The third hands over blocks of frames, when they are full or after hold: 3,600 and 0.16 s.
type pcapHandle struct {
	pcap   *pcap.Handle
	kind   wire.LinkType
	counts pcap.Stats // as far as they were to be had
}

// open leaves AnyInterface to the ring, which knows from which interface a frame is, unless it does not understand the filter.
func open(name string, opts Options) (handle, error) {
	if name == AnyInterface {
		if r, err := openRing(name, opts); err == nil {
			return r, nil
		}
	}
	h, err := activate(name, opts)
	if err != nil {
		return nil, refused(name, plain(err))
	}
	if opts.Filter != "" {
		if err := h.SetBPFFilter(opts.Filter); err != nil {
			h.Close()
			return nil, fmt.Errorf("filter %q: %w", opts.Filter, err)
		}
	}
	kind := wire.LinkType(h.LinkType())
	if kind == dltRaw {
		kind = wire.LinkRaw
	}
	return &pcapHandle{pcap: h, kind: kind}, nil
}

// plainWords are for what libpcap says by a number, as gopacket spells it.
var plainWords = map[string]error{
	"No Such Device":    errors.New("there is no such interface"),
	"Interface Not Up":  errors.New("the interface is not up"),
	"Permission Denied": os.ErrPermission,
}

func plain(err error) error {
	if words, ok := plainWords[err.Error()]; ok {
		return words
	}
	return err
}

func activate(name string, opts Options) (*pcap.Handle, error) {
	inactive, err := pcap.NewInactiveHandle(name)
	if err != nil {
		return nil, err
	}
	defer inactive.CleanUp()
	err = errors.Join(
		inactive.SetSnapLen(opts.SnapLen),
		inactive.SetPromisc(opts.Promiscuous && name != AnyInterface),
		inactive.SetTimeout(hold),
		inactive.SetBufferSize(opts.BufferSize),
	)
	if err != nil {
		return nil, err
	}
	return inactive.Activate()
}

// compileElse has libpcap compile a filter for a ring. About tags it looks into the frame, from which the kernel has taken them.
func compileElse(filter string, kind wire.LinkType, snap uint32) ([]bpf.RawInstruction, bool) {
	if kind != wire.LinkEthernet || strings.Contains(filter, "vlan") {
		return nil, false
	}
	code, err := pcap.CompileBPFFilter(layers.LinkTypeEthernet, int(snap), filter)
	if err != nil {
		return nil, false
	}
	raw := make([]bpf.RawInstruction, len(code))
	for i, c := range code {
		raw[i] = bpf.RawInstruction{Op: c.Code, Jt: c.Jt, Jf: c.Jf, K: c.K}
	}
	return raw, true
}

func (h *pcapHandle) read(b *packet.Batch, iface uint16) (dry bool, err error) {
	var first int64
	for room(b) {
		data, info, err := h.pcap.ZeroCopyReadPacketData()
		switch {
		case err == pcap.NextErrorTimeoutExpired:
			return true, nil
		case err == io.EOF:
			return false, errors.New("the interface gives no more frames")
		case err != nil:
			return false, h.failed(err)
		}
		now := info.Timestamp.UnixNano()
		if len(b.Packets) == 0 {
			first = now
		}
		b.Packets = append(b.Packets, packet.Packet{
			Time:    now,
			Off:     uint32(len(b.Buf)),
			CapLen:  uint32(len(data)),
			WireLen: uint32(max(info.Length, len(data))),
			Link:    h.kind,
			Iface:   iface,
		})
		b.Buf = append(b.Buf, data...)
		if age := now - first; age > int64(hold) || age < -int64(hold) {
			return false, nil
		}
	}
	return false, nil
}

// failed is why libpcap reads no more. Its own words begin with a capital letter.
func (h *pcapHandle) failed(err error) error {
	if err != pcap.NextErrorReadError {
		return err
	}
	text := h.pcap.Error().Error()
	if text == "" {
		return err
	}
	return errors.New(strings.ToLower(text[:1]) + text[1:])
}

func (h *pcapHandle) drops() (ring, missed uint64) {
	if s, err := h.pcap.Stats(); err == nil {
		h.counts = *s
	}
	return uint64(h.counts.PacketsDropped), uint64(h.counts.PacketsIfDropped)
}

func (h *pcapHandle) link() wire.LinkType { return h.kind }

func (h *pcapHandle) close() { h.pcap.Close() }
