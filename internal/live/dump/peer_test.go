package dump

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

// What pcapgo writes of the same packets is the same, byte for byte.
func TestEncoderIsPcapgo(t *testing.T) {
	known := []input.Interface{
		{Name: "lo", Description: "the loopback", Link: 1, SnapLen: 96},
		{Name: strings.Repeat("long ", 60), Link: 1},
	}
	var packets []packet.Packet
	var datas [][]byte
	for i := range 50 {
		data := bytes.Repeat([]byte{byte(i)}, i*7%23)
		packets = append(packets, packet.Packet{Time: int64(i) * 1_234_567_891, WireLen: uint32(len(data) + i), Link: 1, Iface: uint16(i / 20 % 2)})
		datas = append(datas, data)
	}
	info := func(i int) gopacket.CaptureInfo {
		p := packets[i]
		return gopacket.CaptureInfo{Timestamp: time.Unix(0, p.Time), CaptureLength: len(datas[i]), Length: int(p.WireLen), InterfaceIndex: int(p.Iface)}
	}
	encode := func(name string) (got []byte) {
		e := newEncoder(name, known)
		for i := range packets {
			var err error
			if got, err = e.append(got, &packets[i], datas[i], 1, 0); err != nil {
				t.Fatal(err)
			}
		}
		return got
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	var want bytes.Buffer
	w := pcapgo.NewWriterNanos(&want)
	must(w.WriteFileHeader(262144, layers.LinkTypeEthernet))
	for i := range packets {
		must(w.WritePacket(info(i), datas[i]))
	}
	if got := encode("a.pcap"); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("pcap:\n%x\nwant\n%x", got, want.Bytes())
	}

	want.Reset()
	describe := func(i input.Interface) pcapgo.NgInterface {
		return pcapgo.NgInterface{Name: i.Name, Description: i.Description, LinkType: layers.LinkType(i.Link), SnapLength: i.SnapLen}
	}
	ng, err := pcapgo.NewNgWriterInterface(&want, describe(known[0]), pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "tcptrace"}})
	must(err)
	for i := range packets {
		if i == 20 {
			_, err := ng.AddInterface(describe(known[1]))
			must(err)
		}
		must(ng.WritePacket(info(i), datas[i]))
	}
	must(ng.Flush())
	if got := encode("a.pcapng"); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("pcapng:\n%x\nwant\n%x", got, want.Bytes())
	}
}

// A link type above 255 is whole, and how many packets are missing is read back, as is an interface of which
// nothing is known.
func TestEncoderReadsBack(t *testing.T) {
	e := newEncoder("a.pcapng", nil)
	const sll2 = wire.LinkType(276)
	var b []byte
	for i := range uint64(3) {
		b, _ = e.append(b, &packet.Packet{Time: 7, WireLen: 9, Link: sll2, Iface: 1}, []byte{1, 2, 3}, i, i)
	}
	src := input.Open([]string{"-"}, input.Options{Stdin: bytes.NewReader(b)})
	defer src.Close()
	var batch packet.Batch
	n := 0
	var err error
	for err = src.Next(&batch); err == nil; err = src.Next(&batch) {
		for i, p := range batch.Packets {
			if n++; p.Link != sll2 || p.Time != 7 || p.WireLen != 9 || string(batch.Data(i)) != "\x01\x02\x03" {
				t.Errorf("%+v", p)
			}
		}
	}
	if s := src.Stats(); err != io.EOF || len(s.Errors) > 0 || n != 3 || s.Drops != 3 || !s.Drop {
		t.Errorf("%v, %d packets, %+v", err, n, s)
	}
}
