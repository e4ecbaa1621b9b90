package analyzer_test

import (
	"fmt"
	"net"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcptrace/analyzer"
)

// printer is a Sink.
type printer struct{}

func (printer) Conversation(c *analyzer.Conversation) error {
	fmt.Printf("stream %d: %s -> %s: %d packets, %s\n", c.Stream,
		c.Addr[analyzer.Client], c.Addr[analyzer.Server], c.Packets(), c.Outcome)
	return nil
}

// frame builds a segment between two hosts, as a capture would hold it.
func frame(fromClient bool, tcp layers.TCP) []byte {
	ip := layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP,
		SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 2}}
	tcp.SrcPort, tcp.DstPort = 40000, 80
	if !fromClient {
		ip.SrcIP, ip.DstIP = ip.DstIP, ip.SrcIP
		tcp.SrcPort, tcp.DstPort = tcp.DstPort, tcp.SrcPort
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, &ip, &tcp); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// A program feeds frames and receives conversations.
func Example() {
	a := analyzer.New(analyzer.Options{}, printer{})
	start := time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC)
	for i, data := range [][]byte{
		frame(true, layers.TCP{SYN: true, Seq: 100, Window: 64240}),
		frame(false, layers.TCP{RST: true, ACK: true, Ack: 101}),
	} {
		ci := gopacket.CaptureInfo{
			Timestamp:     start.Add(time.Duration(i) * time.Millisecond),
			CaptureLength: len(data),
			Length:        len(data),
		}
		if err := a.Frame(layers.LinkTypeRaw, ci, data); err != nil {
			fmt.Println(err)
		}
	}
	summary, err := a.Close()
	fmt.Println(summary.Packets, "packets", err)
	// Output:
	// stream 0: 10.0.0.1:40000 -> 10.0.0.2:80: 2 packets, refused
	// 2 packets <nil>
}
