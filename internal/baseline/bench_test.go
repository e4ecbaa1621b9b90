package baseline

import (
	"math/rand/v2"
	"testing"
	"time"

	"tcptrace/analyzer"
)

func BenchmarkAdd(b *testing.B) {
	for _, c := range []struct {
		name  string
		pairs int
	}{{"few", 100}, {"many", 100000}} {
		b.Run(c.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			var p Paths
			for i := range b.N {
				n := uint64(r.IntN(c.pairs))
				s := Sample{Trip: Trip{Pair{[2]uint64{0, n}, [2]uint64{0, n % 64}}, analyzer.Time(1e18) + analyzer.Time(i)*1e6, Halves{time.Duration(r.IntN(30e6)), 1e6}}}
				p.Add(&s)
			}
			b.StopTimer()
			t := time.Now()
			p.Changes()
			b.ReportMetric(float64(time.Since(t).Milliseconds()), "ms/changes")
		})
	}
}
