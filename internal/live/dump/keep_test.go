package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"tcptrace/analyzer/packet"
)

// keepModel is a Keeper as one would say it: a list of all that is held.
type keepModel struct {
	limit, cells int
	held         []modelPacket
	wanted       map[uint64]bool
	missing      map[uint64]uint64
	out          []modelPacket
	counts       KeepCounts
}

type modelPacket struct {
	conv  uint64
	p     packet.Packet
	data  string
	frame uint64
}

func (p *modelPacket) cells() int { return max(1, (len(p.data)+cellSize-1)/cellSize) }

func (m *keepModel) used() (n int) {
	for i := range m.held {
		n += m.held[i].cells()
	}
	return n
}

// first removes the oldest packet, of one conversation if it is given.
func (m *keepModel) first(conv uint64, any bool) {
	i := slices.IndexFunc(m.held, func(p modelPacket) bool { return any || p.conv == conv })
	m.missing[m.held[i].conv]++
	m.held = slices.Delete(m.held, i, i+1)
}

func (m *keepModel) packet(p modelPacket) {
	of := 0
	for i := range m.held {
		if m.held[i].conv == p.conv {
			of++
		}
	}
	switch {
	case m.wanted[p.conv]:
		m.counts.Written++
		m.out = append(m.out, p)
		return
	case p.cells() > m.cells:
		m.counts.Crowded++
		m.missing[p.conv]++
		return
	case of == m.limit:
		m.counts.Aged++
		m.first(p.conv, false)
	}
	for m.used()+p.cells() > m.cells {
		m.counts.Crowded++
		m.first(0, true)
	}
	m.held = append(m.held, p)
}

func (m *keepModel) want(conv uint64) {
	if m.wanted[conv] {
		return
	}
	m.wanted[conv] = true
	m.counts.Wanted++
	m.counts.Missing += m.missing[conv]
	for _, p := range m.held {
		if p.conv == conv {
			m.counts.Written++
			m.out = append(m.out, p)
		}
	}
	m.forget(conv)
}

func (m *keepModel) forget(conv uint64) {
	m.held = slices.DeleteFunc(m.held, func(p modelPacket) bool { return p.conv == conv })
}

// keepAgainstModel does what ops say with both, of few conversations, and compares them after each step.
func keepAgainstModel(t *testing.T, limit, cells int, ops []byte) {
	m := &keepModel{limit: min(limit, cells), cells: cells, wanted: map[uint64]bool{}, missing: map[uint64]uint64{}}
	var out []modelPacket
	k := NewKeeper(KeepOptions{Packets: limit, Bytes: int64(cells) * cellCost}, func(p *packet.Packet, data []byte, frame uint64) error {
		if int(p.CapLen) != len(data) {
			t.Fatalf("%d bytes of %d", len(data), p.CapLen)
		}
		out = append(out, modelPacket{0, *p, string(data), frame})
		return nil
	})
	for i, op := range ops {
		conv := uint64(op >> 3 & 7)
		switch kind := op & 7; {
		case kind == 0:
			k.Want(conv)
			m.want(conv)
		case kind == 1:
			k.Over(conv)
			m.forget(conv)
			delete(m.wanted, conv)
			delete(m.missing, conv)
		default:
			data := bytes.Repeat([]byte{byte(i), op}, int(op>>6)*int(kind)*23)
			p := modelPacket{conv, packet.Packet{
				Time: int64(i), CapLen: uint32(len(data)), WireLen: uint32(len(data) + i), Link: 276, Iface: uint16(op),
			}, string(data), uint64(i)}
			k.Packet(conv, &p.p, data, p.frame)
			m.packet(p)
		}
		m.counts.Held = uint64(len(m.held))
		if len(out) != len(m.out) {
			t.Fatalf("step %d: %d packets written, want %d", i, len(out), len(m.out))
		}
		for j, want := range m.out {
			if want.conv = 0; out[j] != want {
				t.Fatalf("step %d: packet %d is %+v, want %+v", i, j, out[j], want)
			}
		}
		out, m.out = out[:0], m.out[:0]
		if k.counts != m.counts || k.cells.left() != cells-m.used() || k.packets.left() != cells-len(m.held) {
			t.Fatalf("step %d: %+v, want %+v; %d cells free, want %d", i, k.counts, m.counts, k.cells.left(), cells-m.used())
		}
	}
	for conv := range uint64(8) {
		k.Over(conv)
	}
	if k.oldest != 0 || k.newest != 0 || k.cells.left() != cells || k.packets.left() != cells || len(k.at) != 0 || len(k.free) != len(k.rings) {
		t.Fatalf("not empty: %+v", k)
	}
}

