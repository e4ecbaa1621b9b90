package report

import (
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

// appendNanos appends ns, below a second, as nine digits.
func appendNanos(b []byte, ns uint64) []byte {
	n := uint32(ns)
	hi, lo := n/1e5, n%1e5 // four digits and five
	mid, last := lo/10, lo%10
	p, q, r, s := hi/100*2, hi%100*2, mid/100*2, mid%100*2
	return append(b, pairs[p], pairs[p+1], pairs[q], pairs[q+1], pairs[r], pairs[r+1], pairs[s], pairs[s+1], byte('0'+last))
}

// appendSeconds appends ns as a decimal number of seconds: exact, shortest, and
// without exponent, which a detour through float64 would not be.
func appendSeconds(b []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/uint64(nsPerSecond), 10)
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

// appendSeconds6 appends ns as seconds with six decimals, cut and not rounded, as
// a timestamp must not move into the future.
func appendSeconds6(b []byte, ns int64) []byte {
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/uint64(nsPerSecond), 10)
	b = appendNanos(append(b, '.'), u%uint64(nsPerSecond))
	return b[:len(b)-3]
}

// clock writes times. It keeps the text of the last second, as most times of a record, and
// many of the next one's, are of the same, and the calendar is the expensive part.
type clock struct {
	second int64                             // since the Unix epoch
	text   [len("2006-01-02T15:04:05.")]byte // zero: none yet
}

// append appends t in RFC 3339, UTC, with nine digits of seconds.
func (k *clock) append(b []byte, t analyzer.Time) []byte {
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
