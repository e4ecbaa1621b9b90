package reassembly

import (
	"fmt"
	"testing"
)

func BenchmarkRangesAdd(b *testing.B) {
	b.Run("case=in-order", func(b *testing.B) {
		var r Ranges
		at := Pos(1)
		for b.Loop() {
			r.Add(nil, at, at+1448)
			at += 1448
		}
	})
	for _, holes := range []int{1, 3, 30, 250} {
		b.Run(fmt.Sprintf("case=repair/holes=%d", holes), func(b *testing.B) {
			p := NewPool(1000)
			var r Ranges
			r.Add(p, 0, 10)
			at := Pos(10)
			for b.Loop() {
				for i := range Pos(holes) {
					r.Add(p, at+i*20+10, at+i*20+20)
				}
				for i := range Pos(holes) {
					r.Add(p, at+i*20, at+i*20+10)
				}
				at = r.End()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(2*holes), "ns/add")
		})
	}
}

func BenchmarkScoreboardAck(b *testing.B) {
	b.Run("case=cumulative", func(b *testing.B) {
		var s Scoreboard
		at := Pos(1) << 32
		s.Start(at)
		for b.Loop() {
			at += 2896
			s.Ack(nil, at, at, nil)
		}
	})
	b.Run("case=island", func(b *testing.B) {
		var s Scoreboard
		at := Pos(1) << 32
		s.Start(at)
		var sack [1][2]uint32
		for b.Loop() {
			at += 2896
			sack[0] = [2]uint32{uint32(at) - 1448, uint32(at)}
			s.Ack(nil, at-2896, at, sack[:])
		}
	})
}

func BenchmarkStream(b *testing.B) {
	for _, size := range []int{100, 1448, 65160} {
		payload := pattern(size)
		n := Pos(size)
		b.Run(fmt.Sprintf("case=in-order/size=%d", size), func(b *testing.B) {
			s := NewStream(1, StreamConfig{}, discard{})
			at := Pos(1)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				s.Add(at, payload)
				at += n
			}
		})
		b.Run(fmt.Sprintf("case=hole/size=%d", size), func(b *testing.B) { // one of ten comes nine late
			s := NewStream(1, StreamConfig{}, discard{})
			at := Pos(1)
			b.SetBytes(10 * int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for i := range Pos(9) {
					s.Add(at+(i+1)*n, payload)
				}
				s.Add(at, payload)
				at += 10 * n
			}
		})
	}
}
