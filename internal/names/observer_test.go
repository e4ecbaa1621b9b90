package names

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"tcptrace/internal/wire"
)

func addr(s string) (wire.Addr, bool) {
	a := netip.MustParseAddr(s)
	b := a.As16()
	if a.Is4() {
		return wire.Addr{Lo: uint64(binary.BigEndian.Uint32(b[12:]))}, false
	}
	return wire.Addr{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}, true
}

// talk is a connection that an Observer is shown.
type talk struct {
	o              *Observer
	client, server netip.AddrPort
	seq            [2]uint32
	found          []string
}

func newTalk(o *Observer, client, server string) *talk {
	return &talk{o: o, client: netip.MustParseAddrPort(client), server: netip.MustParseAddrPort(server), seq: [2]uint32{4_294_967_200, 77}}
}

// send shows a segment of a side (0: the client) at an offset of its stream; cap is how much of the payload was captured.
func (k *talk) send(side int, flags wire.Flags, off int, payload []byte, captured int) {
	from, to := k.client, k.server
	if side == 1 {
		from, to = to, from
	}
	a, v6 := addr(from.Addr().String())
	b, _ := addr(to.Addr().String())
	s := wire.Segment{Flags: flags, Seq: k.seq[side] + 1 + uint32(off), Len: uint32(len(payload)), PayloadCap: uint32(captured)}
	if flags.Any(wire.SYN) {
		s.Seq--
	}
	s.Key, s.Dir = wire.MakeKey(a, b, from.Port(), to.Port(), v6)
	for _, n := range k.o.Segment(&s, payload[:captured]) {
		k.found = append(k.found, n.Kind.String()+"="+n.Text)
	}
}

func (k *talk) data(off int, payload []byte) { k.send(0, wire.ACK, off, payload, len(payload)) }

func (k *talk) open() {
	k.send(0, wire.SYN, 0, nil, 0)
	k.send(1, wire.SYN|wire.ACK, 0, nil, 0)
}

// told is what was found, once each.
func (k *talk) told() string {
	var list []string
	for _, f := range k.found {
		if !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return strings.Join(list, " ")
}

func (k *talk) want(t *testing.T, why, want string) {
	t.Helper()
	if got := k.told(); got != want {
		t.Errorf("%s: %q, want %q", why, got, want)
	}
}

var testHello = clientHello(sniExtension(0, "www.example.com"), alpnExtension("h2"))

const helloNames = "tls-sni=www.example.com tls-alpn=h2"

// answer is a message of the DNS that answers a question for name.
func answer(t testing.TB, name string, change func(*dnsmessage.Message), addrs ...string) []byte {
	t.Helper()
	n := dnsmessage.MustNewName(name)
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, Response: true},
		Questions: []dnsmessage.Question{{Name: n, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	m.Answers = append(m.Answers, dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: n, Type: dnsmessage.TypeCNAME, Class: dnsmessage.ClassINET},
		Body:   &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("node7.example.net.")},
	})
	for _, a := range addrs {
		ip := netip.MustParseAddr(a)
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("node7.example.net."), Class: dnsmessage.ClassINET}}
		if ip.Is4() {
			r.Body = &dnsmessage.AResource{A: ip.As4()}
		} else {
			r.Body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
		}
		m.Answers = append(m.Answers, r)
	}
	if change != nil {
		change(&m)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// datagram shows a message that client was sent from a port.
func datagram(o *Observer, client string, port uint16, message []byte) {
	to, v6 := addr(client)
	data := binary.BigEndian.AppendUint16(nil, port)
	data = binary.BigEndian.AppendUint16(data, 5353)
	data = binary.BigEndian.AppendUint16(data, uint16(8+len(message)))
	o.Datagram(&wire.Datagram{Dst: to, V6: v6, Proto: wire.ProtoUDP, Data: append(append(data, 0, 0), message...)})
}

func TestDNS(t *testing.T) {
	plain := answer(t, "DB.Example.com.", nil, "10.0.0.2", "2001:db8::2")
	for _, tt := range []struct {
		name           string
		to             string
		port           uint16
		message        []byte
		client, server string
		want           string
	}{
		{"an answer", "10.0.0.1", 53, plain, "10.0.0.1:1000", "10.0.0.2:80", "dns=db.example.com"},
		{"over IPv6", "2001:db8::1", 53, plain, "[2001:db8::1]:1000", "[2001:db8::2]:80", "dns=db.example.com"},
		{"another client", "10.0.0.9", 53, plain, "10.0.0.1:1000", "10.0.0.2:80", ""},
		{"another server", "10.0.0.1", 53, plain, "10.0.0.1:1000", "10.0.0.3:80", ""},
		{"another port", "10.0.0.1", 5353, plain, "10.0.0.1:1000", "10.0.0.2:80", ""},
		{"the other way", "10.0.0.1", 53, plain, "10.0.0.2:1000", "10.0.0.1:80", ""},
		{"a question", "10.0.0.1", 53, answer(t, "a.b.", func(m *dnsmessage.Message) { m.Response = false }, "10.0.0.2"), "10.0.0.1:1000", "10.0.0.2:80", ""},
		{"no such name", "10.0.0.1", 53, answer(t, "a.b.", func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeNameError }, "10.0.0.2"), "10.0.0.1:1000", "10.0.0.2:80", ""},
		{"another class", "10.0.0.1", 53, answer(t, "a.b.", func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassCHAOS }, "10.0.0.2"), "10.0.0.1:1000", "10.0.0.2:80", ""},
		{"an answer of another class", "10.0.0.1", 53, answer(t, "a.b.", func(m *dnsmessage.Message) { m.Answers[1].Header.Class = dnsmessage.ClassCHAOS }, "10.0.0.2"), "10.0.0.1:1000", "10.0.0.2:80", ""},
		{"no question", "10.0.0.1", 53, answer(t, "a.b.", func(m *dnsmessage.Message) { m.Questions = nil }, "10.0.0.2"), "10.0.0.1:1000", "10.0.0.2:80", ""},
		{"cut behind an answer", "10.0.0.1", 53, plain[:len(plain)-4], "10.0.0.1:1000", "10.0.0.2:80", "dns=db.example.com"},
		{"hostile", "10.0.0.1", 53, answer(t, "\x1b[2J\u202e.", nil, "10.0.0.2"), "10.0.0.1:1000", "10.0.0.2:80", `dns=\x1b[2j\xe2\x80\xae`},
		{"nothing", "10.0.0.1", 53, nil, "10.0.0.1:1000", "10.0.0.2:80", ""},
	} {
		o := New()
		datagram(o, tt.to, tt.port, tt.message)
		k := newTalk(o, tt.client, tt.server)
		k.send(0, wire.SYN, 0, nil, 0)
		k.want(t, tt.name+", SYN", tt.want)
		k = newTalk(o, tt.client, tt.server)
		k.send(1, wire.SYN|wire.ACK, 0, nil, 0)
		k.want(t, tt.name+", SYN-ACK", tt.want)
		o = New()
		datagram(o, tt.to, tt.port, tt.message)
		k = newTalk(o, tt.client, tt.server)
		k.data(1000, testHello)
		k.want(t, tt.name+", without a SYN", strings.TrimSpace(tt.want+" "+helloNames))
	}
}

