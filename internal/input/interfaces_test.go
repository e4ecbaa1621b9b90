package input

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

func TestInterfaces(t *testing.T) {
	name, description := opt{optionName, []byte("eth0")}, opt{optionDescription, []byte("the outside")}
	w := new(ng).section(binary.LittleEndian)
	w.iface(wire.LinkEthernet, 0).iface(wire.LinkEthernet, 0).iface(wire.LinkRaw, 96, description, name)
	w.enhanced(2, 1, 1, "a").enhanced(1, 2, 1, "b").enhanced(0, 3, 1, "c")
	w.section(binary.BigEndian).iface(wire.LinkEthernet, 0) // the first one again
	w.enhanced(0, 4, 1, "d")
	w.iface(wire.LinkEthernet, 0, opt{optionName, bytes.Repeat([]byte("x"), 1000)})
	w.enhanced(1, 5, 1, "e")
	s := Open([]string{"-"}, Options{Stdin: bytes.NewReader(w.b)})
	var ids []uint16
	var b packet.Batch
	for s.Next(&b) == nil {
		for _, p := range b.Packets {
			ids = append(ids, p.Iface)
		}
	}
	if want := []uint16{2, 1, 0, 0, 3}; !reflect.DeepEqual(ids, want) {
		t.Errorf("packets of interfaces %v, want %v", ids, want)
	}
	want := []Interface{
		{Link: wire.LinkEthernet}, {Link: wire.LinkEthernet}, {"eth0", "the outside", wire.LinkRaw, 96},
		{Name: strings.Repeat("x", maxName), Link: wire.LinkEthernet},
	}
	if got := s.Interfaces(); !reflect.DeepEqual(got, want) {
		t.Errorf("interfaces %+v, want %+v", got, want)
	}
	for number, want := range []string{"", "", "eth0", strings.Repeat("x", maxName), ""} {
		if got := s.Interface(uint16(number)); got != want {
			t.Errorf("interface %d is %q, want %q", number, got, want)
		}
	}
	pcap, _ := pcapBytes(binary.BigEndian, 0xa1b2c3d4, someRecs(2, 0))
	s = Open([]string{"-"}, Options{Stdin: bytes.NewReader(pcap)})
	drain(t, s)
	if got := s.Interfaces(); !reflect.DeepEqual(got, []Interface{{Link: wire.LinkEthernet, SnapLen: 65535}}) {
		t.Errorf("of pcap: %+v", got)
	}
}

// What one trace describes is bounded over all sections together.
func TestTooManyInterfaces(t *testing.T) {
	w := new(ng)
	for section := range 3 {
		w.section(binary.LittleEndian)
		for i := range maxInterfaces / 2 {
			w.iface(wire.LinkEthernet, 0, opt{optionName, fmt.Appendf(nil, "%d.%d", section, i)})
		}
		w.enhanced(0, 1, 1, "a")
	}
	s := Open([]string{"-"}, Options{Stdin: bytes.NewReader(w.b)})
	got, stats := drain(t, s)
	if len(got) != 2 || len(stats.Errors) != 1 || !strings.Contains(stats.Errors[0].Error(), "describe more than 65536 interfaces") || len(s.Interfaces()) != maxInterfaces {
		t.Errorf("%d packets, errors %v, %d interfaces", len(got), stats.Errors, len(s.Interfaces()))
	}
}
