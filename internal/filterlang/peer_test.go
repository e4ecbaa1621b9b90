//go:build cgo

package filterlang_test

import (
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/filterlang"
	"tcptrace/internal/input"
	"tcptrace/internal/wire"
)

// expressions that libpcap and this package are to agree on.
var expressions = []string{
	"tcp", "udp", "ip", "ip6", "not ip", "! tcp && ! udp",
	"port 80", "tcp port 80", "udp port 53", "src port 443", "dst port 443 or 80", "src and dst port 53",
	"port 80 or 443", "tcp dst port 80 and not src host 10.0.0.1", "src or dst port 8080",
	"portrange 1-1023", "tcp src portrange 1024-65535", "port 0",
	"host 10.0.0.1", "src 10.0.0.1", "dst host 10.0.0.2", "src and dst host 127.0.0.1", "ip host 10.0.0.2",
	"net 10.0.0.0/8", "src net 192.168.0.0/16", "net 0.0.0.0/0", "not net 10.0.0.0/8", "dst net 10.0.0.2/31",
	"host 2001:db8::1", "ip6 src host fe80::1", "net 2001:db8::/32", "ip6 and net ::/0", "dst net 2001:db8::/33",
	"tcp and (port 80 or port 443) and net 10.0.0.0/8", "udp or tcp and port 80", "not (tcp or udp)",
	"not not tcp", "tcp or udp and not port 443 or ip6",
}

// linkHeaders precede an IPv4 packet of each layout.
var linkHeaders = map[wire.LinkType]string{
	wire.LinkEthernet:  "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00",
	wire.LinkRaw:       "",
	wire.LinkLinuxSLL:  "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00\x08\x00",
	wire.LinkLinuxSLL2: "\x08\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00",
}

// TestAgreesWithLibpcap runs both over every capture of the project, and over its IPv4 packets behind other link headers.
func TestAgreesWithLibpcap(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes seconds")
	}
	var paths []string
	for _, dir := range []string{"pcaps", "*/pcaps", "*"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "testdata", dir, "*.pcap*"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	frames := framesOf(paths)
	for _, expr := range expressions {
		peer, err := input.NewFilter(expr)
		if err != nil {
			t.Errorf("%s: libpcap: %v", expr, err)
			continue
		}
		c := comparison{t: t, expr: expr, peer: peer, vms: map[wire.LinkType]*bpf.VM{}}
		for _, f := range frames {
			c.frame(f.link, f.data, f.wireLen)
		}
		if c.yes+c.no < 1000 {
			t.Fatalf("only %d frames compared", c.yes+c.no)
		}
		t.Logf("%s: %d of %d", expr, c.yes, c.yes+c.no)
	}
}

type comparison struct {
	t       *testing.T
	expr    string
	peer    *input.Filter
	vms     map[wire.LinkType]*bpf.VM
	yes, no int
}

type frame struct {
	link    wire.LinkType
	data    []byte
	wireLen uint32
}

// framesOf are the frames of captures; those of Ethernet with the headers of other link types, too.
func framesOf(paths []string) (frames []frame) {
	s := input.Open(paths, input.Options{})
	defer s.Close()
	var b packet.Batch
	for s.Next(&b) != io.EOF {
		for i, p := range b.Packets {
			data := slices.Clone(b.Data(i))
			frames = append(frames, frame{p.Link, data, p.WireLen})
			if p.Link == wire.LinkEthernet && len(data) > 14 && binary.BigEndian.Uint16(data[12:]) == 0x0800 {
				for link, head := range linkHeaders {
					frames = append(frames, frame{link, append([]byte(head), data[14:]...), p.WireLen})
				}
			}
		}
	}
	return frames
}

func (c *comparison) frame(link wire.LinkType, data []byte, wireLen uint32) {
	if link == wire.LinkEthernet && len(data) > 14 && binary.BigEndian.Uint16(data[12:]) == 0x0806 {
		return // to libpcap a host has ARP too
	}
	vm, ok := c.vms[link]
	if !ok {
		vm = c.compile(link)
		c.vms[link] = vm
	}
	if vm == nil {
		return
	}
	n, err := vm.Run(data)
	if err != nil {
		c.t.Fatal(err)
	}
	got, want := n > 0, c.peer.Match(link, data, wireLen)
	if got != want {
		c.t.Errorf("%s, link %d: %v, but libpcap says %v: %x", c.expr, link, got, want, data[:min(len(data), 80)])
	}
	if got {
		c.yes++
	} else {
		c.no++
	}
}

func (c *comparison) compile(link wire.LinkType) *bpf.VM {
	layout, err := filterlang.Of(link)
	if err != nil {
		return nil
	}
	code, err := filterlang.Compile(c.expr, layout, 1)
	if err != nil {
		c.t.Fatalf("%s: %v", c.expr, err)
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		c.t.Fatalf("%s: %v", c.expr, err)
	}
	return vm
}
