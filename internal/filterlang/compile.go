package filterlang

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/net/bpf"

	"tcptrace/internal/wire"
)

// Layout is where a frame has its IP header, and how that is told from others.
type Layout struct {
	protocol16 bpf.Instruction // loads the ethertype; nil: the header's version alone tells
	ip         uint32          // offset of the IP header
}

// Cooked is the layout that the kernel shows to the filter of a socket without link headers.
var Cooked = Layout{protocol16: bpf.LoadExtension{Num: bpf.ExtProto}}

// layouts are those of frames in captures.
var layouts = map[wire.LinkType]Layout{
	wire.LinkEthernet:   {bpf.LoadAbsolute{Off: 12, Size: 2}, 14},
	wire.LinkLinuxSLL:   {bpf.LoadAbsolute{Off: 14, Size: 2}, 16},
	wire.LinkLinuxSLL2:  {bpf.LoadAbsolute{Off: 0, Size: 2}, 20},
	wire.LinkNull:       {nil, 4},
	wire.LinkLoop:       {nil, 4},
	wire.LinkRaw:        {nil, 0},
	wire.LinkRawBSD:     {nil, 0},
	wire.LinkRawOpenBSD: {nil, 0},
	wire.LinkIPv4:       {nil, 0},
	wire.LinkIPv6:       {nil, 0},
	wire.LinkIPNET:      {nil, 24},
}

// Of is the layout of frames of a link type.
func Of(link wire.LinkType) (Layout, error) {
	l, ok := layouts[link]
	if !ok {
		return l, fmt.Errorf("without libpcap, frames of link type %v cannot be filtered", link)
	}
	return l, nil
}

// The offsets in the headers (RFC 791, RFC 8200), and what stands there.
const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd

	v4Fragment, v4Protocol, v4Source, v4Destination = 6, 9, 12, 16
	v6Next, v6Source, v6Destination, v6Payload      = 6, 8, 24, 40
	v4Offset                                        = 0x1fff // of a fragment, in the fragment field

	protoTCP, protoUDP, protoFragment, protoSCTP = 6, 17, 44, 132
)

// maxInstructions is what the kernel takes (BPF_MAXINSNS).
const maxInstructions = 4096

// Compile makes the program that lets through, up to snap bytes, the frames that the expression is true of.
func Compile(expr string, layout Layout, snap uint32) ([]bpf.Instruction, error) {
	root, err := parse(expr, layout)
	if err != nil {
		return nil, err
	}
	var g generator
	reject := g.label()
	root.generate(&g, reject)
	g.emit(bpf.RetConstant{Val: snap})
	g.place(reject)
	g.emit(bpf.RetConstant{Val: 0})
	if len(g.code) > maxInstructions {
		return nil, errors.New("the expression is too long for the kernel")
	}
	return g.finish(), nil
}

// A node generates code that goes on behind it if it is true, and at fail if not. Jumps lead forwards only.
type node interface {
	generate(g *generator, fail int)
}

// test loads something and compares it.
type test struct {
	load  []bpf.Instruction
	is    bpf.JumpTest
	value uint32
}

func (t test) generate(g *generator, fail int) {
	g.emit(t.load...)
	g.emit(bpf.JumpIf{Cond: t.is, Val: t.value, SkipTrue: 1})
	g.jump(fail)
}

type (
	andNode []node
	orNode  []node
	notNode struct{ node }
)

func and(n ...node) node { return andNode(n) }
func or(n ...node) node  { return orNode(n) }
func not(n node) node    { return notNode{n} }

func (n andNode) generate(g *generator, fail int) {
	for _, part := range n {
		part.generate(g, fail)
	}
}

func (n orNode) generate(g *generator, fail int) {
	done := g.label()
	for i, part := range n {
		if i == len(n)-1 {
			part.generate(g, fail)
			break
		}
		other := g.label()
		part.generate(g, other)
		g.jump(done)
		g.place(other)
	}
	g.place(done)
}

func (n notNode) generate(g *generator, fail int) {
	fine := g.label()
	n.node.generate(g, fine)
	g.jump(fail)
	g.place(fine)
}

// generator collects code whose jumps lead to labels.
type generator struct {
	code   []bpf.Instruction
	labels []int       // where they stand
	jumps  map[int]int // label by instruction
}

func (g *generator) emit(i ...bpf.Instruction) { g.code = append(g.code, i...) }

func (g *generator) label() int {
	g.labels = append(g.labels, 0)
	return len(g.labels) - 1
}

func (g *generator) place(label int) { g.labels[label] = len(g.code) }

