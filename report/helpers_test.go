package report

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"tcptrace/analyzer"
)

// thorough is n, or a tenth of it in a short test.
func thorough(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
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
