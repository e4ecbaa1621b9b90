package pipeline_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/findings"
	"tcptrace/internal/input"
	"tcptrace/internal/truth/lab"
	"tcptrace/report"
)

// nothing is the cheapest report.
type nothing struct{}

func (nothing) Conversation(*analyzer.Conversation) error { return nil }

func (nothing) Finish(*analyzer.Summary) error { return nil }

// BenchmarkRun is the whole pipeline on a capture in memory, with the cheapest report, with a table, and with findings above that.
// headers: long connections of which the headers were captured. many: short ones, most of them there at once.
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
		data := bc.t.capture(b, lab.Format{})
		for _, out := range []struct {
			name string
			new  func() report.Report
		}{
			{"nothing", func() report.Report { return nothing{} }},
			{"table", func() report.Report { return report.NewTable(io.Discard, report.TableOptions{Limit: 50}) }},
			{"findings", func() report.Report {
				table := report.NewTable(io.Discard, report.TableOptions{Limit: 50})
				return findings.Attach(table, table, io.Discard, findings.Options{}, findings.TextOptions{Width: 100})
			}},
		} {
			b.Run(bc.name+"/out="+out.name, func(b *testing.B) {
				packets := len(bc.t.frames)
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(data)})
					rep := out.new()
					sum, err := analyzer.Run(b.Context(), src, analyzer.Options{}, rep)
					if err := errors.Join(err, rep.Finish(&sum)); err != nil || sum.Packets != uint64(packets) || sum.Conversations != uint64(len(bc.t.truth)) {
						b.Fatalf("%v: %d packets, %d conversations", err, sum.Packets, sum.Conversations)
					}
				}
				b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
			})
		}
	}
}
