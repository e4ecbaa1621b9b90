package input

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

func TestPcapVariants(t *testing.T) {
	rs := someRecs(9, 1_700_000_000_123_000_000)
	for _, o := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		for magic := range pcapMagics {
			b, _ := pcapBytes(o, magic, rs)
			everyWay(t, b, func(way string, got []rec, s packet.Stats) {
				wantClean(t, way, s)
				wantRecs(t, way, got, rs)
			})
		}
	}
}

func TestPcapngBlocks(t *testing.T) {
	w, want := zoo()
	everyWay(t, w.b, func(way string, got []rec, s packet.Stats) {
		wantClean(t, way, s)
		wantRecs(t, way, got, want)
		// 10+1 by the last statistics of interface 0, 3+2 at the packets of interface 1.
		if s.Drops != 16 || !s.Drop {
			t.Fatalf("%s: drops %d, %v", way, s.Drops, s.Drop)
		}
	})
}

func TestDropsSaidNowhere(t *testing.T) {
	_, s := readBytes(t, plainNg(someRecs(2, 0)), Options{})
	if s.Drop || s.Drops != 0 {
		t.Errorf("drops %d, %v", s.Drops, s.Drop)
	}
}

// TestIndependentWriter reads what gopacket writes.
func TestIndependentWriter(t *testing.T) {
	rs := someRecs(50, 1_700_000_000_000_000_123)
	var classic, blocks bytes.Buffer
	w := pcapgo.NewWriterNanos(&classic)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	n, err := pcapgo.NewNgWriter(&blocks, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, r.time), CaptureLength: len(r.data), Length: int(r.wire)}
		if err := w.WritePacket(ci, []byte(r.data)); err != nil {
			t.Fatal(err)
		}
		if err := n.WritePacket(ci, []byte(r.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Flush(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"pcapgo pcap": classic.Bytes(), "pcapgo pcapng": blocks.Bytes(),
		"our pcap": plainPcap(rs), "our pcapng": plainNg(rs),
	} {
		got, s := readBytes(t, b, Options{})
		wantClean(t, name, s)
		wantRecs(t, name, got, rs)
	}
}

// TestCutAnywhere: whatever is whole before the cut is delivered, and the error
// names the record that is not.
func TestCutAnywhere(t *testing.T) {
	rs := someRecs(5, 1e9)
	little, littleStarts := pcapBytes(binary.LittleEndian, 0xa1b2c3d4, rs)
	modified, modifiedStarts := pcapBytes(binary.BigEndian, 0xa1b2cd34, rs)
	w, want := zoo()
	for _, c := range []struct {
		name   string
		b      []byte
		starts []int // of records, the file header among them
		want   []rec
	}{
		{"little", little, append([]int{0}, littleStarts...), rs},
		{"modified", modified, append([]int{0}, modifiedStarts...), rs},
		{"pcapng", w.b, w.starts, want},
	} {
		for cut := range len(c.b) + 1 {
			wantAt := int64(-1)
			if cut == 0 {
				wantAt = 0 // an empty file is an error, too
			} else if !slices.Contains(append(c.starts, len(c.b)), cut) {
				i, _ := slices.BinarySearch(c.starts, cut)
				wantAt = int64(c.starts[i-1])
			}
			for _, chunk := range []int{4096, 1, 50} {
				got, s := readBytes(t, c.b[:cut], Options{ChunkSize: chunk})
				if len(got) > len(c.want) || !slices.Equal(got, c.want[:len(got)]) {
					t.Fatalf("%s cut at %d: %v", c.name, cut, got)
				}
				again, _ := readBytes(t, c.b[:max(wantAt, 0)], Options{ChunkSize: 4096})
				if wantAt > 0 && len(again) != len(got) {
					t.Fatalf("%s cut at %d: %d packets, but %d before the error", c.name, cut, len(got), len(again))
				}
				switch {
				case wantAt < 0 && len(s.Errors) > 0:
					t.Fatalf("%s cut at %d: %v", c.name, cut, s.Errors[0])
				case wantAt >= 0 && (len(s.Errors) != 1 || s.Errors[0].Offset != wantAt):
					t.Fatalf("%s cut at %d: want an error at %d, got %v", c.name, cut, wantAt, s.Errors)
				}
			}
		}
	}
}

func TestDamage(t *testing.T) {
	good := someRecs(2, 0)
	pcapWith := func(caplen, snap uint32) []byte {
		b, _ := pcapBytes(binary.LittleEndian, 0xa1b23c4d, good)
		binary.LittleEndian.PutUint32(b[16:], snap)
		b = append(b, make([]byte, 16)...)
		binary.LittleEndian.PutUint32(b[len(b)-8:], caplen)
		return append(b, bytes.Repeat([]byte{0xff}, 300000)...)
	}
	ngStart := func(snap uint32) *ng {
		return new(ng).section(binary.LittleEndian).iface(wire.LinkEthernet, snap).enhanced(0, 1, 1, "x")
	}
	at := len(ngStart(0).b)
	lengthAt := func(w *ng, length uint32) []byte {
		w.block(blockEnhanced, make([]byte, 100))
		binary.LittleEndian.PutUint32(w.b[at+4:], length)
		return w.b
	}
	badMagic := ngStart(0).section(binary.LittleEndian).b
	badMagic[at+8] = 0
	badVersion := ngStart(0).section(binary.LittleEndian).b
	badVersion[at+12] = 2
	badTrailer := ngStart(0).enhanced(0, 1, 1, "y").b
	badTrailer[len(badTrailer)-1] = 1
	bigSkip := ngStart(0)
	bigSkip.block(0xBAD, make([]byte, 200_000))
	bigSkip.b[len(bigSkip.b)-1] = 1
	for _, c := range []struct {
		name   string
		b      []byte
		at     int
		reason string
	}{
		{"beyond snap", pcapWith(5000, 4096), 24 + 32 + 7, "a packet claims 5000 captured bytes, beyond the snap length of 4096, and no packet follows it"},
		{"beyond any snap", pcapWith(262145, 0), 24 + 32 + 7, "a packet claims 262145 captured bytes, beyond any snap length (at most 262144)"},
		{"absurd snap", pcapWith(1<<31, math.MaxUint32), 24 + 32 + 7, "beyond any snap length (at most 262144)"},
		{"beyond the file", pcapWith(262144, 262144)[:1000], 24 + 32 + 7, "the input ends 937 bytes into a packet record of 262160 bytes"},
		{"ng beyond any snap", ngStart(0).enhanced(0, 2, maxSnapLen+1, strings.Repeat("x", maxSnapLen+1)).b, at, "a packet claims 262145 captured bytes, beyond any snap length (at most 262144)"},
		{"ng simple beyond block", ngStart(0).simple(50, "short").b, at, "a packet claims 50 captured bytes, beyond its block"},
		{"ng no interface", ngStart(0).enhanced(1, 2, 5, "12345").b, at, "a packet names interface 1, but the section describes 1"},
		{"ng no interface (obsolete)", ngStart(0).obsolete(7, 2, 5, 1, "1").b, at, "a packet names interface 7"},
		{"ng new section, no interface", ngStart(0).section(binary.BigEndian).simple(1, "1").b, at + 28, "a packet names interface 0, but the section describes 0"},
		{"ng length odd", lengthAt(ngStart(0), 113), at, "not a multiple of 4"},
		{"ng length small", lengthAt(ngStart(0), 28), at, "a block of type 6 claims 28 bytes, too few for its type"},
		{"ng length huge", lengthAt(ngStart(0), 1<<30), at, "over the limit of 16777216"},
		{"ng trailer", badTrailer, at, "a block claims 36 bytes where it begins and 16777252 where it ends"},
		{"ng skipped trailer", bigSkip.b, at, "a block claims 200012 bytes where it begins"},
		{"ng byte order", badMagic, at, "byte-order magic is 1a2b3c00"},
		{"ng version", badVersion, at, "pcapng version 2.0 is not known"},
		{"empty", nil, 0, "empty file"},
		{"text", []byte("GET / HTTP/1.1\r\n"), 0, `not a capture: no packets could be read; first bytes: 47 45 54 20 ("GET ")`},
		{"one byte", []byte{0xd4}, 0, `not a capture: no packets could be read; first bytes: d4 (".")`},
		{"netmon", []byte("GMBU\x00\x02 and more bytes"), 0, `it looks like a Microsoft Network Monitor 2 capture: convert it with "editcap IN OUT.pcapng"`},
		{"tcpdump's text", []byte("12:34:56.789012 IP 10.0.0.1"), 0, "text that tcpdump printed"},
		{"netmetrix", []byte("\x00\x00dv\x00\x00\x00\x04........"), 0, "it looks like a NetMetrix capture"},
		{"etherpeek", []byte{7, 0, 0, 0, 16, 0, 0, 0, 0, 9, 0xb4, 0x92, 0xf4, 0x80, 0, 0}, 0, "it looks like an EtherPeek capture"},
		{"tsh", []byte{0x3a, 0, 0, 0, 1, 1, 2, 3, 0x45, 0, 0, 40, 0, 0, 0x40, 0}, 0, "it looks like a TSH trace"},
		{"snoop version", snoopBytes(6, 4, 0, nil), 0, "snoop version 6 is not known"},
		{"zeros", make([]byte, 100), 0, "it was preallocated"},
	} {
		for _, chunk := range []int{0, 100} {
			got, s := readBytes(t, c.b, Options{ChunkSize: chunk})
			if len(s.Errors) != 1 || s.Errors[0].Offset != int64(c.at) || !strings.Contains(s.Errors[0].Reason, c.reason) {
				t.Errorf("%s: want an error at %d with %q, got %v", c.name, c.at, c.reason, s.Errors)
			}
			if (c.at > 0) != (len(got) > 0) {
				t.Errorf("%s: %d packets", c.name, len(got))
			}
		}
	}
}

func TestReadError(t *testing.T) {
	rs := someRecs(3, 0)
	b := plainPcap(rs)
	r := iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(b)))
	_, s := readBytes(t, nil, Options{Stdin: r})
	if len(s.Errors) != 1 || s.Errors[0].Err != iotest.ErrTimeout {
		t.Errorf("got %v", s.Errors)
	}
	// The record whose last byte is followed by an error is whole.
	r = iotest.DataErrReader(bytes.NewReader(b))
	got, s := readBytes(t, nil, Options{Stdin: r})
	wantClean(t, "data with EOF", s)
	wantRecs(t, "data with EOF", got, rs)
}

