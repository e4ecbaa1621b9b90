package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"# story\nfoo 1":                      `x:2: "foo" is neither a directive nor a time`,
		"+ > S":                               `x:1: "+" is neither a directive nor a time`,
		"+- > S":                              `x:1: "+-" is neither a directive nor a time`,
		"+1parsec > S":                        `x:1: "1parsec" is not a time as 0.02, 20ms or 1h`,
		"+900000h > S":                        `x:1: "900000h" is not a time as 0.02, 20ms or 1h`,
		"+0 > ":                               "x:1: a packet is TIME DIRECTION FLAGS ..., or TIME frame HEX",
		"+0 S 0:0(0)":                         `x:1: "S" is not a direction: > or <, after the name of the connection`,
		"+0 b> S":                             `x:1: there is no connection "b"`,
		"+0 > X":                              `x:1: flags "X": letters are FSRP.UEWA, or - for none`,
		"+0 > SS":                             `x:1: flags "SS": S twice`,
		"+0 > . 1:2(3)":                       `x:1: "1:2(3)": the end does not fit the length`,
		"+0 > . 1:2)":                         `x:1: "1:2)" is not SEQ:END(LEN) with at most 262144 bytes`,
		"+0 > . 12(0)":                        `x:1: "12(0)" is not SEQ:END(LEN)`,
		"+0 > . 1:4294967296000(1)":           `x:1: "4294967296000" is not a sequence number`,
		"+0 > . (262145)":                     `x:1: "(262145)" is not SEQ:END(LEN) with at most 262144 bytes`,
		"+0 > . (3) \"four\"":                 "x:1: the payload has 4 bytes, not 3",
		"+0 > . \"four\" (3)":                 `x:1: "(3)": the payload has 4 bytes`,
		"+0 > . \"no end":                     "x:1: a quoted text has no end",
		"+0 > . <mss 1460":                    "x:1: options have no end: > is missing",
		"+0 > . <mss>":                        "x:1: option mss: needs one number",
		"+0 > . <mss 99999>":                  `x:1: option mss: "99999" is not a number of 16 bits`,
		"+0 > . <foo>":                        `x:1: unknown option "foo"`,
		"+0 > . <nop,,nop>":                   "x:1: an empty option in <nop,,nop>",
		"+0 > . <TS>":                         "x:1: option TS: without val and ecr needs the directive timestamps",
		"+0 > . <sack 1>":                     `x:1: option sack: "1" is not a block A:B`,
		"+0 > . <tfo xyz>":                    `x:1: option tfo: "xyz" is not bytes in hexadecimal`,
		"+0 > S ack 1":                        "x:1: ack without the flag . means nothing",
		"+0 > . ack":                          "x:1: ack needs a value",
		"+0 > . win 65536":                    `x:1: win: "65536" is not a number of 16 bits`,
		"+0 > . dup 0":                        "x:1: dup: the copy comes later",
		"+0 > . frag 4:8":                     `x:1: frag: "4:8" is not A:B with an A that is divisible by 8`,
		"+0 > . frag 8:8":                     `x:1: frag: "8:8" ends before it starts`,
		"+0 > . if 1":                         "x:1: there is no interface 1",
		"+0 > . (1) fill ab":                  `x:1: fill: "ab" is not one character`,
		"+0 > . hello":                        `x:1: unknown property "hello"`,
		"+0 > . 1:1(0) raw":                   "x:1: raw stands before a number",
		"+0 frame 00 win 3":                   `x:1: unknown property "win"`,
		"+0 frame 0":                          `x:1: "0" is not bytes in hexadecimal`,
		"+0 > S\nclient 10.0.0.9:1":           "x:2: client must stand before the first packet",
		"client":                              "x:1: client needs a value",
		"client 10.0.0.1":                     `x:1: "10.0.0.1" is not an ADDRESS:PORT`,
		"isn 1":                               "x:1: isn needs 2 values",
		"isn 1 4294967296":                    `x:1: "4294967296" is not a number of 32 bits`,
		"client [2001:db8::1]:1\n+0 > S":      "x:2: client and server have addresses of different families",
		"conn":                                "x:1: conn needs a name",
		"conn a\nconn a":                      "x:2: connection a is already there",
		"conn a colour red blue":              `x:1: unknown setting "colour"`,
		"link token-ring":                     `x:1: unknown link "token-ring"`,
		"link raw vlan 3":                     `x:1: "vlan" needs ethernet`,
		"link ethernet vlan":                  `x:1: "vlan" with 0 numbers is nothing that a link has`,
		"tunnel teredo":                       `x:1: unknown tunnel "teredo"`,
		"format pcapng zip":                   `x:1: unknown format "zip"`,
		"start yesterday":                     `x:1: "yesterday" is not a time as 2026-03-02T09:30:00Z`,
		strings.Repeat("interface raw\n", 65): "x:65: more than 64 interfaces",
		strings.Repeat("+40000h > .\n", 11) + "+0> .": `x:11: "+40000h" leaves the range of times`,
	} {
		_, err := Parse("x", []byte(text))
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%q: %s\nwant %s", text, got, want)
		}
	}
}

func TestFrameErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"\n+0 > . <bytes " + strings.Repeat("01", 41) + ">": "x:2: 41 bytes of options: a TCP header holds 40",
		"+0 > . (65535)":                                    "x:1: 65575 bytes do not fit an IP packet; tso sends them with IP length 0",
		"+0 > . (100) frag 0:100":                           "x:1: a fragment that is not the last has a length divisible by 8",
		"+0 > . (100) frag 0:128":                           "x:1: fragment 0:128 of an IP payload of 120 bytes",
		"start 1970-01-01\n":                                `x:1: "1970-01-01" is not a time as 2026-03-02T09:30:00Z`,
		"+0 > .\ninterface ethernet":                        "x:2: interface must stand before the first packet",
		"+0 > . (262144) tso\n+0 > .":                       "<nil>",
		strings.Repeat("+0 > . (262144) tso\n", 256):        "x:256: the capture is larger than 67108864 bytes",
		"start 1970-01-01T00:00:00Z\n+0 > .\n-1 > .":        "x: frame 2: a pcap file cannot hold its time",
		"format pcapng\n":                                   "x: a pcapng file without frames needs an interface",
		"interface raw\ninterface sll\n+0 > .\n+0 > . if 1": "x: frame 2: a pcap file has one link type",
	} {
		s, err := Parse("x", []byte(text))
		if err == nil {
			_, err = s.Capture()
		}
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%.80q: %s\nwant %s", text, got, want)
		}
	}
}

// TestLeftOut compares what a line leaves out with the same line written in full.
func TestLeftOut(t *testing.T) {
	const header = "timestamps 1000 5000\nisn 100 200\n"
	short := header + `
		+0    > S  win 64240 <mss 1460,TS>
		+20ms < S. win 65160 <mss 1460,TS>
		+1ms  > .  win 502
		+1ms  > P. (100)
		+1ms  > R  5000:5000(0) ipid 9 forged
		+20ms < .  win 509
		+1ms  < P. "hello"
		+1ms  < FP. (7)
		+1ms  > F.`
	full := header + `
		+0    > S  0:0(0)            win 64240 <mss 1460,TS val 1000 ecr 0>                 ipid 6699
		+20ms < S. 0:0(0)     ack 1  win 65160 <mss 1460,TS val 5020 ecr 1000>              ipid 0
		+1ms  > .  1:1(0)     ack 1  win 502   <nop,nop,TS val 1021 ecr 5020>               ipid 6700
		+1ms  > P. raw 101:201(100) ack raw 201 win 502 <nop,nop,TS val 1022 ecr 5020>      ipid 6701
		+1ms  > R  5000:5000(0)      win 502   ipid 9 forged
		+20ms < .  1:1(0)     ack 101 win 509  <nop,nop,TS val 5043 ecr 1022>               ipid 31760
		+1ms  < P. 1:6(5)     ack 101 win 509  <nop,nop,TS val 5044 ecr 1022> hex 68656c6c6f ipid 31761
		+1ms  < FP. 6:13(7)   ack 101 win 509  <nop,nop,TS val 5045 ecr 1022>               ipid 31762
		+1ms  > F. 101:101(0) ack 14  win 502  <nop,nop,TS val 1046 ecr 5045>               ipid 6702`
	a, b := frames(t, short), frames(t, full)
	for i := range max(len(a), len(b)) {
		if string(a[i].Data) != string(b[i].Data) || a[i].Time != b[i].Time {
			t.Errorf("packet %d:\n%x\n%x", i+1, a[i].Data, b[i].Data)
		}
	}
}

func TestTimes(t *testing.T) {
	var got []int64
	for _, f := range frames(t, "start 2020-01-01T00:00:00Z\n+0.000000001 > .\n+1us > .\n2.5 > .\n-0.25 > . dup 1\n+1h > .") {
		got = append(got, f.Time-1577836800e9)
	}
	want := []int64{1, 1001, 2_500_000_000, 2_250_000_000, 3_250_000_000, 3602_250_000_000}
	if !slices.Equal(got, want) {
		t.Errorf("%d, want %d", got, want)
	}
}

func TestStory(t *testing.T) {
	s, err := Parse("x", []byte("# One.\n#  Two.\n\n# Not this.\n+0 > S # nor this\n"))
	if err != nil || s.Story != "One.\nTwo." {
		t.Errorf("%q, %v", s.Story, err)
	}
}

func frames(t *testing.T, text string) []Frame {
	t.Helper()
	f, err := parse(t, text).Frames()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func parse(t *testing.T, text string) *Script {
	t.Helper()
	s, err := Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzParse makes captures of whatever parses: no panic, and the same bytes twice.
func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("../../../testdata/pcaps/*.txt")
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("tunnel vxlan 7\nlink ethernet pad mpls 1 2\n+0 > SFRP.UEWA raw -5:-4(1) ack raw 3 urg 1 <sack -1:1 2:3,tfo,md5,ao 00,opt 9> ce router-alert doff 4 badsum"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("fuzz", text)
		if err != nil {
			return
		}
		for _, s := range []*Script{s, ToIPv6(SwapAddresses(RelocateISN(s, 1<<31, 7)))} {
			first, err := s.Capture()
			second, again := s.Capture()
			if string(first) != string(second) || (err == nil) != (again == nil) {
				t.Fatal("the same script made two captures")
			}
		}
	})
}