// TestDNSOrder: the latest answer before the SYN counts.
func TestDNSOrder(t *testing.T) {
	o := New()
	early := newTalk(o, "10.0.0.1:1000", "10.0.0.2:80")
	early.open()
	early.want(t, "before any answer", "")
	for _, name := range []string{"a.example.", "b.example.", "b.example."} {
		datagram(o, "10.0.0.1", 53, answer(t, name, nil, "10.0.0.2"))
	}
	late := newTalk(o, "10.0.0.1:1001", "10.0.0.2:80")
	late.send(0, wire.SYN, 0, nil, 0)
	late.want(t, "after two", "dns=b.example")
}

// TestDNSBound: as many records of a message are read as are promised, and as many answers remembered.
func TestDNSBound(t *testing.T) {
	var addrs []string
	for i := range maxRecords { // behind a CNAME: the last is one too many
		addrs = append(addrs, fmt.Sprintf("10.1.0.%d", i))
	}
	o := New()
	datagram(o, "10.0.0.1", 53, answer(t, "a.example.", nil, addrs...))
	for i, want := range map[int]string{maxRecords - 2: "dns=a.example", maxRecords - 1: ""} {
		k := newTalk(o, "10.0.0.1:1000", addrs[i]+":80")
		k.send(0, wire.SYN, 0, nil, 0)
		k.want(t, addrs[i], want)
	}
	var a answers
	for i := range maxAnswers/2 + 1 {
		a.put(pair{server: wire.Addr{Lo: uint64(i)}}, "x")
	}
	if a.get(pair{}) == "" || len(a.latest) != 1 {
		t.Errorf("the first of %d answers was forgotten", maxAnswers/2+1)
	}
	for i := range maxAnswers / 2 {
		a.put(pair{server: wire.Addr{Hi: 1, Lo: uint64(i)}}, "y")
	}
	if a.get(pair{}) != "" || a.get(pair{server: wire.Addr{Lo: maxAnswers / 2}}) != "x" || len(a.latest)+len(a.before) > maxAnswers {
		t.Errorf("%d answers are remembered, the first and the latest wrongly", len(a.latest)+len(a.before))
	}
}