func TestLongSkippedBlock(t *testing.T) {
	w := new(ng).section(binary.LittleEndian).iface(wire.LinkEthernet, 0)
	w.enhanced(0, 1, 1, "a")
	w.block(0xBAD, make([]byte, 3<<20))
	w.enhanced(0, 2, 1, "b")
	for _, chunk := range []int{0, 1000, 64 << 10} {
		got, s := readBytes(t, w.b, Options{ChunkSize: chunk})
		wantClean(t, "skip", s)
		if len(got) != 2 || got[1].data != "b" {
			t.Fatalf("chunk %d: %v", chunk, got)
		}
	}
	for _, cut := range []int{w.starts[3] + 1, w.starts[3] + 100, 1 << 20, w.starts[4] - 5, w.starts[4] - 4, w.starts[4] - 3, w.starts[4] - 1} {
		got, s := readBytes(t, w.b[:cut], Options{})
		if len(got) != 1 || len(s.Errors) != 1 || s.Errors[0].Offset != int64(w.starts[3]) {
			t.Errorf("cut at %d: %v", cut, s.Errors)
		}
	}
}

// TestBeyondSnap: a packet longer than the snap length is read, and those after it.
func TestBeyondSnap(t *testing.T) {
	rs := []rec{{1e9, 1, 70000, strings.Repeat("x", 70000)}, {2e9, 1, 9, "in 65,535"}, {3e9, 1, 65536, strings.Repeat("y", 65536)}}
	got, s := readBytes(t, plainPcap(rs), Options{})
	wantClean(t, "pcap", s)
	wantRecs(t, "pcap", got, rs)

	w := new(ng).section(binary.LittleEndian).iface(wire.LinkEthernet, 4, nanoRes)
	w.enhanced(0, 1, 5, "12345").obsolete(0, 0, 2, 6, "123456").simple(9, "123456789").simple(9, "1234")
	got, s = readBytes(t, w.b, Options{})
	wantClean(t, "pcapng", s)
	wantRecs(t, "pcapng", got, []rec{{1, 1, 5, "12345"}, {2, 1, 6, "123456"}, {2, 1, 9, "123456789"}, {2, 1, 9, "1234"}})
}

