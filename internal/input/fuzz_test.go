package input

import (
	"encoding/binary"
	"slices"
	"testing"

	"tcptrace/internal/wire"
)

// sameInPieces: what is read does not depend on how it is read.
func sameInPieces(t *testing.T, b []byte) {
	whole, s := readBytes(t, b, Options{ChunkSize: 64 << 10})
	if len(s.Errors) > 1 {
		t.Fatalf("%d errors for one input", len(s.Errors))
	}
	for _, opts := range []Options{{ChunkSize: 1, MaxPackets: 1}, {ChunkSize: 37, MaxPackets: 5}} {
		pieces, s2 := readBytes(t, b, opts)
		if !slices.Equal(whole, pieces) {
			t.Fatalf("%+v: %v, whole: %v", opts, pieces, whole)
		}
		if len(s.Errors) != len(s2.Errors) || s.Drops != s2.Drops || s.Drop != s2.Drop {
			t.Fatalf("%+v: %+v, whole: %+v", opts, s2, s)
		}
		// How far a decompressor got before it failed depends on the sizes asked for.
		if len(s.Errors) == 1 && !s.Errors[0].Packed && *s.Errors[0] != *s2.Errors[0] {
			t.Fatalf("%+v: %v, whole: %v", opts, s2.Errors[0], s.Errors[0])
		}
	}
}

func FuzzPcap(f *testing.F) {
	for magic := range pcapMagics {
		b, _ := pcapBytes(binary.LittleEndian, magic, someRecs(4, 1e9))
		f.Add(b[4:], uint8(0))
		b, _ = pcapBytes(binary.BigEndian, magic, someRecs(4, 1e9))
		f.Add(b[4:], uint8(1))
	}
	magics := [][]byte{{0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0xcd, 0x34}}
	f.Fuzz(func(t *testing.T, b []byte, m uint8) {
		sameInPieces(t, append(slices.Clone(magics[int(m)%len(magics)]), b...))
	})
}

func FuzzPcapng(f *testing.F) {
	w, _ := zoo()
	f.Add(w.b)
	f.Add(plainNg(someRecs(4, 1e9)))
	f.Fuzz(func(t *testing.T, b []byte) {
		start := new(ng).section(binary.LittleEndian).iface(wire.LinkEthernet, 100)
		sameInPieces(t, append(start.b, b...))
	})
}

func FuzzSnoop(f *testing.F) {
	for _, version := range []uint32{2, 4} {
		for _, padding := range []int{0, 16} {
			f.Add(snoopBytes(version, 4, padding, someRecs(4, 1e9))[8:])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { sameInPieces(t, append([]byte(snoopMagic), b...)) })
}

func FuzzERF(f *testing.F) {
	f.Add(erfZoo()[16:])
	f.Add(erfBytes(someRecs(4, 1e18))[16:])
	start := erfRec(1e18, erfPad, 16, 0, nil)
	f.Fuzz(func(t *testing.T, b []byte) { sameInPieces(t, append(slices.Clone(start), b...)) })
}

func FuzzOpen(f *testing.F) {
	w, _ := zoo()
	f.Add(w.b)
	f.Add(plainPcap(someRecs(4, 1e9)))
	f.Add(snoopBytes(2, 4, 0, someRecs(4, 1e9)))
	f.Add(erfZoo())
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	for _, pack := range packers {
		f.Add(pack(f, plainPcap(someRecs(20, 1e9))))
	}
	f.Fuzz(sameInPieces)
}