func (g *generator) jump(label int) {
	if g.jumps == nil {
		g.jumps = map[int]int{}
	}
	g.jumps[len(g.code)] = label
	g.emit(bpf.Jump{})
}

func (g *generator) finish() []bpf.Instruction {
	for at, label := range g.jumps {
		g.code[at] = bpf.Jump{Skip: uint32(g.labels[label] - at - 1)}
	}
	return g.code
}

func (l Layout) field(off, size uint32, value uint32) node {
	return test{[]bpf.Instruction{bpf.LoadAbsolute{Off: l.ip + off, Size: int(size)}}, bpf.JumpEqual, value}
}

// version is true of one version of IP.
func (l Layout) version(ether, number uint32) node {
	if l.protocol16 != nil {
		return test{[]bpf.Instruction{l.protocol16}, bpf.JumpEqual, ether}
	}
	return test{[]bpf.Instruction{
		bpf.LoadAbsolute{Off: l.ip, Size: 1},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf0},
	}, bpf.JumpEqual, number << 4}
}

func (l Layout) v4() node { return l.version(etherIPv4, 4) }
func (l Layout) v6() node { return l.version(etherIPv6, 6) }

// protocol is true of IP, or of what it carries: in IPv6 also behind a fragment header, as in libpcap.
func (l Layout) protocol(name string) node {
	switch name {
	case "ip":
		return l.v4()
	case "ip6":
		return l.v6()
	}
	number := uint32(protoTCP)
	if name == "udp" {
		number = protoUDP
	}
	return or(
		and(l.v4(), l.field(v4Protocol, 1, number)),
		and(l.v6(), or(
			l.field(v6Next, 1, number),
			and(l.field(v6Next, 1, protoFragment), l.field(v6Payload, 1, number)))),
	)
}

// transports are the protocol numbers with ports.
var transports = map[string][]uint32{
	"":    {protoTCP, protoUDP, protoSCTP},
	"tcp": {protoTCP},
	"udp": {protoUDP},
}

// directed makes what is said of source and destination into one.
func directed(dir string, source, destination node) node {
	switch dir {
	case "src":
		return source
	case "dst":
		return destination
	case "and":
		return and(source, destination)
	}
	return or(source, destination)
}

// ports is true of packets with a transport header: later fragments have none.
func (l Layout) ports(q quals, low, high uint32) node {
	var in4, in6 orNode
	for _, number := range transports[q.proto] {
		in4 = append(in4, l.field(v4Protocol, 1, number))
		in6 = append(in6, l.field(v6Next, 1, number))
	}
	first := not(test{[]bpf.Instruction{bpf.LoadAbsolute{Off: l.ip + v4Fragment, Size: 2}}, bpf.JumpBitsSet, v4Offset})
	behind4 := func(off uint32) []bpf.Instruction {
		return []bpf.Instruction{bpf.LoadMemShift{Off: l.ip}, bpf.LoadIndirect{Off: l.ip + off, Size: 2}}
	}
	behind6 := func(off uint32) []bpf.Instruction {
		return []bpf.Instruction{bpf.LoadAbsolute{Off: l.ip + v6Payload + off, Size: 2}}
	}
	within := func(load []bpf.Instruction) node {
		return and(test{load, bpf.JumpGreaterOrEqual, low}, test{nil, bpf.JumpLessOrEqual, high})
	}
	return or(
		and(l.v4(), in4, first, directed(q.dir, within(behind4(0)), within(behind4(2)))),
		and(l.v6(), in6, directed(q.dir, within(behind6(0)), within(behind6(2)))),
	)
}

func (l Layout) addresses(q quals, prefix netip.Prefix) node {
	if prefix.Addr().Is4() {
		return and(l.v4(), directed(q.dir, l.inside(v4Source, prefix), l.inside(v4Destination, prefix)))
	}
	return and(l.v6(), directed(q.dir, l.inside(v6Source, prefix), l.inside(v6Destination, prefix)))
}

// inside compares an address with a prefix, 32 bits at a time.
func (l Layout) inside(off uint32, prefix netip.Prefix) node {
	var n andNode
	address := prefix.Addr().AsSlice()
	for left := prefix.Bits(); left > 0; left -= 32 {
		mask := ^uint32(0)
		if left < 32 {
			mask <<= 32 - left
		}
		n = append(n, test{[]bpf.Instruction{
			bpf.LoadAbsolute{Off: l.ip + off, Size: 4},
			bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask},
		}, bpf.JumpEqual, binary.BigEndian.Uint32(address)})
		address, off = address[4:], off+4
	}
	return n
}
