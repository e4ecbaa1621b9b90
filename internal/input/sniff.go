package input

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"tcptrace/internal/interrupt"
	"tcptrace/internal/remote"
)

const (
	sniffLen   = 16
	packedRead = 128 << 10 // read size of compressed input
	// zstd's own tool refuses larger windows unless told otherwise.
	maxZstdWindow = 128 << 20
)

// start opens the input and finds out what it is. A failure is in err.
func (in *input) start() {
	if !in.open() {
		in.finish()
		return
	}
	head, err := in.head()
	if packed := compression(head); packed != "" {
		packedInput := io.MultiReader(bytes.NewReader(bytes.Clone(head)), in.reader)
		in.packed = packed
		switch err = in.unpack(bufio.NewReaderSize(packedInput, packedRead)); err {
		case nil:
			head, err = in.head()
		case io.EOF:
			head, err = nil, io.ErrUnexpectedEOF
		default:
			head = nil
		}
	}
	in.readErr = err
	if ok, need := looksERF(head); ok && need > 0 {
		head = in.longer(head, need)
		err = in.readErr
	}
	in.carry = head
	in.format = newFormat(head, in.ifaces)
	switch {
	case in.format != nil:
		return
	case err != nil && err != io.EOF:
		in.fail(0, in.readReason(), err)
	case len(head) == 0:
		in.fail(0, "empty file", nil)
	default:
		in.fail(0, notCapture(head), nil)
	}
	in.finish()
}

func (in *input) open() bool {
	var raw io.Reader = in.stdin
	if in.remote {
		object, err := remote.Open(in.ctx, in.name)
		if err != nil {
			in.refuse(plain(err), err)
			return false
		}
		if in.total != nil {
			in.total.Add(max(object.Size(), 0))
		}
		in.file, raw = object, object
	} else if in.name != stdinPath {
		f, err := interrupt.Open(in.ctx, in.name, in.openFile)
		if err != nil && err == context.Cause(in.ctx) {
			in.done = true
			return false
		}
		if err != nil {
			in.refuse(plain(err), err)
			return false
		}
		in.file, raw = f, f
		if fi, err := f.Stat(); err == nil && fi.IsDir() {
			in.refuse("is a directory, not a capture", nil)
			return false
		}
	}
	if raw == nil {
		in.refuse("there is no standard input", nil)
		return false
	}
	if !in.regular && in.ctx.Done() != nil {
		in.silent = interrupt.NewReader(in.ctx, raw)
		raw = in.silent
	}
	in.reader = &countedReader{raw, in.progress}
	return true
}

// head reads what tells formats apart. It is shorter only if an error says why:
// io.ReadFull would not tell the end of the input from that of damaged compression.
func (in *input) head() ([]byte, error) {
	buf := make([]byte, sniffLen)
	in.readErr = nil
	n := in.fill(buf, 0, len(buf))
	return buf[:n], in.readErr
}

// longer reads on until head has need bytes or the input ends.
func (in *input) longer(head []byte, need int) []byte {
	buf := make([]byte, need)
	return buf[:in.fill(buf, copy(buf, head), need)]
}

// compression names the compression that starts with head, or "".
func compression(head []byte) string {
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return "gzip"
	}
	if len(head) < 4 {
		return ""
	}
	switch m := binary.LittleEndian.Uint32(head); {
	case m == 0xFD2FB528, m&^0xF == 0x184D2A50: // a frame; a skippable frame, as parallel zstd tools write first
		return "zstd"
	case m == 0x184D2204, m == 0x184C2102: // a frame; a legacy frame
		return "lz4"
	}
	return ""
}

// unpack puts a decompressor before the reader. None starts a goroutine, and
// their memory is bounded: 32 KiB (gzip), maxZstdWindow, 8 MiB (lz4).
func (in *input) unpack(r *bufio.Reader) error {
	switch in.packed {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		in.reader = z
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return err
		}
		in.reader, in.release = z, z.Close
	case "lz4":
		in.reader = lz4.NewReader(r)
	}
	return nil
}

