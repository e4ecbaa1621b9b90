package report

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"tcptrace/analyzer"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", path, got)
	}
}

func at(s string) analyzer.Time {
	u, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return analyzer.Time(u.UnixNano())
}

func between(client, server string) [2]netip.AddrPort {
	return [2]netip.AddrPort{netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)}
}

func sent(packets, payload, ip, frame, stream uint64) analyzer.Sent {
	return analyzer.Sent{Packets: packets, PayloadBytes: payload, IPBytes: ip, FrameBytes: frame, StreamBytes: stream}
}

// sample is a capture's worth of conversations: a plain one, a refused one over
// IPv6, one that was under way, one from before 1970, one cut off.
func sample() []analyzer.Conversation {
	return []analyzer.Conversation{
		{
			Stream: 0, Addr: between("10.0.0.1:40000", "10.0.0.2:80"), Roles: analyzer.RolesHandshake,
			Start: at("2026-11-21T01:02:03Z"), End: at("2026-11-21T01:02:04.203Z"),
			FirstFrame: 1, LastFrame: 14, Outcome: analyzer.Closed, Completeness: 31, ConnState: connState("SF"),
			Sent: [2]analyzer.Sent{sent(7, 120, 404, 502, 120), sent(7, 1_234_567, 1_234_851, 1_234_949, 1_234_567)},
		},
		{
			Stream: 1, Addr: between("[2001:db8:1234:5678:9abc:def0:1234:5678]:54321", "[2001:db8::1]:443"), Roles: analyzer.RolesHandshake,
			Start: at("2026-11-21T01:02:03.5Z"), End: at("2026-11-21T01:02:03.500087Z"),
			FirstFrame: 3, LastFrame: 4, Outcome: analyzer.Refused, Completeness: 37, ConnState: connState("REJ"),
			Sent: [2]analyzer.Sent{sent(1, 0, 80, 94, 0), sent(1, 0, 60, 74, 0)},
		},
		{
			Stream: 2, Addr: between("192.168.100.200:65535", "192.168.100.201:22"), Roles: analyzer.RolesInferred,
			Start: at("2026-11-21T01:02:03.999999999Z"), End: at("2026-11-21T03:02:03.999999999Z"),
			FirstFrame: 9, LastFrame: 12345, Outcome: analyzer.Open, Completeness: 12, ConnState: connState("OTH"),
			Sent: [2]analyzer.Sent{sent(4321, 98765, 271605, 332099, 98700), sent(8000, 12_345_678_901, 12_345_998_901, 12_346_110_901, 12_345_678_901)},
		},
		{
			Stream: 3, Addr: between("10.0.0.3:1", "10.0.0.2:80"), Roles: analyzer.RolesHandshake,
			Start: at("1969-12-31T23:59:59.000000001Z"), End: at("1969-12-31T23:59:59.000000001Z"),
			FirstFrame: 20, LastFrame: 20, Outcome: analyzer.Unanswered, Completeness: 1, ConnState: connState("S0"),
			Sent: [2]analyzer.Sent{sent(1, 0, 60, 74, 0), {}}, Evicted: true, Dropped: 17,
		},
	}
}

func sampleSummary() *analyzer.Summary {
	sum := &analyzer.Summary{
		Packets: 14_283, Bytes: 12_400_000_000, Start: at("1969-12-31T23:59:59.000000001Z"), End: at("2026-11-21T03:02:03.999999999Z"),
		TCP: 12_339, Filtered: 3, FirstFragments: 1, CutOptions: 2, BadOptions: 3, Tunneled: 4,
		Conversations: 4, Outcomes: [analyzer.NumOutcomes]uint64{1, 1, 0, 0, 1, 1, 0},
		Evicted: 1, ReleasedEarly: 1200, TimedOut: 3, Drops: 17, DropsKnown: true,
	}
	sum.Bounds[2], sum.Bounds[5] = 1024, 1 // when segments in flight were sent, and letters of a history
	return sum
}

// connState is the one of that name.
func connState(name string) (s analyzer.ConnState) {
	for s.String() != name {
		s++
	}
	return s
}

// resetCause is the one of that name.
func resetCause(name string) (c analyzer.ResetCause) {
	for c.String() != name {
		c++
	}
	return c
}

// sampleNotAnalyzed stands in for Summary.NotAnalyzed, which only the analyzer can fill.
var sampleNotAnalyzed = []analyzer.Count{
	{Reason: "not-ip", Text: "not IP", Packets: 1500},
	{Reason: "not-tcp", Text: "IP, but not TCP", Packets: 440},
	{Reason: "truncated", Text: "cut by the snap length before the end of the TCP header", Packets: 1},
}

// randomConversation covers the whole range of every field that the package can set.
func randomConversation(rng *rand.Rand) *analyzer.Conversation {
	number := func() uint64 { return rng.Uint64() >> rng.IntN(64) }
	addr := func(v6 bool) netip.AddrPort {
		var b [16]byte
		for i := range b {
			b[i] = byte(number())
		}
		if v6 {
			return netip.AddrPortFrom(netip.AddrFrom16(b), uint16(number()))
		}
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), uint16(number()))
	}
	v6 := rng.IntN(2) == 0
	c := &analyzer.Conversation{
		Stream: number(), Addr: [2]netip.AddrPort{addr(v6), addr(v6)}, Roles: analyzer.Roles(rng.IntN(2)),
		Start: analyzer.Time(rng.Int64() - rng.Int64()), FirstFrame: number(), LastFrame: number(),
		Outcome: analyzer.Outcome(rng.IntN(int(analyzer.NumOutcomes))), Completeness: analyzer.Completeness(rng.IntN(64)),
		ConnState: analyzer.ConnState(rng.IntN(13)), Evicted: rng.IntN(4) == 0, Quick: rng.IntN(8) == 0,
	}
	c.End = c.Start + analyzer.Time(number()>>1)
	for i := range c.Sent {
		c.Sent[i] = randomSent(rng)
		c.Sent[i].Packets >>= 1
	}
	return c
}

// write runs conversations through a report.
func write(t testing.TB, r Report, cs []analyzer.Conversation, s *analyzer.Summary) {
	t.Helper()
	for i := range cs {
		if err := r.Conversation(&cs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Finish(s); err != nil {
		t.Fatal(err)
	}
}

var errFull = errors.New("disk full")

// fullWriter takes some bytes and then fails.
type fullWriter struct{ room int }

func (w *fullWriter) Write(p []byte) (int, error) {
	if len(p) > w.room {
		return w.room, errFull
	}
	w.room -= len(p)
	return len(p), nil
}

// randomSent has a random value in every field; about a half are 0.
func randomSent(rng *rand.Rand) (s analyzer.Sent) {
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		n := rng.Uint64() >> rng.IntN(64) * rng.Uint64N(2)
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.Array:
			for i := range v.Len() {
				fill(v.Index(i))
			}
		case reflect.Int64:
			v.SetInt(int64(n >> 14)) // a duration of which a float64 keeps all digits
		default:
			v.SetUint(n >> (64 - min(v.Type().Bits(), 48)))
		}
	}
	fill(reflect.ValueOf(&s).Elem())
	return s
}
