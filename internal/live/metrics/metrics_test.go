package metrics

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/testutil/golden"
	"tcptrace/internal/testutil/sources"
	"tcptrace/internal/testutil/thorough"
)

// lossy is a capture of one interface.
func lossy() []Interface { return []Interface{{Name: "eth0", Received: 31, Dropped: 2, Missed: 1}} }

// observed are the metrics of a capture that went through a loop packet by packet. prepare may be nil.
func observed(t testing.TB, path string, o Options, lo live.Options, prepare func(*Metrics, *live.Loop)) (*Metrics, analyzer.Summary) {
	t.Helper()
	src := input.Open([]string{path}, input.Options{})
	defer src.Close()
	o.Loop = live.New(sources.Pieces(src, 1), lo)
	m := New(o)
	if prepare != nil {
		prepare(m, o.Loop)
	}
	sum, err := o.Loop.Run(context.Background())
	if broken := src.Stats().Errors; err != nil || len(broken) > 0 {
		t.Fatal(broken, err)
	}
	m.Finish(&sum)
	return m, sum
}

// ours is the families of this package, as text.
func ours(t testing.TB, m *Metrics) string {
	t.Helper()
	var out bytes.Buffer
	for _, f := range gather(t, m) {
		if strings.HasPrefix(f.GetName(), "tcptrace_") {
			if _, err := expfmt.MetricFamilyToText(&out, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out.String()
}

func gather(t testing.TB, m *Metrics) []*dto.MetricFamily {
	t.Helper()
	list, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// value is the sum of the samples of a family whose labels have these values, or any if none is given; of a histogram the number of observations.
func value(t testing.TB, m *Metrics, name string, labels ...string) (sum float64) {
	t.Helper()
	found := false
	for _, f := range gather(t, m) {
		if f.GetName() != name {
			continue
		}
		for _, s := range f.Metric {
			var values []string
			for _, l := range s.Label {
				values = append(values, l.GetValue())
			}
			if len(labels) > 0 && strings.Join(labels, " ") != strings.Join(values, " ") {
				continue
			}
			found = true
			sum += s.GetCounter().GetValue() + s.GetGauge().GetValue() + float64(s.GetHistogram().GetSampleCount())
		}
	}
	if !found {
		t.Errorf("there is no %s%q", name, labels)
	}
	return sum
}

// TestGolden: all that is served of a capture, in the middle and at the end.
func TestGolden(t *testing.T) {
	middle := ""
	var clock, began analyzer.Time
	o := Options{Capture: lossy, Clock: func() analyzer.Time { return began + analyzer.Time(3e9) }}
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", o, live.Options{Dropped: func() uint64 { return 3 }}, func(m *Metrics, l *live.Loop) {
		wall := time.Unix(0, 0)
		m.wall = func() time.Time { wall = wall.Add(time.Second); return wall }
		l.OnFlush(func(now analyzer.Time) {
			clock = now
			if began == 0 {
				began = now
			}
			if middle == "" && now >= began+200e6 {
				middle = ours(t, m)
			}
		})
	})
	if clock == 0 {
		t.Fatal("no batch")
	}
	for name, got := range map[string]string{"middle.prom": middle, "end.prom": ours(t, m)} {
		golden.Compare(t, name, []byte(got))
	}
}

// expected is what the analysis of a file says.
type expected struct {
	retransmissions [analyzer.NumCauses]uint64
	rtt             [2]int
}

func (e *expected) Conversation(c *analyzer.Conversation) error {
	for side := range c.Sent {
		for cause, n := range c.Sent[side].Retransmissions {
			e.retransmissions[cause] += n
		}
		if c.Sent[side].RTT.Samples > 0 {
			e.rtt[side]++
		}
	}
	return nil
}

// TestAgainstAnalysis holds the counts at the end against the analysis of the same file.
func TestAgainstAnalysis(t *testing.T) {
	paths, err := filepath.Glob("../../../testdata/pcaps/*.pcap")
	if err != nil || len(paths) < 50 {
		t.Fatal(len(paths), err)
	}
	resent, timed := uint64(0), uint64(0)
	paths = thorough.Some(t, paths, 4)
	for _, path := range paths {
		src := input.Open([]string{path}, input.Options{})
		var want expected
		sum, err := analyzer.Run(context.Background(), src, analyzer.Options{Workers: 1}, &want)
		src.Close()
		if err != nil {
			t.Fatal(err)
		}
		m, _ := observed(t, path, Options{}, live.Options{}, nil)
		check := func(name string, want uint64, labels ...string) {
			t.Helper()
			if got := value(t, m, name, labels...); got != float64(want) {
				t.Errorf("%s: %s%q is %v, want %d", filepath.Base(path), name, labels, got, want)
			}
		}
		check("tcptrace_connections_opened_total", sum.Conversations)
		check("tcptrace_packets_total", sum.Packets)
		check("tcptrace_bytes_total", sum.Bytes)
		check("tcptrace_tcp_packets_total", sum.TCP)
		check("tcptrace_not_analyzed_packets_total", sum.Packets-sum.TCP)
		check("tcptrace_connections", 0)
		for outcome, n := range sum.Outcomes {
			check("tcptrace_connections_ended_total", n, analyzer.Outcome(outcome).String())
		}
		for cause := analyzer.CauseNone + 1; cause < analyzer.NumCauses; cause++ {
			check("tcptrace_retransmissions_total", want.retransmissions[cause], cause.String())
			resent += want.retransmissions[cause]
		}
		for side, n := range want.rtt {
			check("tcptrace_rtt_seconds", uint64(n), analyzer.Side(side).String())
			timed += uint64(n)
		}
	}
	wantResent, wantTimed := uint64(50), uint64(100)
	if !thorough.Asked() {
		wantResent, wantTimed = uint64(len(paths))/4, uint64(len(paths))/2
	}
	if resent < wantResent || timed < wantTimed {
		t.Errorf("only %d retransmissions and %d round trips in all captures", resent, timed)
	}
}

// TestCountsOfEvents: what is told is counted, also what is taken back; but a connection opens once.
func TestCountsOfEvents(t *testing.T) {
	paths, _ := filepath.Glob("../../../testdata/pcaps/*.pcap")
	for _, path := range paths {
		anomalies, corrections := map[string]int{}, map[string]int{}
		m, _ := observed(t, path, Options{}, live.Options{}, func(_ *Metrics, l *live.Loop) {
			l.OnEvent(func(e *analyzer.Event) {
				switch e.Kind {
				case analyzer.EventAnomaly:
					anomalies[e.Anomaly.Kind.ID+" "+e.Anomaly.Kind.Severity.String()]++
				case analyzer.EventCorrection:
					corrections[e.Correction.Of.String()]++
				}
			})
		})
		for name, counts := range map[string]map[string]int{"tcptrace_anomalies_total": anomalies, "tcptrace_corrections_total": corrections} {
			total := 0
			for labels, n := range counts {
				total += n
				if got := value(t, m, name, strings.Fields(labels)...); got != float64(n) {
					t.Errorf("%s: %s of %s is %v, want %d", path, name, labels, got, n)
				}
			}
			if got := value(t, m, name); got != float64(total) {
				t.Errorf("%s: %s is %v in all, want %d", path, name, got, total)
			}
		}
	}
	src := input.Open(nil, input.Options{})
	defer src.Close()
	m := New(Options{Loop: live.New(src, live.Options{})})
	for _, kind := range []analyzer.EventKind{analyzer.EventOpened, analyzer.EventCorrection, analyzer.EventOpened, analyzer.EventOpened} {
		m.event(&analyzer.Event{Kind: kind, Correction: analyzer.Correction{Of: analyzer.EventOpened}})
	}
	if got := value(t, m, "tcptrace_connections_opened_total"); got != 2 {
		t.Errorf("%v connections opened; there were two, of which one was told again the other way round", got)
	}
}

// TestHandshakeTime is of handshakes whose times are known from their scripts.
func TestHandshakeTime(t *testing.T) {
	for name, want := range map[string]struct{ n, sum float64 }{
		"showcase":             {2, 0.020182 + 0.031060},
		"retransmitted-syn":    {1, 1.044270}, // from the first SYN
		"retransmitted-synack": {1, 1.051300},
	} {
		m, _ := observed(t, "../../../testdata/pcaps/"+name+".pcap", Options{}, live.Options{}, nil)
		var h dto.Metric
		if err := m.handshake.Write(&h); err != nil {
			t.Fatal(err)
		}
		if n, sum := float64(h.Histogram.GetSampleCount()), h.Histogram.GetSampleSum(); n != want.n || math.Abs(sum-want.sum) > 1e-9 {
			t.Errorf("%s: %v handshakes in %v s, want %v", name, n, sum, want)
		}
	}
}

// TestSeries: no packet makes a series, and every name and help is as Prometheus wants it.
func TestSeries(t *testing.T) {
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{Capture: lossy}, live.Options{}, nil)
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	series := func(m *Metrics) int {
		n, err := testutil.GatherAndCount(m.registry)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	busy := series(m)
	src := input.Open(nil, input.Options{})
	defer src.Close()
	fresh := New(Options{Loop: live.New(src, live.Options{}), Capture: lossy})
	fresh.Finish(&analyzer.Summary{})
	if got := series(fresh); got != busy || got > 300 {
		t.Errorf("%d series before any packet, %d after some", got, busy)
	}
}

// TestInterfaceNames: a name that no label may have does no harm.
func TestInterfaceNames(t *testing.T) {
	bad := func() []Interface { return []Interface{{Name: "e\xff\n\"0", Received: 7}} }
	m, _ := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{Capture: bad}, live.Options{}, nil)
	if got := value(t, m, "tcptrace_received_packets_total", "e\ufffd\n\"0"); got != 7 {
		t.Error(got)
	}
	if text := ours(t, m); !strings.Contains(text, `{interface="e`+"\ufffd"+`\n\"0"} 7`) {
		t.Error(text)
	}
}

// TestFlowTable: what is let go is counted, and the bound is the loop's.
func TestFlowTable(t *testing.T) {
	m, sum := observed(t, "../../../testdata/pcaps/showcase.pcap", Options{}, live.Options{Options: analyzer.Options{MaxFlows: 2}}, nil)
	if sum.Evicted == 0 {
		t.Fatal("nothing was evicted")
	}
	for name, want := range map[string]uint64{
		"tcptrace_flows_evicted_total": sum.Evicted, "tcptrace_flow_table_capacity": 2, "tcptrace_flow_table_entries": 0,
		"tcptrace_flows_released_early_total": sum.ReleasedEarly,
	} {
		if got := value(t, m, name); got != float64(want) {
			t.Errorf("%s is %v, want %d", name, got, want)
		}
	}
}

// BenchmarkFlush is what a copy costs the loop.
func BenchmarkFlush(b *testing.B) {
	src := input.Open(nil, input.Options{})
	defer src.Close()
	m := New(Options{Loop: live.New(src, live.Options{}), Capture: lossy})
	wall := time.Now()
	m.wall = func() time.Time { wall = wall.Add(time.Second); return wall }
	b.ReportAllocs()
	for b.Loop() {
		m.flush(1)
	}
}
