package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/gopacket"
	linktypes "github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tcptrace/internal/source"
)

// The ends of names that ask for a format, or promise what is not written. Other names leave the choice open.
var (
	pcapEnds   = []string{".pcap", ".cap"}
	pcapngEnds = []string{".pcapng", ".ntar"}
	packedEnds = []string{".gz", ".zst", ".lz4"}
)

func endsIn(name string, ends []string) bool {
	return slices.Contains(ends, strings.ToLower(filepath.Ext(name)))
}

// captureWriter writes a capture with times in nanoseconds. pcapng describes every interface of which
// there is a packet; pcap has room for one link type.
type captureWriter struct {
	name     string
	known    []source.Interface // by Packet.Iface
	ng       bool
	buffered *bufio.Writer
	headers  headerWriter // to buffered

	pcap   *pcapgo.Writer // nil before the first packet, as pcapng
	link   uint16         // of pcap
	pcapng *pcapgo.NgWriter
	ids    map[uint16]int // of the interfaces described so far
}

// newCaptureWriter writes to out, which is called name. known are all interfaces of the input.
func newCaptureWriter(out io.Writer, name string, known []source.Interface) *captureWriter {
	w := &captureWriter{name: name, known: known, ng: endsIn(name, pcapngEnds), buffered: bufio.NewWriterSize(out, 1<<16), ids: map[uint16]int{}}
	w.headers.to = w.buffered
	if !endsIn(name, pcapEnds) {
		for _, i := range known {
			w.ng = w.ng || i.Link != known[0].Link
		}
	}
	return w
}

// packet writes a packet. frame is its number, for errors.
func (w *captureWriter) packet(p *source.Packet, data []byte, frame uint64) error {
	if p.Time < 0 {
		return fmt.Errorf("frame %d was captured before 1970, which a capture file can not say", frame)
	}
	ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, p.Time), CaptureLength: len(data), Length: int(p.WireLen)}
	if w.ng {
		id, err := w.id(p)
		if err != nil {
			return err
		}
		ci.InterfaceIndex = id
		return w.pcapng.WritePacket(ci, data)
	}
	if err := w.begin(p); err != nil {
		return err
	}
	switch {
	case uint16(p.Link) != w.link:
		return usageError("%s can hold one link type, but the packets have %d and %d: name it .pcapng", w.name, w.link, p.Link)
	case p.Time/1e9 > math.MaxUint32:
		return usageError("frame %d was captured after 2106, which a pcap file can not say: name %s .pcapng", frame, w.name)
	}
	return w.pcap.WritePacket(ci, data)
}

// begin writes the header of a pcap file.
func (w *captureWriter) begin(p *source.Packet) error {
	if w.pcap != nil {
		return nil
	}
	snap := uint32(0)
	for _, i := range w.known {
		snap = max(snap, i.SnapLen-1) // no limit is 0
	}
	w.link = uint16(p.Link)
	w.pcap = pcapgo.NewWriterNanos(&w.headers)
	w.headers.link, w.headers.armed = w.link, true
	return w.pcap.WriteFileHeader(min(snap, noSnapLen-1)+1, linktypes.LinkType(p.Link))
}

// noSnapLen is what capturing programs write for no limit.
const noSnapLen = 262144

// id is the number of p's interface in the pcapng file, which it describes first.
func (w *captureWriter) id(p *source.Packet) (id int, err error) {
	if id, ok := w.ids[p.Iface]; ok {
		return id, nil
	}
	from := w.known[p.Iface]
	to := pcapgo.NgInterface{Name: from.Name, Description: from.Description, LinkType: linktypes.LinkType(p.Link), SnapLength: from.SnapLen}
	if w.pcapng != nil {
		if err := w.pcapng.Flush(); err != nil {
			return 0, err
		}
	}
	w.headers.link, w.headers.armed = uint16(p.Link), true
	if w.pcapng == nil {
		info := pcapgo.NgSectionInfo{Application: "tcptrace"}
		w.pcapng, err = pcapgo.NewNgWriterInterface(&w.headers, to, pcapgo.NgWriterOptions{SectionInfo: info})
	} else {
		id, err = w.pcapng.AddInterface(to)
	}
	if err != nil {
		return 0, err
	}
	w.ids[p.Iface] = id
	return id, w.pcapng.Flush()
}

// Flush writes what is buffered.
func (w *captureWriter) Flush() error {
	if w.pcapng != nil {
		if err := w.pcapng.Flush(); err != nil {
			return err
		}
	}
	return w.buffered.Flush()
}

// headerWriter puts a link type into the header that is written next: gopacket's LinkType has eight bits,
// a file's sixteen (LINUX_SLL2 is 276).
type headerWriter struct {
	to    io.Writer
	link  uint16
	armed bool
}

// Write is called once with all of a pcap file's header, a pcapng interface description, or one with
// the section header before it, as they are below the size of pcapgo's buffer.
func (h *headerWriter) Write(p []byte) (int, error) {
	if h.armed {
		h.armed = false
		const section, description = 0x0A0D0D0A, 1
		at := 20
		switch binary.LittleEndian.Uint32(p) {
		case section:
			at = int(binary.LittleEndian.Uint32(p[4:])) + 8
		case description:
			at = 8
		}
		p = bytes.Clone(p)
		binary.LittleEndian.PutUint16(p[at:], h.link)
	}
	return h.to.Write(p)
}