// TestHelloInSegments: wherever a ClientHello is cut into segments, in whatever order they come, twice or once, its names are found.
func TestHelloInSegments(t *testing.T) {
	for cut := 1; cut < len(testHello); cut++ {
		a, b := testHello[:cut], testHello[cut:]
		for name, show := range map[string]func(k *talk){
			"in order":      func(k *talk) { k.data(0, a); k.data(cut, b) },
			"the wrong way": func(k *talk) { k.data(cut, b); k.data(0, a) },
			"twice":         func(k *talk) { k.data(0, a); k.data(0, a); k.data(cut, b); k.data(cut, b) },
			"in one again":  func(k *talk) { k.data(0, a); k.data(0, testHello) },
			"overlapping":   func(k *talk) { k.data(0, a); k.data(cut/2, testHello[cut/2:]) },
			"the SYN again": func(k *talk) { k.data(0, a); k.send(0, wire.SYN, 0, nil, 0); k.data(cut, b) },
			"with the SYN":  func(k *talk) { k.send(0, wire.SYN, 0, a, len(a)); k.data(cut, b) },
		} {
			k := newTalk(New(), "10.0.0.1:1000", "10.0.0.2:443")
			k.open()
			show(k)
			k.want(t, fmt.Sprintf("%s, cut at %d", name, cut), helloNames)
			if n := len(k.o.streams.open); n != 0 || k.o.streams.bytes != 0 {
				t.Fatalf("%s, cut at %d: %d streams of %d bytes are kept", name, cut, n, k.o.streams.bytes)
			}
		}
		k := newTalk(New(), "10.0.0.1:1000", "10.0.0.2:443")
		k.data(0, a)
		k.data(cut, b)
		k.want(t, fmt.Sprintf("without a SYN, cut at %d", cut), helloNames)
	}
}

// TestManyPieces: one byte a segment, in any order, up to as many as are taken.
func TestManyPieces(t *testing.T) {
	hello := clientHello(sniExtension(0, "a.b"))
	hello = append(hello[:0:0], hello...)
	const size = 4
	rng := rand.New(rand.NewPCG(1, 2))
	order := rng.Perm((len(hello) + size - 1) / size)
	if len(order) > maxPieces {
		t.Fatalf("%d pieces", len(order))
	}
	k := newTalk(New(), "10.0.0.1:1000", "10.0.0.2:443")
	k.open()
	for _, i := range order {
		k.data(i*size, hello[i*size:min(len(hello), (i+1)*size)])
	}
	k.want(t, "in any order", "tls-sni=a.b")
	for _, n := range []int{maxPieces, maxPieces + 1} {
		k := newTalk(New(), "10.0.0.1:1000", "10.0.0.2:443")
		k.open()
		for i := range n - 1 {
			k.data(i, hello[i:i+1])
		}
		k.data(n-1, hello[n-1:])
		want := "tls-sni=a.b"
		if n > maxPieces {
			want = ""
		}
		k.want(t, fmt.Sprintf("%d pieces", n), want)
	}
}

