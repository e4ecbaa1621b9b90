package view

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/live/recent"
	"tcptrace/internal/wire"
)

// crowd is a sampler of a loop that does not run, whose monitor knows n open connections, and a segment with data on each.
func crowd(t testing.TB, n int) (*sampler, []wire.Segment) {
	s := newSampler(&Options{Loop: live.New(input.Open(nil, input.Options{}), live.Options{})})
	return s, connections(t, s.loop.Monitor(), n)
}

// connections opens n connections, and returns a segment with data on each.
func connections(t testing.TB, m *analyzer.Monitor, n int) []wire.Segment {
	list := make([]wire.Segment, n)
	frame := uint64(0)
	for i := range list {
		a := wire.Addr{Lo: 10<<24 | uint64(i)}
		key, dir := wire.MakeKey(a, wire.Addr{Lo: 10<<24 | 1<<23}, 40000, 443, false)
		seg := wire.Segment{Key: key, Dir: dir, Flags: wire.SYN, Window: 64240, Bits: wire.HasWScale, WScale: 7, IPLen: 40, WireLen: 54}
		next := func() {
			frame++
			seg.Frame, seg.Time = frame, int64(time.Hour)+int64(frame)*1000
			seg.Clock = seg.Time
			m.Segment(&seg)
		}
		next()
		seg.Dir, seg.Flags, seg.Ack = 1-dir, wire.SYN|wire.ACK, 1
		next()
		seg.Dir, seg.Flags, seg.Seq, seg.Bits = dir, wire.ACK, 1, 0
		next()
		seg.Len, seg.IPLen, seg.WireLen = 100, 140, 154
		list[i] = seg
	}
	m.Flush(analyzer.Time(list[n-1].Time))
	if m.Open() != n {
		t.Fatalf("%d of %d connections are open", m.Open(), n)
	}
	return list
}

// TestSnapshotAllocations: a snapshot that is used again is in the end as large as it has to be.
func TestSnapshotAllocations(t *testing.T) {
	s, _ := crowd(t, 2000)
	q := &request{into: &snapshot{}}
	s.copy(q, q.into, true)
	s.copy(q, q.into, true)
	if n := testing.AllocsPerRun(10, func() { s.copy(q, q.into, true) }); n > mostRows+50 { // a Seen each
		t.Errorf("%v allocations for a snapshot of %d rows", n, len(q.into.rows))
	}
	if len(q.into.rows) != mostRows {
		t.Errorf("%d rows, want %d", len(q.into.rows), mostRows)
	}
}

// BenchmarkSegment is a segment in the monitor, with and without the view.
func BenchmarkSegment(b *testing.B) {
	for _, c := range []struct {
		name  string
		watch bool
	}{{"alone", false}, {"viewed", true}} {
		b.Run(c.name, func(b *testing.B) {
			loop := live.New(input.Open(nil, input.Options{}), live.Options{})
			if c.watch {
				newSampler(&Options{Loop: loop})
			}
			m := loop.Monitor()
			list := connections(b, m, 1000)
			n := uint64(1 << 20)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s := &list[i%len(list)]
				n++
				s.Frame, s.Seq, s.Time = n, s.Seq+s.Len, s.Time+1000
				m.Segment(s)
			}
		})
	}
}

// BenchmarkSnapshot is for how long the loop stands still for a table, with 100,000 connections.
func BenchmarkSnapshot(b *testing.B) {
	s, _ := crowd(b, 100_000)
	for _, c := range []struct{ name, where string }{{"all", ""}, {"where", `server.port == 80`}} {
		b.Run(c.name, func(b *testing.B) {
			f, err := newFilter(c.where)
			if err != nil {
				b.Fatal(err)
			}
			q := &request{into: &snapshot{}, ranking: analyzer.ByRate, filter: f}
			for b.Loop() {
				s.copy(q, q.into, true)
			}
		})
	}
	b.Run("ladder", func(b *testing.B) {
		q := &request{into: &snapshot{}, ladder: 150_001}
		for b.Loop() {
			s.copy(q, q.into, true)
		}
	})
}

