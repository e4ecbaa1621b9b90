package pipeline_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/truth/lab"
	"tcptrace/internal/wire"
)

// traffic makes captures of many interleaved connections, the same for the same seed, and
// knows what became of each. Frames hold headers only, as with a snap length.
type traffic struct {
	rng    *rand.Rand
	frames []lab.Frame
	truth  []truth
	pairs  int // of sockets given out
}

// truth is what there is to say about a connection.
type truth struct {
	client, server netip.AddrPort
	outcome        analyzer.Outcome
	packets        uint64
	start          int64
}

func (t truth) String() string {
	return fmt.Sprintf("%v > %v: %v, %d packets from %v", t.client, t.server, t.outcome, t.packets, analyzer.Time(t.start).Time())
}

var trafficStart = time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC).UnixNano()

// newTraffic makes n lives of every kind, which begin within span; gap is the mean time between the packets of one.
func newTraffic(seed uint64, kinds []life, n int, span, gap time.Duration) *traffic {
	t := &traffic{rng: rand.New(rand.NewPCG(seed, 0))}
	for range n {
		for _, kind := range kinds {
			k := &talk{traffic: t, ends: t.sockets(), gap: gap}
			k.now = trafficStart + t.rng.Int64N(int64(span))
			kind(k)
		}
	}
	// An ARP request now and then: frames without a conversation have numbers too.
	for range n {
		arp := append(make([]byte, 12), 0x08, 0x06, 0, 1)
		t.frames = append(t.frames, lab.Frame{Time: trafficStart + t.rng.Int64N(int64(span)), Link: 1, Data: arp, WireLen: 60})
	}
	slices.SortStableFunc(t.frames, func(a, b lab.Frame) int { return cmp.Compare(a.Time, b.Time) })
	return t
}

// sockets is a pair that was not used yet; every third is IPv6. In half of them
// the client has the lower address.
func (t *traffic) sockets() (ends [2]endpoint) {
	n := t.pairs
	t.pairs++
	high, low := byte(n>>16), uint16(n)
	client := netip.AddrFrom4([4]byte{10, 1 + high, byte(n % 7), byte(n % 251)})
	server := netip.AddrFrom4([4]byte{10 - 2*byte(n%2), 0, 0, byte(n % 13)})
	if n%3 == 0 {
		a, b := netip.MustParseAddr("2001:db8::1").As16(), netip.MustParseAddr("2001:db8:1::1").As16()
		a[13], b[15] = high, byte(n%13)
		client, server = netip.AddrFrom16(a), netip.AddrFrom16(b)
	}
	ends[0] = endpoint{netip.AddrPortFrom(client, 32768|low&0x7FFF), t.rng.Uint32()}
	ends[1] = endpoint{netip.AddrPortFrom(server, 80+low>>15), t.rng.Uint32()}
	return ends
}

// capture is the traffic as a file.
func (t *traffic) capture(tb testing.TB, f lab.Format) []byte {
	tb.Helper()
	f.Nano = true
	data, err := lab.WriteCapture(t.frames, f)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

type endpoint struct {
	addr netip.AddrPort
	seq  uint32 // next to send
}

// talk is two endpoints and the time. End 0 is the client.
type talk struct {
	*traffic
	ends  [2]endpoint
	now   int64
	gap   time.Duration
	first int64 // time of the connection's first packet
	sent  uint64
}

// life is a kind of connection from its first packet to its last.
type life func(k *talk)

// say sends what comes next: n bytes, and an ACK of all that the peer sent.
func (k *talk) say(from int, flags wire.Flags, n int) {
	k.segment(from, flags, k.ends[from].seq, n)
	k.ends[from].seq += uint32(n)
	if flags.Any(wire.SYN | wire.FIN) {
		k.ends[from].seq++
	}
}

func (k *talk) segment(from int, flags wire.Flags, seq uint32, n int) {
	if k.sent == 0 {
		k.first = k.now
	}
	k.sent++
	tx, rx := &k.ends[from], &k.ends[1-from]
	ack := rx.seq
	if !flags.Has(wire.ACK) {
		ack = 0
	}
	k.frames = append(k.frames, frame(k.now, tx.addr, rx.addr, flags, seq, ack, n))
	k.now += 1 + k.rng.Int64N(2*int64(k.gap))
}

// frame is an Ethernet frame of which only the headers were captured.
func frame(at int64, src, dst netip.AddrPort, flags wire.Flags, seq, ack uint32, n int) lab.Frame {
	b := append(make([]byte, 0, 80), make([]byte, 12)...)
	tcpLen := 20
	if flags.Any(wire.SYN) {
		tcpLen = 28
	}
	if src.Addr().Is4() {
		b = append(b, 0x08, 0x00, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+tcpLen+n))
		b = append(b, 0, 1, 0x40, 0, 64, 6, 0, 0)
	} else {
		b = append(b, 0x86, 0xDD, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(tcpLen+n))
		b = append(b, 6, 64)
	}
	b = append(append(b, src.Addr().AsSlice()...), dst.Addr().AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, byte(tcpLen/4)<<4, byte(flags), 0xFA, 0xF0, 0, 0, 0, 0)
	if flags.Any(wire.SYN) {
		b = append(b, 2, 4, 5, 0xB4, 1, 3, 3, 7)
	}
	return lab.Frame{Time: at, Link: 1, Data: b, WireLen: len(b) + n}
}

