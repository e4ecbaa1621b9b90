package report_test

import (
	"encoding/binary"
	"io"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
	"tcptrace/report"
)

// benchPacket is a packet of a connection: when it comes, by whom it is sent, and what it has.
type benchPacket struct {
	at       time.Duration
	server   bool
	flags    wire.Flags
	seq, ack uint32 // behind the ISN, of which each side has 1000
	length   int
}

const benchMSL = time.Millisecond

// benchConnections are the two kinds of connections of the benchmark, by what they send: a SYN alone; and a question, its answer and the close.
var benchConnections = []struct {
	name    string
	packets []benchPacket
}{
	{"SYN", []benchPacket{{flags: wire.SYN}}},
	{"short", []benchPacket{
		{0, false, wire.SYN, 0, 0, 0},
		{10 * benchMSL, true, wire.SYN | wire.ACK, 0, 1, 0},
		{11 * benchMSL, false, wire.ACK, 1, 1, 0},
		{12 * benchMSL, false, wire.PSH | wire.ACK, 1, 1, 100},
		{25 * benchMSL, true, wire.PSH | wire.ACK, 1, 101, 100},
		{26 * benchMSL, false, wire.ACK, 101, 101, 0},
		{50 * benchMSL, false, wire.FIN | wire.ACK, 101, 101, 0},
		{60 * benchMSL, true, wire.FIN | wire.ACK, 101, 102, 0},
		{61 * benchMSL, false, wire.ACK, 102, 102, 0},
	}},
}

// append adds the packet, as that of connection n, at a time.
func (p *benchPacket) append(b *packet.Batch, n int, at int64) {
	client, server := [4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}, [4]byte{192, 0, 2, 1}
	ports := [2]uint16{40000, 443}
	if p.server {
		client, server, ports[0], ports[1] = server, client, ports[1], ports[0]
	}
	var ip [140]byte
	size := 40 + p.length
	copy(ip[:], []byte{0x45, 0, 0, byte(size), 0, 0, 0x40, 0, 64, 6, 0, 0})
	copy(ip[12:], client[:])
	copy(ip[16:], server[:])
	binary.BigEndian.PutUint16(ip[20:], ports[0])
	binary.BigEndian.PutUint16(ip[22:], ports[1])
	binary.BigEndian.PutUint32(ip[24:], 1000+p.seq)
	if p.ack > 0 {
		binary.BigEndian.PutUint32(ip[28:], 1000+p.ack)
	}
	ip[32], ip[33], ip[34] = 0x50, byte(p.flags), 0xfa
	binary.BigEndian.PutUint16(ip[10:], checksum(0, ip[:20]))
	binary.BigEndian.PutUint16(ip[36:], checksum(6+uint32(size-20), ip[12:size]))
	b.Add(packet.Packet{Time: at, Link: wire.LinkRaw}, ip[:size])
}

// checksum is that of an even number of bytes, behind others with that sum (RFC 1071).
func checksum(sum uint32, data []byte) uint16 {
	for ; len(data) > 0; data = data[2:] {
		sum += uint32(binary.BigEndian.Uint16(data))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// BenchmarkMonitor measures what it costs to follow connections as they happen, with and without writing their events. An operation is one
// connection, of which there are 100,000 a second. What is told when the capture ends is measured apart.
func BenchmarkMonitor(b *testing.B) {
	const atOnce, every = 50_000, 10 * time.Microsecond
	for _, c := range benchConnections {
		for _, written := range []bool{false, true} {
			name := c.name + "/silent"
			if written {
				name = c.name + "/written"
			}
			b.Run(name, func(b *testing.B) {
				var opened, last time.Duration
				total := 0
				for b.Loop() {
					o, l := benchMonitor(b, c.packets, atOnce, every, written)
					opened, last, total = opened+o, last+l, total+atOnce
				}
				b.ReportMetric(float64(opened.Nanoseconds())/float64(total), "ns/connection")
				b.ReportMetric(float64(last.Nanoseconds())/float64(total), "ns/record")
			})
		}
	}
}

// benchMonitor follows n connections and returns how long that took, and what is told at the end.
func benchMonitor(b *testing.B, packets []benchPacket, n int, every time.Duration, written bool) (opened, last time.Duration) {
	events := report.NewEvents(io.Discard)
	m := analyzer.NewMonitor(analyzer.Options{}, analyzer.Idle{}, func(ev *analyzer.Event) {
		if written {
			if err := events.Event(ev); err != nil {
				b.Fatal(err)
			}
		}
	})
	const origin, flush = int64(time.Hour), int64(20 * time.Millisecond)
	next := make([]int, len(packets)) // of each packet of a connection, the connection whose turn it is
	var batch packet.Batch
	for from, end := origin, origin+int64(every)*int64(n)+int64(time.Second); from < end; from += flush {
		batch.Reset()
		for at := from; at < from+flush; at += int64(every) {
			for i := range packets {
				if at >= origin+int64(packets[i].at) && next[i] < n {
					packets[i].append(&batch, next[i], at)
					next[i]++
				}
			}
		}
		start := time.Now()
		m.Batch(&batch, nil)
		m.Flush(analyzer.Time(from + flush))
		if err := events.Flush(); err != nil {
			b.Fatal(err)
		}
		opened += time.Since(start)
	}
	start := time.Now()
	m.Finish()
	return opened, time.Since(start)
}
