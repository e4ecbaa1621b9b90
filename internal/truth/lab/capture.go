package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Format is how a capture file is written.
type Format struct {
	PCAPNG    bool
	Nano      bool // nanoseconds instead of microseconds
	BigEndian bool
	SnapLen   int // as the file says; 0: 262144

	// Interfaces of a pcapng file. Those that are missing are made of the frames' link
	// types and Nano.
	Interfaces []Interface
}

// Interface is a pcapng interface.
type Interface struct {
	Link uint16
	Nano bool
}

const (
	defaultSnapLen = 262144

	magicMicro = 0xA1B2C3D4
	magicNano  = 0xA1B23C4D

	blockSection   = 0x0A0D0D0A
	blockInterface = 1
	blockPacket    = 6
	byteOrderMagic = 0x1A2B3C4D
	optionTSResol  = 9
	maxInterfaces  = 64
)

// Ext is the extension of the format's file name.
func (f Format) Ext() string {
	if f.PCAPNG {
		return ".pcapng"
	}
	return ".pcap"
}

func (f Format) order() binary.AppendByteOrder {
	if f.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// WriteCapture is a capture file with the frames in the order given. Times are cut to the
// format's resolution. It fails if the format cannot hold a frame: a time outside
// its range, or in a pcap file more than one link type.
func WriteCapture(frames []Frame, f Format) ([]byte, error) {
	if f.SnapLen == 0 {
		f.SnapLen = defaultSnapLen
	}
	if f.PCAPNG {
		return writePCAPNG(frames, f)
	}
	return writePCAP(frames, f)
}

func writePCAP(frames []Frame, f Format) ([]byte, error) {
	o, magic, unit := f.order(), uint32(magicMicro), int64(1000)
	if f.Nano {
		magic, unit = magicNano, 1
	}
	link := uint16(linkEthernet)
	if len(frames) > 0 {
		link = frames[0].Link
	}
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, 4)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, 0)
	b = o.AppendUint32(b, uint32(f.SnapLen))
	b = o.AppendUint32(b, uint32(link))
	for i, fr := range frames {
		if fr.Link != link {
			return nil, fmt.Errorf("frame %d: a pcap file has one link type", i+1)
		}
		sec := fr.Time / 1e9
		if fr.Time < 0 || sec > 0xFFFFFFFF {
			return nil, fmt.Errorf("frame %d: a pcap file cannot hold its time", i+1)
		}
		b = o.AppendUint32(b, uint32(sec))
		b = o.AppendUint32(b, uint32(fr.Time%1e9/unit))
		b = o.AppendUint32(b, uint32(len(fr.Data)))
		b = o.AppendUint32(b, uint32(fr.WireLen))
		b = append(b, fr.Data...)
	}
	return b, nil
}

func writePCAPNG(frames []Frame, f Format) ([]byte, error) {
	ifaces, err := f.interfaces(frames)
	if err != nil {
		return nil, err
	}
	o := f.order()
	body := o.AppendUint32(nil, byteOrderMagic)
	body = o.AppendUint16(body, 1)
	body = o.AppendUint16(body, 0)
	body = o.AppendUint64(body, ^uint64(0)) // section length: not given
	b := appendBlock(nil, o, blockSection, body)
	for _, i := range ifaces {
		body = o.AppendUint16(body[:0], i.Link)
		body = o.AppendUint16(body, 0)
		body = o.AppendUint32(body, uint32(f.SnapLen))
		if i.Nano {
			body = o.AppendUint16(body, optionTSResol)
			body = o.AppendUint16(body, 1)
			body = append(body, 9, 0, 0, 0) // 10^-9 s, and padding
			body = append(body, 0, 0, 0, 0) // end of options
		}
		b = appendBlock(b, o, blockInterface, body)
	}
	for i, fr := range frames {
		if fr.Time < 0 {
			return nil, fmt.Errorf("frame %d: its time is before 1970", i+1)
		}
		t := uint64(fr.Time)
		if !ifaces[fr.Iface].Nano {
			t /= 1000
		}
		body = o.AppendUint32(body[:0], uint32(fr.Iface))
		body = o.AppendUint32(body, uint32(t>>32))
		body = o.AppendUint32(body, uint32(t))
		body = o.AppendUint32(body, uint32(len(fr.Data)))
		body = o.AppendUint32(body, uint32(fr.WireLen))
		body = append(body, fr.Data...)
		b = appendBlock(b, o, blockPacket, body)
	}
	return b, nil
}

// interfaces are those of the format and those that only the frames name.
func (f Format) interfaces(frames []Frame) ([]Interface, error) {
	ifaces := slices.Clone(f.Interfaces)
	var known [maxInterfaces]bool
	for i := range min(len(ifaces), maxInterfaces) {
		known[i] = true
	}
	for i, fr := range frames {
		n := fr.Iface
		if n < 0 || n >= maxInterfaces {
			return nil, fmt.Errorf("frame %d: no interface %d", i+1, n)
		}
		for n >= len(ifaces) {
			ifaces = append(ifaces, Interface{Link: fr.Link, Nano: f.Nano})
		}
		if !known[n] {
			ifaces[n].Link, known[n] = fr.Link, true
		}
		if ifaces[n].Link != fr.Link {
			return nil, fmt.Errorf("frame %d: its link type is not that of interface %d", i+1, n)
		}
	}
	if len(ifaces) == 0 {
		return nil, errors.New("a pcapng file without frames needs an interface")
	}
	return ifaces, nil
}

// appendBlock adds a block: its length stands before and after its body.
func appendBlock(b []byte, o binary.AppendByteOrder, kind uint32, body []byte) []byte {
	pad := -len(body) & 3
	n := uint32(12 + len(body) + pad)
	b = o.AppendUint32(b, kind)
	b = o.AppendUint32(b, n)
	b = append(b, body...)
	b = append(b, make([]byte, pad)...)
	return o.AppendUint32(b, n)
}
