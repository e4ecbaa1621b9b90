package input

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// snoopBytes writes a snoop capture, with so many bytes of padding more than alignment asks for.
func snoopBytes(version, datalink uint32, padding int, rs []rec) []byte {
	o := binary.BigEndian
	b := o.AppendUint32(o.AppendUint32([]byte(snoopMagic), version), datalink)
	for i, r := range rs {
		pad := -len(r.data)&3 + padding
		b = o.AppendUint32(b, r.wire)
		b = o.AppendUint32(b, uint32(len(r.data)))
		b = o.AppendUint32(b, uint32(snoopRecordLen+len(r.data)+pad))
		b = o.AppendUint32(b, uint32(2*i))
		b = o.AppendUint32(b, uint32(r.time/1e9))
		b = o.AppendUint32(b, uint32(r.time%1e9/1000))
		b = append(append(b, r.data...), make([]byte, pad)...)
	}
	return b
}

func TestSnoop(t *testing.T) {
	rs := someRecs(9, 1_700_000_000_123_000_000)
	for _, c := range []struct {
		version, datalink uint32
		padding           int
		link              wire.LinkType
	}{
		{2, 4, 0, wire.LinkEthernet}, {2, 0, 4, wire.LinkEthernet}, {2, 8, 0, wire.LinkFDDI}, {2, 26, 0, wire.LinkIPoIB},
		{2, 0x80000005, 0, wire.LinkIPNET}, {4, 12, 16, wire.LinkEthernet}, {2, 10, 20, wire.LinkEthernet},
	} {
		want := slices.Clone(rs)
		for i := range want {
			want[i].link = c.link
		}
		everyWay(t, snoopBytes(c.version, c.datalink, c.padding, rs), func(way string, got []rec, s packet.Stats) {
			wantClean(t, way, s)
			wantRecs(t, way, got, want)
			if s.Drops != 16 || !s.Drop {
				t.Fatalf("%s: drops %d, %v", way, s.Drops, s.Drop)
			}
		})
	}
	if _, s := readBytes(t, snoopBytes(2, 4, 0, rs[:1]), Options{}); s.Drop {
		t.Error("no record tells of drops")
	}
	if _, s := readBytes(t, snoopBytes(2, 4, 0, nil), Options{}); joined(s) != nil {
		t.Errorf("no packets: %v", joined(s))
	}
}

func TestSnoopDamage(t *testing.T) {
	rs := someRecs(3, 1e9)
	whole := snoopBytes(2, 4, 0, rs)
	second := snoopHeaderLen + snoopRecordLen // the first holds nothing
	short := slices.Clone(whole)
	short[second+11] = 24 + 6
	long := slices.Clone(whole)
	copy(long[second+4:], []byte{0, 4, 0, 1})
	for _, c := range []struct {
		b      []byte
		at     int
		reason string
		n      int
	}{
		{snoopBytes(2, 18, 0, rs), snoopHeaderLen, "a snoop capture of datalink type 18, which cannot be read", 0},
		{short, second, "a record claims 30 bytes, and 7 captured bytes in it", 1},
		{long, second, "a packet claims 262145 captured bytes, beyond any snap length", 1},
		{whole[:second+30], second, "the input ends 30 bytes into a packet record of 32 bytes", 1},
		{whole[:second+3], second, "the input ends 3 bytes into a record header of 24 bytes", 1},
	} {
		got, s := readBytes(t, c.b, Options{})
		if len(got) != c.n || len(s.Errors) != 1 || s.Errors[0].Offset != int64(c.at) || !strings.Contains(s.Errors[0].Reason, c.reason) {
			t.Errorf("want an error at %d with %q, got %d packets, %v", c.at, c.reason, len(got), s.Errors)
		}
	}
}

// erfRec is a record; body is what follows its header.
func erfRec(ns int64, kind, flags byte, wireLen int, body []byte) []byte {
	pad := -len(body) & 7
	frac := uint64(ns%1e9)<<32/1e9 + 1 // rounded up, so that it reads as the same
	b := binary.LittleEndian.AppendUint64(nil, uint64(ns/1e9)<<32|frac)
	b = append(b, kind, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(erfHeaderLen+len(body)+pad))
	b = binary.BigEndian.AppendUint16(b, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(wireLen))
	return append(append(b, body...), make([]byte, pad)...)
}

