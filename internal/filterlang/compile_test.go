package filterlang_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"tcptrace/internal/filterlang"
	"tcptrace/internal/wire"
)

// TestRefused: what is not of the language is refused where it stands, never guessed.
func TestRefused(t *testing.T) {
	layout, err := filterlang.Of(wire.LinkEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for expr, where := range map[string]string{
		"":                                       "at the end",
		"80":                                     `"80"`,
		"tcp and":                                "at the end",
		"tcp and and":                            `"and"`,
		"(tcp":                                   "at the end: a closing",
		"tcp)":                                   `")"`,
		"tcp udp":                                `"udp"`,
		"icmp":                                   `"icmp"`,
		"ether host 1:2:3:4:5:6":                 `"ether"`,
		"tcp[13] & 2 != 0":                       `"tcp[13]"`,
		"host example.com":                       `"example.com"`,
		"port http":                              `"http"`,
		"port 65536":                             `"65536"`,
		"port -1":                                `"-1"`,
		"portrange 2-1":                          `"2-1"`,
		"portrange 2":                            `"2"`,
		"net 10.0.0.1/8":                         `"10.0.0.1/8"`,
		"host 10.0.0.0/8":                        `"10.0.0.0/8"`,
		"ip host ::1":                            `"::1"`,
		"ip6 net 10.0.0.0/8":                     `"10.0.0.0/8"`,
		"tcp host 10.0.0.1":                      `tcp cannot stand before host`,
		"ip port 80":                             `ip cannot stand before port`,
		"host fe80::1%eth0":                      `"fe80::1%eth0"`,
		"port 80 or tcp or":                      "at the end",
		"not":                                    "at the end",
		"src or port 80":                         `"or"`,
		strings.Repeat("(", 9999):                "levels",
		"port 1" + strings.Repeat(" or 1", 9999): "too long",
	} {
		_, err := filterlang.Compile(expr, layout, 1)
		if err == nil || !strings.Contains(err.Error(), where) {
			t.Errorf("%.40q: got %v, want it at %s", expr, err, where)
		}
	}
	if _, err := filterlang.Of(wire.LinkType(127)); err == nil {
		t.Error("a layout for radiotap")
	}
}

// TestKernelTakesIt: the longest programs have jumps beyond what one conditional reaches.
func TestKernelTakesIt(t *testing.T) {
	code, err := filterlang.Compile("port 1"+strings.Repeat(" or 1", 30)+" or tcp", filterlang.Cooked, 128)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bpf.Assemble(code); err != nil || len(code) < 300 {
		t.Errorf("%d instructions: %v", len(code), err)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("tcp and (src net 10.0.0.0/8 or not dst port 80 or 443)")
	f.Add("ip6 host ::1 or portrange 1-2")
	f.Add("not (not (not tcp))")
	f.Add("port 1" + strings.Repeat(" or 2", 50))
	f.Add(strings.Repeat("(", 100) + "ip" + strings.Repeat(")", 100))
	layout, err := filterlang.Of(wire.LinkRaw)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		code, err := filterlang.Compile(expr, layout, 1)
		if err != nil {
			return
		}
		if again, err := filterlang.Compile(expr, layout, 1); err != nil || !slices.Equal(code, again) {
			t.Errorf("%q: %v and then %v, %v", expr, code, again, err)
		}
		vm, err := bpf.NewVM(code)
		if err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
		for _, size := range []int{0, 1, 20, 39, 60} {
			if _, err := vm.Run(bytes.Repeat([]byte{0x45}, size)); err != nil {
				t.Errorf("%q, %d bytes: %v", expr, size, err)
			}
		}
	})
}
