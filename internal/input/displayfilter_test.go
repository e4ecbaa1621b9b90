package input

import (
	"strings"
	"testing"
)

func TestDisplayFilterIsExplained(t *testing.T) {
	for expr, want := range map[string]string{
		`tcp.port == 80`:                          `did you mean -f 'port 80'?`,
		`tcp.port==80 && ip.addr == 10.0.0.1`:     `did you mean -f 'port 80 and host 10.0.0.1'?`,
		`ip.src eq 10.0.0.1 or tcp.dstport == 22`: `did you mean -f 'src host 10.0.0.1 or dst port 22'?`,
		`ip.addr == 10.0.0.0/8`:                   `did you mean -f 'net 10.0.0.0/8'?`,
		`tcp.stream eq 3`:                         `did you mean --stream 3?`,
		`tcp.flags.reset == 0`:                    `--where conversations`,
		`tcp.port == 80 && tcp.flags.syn == 1`:    `--where conversations`,
		`tcp.port == 80'; rm`:                     `--where conversations`,
	} {
		_, err := NewFilter(expr)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `"`+strings.ReplaceAll(expr, `"`, `\"`)) {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
	for _, expr := range []string{"port eighty", "host www.tcp. and", "((", "tcp port"} {
		if _, err := NewFilter(expr); err == nil || strings.Contains(err.Error(), "Wireshark") {
			t.Errorf("%s: %v", expr, err)
		}
	}
	if _, err := NewFilter("tcp port 80"); err != nil {
		t.Error(err)
	}
}