// newFormat picks the reader by magic number; nil if it is none that is known.
func newFormat(head []byte, ifaces *interfaces) format {
	if len(head) < 4 {
		return nil
	}
	magic := binary.LittleEndian.Uint32(head)
	if magic == blockSection {
		return &pcapngFile{known: ifaces}
	}
	if f := newPcap(magic, ifaces); f != nil {
		return f
	}
	if bytes.HasPrefix(head, []byte(snoopMagic)) {
		return newSnoop(ifaces)
	}
	if ok, _ := looksERF(head); ok && compression(head) == "" {
		return newERF(ifaces)
	}
	return nil
}

const convert = `: convert it with "editcap IN OUT.pcapng"`

// known are files that people take for captures that can be read.
var known = []struct{ magic, is string }{
	{"GMBU", "a Microsoft Network Monitor 2 capture" + convert},
	{"RTSS", "a Microsoft Network Monitor 1 capture" + convert},
	{"iptrace ", "an AIX iptrace capture" + convert},
	{"TRSNIFF data", "a Sniffer capture" + convert},
	{"XCP\x00", "a NetXRay or Windows Sniffer capture" + convert},
	{"\x7fver", "an EtherPeek or OmniPeek capture" + convert},
	{"\x00\x00dv", "a NetMetrix capture, for which no converter is known: only the Ohio tcptrace reads it"},
	{"vd\x00\x00", "a NetMetrix capture, for which no converter is known: only the Ohio tcptrace reads it"},
	{"BZh", "bzip2 data: unpack it first"},
	{"\xfd7zXZ\x00", "xz data: unpack it first"},
	{"7z\xbc\xaf", "a 7z archive: unpack it first"},
	{"PK\x03\x04", "a zip archive: unpack it first"},
	{"<!", "a web page: the download may have failed"},
	{"<html", "a web page: the download may have failed"},
	{"<HTML", "a web page: the download may have failed"},
	{"<?xml", "XML, such as tshark -T pdml writes: capture with -w"},
	{"{", "JSON: capture with tcpdump -w or tshark -w"},
	{"[", "JSON: capture with tcpdump -w or tshark -w"},
	{"\x00\x00\x00\x00", "a file that begins with zeros: it was preallocated or is damaged"},
}

// notCapture explains what was found instead of a capture.
func notCapture(head []byte) string {
	first := head[:min(4, len(head))]
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' {
			return '.'
		}
		return r
	}, string(first))
	s := fmt.Sprintf("not a capture: no packets could be read; first bytes: % x (\"%s\")", first, text)
	if is := identify(head); is != "" {
		s += "; it looks like " + is
	}
	return s
}

func identify(head []byte) string {
	for _, k := range known {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return k.is
		}
	}
	if c := compression(head); c != "" {
		return c + " data that was compressed again: unpack it once"
	}
	if looksEtherPeek(head) {
		return "an EtherPeek capture" + convert
	}
	if looksTSH(head) {
		return `a TSH trace of IP and TCP headers: convert it with "traceconvert tsh:IN pcap:OUT" (libtrace)`
	}
	if len(head) >= 9 && head[2] == ':' && head[5] == ':' && head[8] == '.' {
		return "text that tcpdump printed: capture with tcpdump -w"
	}
	return ""
}

// looksEtherPeek tells EtherPeek's old format, which has no magic number: version, status, the file's length, how
// many packets, and since when, in seconds since 1904.
func looksEtherPeek(head []byte) bool {
	if len(head) < sniffLen || head[0] < 5 || head[0] > 7 {
		return false
	}
	const year1990, year2040 = 2713910400, 4291747200
	length, packets, when := binary.BigEndian.Uint32(head[2:]), binary.BigEndian.Uint32(head[6:]), binary.BigEndian.Uint32(head[10:])
	return packets < length/16 && when > year1990 && when < year2040
}

// looksTSH tells NLANR's time sequenced headers, records of 44 bytes: seconds, interface, microseconds, then an IPv4
// header with TCP, mostly without options.
func looksTSH(head []byte) bool {
	if len(head) < sniffLen {
		return false
	}
	const year1995, year2040 = 788918400, 2208988800
	sec, micro := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:])&0xffffff
	return sec > year1995 && sec < year2040 && micro < 1e6 && head[8] == 0x45 && binary.BigEndian.Uint16(head[10:]) >= 20
}
