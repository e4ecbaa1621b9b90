package dump

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
)

// Times that a format cannot say are refused, not written as others.
func TestCaptureTimes(t *testing.T) {
	for name, times := range map[string]map[int64]bool{
		"a.pcap":   {-1: false, 0: true, 1<<32*1e9 - 1: true, 1 << 32 * 1e9: false},
		"a.pcapng": {-1: false, 0: true, 1<<63 - 1: true},
	} {
		for at, fits := range times {
			var file bytes.Buffer
			w := NewFile(&file, name, []input.Interface{{Link: 1}})
			err := w.Packet(&packet.Packet{Time: at, CapLen: 1, WireLen: 1, Link: 1}, []byte{1}, 7)
			if (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "frame 7 ") {
				t.Errorf("%s: time %d: %v", name, at, err)
			}
			if err != nil {
				continue
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			var back interface {
				ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
			}
			if back, err = pcapgo.NewReader(bytes.NewReader(file.Bytes())); name == "a.pcapng" {
				back, err = pcapgo.NewNgReader(bytes.NewReader(file.Bytes()), pcapgo.DefaultNgReaderOptions)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, ci, err := back.ReadPacketData(); err != nil || ci.Timestamp.UnixNano() != at {
				t.Errorf("%s: time %d reads back as %d, %v", name, at, ci.Timestamp.UnixNano(), err)
			}
		}
	}
}