// BenchmarkScreen is what drawing costs, which is no time of the loop's.
func BenchmarkScreen(b *testing.B) {
	s, _ := crowd(b, 2000)
	m, err := newModel(&Options{Loop: live.New(input.Open(nil, input.Options{}), live.Options{})})
	if err != nil {
		b.Fatal(err)
	}
	s.copy(&request{into: m.table}, m.table, true)
	m.paint.width, m.height = 200, 50
	b.Run("arrange", func(b *testing.B) {
		for b.Loop() {
			m.arrange()
		}
	})
	b.Run("draw", func(b *testing.B) {
		for b.Loop() {
			m.View()
		}
	})
	b.Run("ladder", func(b *testing.B) { // of as many segments as are kept, none folded
		s, list := crowd(b, 1)
		s.ring.Want(1)
		for range 2 * recent.Most {
			seg := &list[0]
			seg.Frame++
			seg.Time += 1000
			s.loop.Monitor().Segment(seg)
			seg.Seq += seg.Len
		}
		shot, l := &snapshot{}, ladder{first: 1, full: true}
		s.copy(&request{into: shot, ladder: 1}, shot, true)
		for b.Loop() {
			l.draw(shot, &m.paint, true)
		}
	})
}

// flood delivers frames of 10,000 connections for as long as it is let, as fast as it can.
type flood struct {
	input.Source
	batch packet.Batch
	left  int // batches
	time  int64
	sent  int
}

const (
	floodFlows = 10_000
	floodFrame = 54
)

func newFlood(batches int) *flood {
	f := &flood{Source: input.Open(nil, input.Options{}), left: batches, time: int64(time.Hour)}
	f.batch.Buf = make([]byte, floodFlows*floodFrame)
	for i := range floodFlows {
		ip := f.batch.Buf[i*floodFrame:][:floodFrame]
		copy(ip, []byte{0x45, 0, 0, floodFrame, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 1, byte(i >> 8), byte(i), 10, 0, 0, 1, 0x9c, 0x40, 0x01, 0xbb})
		copy(ip[28:], []byte{0, 0, 0, 1, 0x50, 0x10, 0xfa, 0xf0})
	}
	return f
}

func (f *flood) Next(b *packet.Batch) error {
	if f.left--; f.left < 0 {
		return io.EOF
	}
	b.Buf, b.Packets = b.Buf[:0], b.Packets[:0]
	for range 1024 {
		i := f.sent % floodFlows
		ip := f.batch.Buf[i*floodFrame:][:floodFrame]
		seq := ip[24:28]
		binary.BigEndian.PutUint32(seq, binary.BigEndian.Uint32(seq)+floodFrame-40)
		f.sent++
		f.time += 1000
		b.Packets = append(b.Packets, packet.Packet{Time: f.time, Off: uint32(len(b.Buf)), CapLen: floodFrame, WireLen: floodFrame, Link: wire.LinkRaw})
		b.Buf = append(b.Buf, ip...)
	}
	return nil
}

// BenchmarkLoop is a whole live analysis of a flood, with and without the view before it: an operation is a packet.
func BenchmarkLoop(b *testing.B) {
	for _, name := range []string{"alone", "viewed"} {
		b.Run(name, func(b *testing.B) {
			loop := live.New(newFlood(b.N/1024+1), live.Options{})
			over := make(chan struct{})
			if name == "viewed" {
				v, err := New(Options{Loop: loop, In: strings.NewReader(""), Out: io.Discard, QuitAtEnd: true})
				if err != nil {
					b.Fatal(err)
				}
				go func() {
					defer close(over)
					if err := v.Run(context.Background()); err != nil {
						b.Error(err)
					}
				}()
			} else {
				close(over)
			}
			b.ResetTimer()
			if _, err := loop.Run(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
			<-over
		})
	}
}