func TestKeeperModel(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		ops := make([]byte, 400)
		for i := range ops {
			if ops[i] = byte(r.Uint32()); r.IntN(3) > 0 {
				ops[i] |= 2 // mostly packets
			}
		}
		keepAgainstModel(t, 1+r.IntN(12), 1+r.IntN(60), ops)
	}
}

func FuzzKeeper(f *testing.F) {
	f.Add(byte(2), byte(5), []byte{2, 10, 66, 130, 194, 0, 8, 2, 1, 9})
	f.Fuzz(func(t *testing.T, limit, cells byte, ops []byte) {
		keepAgainstModel(t, 1+int(limit%16), 1+int(cells%64), ops[:min(len(ops), 2000)])
	})
}

// The memory that is promised, with the lists of what is free, is that of a packet in one cell.
func TestKeeperCost(t *testing.T) {
	if n := unsafe.Sizeof(kept{}) + unsafe.Sizeof(cell{}) + 2*unsafe.Sizeof(uint32(0)); n != cellCost {
		t.Errorf("a packet and a cell cost %d bytes, not %d", n, cellCost)
	}
}

// One conversation that fills the memory does not take the packets of the others.
func TestKeeperElephant(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pcapng")
	w := mustOpen(t, Options{Path: path})
	k := NewKeeper(KeepOptions{Packets: 10, Bytes: 100 * cellCost}, w.Packet)
	for n := range uint64(5) {
		p, data := numbered(n, 0, 54)
		k.Packet(1, p, data, n)
	}
	for range 1000 {
		p, data := numbered(99, 0, 900)
		k.Packet(2, p, data, 0)
	}
	k.Want(1)
	p, data := numbered(5, 0, 54)
	k.Packet(1, p, data, 5)
	closed(t, w)
	if got := numbers(t, path); !slices.Equal(got, upTo(6)) {
		t.Error(got)
	}
	if c := k.Counts(); c != (KeepCounts{Wanted: 1, Written: 6, Held: 10, Aged: 990}) {
		t.Errorf("%+v", c)
	}
}

func TestKeeperErrors(t *testing.T) {
	failed := errors.New("failed")
	k := NewKeeper(KeepOptions{}, func(*packet.Packet, []byte, uint64) error { return failed })
	p, data := numbered(1, 0, 8)
	if err := k.Packet(1, p, data, 1); err != nil {
		t.Error(err)
	}
	if err := k.Want(1); !errors.Is(err, failed) {
		t.Error(err)
	}
	if err := k.Packet(1, p, data, 1); !errors.Is(err, failed) {
		t.Error(err)
	}
}

func TestKeeperAllocs(t *testing.T) {
	k := NewKeeper(KeepOptions{Bytes: 1 << 20}, func(*packet.Packet, []byte, uint64) error { return nil })
	p, data := numbered(1, 0, 300)
	conv := uint64(0)
	packet := func() { conv++; k.Packet(conv%50, p, data, 1) }
	for range 20_000 {
		packet()
	}
	if n := testing.AllocsPerRun(10_000, packet); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

// One gigabyte in a minute is a packet of 128 bytes each 7.7 µs; this writes as fast as it goes.
func BenchmarkWriter(b *testing.B) {
	for _, o := range []Options{
		{Path: "a.pcap"}, {Path: "a.pcapng"}, {Path: "a.pcapng", RotateSize: 64 << 20, MaxFiles: 4},
		{Path: "a.pcapng", RotateSize: 64 << 20, MaxFiles: 4, Compress: "zstd"},
		{Path: "a.pcapng", RotateSize: 64 << 20, MaxFiles: 4, Compress: "gzip"},
	} {
		for _, size := range []int{128, 1514} {
			b.Run(fmt.Sprintf("%s/rotate=%dM/%s/%d", o.Path, o.RotateSize>>20, o.Compress, size), func(b *testing.B) {
				o := o
				o.Path, o.Patient = filepath.Join(b.TempDir(), o.Path), true
				w := mustOpen(b, o)
				p, data := numbered(1, second, size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for i := range b.N {
					p.Time++
					if w.Packet(p, data, 1); i%1024 == 0 {
						w.Flush(p.Time)
					}
				}
				b.StopTimer()
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				if c, err := w.Close(ctx); err != nil || c.Packets != uint64(b.N) {
					b.Errorf("%+v, %v", c, err)
				}
			})
		}
	}
}

func BenchmarkKeeper(b *testing.B) {
	k := NewKeeper(KeepOptions{}, func(*packet.Packet, []byte, uint64) error { return nil })
	p, data := numbered(1, second, 128)
	b.ReportAllocs()
	for i := range b.N {
		k.Packet(uint64(i)*7919%100_000, p, data, 1)
	}
}
