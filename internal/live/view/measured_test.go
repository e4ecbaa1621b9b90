package view

import (
	"strings"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
)

func TestProcesses(t *testing.T) {
	var c analyzer.Conversation
	c.Hosts[analyzer.Client] = &host.End{}
	if got := processes(&c); len(got) > 0 {
		t.Errorf("of unknown processes: %q", got)
	}
	c.Hosts[analyzer.Client].Process = host.Process{PID: 7, Name: "cu\x1brl", User: 1000}
	c.Hosts[analyzer.Server] = &host.End{Process: host.Process{PID: 8, Name: "nginx", Cgroup: 99, Listens: true}}
	if got := strings.Join(processes(&c), "\n"); got != "client's process: cu?rl[7], user 1000\nserver's process: nginx[8], user 0, cgroup 99, which listens" {
		t.Errorf("%q", got)
	}
}

func TestMeasured(t *testing.T) {
	var c analyzer.Conversation
	if got := measured(&c); got != "" {
		t.Errorf("of other hosts: %q", got)
	}
	c.Hosts[analyzer.Client] = &host.End{}
	c.Hosts[analyzer.Server] = &host.End{Info: &host.Info{Congestion: "cu\x1bbic", RTT: 1500 * time.Microsecond, CWND: 10, Retransmitted: 2, Delivery: 1200}}
	if got := measured(&c); got != "  server: cu?bic RTT 1.5 ms cwnd 10 resent 2 delivers 1.2kB/s" {
		t.Errorf("%q", got)
	}
	c.Hosts[analyzer.Server].Info.SSThresh, c.Sent[analyzer.Server].RTT = 7, analyzer.RTT{Samples: 1, Smoothed: time.Millisecond}
	if got := measured(&c); got != "  server: cu?bic RTT 1.5 ms cwnd 10 ssthresh 7 resent 2 delivers 1.2kB/s (RTT at the tap 1.0 ms)" {
		t.Errorf("%q", got)
	}
}