// TestOldVersions: before 2.3 the lengths stood the other way round, in 2.3 they do in some.
func TestOldVersions(t *testing.T) {
	rs := []rec{{1e9, 1, 60, "cut"}, {2e9, 1, 5, "whole"}}
	for _, c := range []struct {
		major, minor uint16
		swapped      bool
	}{{2, 4, false}, {2, 3, false}, {2, 3, true}, {2, 2, true}, {2, 1, true}, {543, 0, true}} {
		for _, o := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
			b, starts := pcapBytes(o, 0xa1b2c3d4, rs)
			o.PutUint16(b[4:], c.major)
			o.PutUint16(b[6:], c.minor)
			for i, at := range starts {
				if c.swapped {
					o.PutUint32(b[at+8:], rs[i].wire)
					o.PutUint32(b[at+12:], uint32(len(rs[i].data)))
				}
			}
			got, s := readBytes(t, b, Options{})
			wantClean(t, "old version", s)
			wantRecs(t, "old version", got, rs)
		}
	}
	aix, _ := pcapBytes(binary.BigEndian, 0xa1b2c3d4, []rec{{1e9 + 7000, 1, 3, "one"}})
	copy(aix[4:], []byte{0, 2, 0, 2})
	copy(aix[20:], []byte{0, 0, 0, 6})
	got, s := readBytes(t, aix, Options{})
	wantClean(t, "AIX", s)
	wantRecs(t, "AIX", got, []rec{{1e9 + 7, 1, 3, "one"}})
}

