package output

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"tcptrace/analyzer"
)

func TestAppendSeconds(t *testing.T) {
	for _, test := range []struct {
		ns          int64
		want, want6 string
	}{
		{0, "0", "0.000000"},
		{1, "0.000000001", "0.000000"},
		{1_203_000_000, "1.203", "1.203000"},
		{-500_000_000, "-0.5", "-0.500000"},
		{86_400_000_000_000, "86400", "86400.000000"},
		{math.MaxInt64, "9223372036.854775807", "9223372036.854775"},
		{math.MinInt64, "-9223372036.854775808", "-9223372036.854775"},
	} {
		if got := string(AppendSeconds(nil, test.ns)); got != test.want {
			t.Errorf("%d: %s, want %s", test.ns, got, test.want)
		}
		if got := string(AppendSeconds6(nil, test.ns)); got != test.want6 {
			t.Errorf("%d: %s, want %s", test.ns, got, test.want6)
		}
	}
}

func TestFloatSecondsIsTheNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		d := time.Duration(rng.Int64() >> rng.IntN(63))
		want, _ := new(big.Rat).SetFrac64(int64(d), nsPerSecond).Float64()
		if got := FloatSeconds(d); got != want {
			t.Fatalf("%d ns: %v, want %v", d, got, want)
		}
	}
}

func TestClockAgainstTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var k Clock
	check := func(ns int64) {
		t.Helper()
		got := string(k.Append(nil, analyzer.Time(ns)))
		want := time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z")
		if got != want {
			t.Fatalf("%d: %s, want %s", ns, got, want)
		}
	}
	for _, ns := range []int64{0, -1, 1, math.MinInt64, math.MaxInt64, -86_400 * nsPerSecond, 86_400*nsPerSecond - 1} {
		check(ns)
	}
	for range 10_000 {
		near := rng.Int64() - rng.Int64()
		check(near)
		check(near + rng.Int64N(nsPerSecond)) // mostly the same day
	}
}

func TestAppendCount(t *testing.T) {
	for _, n := range []uint64{0, math.MaxUint64} {
		checkCount(t, n)
	}
	for p := uint64(1); ; p *= 10 {
		for d := uint64(0); d < 12; d++ {
			checkCount(t, p+d)
			checkCount(t, p-min(p, d))
			checkCount(t, p*3/2+d)
		}
		if p == 1e19 {
			return
		}
	}
}

func checkCount(t *testing.T, n uint64) {
	if got, want := string(AppendCount([]byte("x"), n)), "x"+strconv.FormatUint(n, 10); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
