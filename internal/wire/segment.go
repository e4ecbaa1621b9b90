package wire

import "math/bits"

// LinkType is a link-layer header type as capture files number it
// (https://www.tcpdump.org/linktypes.html). Values above 65535 do not occur.
type LinkType uint16

// The link types that Decode reads by hand. Others go through gopacket.
const (
	LinkNull       LinkType = 0   // BSD loopback: 4-byte address family in the writer's byte order
	LinkEthernet   LinkType = 1   // IEEE 802.3, with any number of 802.1Q / 802.1ad tags
	LinkPPP        LinkType = 9   // PPP, with or without HDLC-like framing
	LinkRaw        LinkType = 101 // an IPv4 or IPv6 packet
	LinkLoop       LinkType = 108 // OpenBSD loopback: 4-byte address family in network byte order
	LinkLinuxSLL   LinkType = 113 // Linux cooked capture, version 1
	LinkIPv4       LinkType = 228 // an IPv4 packet
	LinkIPv6       LinkType = 229 // an IPv6 packet
	LinkLinuxSLL2  LinkType = 276 // Linux cooked capture, version 2
	LinkRawBSD     LinkType = 12  // raw IP as some BSDs number it in a file (DLT_RAW)
	LinkRawOpenBSD LinkType = 14  // raw IP as OpenBSD numbers it in a file (DLT_RAW)
)

// Others that other packages name.
const (
	LinkTokenRing LinkType = 6   // IEEE 802.5
	LinkFDDI      LinkType = 10  // FDDI
	LinkPPPHDLC   LinkType = 50  // PPP in HDLC-like framing, or Cisco HDLC
	LinkERF       LinkType = 197 // a record of Endace's Extensible Record Format
	LinkIPNET     LinkType = 226 // Solaris's ipnet header
	LinkIPoIB     LinkType = 242 // IP over InfiniBand (RFC 4391 6)
)

// Flags are the control bits of a TCP header (RFC 9293 3.1), AE from RFC 9768.
type Flags uint16

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE
)

// Has reports whether all bits of m are set.
func (f Flags) Has(m Flags) bool { return f&m == m }

// Any reports whether any bit of m is set.
func (f Flags) Any(m Flags) bool { return f&m != 0 }

// Bits say what a segment's options and headers carried or lacked.
type Bits uint32

// The bits.
const (
	HasMSS        Bits = 1 << iota
	HasWScale          // WScale is valid; as sent, not yet limited to 14 (RFC 7323 2.3)
	HasSACKPerm        // SACK permitted (RFC 2018)
	HasTimestamps      // TSval and TSecr are valid (RFC 7323)
	HasTFO             // Fast Open cookie or request (RFC 7413), also the experimental form
	HasMD5             // TCP MD5 signature (RFC 2385)
	HasAO              // TCP-AO (RFC 5925)
	HasMPTCP           // Multipath TCP (RFC 8684)
	BadOptions         // an option's length contradicts the header; those before it were read
	CutOptions         // the snap length cut the options; those before the cut were read
	FirstFragment      // the first fragment of an IP datagram: Len counts this fragment only
	ACKsFragment       // acknowledges a segment of which the capture has the first fragment and not all others; not from Decode
	Reassembled        // put together from fragments: PayloadOff counts in Reassembler.Whole
	NoLength           // the IP length was 0 (TSO capture): lengths come from the frame
	Tunneled           // found inside an encapsulation
	PastFrame          // the IP length runs past the frame, which was cut without its length on the wire being kept
	HasText            // an RST with payload: Sack holds the beginning of that; not from Decode
	GoodSum            // the TCP checksum was verified and is right (checksum.go)
	BadSum             // it is wrong, and is not what is left to the network card
	GoodHeader         // the IPv4 header checksum was verified and is right (checksum.go)
	BadHeader          // it is wrong
	FewOptions         // the TCP header has no options, or timestamps in the usual layout and nothing else
	ScaleFirst         // a window scale stands in front of SACK permitted
	HasAlert           // the payload is a fatal alert of TLS in clear, with the description that Alert gives; not from Decode

	alertShift = 24 // where Bits have that
)

// Alert is the description of the alert of TLS (RFC 8446 6), valid with HasAlert.
func (b Bits) Alert() uint8 { return uint8(b >> alertShift) }

// WithAlert is b with an alert.
func (b Bits) WithAlert(description uint8) Bits { return b | HasAlert | Bits(description)<<alertShift }

// Addr is an IP address as two big-endian words; IPv4 is in Lo with Hi zero.
// Key.V6 tells the families apart.
type Addr struct{ Hi, Lo uint64 }

// Less orders addresses as unsigned 128-bit numbers.
func (a Addr) Less(b Addr) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// Key names a pair of sockets whichever of them sends: A is the lower one by
// (address, port). It holds no pointers and no padding, so == is one memory
// comparison. Segment.Dir tells who sent.
type Key struct {
	A, B         Addr
	PortA, PortB uint16
	V6           uint32 // the low bit: 1 for IPv6, 0 for IPv4; whoever has to tell networks apart uses the others. No padding
}

// MakeKey puts the two sockets in canonical order. dir is 0 when src is the
// key's A, else 1.
func MakeKey(src, dst Addr, sport, dport uint16, v6 bool) (k Key, dir uint8) {
	if v6 {
		k.V6 = 1
	}
	// dst < src as (address, port), by the borrow of a long subtraction: a
	// branch here would be mispredicted every second packet.
	_, below := bits.Sub64(uint64(dport), uint64(sport), 0)
	_, below = bits.Sub64(dst.Lo, src.Lo, below)
	_, below = bits.Sub64(dst.Hi, src.Hi, below)
	swap := -below
	hi, lo, port := (src.Hi^dst.Hi)&swap, (src.Lo^dst.Lo)&swap, (sport^dport)&uint16(swap)
	k.A, k.PortA = Addr{src.Hi ^ hi, src.Lo ^ lo}, sport^port
	k.B, k.PortB = Addr{dst.Hi ^ hi, dst.Lo ^ lo}, dport^port
	return k, uint8(below)
}

