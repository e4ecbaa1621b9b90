//go:build cgo

package input

import (
	"encoding/binary"
	"strings"
	"testing"

	"tcptrace/internal/wire"
)

// tcp4 is an IPv4 packet with a TCP header to the port.
func tcp4(port uint16) []byte {
	ip := make([]byte, 40)
	ip[0], ip[3], ip[8], ip[9] = 0x45, 40, 64, 6
	copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(ip[20:], 40000)
	binary.BigEndian.PutUint16(ip[22:], port)
	ip[32] = 0x50
	return ip
}

// linkHeaders precede an IPv4 packet.
var linkHeaders = map[wire.LinkType]string{
	wire.LinkEthernet:   "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00",
	wire.LinkNull:       "\x02\x00\x00\x00",
	wire.LinkLoop:       "\x00\x00\x00\x02",
	wire.LinkPPP:        "\xff\x03\x00\x21",
	wire.LinkRaw:        "",
	wire.LinkRawBSD:     "",
	wire.LinkRawOpenBSD: "",
	wire.LinkIPv4:       "",
	wire.LinkLinuxSLL:   "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00\x08\x00",
	wire.LinkLinuxSLL2:  "\x08\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00",
}

func TestFilterOnEveryLink(t *testing.T) {
	f, err := NewFilter("tcp dst port 443")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for link, head := range linkHeaders {
			yes, no := append([]byte(head), tcp4(443)...), append([]byte(head), tcp4(80)...)
			if !f.Match(link, yes, uint32(len(yes))) {
				t.Errorf("link %d: port 443 does not match", link)
			}
			if f.Match(link, no, uint32(len(no))) {
				t.Errorf("link %d: port 80 matches", link)
			}
		}
	}
	if errs := f.Errors(); len(errs) != 0 {
		t.Error(errs)
	}
	if f.Match(wire.LinkEthernet, nil, 60) {
		t.Error("a frame without bytes matches")
	}
}

func TestFilterSyntax(t *testing.T) {
	if f, err := NewFilter("tcp and and"); err == nil || f != nil {
		t.Errorf("got %v, %v", f, err)
	}
}

// TestFilterSeesWireLength: "less" and "greater" are about the wire, not about what was captured.
func TestFilterSeesWireLength(t *testing.T) {
	f, err := NewFilter("greater 1000")
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 60)
	if !f.Match(wire.LinkEthernet, frame, 1500) || f.Match(wire.LinkEthernet, frame, 60) {
		t.Error("the filter does not go by the length on the wire")
	}
}

func TestFilterImpossibleOnLink(t *testing.T) {
	f, err := NewFilter("ether host 02:00:00:00:00:01")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if f.Match(wire.LinkRaw, tcp4(80), 40) {
			t.Error("a link without addresses matches")
		}
		f.Match(wire.LinkEthernet, tcp4(80), 40)
	}
	if errs := f.Errors(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "link type RAW (101)") {
		t.Errorf("errors: %v", errs)
	}
}

func TestFilterAllocatesNothing(t *testing.T) {
	f, err := NewFilter("tcp port 80")
	if err != nil {
		t.Fatal(err)
	}
	frame := append([]byte(linkHeaders[wire.LinkEthernet]), tcp4(80)...)
	if a := testing.AllocsPerRun(100, func() { f.Match(wire.LinkEthernet, frame, 54) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func BenchmarkFilter(b *testing.B) {
	f, err := NewFilter("tcp port 80")
	if err != nil {
		b.Fatal(err)
	}
	frame := append([]byte(linkHeaders[wire.LinkEthernet]), tcp4(80)...)
	for b.Loop() {
		f.Match(wire.LinkEthernet, frame, 54)
	}
}

func TestFilterLength(t *testing.T) {
	fits := "tcp" + strings.Repeat(" ", MaxFilter-len("tcp"))
	if _, err := NewFilter(fits); err != nil {
		t.Error(err)
	}
	if _, err := NewFilter(fits + " "); err == nil || !strings.Contains(err.Error(), "4096 bytes") {
		t.Error(err)
	}
}
