//go:build cgo

package input

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"

	"tcptrace/internal/wire"
)

// rawIP is DLT_RAW, which libpcap's compiler knows raw IP by on all systems but OpenBSD.
const rawIP = 12

// kernelTypes are the link types that libpcap's compiler numbers differently than files do.
var kernelTypes = map[wire.LinkType]wire.LinkType{
	wire.LinkRaw:        rawIP,
	wire.LinkRawOpenBSD: rawIP,
}

// program is a filter program of libpcap.
type program struct{ bpf *pcap.BPF }

// match leaves out frames without a captured byte, which gopacket cannot pass on.
func (p program) match(frame []byte, wireLen uint32) bool {
	return len(frame) > 0 && p.bpf.Matches(gopacket.CaptureInfo{Length: int(wireLen)}, frame)
}

func compile(expr string, link wire.LinkType) (matcher, error) {
	if kernel, ok := kernelTypes[link]; ok {
		link = kernel
	}
	var bpf *pcap.BPF
	var err error
	if link <= math.MaxUint8 {
		bpf, err = pcap.NewBPF(layers.LinkType(link), maxSnapLen, expr)
	} else {
		bpf, err = compileWide(expr, link)
	}
	if err != nil {
		return nil, err
	}
	return program{bpf}, nil
}

// compileWide compiles for a link type that gopacket's 8 bits do not hold, such
// as Linux cooked v2: libpcap takes it from the header of an empty capture.
func compileWide(expr string, link wire.LinkType) (*pcap.BPF, error) {
	h := make([]byte, pcapHeaderLen)
	binary.LittleEndian.PutUint32(h, 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], maxSnapLen)
	binary.LittleEndian.PutUint32(h[20:], uint32(link))
	f, err := os.CreateTemp("", "tcptrace-filter-*.pcap")
	if err != nil {
		return nil, fmt.Errorf("a temporary file is needed: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(h)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("a temporary file is needed: %w", err)
	}
	handle, err := pcap.OpenOffline(f.Name())
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	return handle.NewBPF(expr)
}