// TestBigRecords: records larger than the chunk, up to the limit.
func TestBigRecords(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", maxSnapLen/16)
	rs := []rec{{1, 1, maxSnapLen, big}, {2, 1, 5, "small"}, {3, 1, maxSnapLen, big}}
	b := plainNg(rs)
	for _, chunk := range []int{1, 1000, 100_000} {
		got, s := readBytes(t, b, Options{ChunkSize: chunk})
		wantClean(t, "big", s)
		wantRecs(t, "big", got, rs)
	}
}

// TestTimes compares with arbitrary precision.
func TestTimes(t *testing.T) {
	exact := func(res uint8, offset int64, ts uint64) int64 {
		base := int64(10)
		if res&0x80 != 0 {
			base = 2
		}
		v := new(big.Int).SetUint64(ts)
		v.Mul(v, big.NewInt(1e9))
		v.Quo(v, new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(res&0x7f)), nil))
		v.Add(v, new(big.Int).Mul(big.NewInt(offset), big.NewInt(1e9)))
		switch {
		case v.Cmp(big.NewInt(math.MaxInt64)) > 0:
			return math.MaxInt64
		case v.Cmp(big.NewInt(math.MinInt64)) < 0:
			return math.MinInt64
		}
		return v.Int64()
	}
	ticks := []uint64{0, 1, 2, 999, 1_000_000, 1_700_000_000, 1_700_000_000_123_456, 1_700_000_000_123_456_789,
		math.MaxInt64 / 1000, math.MaxInt64/1000 + 1, math.MaxInt64 - 1, math.MaxInt64, 1 << 63, math.MaxUint64}
	offsets := []int64{0, 1, -1, 3600, -3600, 1_700_000_000, -1_700_000_000, 9_223_372_036, 9_223_372_037, -9_223_372_036,
		-9_223_372_037, -18_446_744_073, -18_446_744_074, math.MaxInt64, math.MinInt64}
	for res := range 256 {
		for _, off := range offsets {
			in := iface{res: uint8(res), offset: off}
			in.resolve()
			for _, ts := range append(ticks, in.quick, in.quick+1) {
				if got, want := in.time(ts), exact(in.res, off, ts); got != want {
					t.Fatalf("res %#x offset %d ts %d: %d, want %d", res, off, ts, got, want)
				}
			}
		}
	}
}
