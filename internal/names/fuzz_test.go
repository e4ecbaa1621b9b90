package names

import (
	"testing"

	"tcptrace/internal/wire"
)

// printable fails for a name that is not what Clean promises.
func printable(t *testing.T, name string) {
	t.Helper()
	if len(name) > MaxLen {
		t.Fatalf("%d bytes: %q", len(name), name)
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == '"' || c == '<' || c == '>' || c == '&' || c == '`' || 'A' <= c && c <= 'Z' {
			t.Fatalf("%q in %q", c, name)
		}
	}
}

// FuzzSegments shows an Observer any bytes as the streams of a client and of a server of the DNS, in segments of any sizes in any order, and expects
// names that can be shown, and no more kept than is promised.
func FuzzSegments(f *testing.F) {
	f.Add(testHello, []byte{200, 9, 60})
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), []byte{7, 1})
	f.Add(sized(2, answer(f, "a.example.", nil, "10.0.0.3")), []byte{3, 2, 1})
	f.Add(tinyRecords(handshake(sniExtension(0, "a.b"))), []byte{255})
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		o := New()
		request, reply := newTalk(o, "10.0.0.1:1000", "10.0.0.2:443"), newTalk(o, "10.0.0.1:1001", "10.0.0.2:53")
		request.open()
		reply.open()
		off := 0
		for _, c := range cuts {
			n := int(c >> 2)
			from := min(off, len(stream))
			to := min(from+n, len(stream))
			part := stream[from:to]
			captured := len(part)
			if c&3 == 3 {
				captured /= 2
			}
			request.send(0, wire.ACK, from, part, captured)
			reply.send(1, wire.ACK, from, part, captured)
			if off += n; c&1 != 0 {
				off -= 2 * n
			}
			off = max(off, 0)
		}
		request.data(0, stream)
		datagram(o, "10.0.0.1", portDNS, stream)
		for _, name := range append(request.found, reply.found...) {
			printable(t, name)
		}
		for _, m := range []map[pair]string{o.answers.latest, o.answers.before} {
			for _, name := range m {
				printable(t, name)
			}
		}
		sum := 0
		for _, x := range o.streams.open {
			sum += x.size
			if len(x.bytes) > maxRead {
				t.Fatalf("%d bytes of a stream are kept", len(x.bytes))
			}
		}
		if sum != o.streams.bytes {
			t.Fatalf("%d bytes are kept, %d counted", sum, o.streams.bytes)
		}
	})
}
