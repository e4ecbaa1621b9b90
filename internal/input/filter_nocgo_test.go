//go:build !cgo

package input

import (
	"strings"
	"testing"

	"tcptrace/internal/wire"
)

func TestFilterSaysWhatIsMissing(t *testing.T) {
	if _, err := NewFilter("ether broadcast"); err == nil || !strings.Contains(err.Error(), "a build with libpcap") {
		t.Errorf("got %v", err)
	}
}

func TestFilterWithoutLibpcap(t *testing.T) {
	f, err := NewFilter("tcp port 80")
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 54)
	frame[12], frame[14], frame[23], frame[37] = 0x08, 0x45, 6, 80
	if !f.Match(wire.LinkEthernet, frame, 54) || f.Match(wire.LinkEthernet, frame[:30], 54) {
		t.Error("the filter is wrong")
	}
	if f.Match(wire.LinkType(127), frame, 54) || len(f.Errors()) != 1 {
		t.Errorf("a link type that cannot be filtered: %v", f.Errors())
	}
	if a := testing.AllocsPerRun(100, func() { f.Match(wire.LinkEthernet, frame, 54) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
}
