package report

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
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
		if got := string(appendSeconds(nil, test.ns)); got != test.want {
			t.Errorf("%d: %s, want %s", test.ns, got, test.want)
		}
		if got := string(appendSeconds6(nil, test.ns)); got != test.want6 {
			t.Errorf("%d: %s, want %s", test.ns, got, test.want6)
		}
	}
}

func TestFloatSecondsIsTheNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		d := time.Duration(rng.Int64() >> rng.IntN(63))
		want, _ := new(big.Rat).SetFrac64(int64(d), nsPerSecond).Float64()
		if got := floatSeconds(d); got != want {
			t.Fatalf("%d ns: %v, want %v", d, got, want)
		}
	}
}

func TestClockAgainstTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var k clock
	check := func(ns int64) {
		t.Helper()
		got := string(k.append(nil, analyzer.Time(ns)))
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

func TestHuman(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1234567: "1.2 MB", 999_999: "999.9 kB", 1_000_000: "1.0 MB",
		math.MaxUint64: "18.4 EB",
	} {
		if got := humanBytes(n); got != want {
			t.Errorf("humanBytes(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := humanCount(n); got != want {
			t.Errorf("humanCount(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 ns", 87 * time.Microsecond: "87 us", 12_345 * time.Microsecond: "12.3 ms", 1203 * time.Millisecond: "1.203 s",
		723 * time.Second: "12m03s", 312 * time.Minute: "5h12m", 76 * time.Hour: "3d04h", -time.Second: "-1.000 s",
	} {
		if got := humanDuration(d); got != want {
			t.Errorf("humanDuration(%d) = %q, want %q", d, got, want)
		}
	}
	if got := humanDuration(math.MinInt64); !strings.HasPrefix(got, "-") {
		t.Errorf("the shortest duration is %q", got)
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
	if got, want := string(appendCount([]byte("x"), n)), "x"+strconv.FormatUint(n, 10); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
