package view

import (
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
)

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
