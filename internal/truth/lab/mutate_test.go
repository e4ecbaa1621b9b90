package lab

import (
	"testing"
	"time"

	"github.com/google/gopacket/layers"
)

const mutated = `isn 100 200
	+0 > S
	+0 < S. <mss 1460>
	+0 > . (10)
	+0 < . ack 11 <nop,nop,sack 5:7> cap 40`

func TestRelocateISN(t *testing.T) {
	s := parse(t, mutated)
	before, after := mustFrames(t, s), mustFrames(t, RelocateISN(s, 0xFFFFFFF0, 1000))
	for i := range 3 { // the fourth is cut in the TCP header
		want := decode(t, before[i]).Layer(layers.LayerTypeTCP).(*layers.TCP)
		got := decode(t, after[i]).Layer(layers.LayerTypeTCP).(*layers.TCP)
		seq, ack := uint32(0xFFFFFFF0), uint32(1000)
		if i == 1 {
			seq, ack = ack, seq
		}
		if i == 0 {
			ack = 0 // there is no ACK yet
		}
		if got.Seq != want.Seq+seq || got.Ack != want.Ack+ack || string(got.Payload) != string(want.Payload) {
			t.Errorf("frame %d: %d %d, before %d %d", i, got.Seq, got.Ack, want.Seq, want.Ack)
		}
	}
	sack := mustFrames(t, RelocateISN(parse(t, "link raw\nisn 0 0\n+0 < . <sack 5:7>"), 16, 0))[0].Data
	if sack[45] != 16+5 || sack[49] != 16+7 {
		t.Errorf("SACK block %x", sack[40:])
	}
}

func TestSwapAddresses(t *testing.T) {
	p := decode(t, mustFrames(t, SwapAddresses(parse(t, mutated)))[0])
	ip, tcp := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4), p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if ip.SrcIP.String() != "10.0.0.2" || tcp.SrcPort != 40000 || ip.DstIP.String() != "10.0.0.1" || tcp.DstPort != 80 {
		t.Errorf("%v:%d > %v:%d", ip.SrcIP, tcp.SrcPort, ip.DstIP, tcp.DstPort)
	}
	if got, want := reserialized(t, p); got.Checksum != want.Checksum {
		t.Error("the checksum is that of the old addresses")
	}
}

func TestToIPv6(t *testing.T) {
	s := parse(t, "snaplen 70\n"+mutated)
	f := mustFrames(t, ToIPv6(s))
	p := decode(t, f[0])
	if ip := p.Layer(layers.LayerTypeIPv6).(*layers.IPv6); ip.SrcIP.String() != "2001:db8::a00:1" || ip.DstIP.String() != "2001:db8::a00:2" {
		t.Errorf("%v > %v", ip.SrcIP, ip.DstIP)
	}
	for i, before := range mustFrames(t, s) {
		if len(f[i].Data) != len(before.Data)+20 || f[i].WireLen != before.WireLen+20 {
			t.Errorf("frame %d: %d of %d bytes, before %d of %d", i, len(f[i].Data), f[i].WireLen, len(before.Data), before.WireLen)
		}
	}
	if s.Format.SnapLen != 70 || s.conns[0].ends[0].Addr().Is6() {
		t.Error("the script itself was changed")
	}
}

func TestFrameMutations(t *testing.T) {
	f := mustFrames(t, parse(t, mutated))
	at := f[0].Time
	if g := ShiftTime(f, -time.Hour); g[0].Time != at-int64(time.Hour) || f[0].Time != at {
		t.Error("time")
	}
	if g := Snap(f, 50); len(g[0].Data) != 50 || len(g[3].Data) != 40 || g[0].WireLen != 54 || len(f[0].Data) != 54 {
		t.Error("snap length")
	}
}

func mustFrames(t *testing.T, s *Script) []Frame {
	t.Helper()
	f, err := s.Frames()
	if err != nil {
		t.Fatal(err)
	}
	return f
}
