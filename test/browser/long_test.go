package browser

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// longCapture is a capture of a client that sends n segments of 100 bytes, 1 ms apart, of which the server acknowledges every other one.
func longCapture(t *testing.T, n uint32) string {
	t.Helper()
	var out bytes.Buffer
	_ = binary.Write(&out, binary.LittleEndian, [6]uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 101}) // raw IP
	at := uint32(0)
	packet := func(back bool, flags byte, seq, ack uint32, length int) {
		ip := make([]byte, 40+length)
		ip[0], ip[8], ip[9] = 0x45, 64, 6
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
		from, to, ports := byte(1), byte(2), [2]uint16{40000, 80}
		if back {
			from, to, ports = 2, 1, [2]uint16{80, 40000}
		}
		copy(ip[12:], []byte{10, 0, 0, from, 10, 0, 0, to})
		binary.BigEndian.PutUint16(ip[20:], ports[0])
		binary.BigEndian.PutUint16(ip[22:], ports[1])
		binary.BigEndian.PutUint32(ip[24:], seq)
		binary.BigEndian.PutUint32(ip[28:], ack)
		ip[32], ip[33], ip[34] = 0x50, flags, 0xff
		_ = binary.Write(&out, binary.LittleEndian, [4]uint32{1_700_000_000 + at/1000, at % 1000 * 1000, uint32(len(ip)), uint32(len(ip))})
		out.Write(ip)
		at++
	}
	packet(false, 2, 999, 0, 0)
	packet(true, 0x12, 4999, 1000, 0)
	packet(false, 0x10, 1000, 5000, 0)
	for i := range n {
		packet(false, 0x18, 1000+100*i, 5000, 100)
		if i%2 == 1 {
			packet(true, 0x10, 5000, 1100+100*i, 0)
		}
	}
	name := filepath.Join(t.TempDir(), "long.pcap")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestLong: of a long conversation the page draws a part, and all of it when one looks closer.
func TestLong(t *testing.T) {
	page := report(t, longCapture(t, 40_000))
	if size, err := os.Stat(page); err != nil || size.Size() > 4<<20 {
		t.Errorf("a page of %d bytes: %v", size.Size(), err)
	}
	const note, frame = `document.querySelector(".toolbar .thin").textContent.split(/[ ;]/).slice(0, 4).join(" ")`, `document.querySelector(".readout .big .muted").textContent`
	b := open(t, page, "#stream=0", 1280, 900)
	b.is(note, "Of 60,003 segments are")
	b.run(`location.hash = "#stream=0&frame=30000&from=29900000000&to=30100000000"`)
	b.is(note, "All segments in view")
	b.is(frame, "frame 30000")
	b.press(kb.ArrowRight)
	b.is(frame, "frame 30001")
	b.press(kb.ArrowRight)
	b.is(frame, "frame 30002")
	b.press("0")
	b.run(`{ const f = document.querySelector("input[type=number]"); f.value = 44441; f.dispatchEvent(new Event("change")); }`)
	b.is(frame, "frame 44441")
	b.press("0")
	b.is(note, "Of 60,003 segments are")
	b.quiet()
}
