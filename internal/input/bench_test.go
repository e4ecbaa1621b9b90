package input

import (
	"bytes"
	"strings"
	"testing"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

func BenchmarkNext(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"80", 80}, {"1500", 1500}} {
		const total = 32 << 20
		data := strings.Repeat("x", size.bytes)
		rs := make([]rec, total/size.bytes)
		for i := range rs {
			rs[i] = rec{int64(i) * 1000, wire.LinkEthernet, uint32(size.bytes), data}
		}
		pcap, ng := plainPcap(rs), plainNg(rs)
		for name, in := range map[string][]byte{
			"pcap": pcap, "pcapng": ng, "pcap.gz": packers["gzip"](b, pcap), "pcap.zst": packers["zstd"](b, pcap), "pcap.lz4": packers["lz4"](b, pcap),
		} {
			b.Run(name+"/"+size.name, func(b *testing.B) { benchNext(b, in, len(rs), len(pcap)) })
		}
	}
}

// benchNext counts uncompressed bytes; the batches stay, as in the pipeline.
func benchNext(b *testing.B, in []byte, packets, size int) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var batch packet.Batch
	for b.Loop() {
		s := Open([]string{"-"}, Options{Stdin: bytes.NewReader(in)})
		n := 0
		for s.Next(&batch) == nil {
			n += len(batch.Packets)
		}
		if n != packets {
			b.Fatalf("%d packets of %d", n, packets)
		}
		s.Close()
	}
	b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
}

func BenchmarkMerge(b *testing.B) {
	files := make([][]rec, 4)
	for i := range files {
		for j := range 20_000 {
			files[i] = append(files[i], rec{int64(j)*1000 + int64(i), wire.LinkEthernet, 80, strings.Repeat("x", 80)})
		}
	}
	paths := saveAll(b, files)
	var batch packet.Batch
	for b.Loop() {
		s := Open(paths, Options{})
		for s.Next(&batch) == nil {
		}
		s.Close()
	}
	b.ReportMetric(float64(80_000*b.N)/b.Elapsed().Seconds()/1e6, "Mpkt/s")
}
