package pipeline_test

import (
	"bytes"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/lab"
)

// counter is the cheapest sink.
type counter struct{ conversations int }

func (c *counter) Conversation(*analyzer.Conversation) error {
	c.conversations++
	return nil
}

// BenchmarkRun is the whole pipeline on a capture in memory. headers: long connections of which
// the headers were captured. many: short ones, most of them there at once.
func BenchmarkRun(b *testing.B) {
	long := []life{func(k *talk) { k.handshake(); k.exchange(30); k.close(0); k.was(analyzer.Closed) }}
	short := []life{func(k *talk) { k.handshake(); k.exchange(1); k.close(0); k.was(analyzer.Closed) }}
	for _, bc := range []struct {
		name string
		t    *traffic
	}{
		{"case=headers", newTraffic(1, long, 5_000, 10*time.Second, 50*time.Millisecond)},
		{"case=many", newTraffic(1, short, 40_000, 10*time.Second, 300*time.Millisecond)},
	} {
		b.Run(bc.name, func(b *testing.B) {
			data := bc.t.capture(b, lab.Format{})
			packets := len(bc.t.frames)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
				var c counter
				sum, err := analyzer.Run(b.Context(), src, analyzer.Options{}, &c)
				if err != nil || sum.Packets != uint64(packets) || c.conversations != len(bc.t.truth) {
					b.Fatalf("%v: %d packets, %d conversations", err, sum.Packets, c.conversations)
				}
			}
			b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
		})
	}
}
