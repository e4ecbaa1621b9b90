package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// rec is a packet as a test states it.
type rec struct {
	time int64
	link wire.LinkType
	wire uint32
	data string
}

// someRecs are n packets of varying size, a millisecond apart.
func someRecs(n int, start int64) []rec {
	var rs []rec
	for i := range n {
		data := bytes.Repeat([]byte{byte(i + 1)}, i*7%23)
		rs = append(rs, rec{start + int64(i)*1e6, wire.LinkEthernet, uint32(len(data) + i%3), string(data)})
	}
	return rs
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapBytes writes a classic capture and tells where each record begins.
func pcapBytes(o byteOrder, magic uint32, rs []rec) (b []byte, starts []int) {
	b = o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(b, 65535)
	b = o.AppendUint32(b, 0xF000_0001) // Ethernet; the upper bits tell of an FCS
	unit := int64(1000)
	if magic == 0xa1b23c4d {
		unit = 1
	}
	for _, r := range rs {
		starts = append(starts, len(b))
		b = o.AppendUint32(b, uint32(r.time/1e9))
		b = o.AppendUint32(b, uint32(r.time%1e9/unit))
		b = o.AppendUint32(b, uint32(len(r.data)))
		b = o.AppendUint32(b, r.wire)
		if magic == 0xa1b2cd34 {
			b = append(b, "12345678"...)
		}
		b = append(b, r.data...)
	}
	return b, starts
}

func plainPcap(rs []rec) []byte {
	b, _ := pcapBytes(binary.LittleEndian, 0xa1b23c4d, rs)
	return b
}

// ng writes pcapng blocks.
type ng struct {
	o      byteOrder
	b      []byte
	starts []int // of each block
}

type opt struct {
	code  uint16
	value []byte
}

func (w *ng) u32(v uint32) []byte { return w.o.AppendUint32(nil, v) }
func (w *ng) u64(v uint64) []byte { return w.o.AppendUint64(nil, v) }

func (w *ng) block(kind uint32, body []byte) {
	w.starts = append(w.starts, len(w.b))
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	total := uint32(len(body) + 12)
	w.b = w.o.AppendUint32(w.b, kind)
	w.b = w.o.AppendUint32(w.b, total)
	w.b = append(w.b, body...)
	w.b = w.o.AppendUint32(w.b, total)
}

func (w *ng) options(body []byte, opts []opt) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	if len(opts) == 0 {
		return body
	}
	for _, o := range opts {
		body = w.o.AppendUint16(body, o.code)
		body = w.o.AppendUint16(body, uint16(len(o.value)))
		body = append(body, o.value...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	return append(body, 0, 0, 0, 0)
}

func (w *ng) section(o byteOrder) *ng {
	w.o = o
	body := w.u32(orderMagic)
	body = o.AppendUint16(body, 1)
	body = o.AppendUint16(body, 0)
	w.block(blockSection, append(body, bytes.Repeat([]byte{0xff}, 8)...))
	return w
}

func (w *ng) iface(link wire.LinkType, snap uint32, opts ...opt) *ng {
	body := w.o.AppendUint16(nil, uint16(link))
	body = w.o.AppendUint16(body, 0)
	body = w.o.AppendUint32(body, snap)
	w.block(blockInterface, w.options(body, opts))
	return w
}

func (w *ng) enhanced(id uint32, ts uint64, wireLen uint32, data string, opts ...opt) *ng {
	body := slices.Concat(w.u32(id), w.u32(uint32(ts>>32)), w.u32(uint32(ts)), w.u32(uint32(len(data))), w.u32(wireLen), []byte(data))
	w.block(blockEnhanced, w.options(body, opts))
	return w
}

func (w *ng) obsolete(id, drops uint16, ts uint64, wireLen uint32, data string) *ng {
	body := w.o.AppendUint16(nil, id)
	body = w.o.AppendUint16(body, drops)
	w.block(blockPacket, slices.Concat(body, w.u32(uint32(ts>>32)), w.u32(uint32(ts)), w.u32(uint32(len(data))), w.u32(wireLen), []byte(data)))
	return w
}

func (w *ng) simple(wireLen uint32, data string) *ng {
	w.block(blockSimple, append(w.u32(wireLen), data...))
	return w
}

func (w *ng) statistics(id uint32, opts ...opt) *ng {
	w.block(blockStatistics, w.options(append(w.u32(id), make([]byte, 8)...), opts))
	return w
}

var nanoRes = opt{optionTimeRes, []byte{9}}

func plainNg(rs []rec) []byte {
	w := new(ng).section(binary.LittleEndian).iface(wire.LinkEthernet, 0, nanoRes)
	for _, r := range rs {
		w.enhanced(0, uint64(r.time), r.wire, r.data)
	}
	return w.b
}

// zoo has every block that is looked into, in two sections of different byte
// order, and blocks that are skipped; and what it holds.
func zoo() (w *ng, packets []rec) {
	w = new(ng).section(binary.BigEndian)
	w.iface(wire.LinkEthernet, 0)
	w.iface(wire.LinkRaw, 6, nanoRes, opt{optionTimeOffset, w.u64(100)})
	w.enhanced(0, 5_000_000, 9, "first")
	w.block(4, []byte("name resolution"))
	w.enhanced(1, 7, 60, "second", opt{1, []byte("a comment")}, opt{optionPacketDrops, w.u64(3)})
	w.obsolete(1, 2, 8, 60, "third")
	w.simple(4, "four")
	w.block(0xBAD, bytes.Repeat([]byte("custom "), 30))
	w.statistics(0, opt{optionIfaceDrops, w.u64(5)})
	w.statistics(0, opt{optionIfaceDrops, w.u64(10)}, opt{optionSystemDrops, w.u64(1)})
	w.section(binary.LittleEndian)
	w.iface(wire.LinkLinuxSLL2, 3)
	w.simple(50, "fifth"[:3])
	w.enhanced(0, 6_000_000, 0, "")
	w.obsolete(0, 0xFFFF, 6_000_001, 3, "7th")
	return w, []rec{
		{5e9, wire.LinkEthernet, 9, "first"},
		{100e9 + 7, wire.LinkRaw, 60, "second"},
		{100e9 + 8, wire.LinkRaw, 60, "third"},
		{100e9 + 8, wire.LinkEthernet, 4, "four"},
		{100e9 + 8, wire.LinkLinuxSLL2, 50, "fif"},
		{6e9, wire.LinkLinuxSLL2, 0, ""},
		{6e9 + 1000, wire.LinkLinuxSLL2, 3, "7th"},
	}
}

// drain reads a source to its end and checks what every batch promises.
func drain(t testing.TB, s Source) ([]rec, packet.Stats) {
	t.Helper()
	var got []rec
	var b packet.Batch
	for {
		err := s.Next(&b)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		if len(b.Packets) == 0 {
			t.Fatal("Next returned an empty batch")
		}
		for i, p := range b.Packets {
			if p.WireLen < p.CapLen {
				t.Fatalf("packet %d: %d bytes captured of %d", i, p.CapLen, p.WireLen)
			}
			got = append(got, rec{p.Time, p.Link, p.WireLen, string(b.Data(i))})
		}
	}
	if err := s.Next(&b); err != io.EOF {
		t.Fatalf("Next after the end: %v", err)
	}
	stats := s.Stats()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return got, stats
}

func readBytes(t testing.TB, b []byte, opts Options) ([]rec, packet.Stats) {
	t.Helper()
	if opts.Stdin == nil {
		opts.Stdin = bytes.NewReader(b)
	}
	return drain(t, Open([]string{"-"}, opts))
}

// everyWay reads b as a file and as a pipe, with all kinds of read sizes, and
// calls check for each.
func everyWay(t *testing.T, b []byte, check func(way string, got []rec, s packet.Stats)) {
	t.Helper()
	path := save(t, "a.cap", b)
	for _, chunk := range []int{0, 1, 2, 3, 7, 16, 17, 31, 64, 100, 255, 1000} {
		for _, most := range []int{0, 1, 3} {
			opts := Options{ChunkSize: chunk, MaxPackets: most}
			got, s := drain(t, Open([]string{path}, opts))
			for _, e := range s.Errors {
				e.File = "-"
			}
			check("file", got, s)
			got, s = readBytes(t, b, opts)
			check("pipe", got, s)
		}
	}
	for name, r := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(bytes.NewReader(b)),
		"half":     iotest.HalfReader(bytes.NewReader(b)),
		"data+EOF": iotest.DataErrReader(bytes.NewReader(b)),
	} {
		got, s := readBytes(t, b, Options{Stdin: r})
		check(name, got, s)
	}
}

func save(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantRecs(t testing.TB, what string, got, want []rec) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %d packets\n%v\nwant %d\n%v", what, len(got), got, len(want), want)
	}
}

func wantClean(t testing.TB, what string, s packet.Stats) {
	t.Helper()
	if err := joined(s); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func joined(s packet.Stats) error {
	var errs []error
	for _, e := range s.Errors {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