// was notes what became of the connection. What follows is another one.
func (k *talk) was(o analyzer.Outcome) {
	k.truth = append(k.truth, truth{k.ends[0].addr, k.ends[1].addr, o, k.sent, k.first})
	k.sent = 0
}

func (k *talk) handshake() {
	k.say(0, wire.SYN, 0)
	k.say(1, wire.SYN|wire.ACK, 0)
	k.say(0, wire.ACK, 0)
}

// exchange is up to n requests and answers; one segment in eight is sent again.
func (k *talk) exchange(n int) {
	for range 1 + k.rng.IntN(n) {
		for from := range 2 {
			size := 1 + k.rng.IntN(1400)
			k.say(from, wire.ACK|wire.PSH, size)
			if k.rng.IntN(8) == 0 {
				k.segment(from, wire.ACK|wire.PSH, k.ends[from].seq-uint32(size), size)
			}
			k.say(1-from, wire.ACK, 0)
		}
	}
}

// close is the four-segment close that end from begins; one FIN in four is sent again.
func (k *talk) close(from int) {
	for _, end := range [2]int{from, 1 - from} {
		k.say(end, wire.FIN|wire.ACK, 0)
		if k.rng.IntN(4) == 0 {
			k.segment(end, wire.FIN|wire.ACK, k.ends[end].seq-1, 0)
		}
		k.say(1-end, wire.ACK, 0)
	}
}

// renew takes new initial sequence numbers on the same sockets.
func (k *talk) renew() {
	for i := range k.ends {
		k.ends[i].seq += 1<<24 + k.rng.Uint32N(1<<30)
	}
}

// lives are all kinds.
var lives = []life{
	func(k *talk) { k.handshake(); k.exchange(9); k.close(0); k.was(analyzer.Closed) },
	func(k *talk) { k.handshake(); k.exchange(9); k.close(1); k.was(analyzer.Closed) },
	func(k *talk) { // both close at once
		k.handshake()
		k.exchange(3)
		k.segment(0, wire.FIN|wire.ACK, k.ends[0].seq, 0)
		k.say(1, wire.FIN|wire.ACK, 0)
		k.ends[0].seq++
		k.say(0, wire.ACK, 0)
		k.say(1, wire.ACK, 0)
		k.was(analyzer.Closed)
	},
	func(k *talk) { k.handshake(); k.exchange(4); k.say(0, wire.FIN|wire.ACK, 0); k.was(analyzer.Closing) },
	func(k *talk) { k.handshake(); k.exchange(4); k.say(0, wire.RST|wire.ACK, 0); k.was(analyzer.Reset) },
	func(k *talk) { k.handshake(); k.exchange(4); k.say(1, wire.RST, 0); k.was(analyzer.Reset) },
	func(k *talk) { k.handshake(); k.exchange(4); k.was(analyzer.Open) },
	func(k *talk) { k.exchange(4); k.was(analyzer.Open) }, // began before the capture
	func(k *talk) { // refused, twice
		for range 2 {
			k.say(0, wire.SYN, 0)
			k.segment(1, wire.RST|wire.ACK, 0, 0)
			k.was(analyzer.Refused)
			k.renew()
		}
	},
	func(k *talk) { // unanswered
		for range 1 + k.rng.IntN(4) {
			k.segment(0, wire.SYN, k.ends[0].seq, 0)
		}
		k.was(analyzer.Unanswered)
	},
	flood,
	func(k *talk) { // the same sockets again, after either close and after a reset
		for from := range 2 {
			k.handshake()
			k.exchange(2)
			k.close(from)
			k.was(analyzer.Closed)
			k.renew()
		}
		k.handshake()
		k.say(1, wire.RST, 0)
		k.was(analyzer.Reset)
		k.renew()
		k.handshake()
		k.was(analyzer.Open)
	},
	func(k *talk) { // a blind SYN and its challenge ACK
		k.handshake()
		k.exchange(2)
		k.segment(0, wire.SYN, k.ends[0].seq+k.rng.Uint32N(1<<30)+1, 0)
		k.say(1, wire.ACK, 0)
		k.exchange(2)
		k.close(0)
		k.was(analyzer.Closed)
	},
	func(k *talk) { // the client reboots and finds its old connection (RFC 9293 3.5.1)
		k.handshake()
		k.exchange(2)
		old := k.ends
		k.renew()
		again, againFirst := k.ends, k.now
		k.segment(0, wire.SYN, again[0].seq, 0)
		k.ends = old
		k.say(1, wire.ACK, 0)
		k.segment(0, wire.RST, k.ends[0].seq, 0)
		k.sent-- // the SYN belongs to the next one
		k.was(analyzer.Reset)
		k.ends = again
		k.handshake()
		k.close(0)
		k.sent++
		k.first = againFirst
		k.was(analyzer.Closed)
	},
	func(k *talk) { // the SYN-ACK was captured before the SYN
		syn := k.ends[0].seq
		k.ends[0].seq++
		k.say(1, wire.SYN|wire.ACK, 0)
		k.segment(0, wire.SYN, syn, 0)
		k.say(0, wire.ACK, 0)
		k.exchange(2)
		k.close(1)
		k.was(analyzer.Closed)
	},
}

// flood is what a SYN flood leaves behind.
func flood(k *talk) {
	k.say(0, wire.SYN, 0)
	for range 1 + k.rng.IntN(2) {
		k.segment(1, wire.SYN|wire.ACK, k.ends[1].seq, 0)
	}
	k.was(analyzer.HalfOpen)
}
