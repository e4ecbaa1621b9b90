package displayfilter

import (
	"strings"
	"testing"
)

func TestDisplayFilterForCondition(t *testing.T) {
	for expr, want := range map[string]string{
		`tcp.port == 80`:                                `did you mean 'port(80)'?`,
		`tcp.port==80 && ip.addr == 10.0.0.1`:           `did you mean 'port(80) && host("10.0.0.1")'?`,
		`ip.src eq 10.0.0.1 or tcp.dstport == 22`:       `did you mean 'host("10.0.0.1") || port(22)'?`,
		`ipv6.addr == 2001:db8::1`:                      `did you mean 'host("2001:db8::1")'?`,
		`ip.addr == 10.0.0.0/8`:                         `did you mean 'host("10.0.0.0/8")'?`,
		`tcp.stream == 3 and tcp.flags.reset == 1`:      `did you mean 'stream == 3 && either(rst_packets > 0)'?`,
		`tcp.analysis.retransmission`:                   `did you mean 'either(retransmitted_packets > 0)'?`,
		`tcp.flags.reset == 0`:                          `--where conversations`,
		`tcp.port == 80 && http.host == "example.com"`:  `--where conversations`,
		`server.name == "ip.example.com" && packets > `: "",
		`server.name == 'tcp.port' && packets > `:       "",
		`server.ip == 10.0.0.1`:                         "",
	} {
		if got := ForCondition(expr); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

func TestDisplayFilterForCapture(t *testing.T) {
	for expr, want := range map[string]string{
		`tcp.stream == 3`:                       `did you mean --stream 3?`,
		`tcp.stream == 3 && tcp.port == 80`:     `--where conversations`, // packets know of no stream
		`tcp.flags.reset == 1 && tcp.port == 1`: `did you mean -f 'tcp[tcpflags] & tcp-rst != 0 and port 1'?`,
		`port 80`:                               "",
	} {
		if got := ForCapture(expr); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}
