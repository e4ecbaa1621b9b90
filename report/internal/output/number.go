package output

import (
	"math/bits"
	"strconv"
	"time"

	"tcptrace/analyzer"
)

const nsPerSecond = int64(time.Second)

// pairs are the numbers from 00 to 99.
var pairs = func() (p [200]byte) {
	for i := range 100 {
		p[2*i], p[2*i+1] = byte('0'+i/10), byte('0'+i%10)
	}
	return p
}()

// powers are those of ten.
var powers = func() (p [20]uint64) {
	p[0] = 1
	for i := range p[1:] {
		p[i+1] = p[i] * 10
	}
	return p
}()

// AppendCount appends n in decimal. It does half the work of strconv, which does not know how many digits there will be.
func AppendCount(b []byte, n uint64) []byte {
	size := bits.Len64(n) * 1233 >> 12 // 1233/4096 is log10(2)
	if n >= powers[size] || size == 0 {
		size++
	}
	b = append(b, "00000000000000000000"[:size]...)
	at := b[len(b)-size:]
	for n >= 100 {
		p := n % 100 * 2
		n /= 100
		size -= 2
		at[size], at[size+1] = pairs[p], pairs[p+1]
	}
	if n < 10 {
		at[size-1] = byte('0' + n)
	} else {
		at[0], at[1] = pairs[2*n], pairs[2*n+1]
	}
	return b
}

// appendNanos appends ns, below a second, as nine digits.
func appendNanos(b []byte, ns uint64) []byte {
	n := uint32(ns)
	hi, lo := n/1e5, n%1e5 // four digits and five
	mid, last := lo/10, lo%10
	p, q, r, s := hi/100*2, hi%100*2, mid/100*2, mid%100*2
	return append(b, pairs[p], pairs[p+1], pairs[q], pairs[q+1], pairs[r], pairs[r+1], pairs[s], pairs[s+1], byte('0'+last))
}

// AppendSeconds appends ns as a decimal number of seconds: exact, shortest, and
// without exponent, which a detour through float64 would not be.
func AppendSeconds(b []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = AppendCount(b, u/uint64(nsPerSecond))
	frac := u % uint64(nsPerSecond)
	if frac == 0 {
		return b
	}
	b = appendNanos(append(b, '.'), frac)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// FloatSeconds is the float64 nearest to d in seconds: what a reader of the record's
// decimal number gets. Duration.Seconds may be off by a bit.
func FloatSeconds(d time.Duration) float64 {
	if d > -1<<53 && d < 1<<53 {
		return float64(d) / float64(nsPerSecond) // both are exact, so the division rounds once
	}
	f, _ := strconv.ParseFloat(string(AppendSeconds(nil, int64(d))), 64)
	return f
}

// AppendSeconds6 appends ns as seconds with six decimals, cut and not rounded, as
// a timestamp must not move into the future.
func AppendSeconds6(b []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = AppendCount(b, u/uint64(nsPerSecond))
	b = appendNanos(append(b, '.'), u%uint64(nsPerSecond))
	return b[:len(b)-3]
}

// Clock writes times. It keeps the text of the last second, as most times of a record, and
// many of the next one's, are of the same, and the calendar is the expensive part.
type Clock struct {
	second int64                             // since the Unix epoch
	text   [len("2006-01-02T15:04:05.")]byte // zero: none yet
}

// Append appends t in RFC 3339, UTC, with nine digits of seconds.
func (k *Clock) Append(b []byte, t analyzer.Time) []byte {
	second, ns := int64(t)/nsPerSecond, int64(t)%nsPerSecond
	if ns < 0 {
		second, ns = second-1, ns+nsPerSecond
	}
	if second != k.second || k.text[0] == 0 {
		k.second = second
		time.Unix(second, 0).UTC().AppendFormat(k.text[:0], "2006-01-02T15:04:05.")
	}
	b = append(b, k.text[:]...)
	return append(appendNanos(b, uint64(ns)), 'Z')
}