// Partition maps the key to one of n fixed partitions (n a power of two, at most 1<<16).
// It is the same in every run: which flows share a partition decides what is
// evicted when the flow table is full, and output must not vary.
func (k *Key) Partition(n int) int {
	h := (k.A.Hi ^ k.B.Hi) * 0x9E3779B97F4A7C15
	h ^= k.A.Lo + k.B.Lo*31 + uint64(k.PortA)<<32 + uint64(k.PortB)<<48
	h *= 0x9E3779B97F4A7C15
	return int(h>>48) & (n - 1)
}

// Hash mixes the key with a per-run seed, so that nobody can prepare a capture
// whose flows collide in the flow table.
func (k *Key) Hash(seed *[4]uint64) uint64 {
	h := mix(k.A.Hi^seed[0], k.A.Lo^seed[1])
	h ^= mix(k.B.Hi^seed[2], k.B.Lo^h)
	// The ports are not put side by side: read as one number right after they were written as two, they would
	// have to wait for both to reach the cache.
	ports := uint64(k.PortA) ^ uint64(k.PortB)<<20 ^ bits.RotateLeft64(uint64(k.V6), 36)
	return mix(h^seed[3], ports^seed[1])
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// MaxTime is the latest time of a frame that is believed, in ns since the Unix epoch: 2116-02-20. Classic captures end with 2106.
const MaxTime = 1<<62 - 1

// Segment is one TCP segment: everything that analysis needs from a frame, flat and
// without pointers so that batches of them cost the garbage collector nothing.
// Decode fills every field but Time, Clock, Frame and Iface, which the caller knows.
type Segment struct {
	Key   Key
	Time  int64  // ns since the Unix epoch
	Clock int64  // the latest Time of any frame up to this one
	Frame uint64 // number in the input, from 1

	Seq, Ack     uint32
	TSval, TSecr uint32 // valid with HasTimestamps
	Len          uint32 // payload bytes on the wire, by the IP length
	PayloadOff   uint32 // where the payload starts in the frame
	PayloadCap   uint32 // how many of its bytes were captured: at most Len
	WireLen      uint32 // length of the frame on the wire
	IPLen        uint32 // length of the IP packet on the wire, with its header
	Bits         Bits

	// The order of these is that in which common writes eight bytes at a time.
	Net    uint32 // of the VLANs, labels and tunnels that it came through, 0: none; see network.go
	MSS    uint16 // valid with HasMSS
	WScale uint8  // valid with HasWScale
	NSack  uint8  // valid entries of Sack
	Window uint16 // as sent, unscaled
	Flags  Flags
	IPID   uint16 // IPv4 identification; 0 for IPv6
	Urgent uint16 // urgent pointer, whether URG is set or not
	TTL    uint8  // or hop limit
	TOS    uint8  // or traffic class; the low two bits are ECN (RFC 3168)
	Dir    uint8  // 0: sent by Key.A; 1: sent by Key.B
	V4DF   bool   // IPv4 "don't fragment"
	Sum    uint16 // the TCP checksum as sent
	Iface  uint16 // number of the interface that captured it; not from Decode

	Sack [4][2]uint32 // SACK blocks, left and right edge, in the order sent
	VLAN [2]uint16    // ids of the outermost tag and, if it came through several, of the innermost, 0: none; valid if Net is not 0
	_    [28]byte     // segments of a batch begin with a cache line: what most of them need is in the first two
}

// SeqLen is the sequence space the segment takes: its bytes, its SYN and its FIN.
func (s *Segment) SeqLen() uint32 {
	n := s.Len
	if s.Flags&SYN != 0 {
		n++
	}
	if s.Flags&FIN != 0 {
		n++
	}
	return n
}

// Verdict says what Decode made of a frame. Every frame gets exactly one; they
// are counted, and the summary shows the counts.
type Verdict uint8

// The verdicts.
const (
	TCP             Verdict = iota // the Segment is valid
	NotIP                          // ARP, STP, LLDP, IPX ...
	NotTCP                         // IP that carries something else
	Fragment                       // an IP fragment: a later one, or a first one that does not hold the whole TCP header
	Overlap                        // an IP fragment of a packet that was refused, since they overlap; not from Decode
	Part                           // an IP fragment, analyzed as part of the packet that a later one made whole; not from Decode
	Truncated                      // the snap length cut it before the end of the fixed TCP header
	BadIP                          // IP header fields that contradict each other
	BadTCP                         // a TCP header length below 20 or beyond the packet
	BadTunnel                      // an encapsulation whose inner packet could not be found
	UnsupportedLink                // a link type that nobody here can read
	NumVerdicts
)

var verdictNames = [NumVerdicts]string{
	TCP:             "tcp",
	NotIP:           "not-ip",
	NotTCP:          "not-tcp",
	Fragment:        "ip-fragment",
	Overlap:         "ip-fragment-overlap",
	Part:            "ip-fragment-reassembled",
	Truncated:       "truncated",
	BadIP:           "bad-ip-header",
	BadTCP:          "bad-tcp-header",
	BadTunnel:       "bad-tunnel",
	UnsupportedLink: "unsupported-link-type",
}

// String is the verdict's stable name, as the summary's JSON spells it.
func (v Verdict) String() string {
	if v < NumVerdicts {
		return verdictNames[v]
	}
	return "unknown"
}