func TestStreams(t *testing.T) {
	request := []byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
	second := clientHello(sniExtension(0, "other.example"))
	filler := make([]byte, maxRead)
	for _, tt := range []struct {
		name string
		show func(k *talk)
		want string
	}{
		{"a request", func(k *talk) { k.data(0, request) }, "http-host=a.example"},
		{"a request in two", func(k *talk) { k.data(0, request[:9]); k.data(9, request[9:]) }, "http-host=a.example"},
		{"the first request counts", func(k *talk) { k.data(0, request); k.data(len(request), []byte("GET / HTTP/1.1\r\nHost: b\r\n\r\n")) }, "http-host=a.example"},
		{"the first hello counts", func(k *talk) { k.data(0, testHello); k.data(len(testHello), second) }, helloNames},
		{"STARTTLS", func(k *talk) {
			k.data(0, []byte("EHLO x\r\n"))
			k.data(8, []byte("STARTTLS\r\n"))
			k.data(18, testHello)
		}, helloNames},
		{"STARTTLS in two", func(k *talk) {
			k.data(0, []byte("STARTTLS\r\n"))
			k.data(10, testHello[:20])
			k.data(30, testHello[20:])
		}, helloNames},
		{"late, but near", func(k *talk) { k.data(0, filler[:9]); k.data(maxRead-1, testHello) }, helloNames},
		{"too far behind", func(k *talk) { k.data(0, filler[:9]); k.data(maxRead, testHello) }, ""},
		{"a request behind something", func(k *talk) { k.data(0, []byte("hello\n")); k.data(6, request) }, ""},
		{"the first segment lost", func(k *talk) { k.data(10, testHello[10:]) }, ""},
		{"the first segment far behind", func(k *talk) { k.data(10, testHello[10:]); k.data(maxRead, filler); k.data(0, testHello) }, ""},
		{"cut by the snap length", func(k *talk) { k.send(0, wire.ACK, 0, testHello, len(testHello)-9) }, "tls-sni=www.example.com"},
		{"cut, and again", func(k *talk) {
			k.send(0, wire.ACK, 0, testHello, 20)
			k.send(0, wire.ACK, 0, testHello, 20)
		}, ""},
		{"a keep-alive before it", func(k *talk) { k.data(-1, []byte{0}); k.data(0, testHello) }, helloNames},
		{"an RST with text", func(k *talk) { k.send(0, wire.RST, 0, request, len(request)); k.data(0, testHello) }, helloNames},
		{"a hello of the server", func(k *talk) { k.send(1, wire.ACK, 0, filler[:99], 99) }, ""},
		{"a large segment", func(k *talk) { k.data(0, append(request, make([]byte, 60000)...)) }, "http-host=a.example"},
		{"a header without end", func(k *talk) {
			k.data(0, []byte("GET / HTTP/1.1\r\nX: "))
			for off := 19; off < maxRead; off += 1000 {
				k.data(off, []byte(strings.Repeat("x", 1000)))
			}
			k.data(19+maxRead, request)
		}, ""},
		{"the ports again", func(k *talk) {
			k.data(0, testHello[:20])
			k.seq[0] += 1000
			k.open()
			k.data(0, request)
		}, "http-host=a.example"},
	} {
		k := newTalk(New(), "10.0.0.1:1000", "10.0.0.2:443")
		k.open()
		tt.show(k)
		k.want(t, tt.name, tt.want)
	}
}

// TestDNSOverTCP: messages behind their lengths, several in a segment and one in several.
func TestDNSOverTCP(t *testing.T) {
	framed := func(name, server string) []byte { return sized(2, answer(t, name, nil, server)) }
	all := slices.Concat(framed("a.example.", "10.0.0.3"), framed("b.example.", "10.0.0.4"), framed("c.example.", "10.0.0.5"))
	check := func(why string, o *Observer) {
		t.Helper()
		for server, want := range map[string]string{"10.0.0.3": "dns=a.example", "10.0.0.4": "dns=b.example", "10.0.0.5": "dns=c.example"} {
			k := newTalk(o, "10.0.0.1:2000", server+":80")
			k.send(0, wire.SYN, 0, nil, 0)
			k.want(t, why, want)
		}
	}
	for cut := 0; cut < len(all); cut++ {
		for _, swapped := range []bool{false, true} {
			if swapped && cut == 0 {
				continue
			}
			k := newTalk(New(), "10.0.0.1:1000", "10.0.0.2:53")
			k.open()
			parts := [][2]int{{0, cut}, {cut, len(all)}}
			if swapped {
				slices.Reverse(parts)
			}
			for _, p := range parts {
				k.send(1, wire.ACK, p[0], all[p[0]:p[1]], p[1]-p[0])
			}
			check(fmt.Sprintf("cut at %d, swapped: %v", cut, swapped), k.o)
		}
	}
}

// TestStreamsBounded: what is kept of beginnings without an end stays within its bounds, and the latest are kept.
func TestStreamsBounded(t *testing.T) {
	o := New()
	part := testHello[:40]
	var last *talk
	for i := range 3 * maxStreams {
		last = newTalk(o, fmt.Sprintf("10.%d.%d.1:1000", i/256, i%256), "10.0.0.2:443")
		last.open()
		last.data(0, part)
		if len(o.streams.open) > maxStreams || len(o.streams.order) > 2*maxStreams+1 {
			t.Fatalf("%d streams are kept, %d in order", len(o.streams.open), len(o.streams.order))
		}
	}
	last.data(40, testHello[40:])
	last.want(t, "the latest", helloNames)
	o = New()
	big := append([]byte("GET / HTTP/1.1\r\nX: "), make([]byte, maxRead)...)
	for i := range 2 * maxStreamBytes / maxRead {
		k := newTalk(o, fmt.Sprintf("10.%d.%d.1:1000", i/256, i%256), "10.0.0.2:443")
		k.open()
		k.data(0, big[:maxRead-1])
		if o.streams.bytes > maxStreamBytes {
			t.Fatalf("%d bytes are kept", o.streams.bytes)
		}
	}
	sum := 0
	for _, x := range o.streams.open {
		sum += x.size
	}
	if sum != o.streams.bytes || sum < maxStreamBytes/2 {
		t.Errorf("%d bytes are counted, there are %d", o.streams.bytes, sum)
	}
}
