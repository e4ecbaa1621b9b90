package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tcptrace/internal/testutil/netns"
	"tcptrace/internal/testutil/terminal"
)

// soakTime is the variable of the environment for how long TestSoak goes on.
const soakTime = "TCPTRACE_SOAK"

// TestSoak watches connections come and go for long: memory stays as it is once all bounds are reached, the metrics show that, and the view
// answers. It is `make soak`.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv(soakTime))
	if err != nil {
		t.Skip("takes half an hour: make soak runs it")
	}
	n := netns.New(t)
	cycle := long / 10
	s := &soak{t: t, n: n, traffic: newChurn(t, n.B, cycle)}
	s.watch(cycle)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		s.traffic.run(stop)
	}()
	for began, at := time.Now(), 0; time.Since(began) < long; {
		at++
		time.Sleep(time.Until(began.Add(time.Duration(at) * long / 180)))
		s.look(time.Since(began), at%6 == 0)
	}
	close(stop)
	<-stopped
	if s.traffic.err != nil {
		t.Fatal(s.traffic.err)
	}
	s.judge(long)
}

// soak is a view and metrics of traffic that changes.
type soak struct {
	t       *testing.T
	n       *netns.Net
	traffic *churn
	view    *terminal.Terminal
	client  http.Client
	memory  []float64 // resident, at each look
	took    []time.Duration
	last    map[string]float64
}

const soakMetrics = "127.0.0.1:9310"

// watch starts the view, with few conversations and a small buffer, so that what grows is not small beside them.
func (s *soak) watch(cycle time.Duration) {
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	tcptrace := filepath.Join(s.t.TempDir(), "tcptrace") // TestMain is the command under this name
	if err := os.Symlink(self, tcptrace); err != nil {
		s.t.Fatal(err)
	}
	s.view = terminal.Start(s.t, 160, 50, nil, fmt.Sprintf(
		"ip netns exec %s %s live -i %s --metrics %s --max-flows 20000 --buffer 8MiB --idle-timeout %v",
		s.n.A.Namespace, tcptrace, s.n.A.Device, soakMetrics, cycle*2/3))
	s.view.Screen("Newest anomalies")
	s.client.Transport = &http.Transport{DialContext: func(context.Context, string, string) (c net.Conn, err error) {
		s.n.A.Do(func() { c, err = net.Dial("tcp", soakMetrics) })
		return c, err
	}}
}

// look asks the view for its help, and then the metrics for what there is.
func (s *soak) look(at time.Duration, tell bool) {
	s.t.Helper()
	began := time.Now()
	s.view.Keys("?")
	s.view.Screen("Everywhere")
	s.took = append(s.took, time.Since(began))
	s.view.Keys("?")
	s.last = s.scrape()
	m := s.last
	s.memory = append(s.memory, m["process_resident_memory_bytes"])
	if tell {
		s.t.Logf("%6v: %.1f MB resident, %.1f MB of heap, %.0f connections; evicted %.0f, timed out %.0f, released early %.0f, dropped %.0f of %.0f, help after %v",
			at.Round(time.Second), m["process_resident_memory_bytes"]/1e6, m["go_memstats_heap_inuse_bytes"]/1e6, m["tcptrace_flow_table_entries"],
			m["tcptrace_flows_evicted_total"], m["tcptrace_flows_timed_out_total"], m["tcptrace_flows_released_early_total"],
			m["tcptrace_dropped_packets_total"], m["tcptrace_packets_total"], s.took[len(s.took)-1].Round(time.Millisecond))
	}
}

// scrape returns the metrics by name, of which the labels are added up.
func (s *soak) scrape() map[string]float64 {
	s.t.Helper()
	answer, err := s.client.Get("http://" + soakMetrics + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	all := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if name, _, _ = strings.Cut(name, "{"); !ok || name == "#" {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			all[name] += v
		}
	}
	return all
}

// judge holds what was seen against what must be.
func (s *soak) judge(long time.Duration) {
	third := len(s.memory) / 3
	before, after := slices.Max(s.memory[third:2*third]), slices.Max(s.memory[2*third:])
	slices.Sort(s.took)
	s.t.Logf("%d frames of %d connections and %d SYNs of floods; at most %.1f MB resident in the second third, %.1f MB in the last; help after %v (median), %v (95 %%), %v (most); %.1f %% of a core",
		s.traffic.sent.Load(), s.traffic.opened.Load(), s.traffic.flooded.Load(), before/1e6, after/1e6, s.took[len(s.took)/2], s.took[len(s.took)*95/100],
		s.took[len(s.took)-1], s.last["process_cpu_seconds_total"]/long.Seconds()*100)
	if after > before*1.05 {
		s.t.Errorf("memory grows: from %.0f to %.0f bytes", before, after)
	}
	if took := s.took[len(s.took)*95/100]; took > time.Second {
		s.t.Errorf("the view answers after %v", took)
	}
	for _, bound := range []string{"tcptrace_flows_evicted_total", "tcptrace_flows_timed_out_total", "tcptrace_flows_released_early_total"} {
		if s.last[bound] == 0 {
			s.t.Errorf("%s is 0", bound)
		}
	}
	if most := s.last["tcptrace_flow_table_capacity"]; s.last["tcptrace_flow_table_entries"] > most {
		s.t.Errorf("%.0f connections of %.0f", s.last["tcptrace_flow_table_entries"], most)
	}
	if got := s.last["tcptrace_packets_total"] + s.last["tcptrace_dropped_packets_total"]; got < float64(s.traffic.sent.Load())*0.99 {
		s.t.Errorf("%.0f of %d frames were seen", got, s.traffic.sent.Load())
	}
}