func erfBytes(rs []rec) (b []byte) {
	for _, r := range rs {
		b = append(b, erfRec(r.time, erfEthernet, 4, int(r.wire), append([]byte{0, 0}, r.data...))...)
	}
	return b
}

// erfZoo has every type that is looked into.
func erfZoo() []byte {
	const at = 1_700_000_000_000_000_000
	return slices.Concat(
		erfRec(at, erfEthernet, 4, 60, []byte("\x00\x00cut short")),
		erfRec(at+1, erfPad, 0, 0, make([]byte, 32)),
		erfRec(at+2, erfEthernet|erfExtended, 5, 4, []byte("\x83.......\x03.......\x00\x00four")),
		erfRec(at+3, erfColorEth, 6, 4, []byte("\x00\x00five")),
		erfRec(at+4, erfIPv4, 4, 3, []byte("six")),
		erfRec(at+5, erfIPv6, 4, 5, []byte("seven")),
		erfRec(at+6, erfHDLC, 4, 5, []byte("eight")),
		erfRec(at+7, erfMeta, 0, 0, []byte("metadata")),
	)
}

func TestERF(t *testing.T) {
	const at = 1_700_000_000_000_000_000
	meta := string(erfRec(at+7, erfMeta, 0, 0, []byte("metadata")))
	want := []rec{
		{at, wire.LinkEthernet, 60, "cut short\x00\x00\x00\x00\x00"}, // its padding cannot be told from data
		{at + 2, wire.LinkEthernet, 4, "four"},
		{at + 3, wire.LinkEthernet, 4, "five"},
		{at + 4, wire.LinkIPv4, 3, "six"},
		{at + 5, wire.LinkIPv6, 5, "seven"},
		{at + 6, wire.LinkPPPHDLC, 5, "eight"},
		{at + 7, wire.LinkERF, uint32(len(meta)), meta},
	}
	everyWay(t, erfZoo(), func(way string, got []rec, s packet.Stats) {
		wantClean(t, way, s)
		wantRecs(t, way, got, want)
		if s.Drops != 3 || !s.Drop {
			t.Fatalf("%s: drops %d, %v", way, s.Drops, s.Drop)
		}
	})
	zero := erfBytes([]rec{{1e18, 1, 60, "a fraction of zero"}})
	copy(zero, make([]byte, 4))
	if got, s := readBytes(t, zero, Options{}); len(got) != 1 {
		t.Errorf("%d packets, %v", len(got), joined(s))
	}
	src := Open([]string{"-"}, Options{Stdin: bytes.NewReader(erfZoo())})
	drain(t, src)
	if is := src.Interfaces(); len(is) != 7 || is[1].Name != "port 1" {
		t.Errorf("interfaces %v", is)
	}
}

func TestERFDamage(t *testing.T) {
	rs := []rec{{1e18, 1, 60, strings.Repeat("x", 60)}, {1e18, 1, 60, strings.Repeat("y", 60)}, {1e18, 1, 60, strings.Repeat("z", 60)}}
	whole := erfBytes(rs)
	at := len(whole) / 3
	small, far := slices.Clone(whole), slices.Clone(whole)
	small[2*at+11] = 15
	far[at+7]++ // the time is another year's
	unended := slices.Clone(whole)
	unended[2*at+8] |= erfExtended
	for i := 2*at + 16; i < len(unended); i++ {
		unended[i] = 0x80
	}
	for _, c := range []struct {
		b      []byte
		at     int
		reason string
		n      int
	}{
		{small, 2 * at, "a record claims 15 bytes, fewer than its header has", 2},
		{unended, 2 * at, "a record's extension headers are longer than it", 2},
		{whole[:2*at+20], 2 * at, "the input ends 20 bytes into a record of 80 bytes", 2},
		{far, 0, "not a capture", 0},
		{whole[:20], 0, "the input ends 20 bytes into a record of 80 bytes", 0},
	} {
		got, s := readBytes(t, c.b, Options{})
		if len(got) != c.n || len(s.Errors) != 1 || s.Errors[0].Offset != int64(c.at) || !strings.Contains(s.Errors[0].Reason, c.reason) {
			t.Errorf("want an error at %d with %q, got %d packets, %v", c.at, c.reason, len(got), s.Errors)
		}
	}
}
