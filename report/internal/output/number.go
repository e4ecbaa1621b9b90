package output

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"tcptrace/analyzer"
)

const nsPerSecond = int64(time.Second)

// pairs are the numbers from 00 to 99, two digits each.
var pairs = func() (p [100]uint16) {
	for i := range p {
		p[i] = binary.LittleEndian.Uint16([]byte{byte('0' + i/10), byte('0' + i%10)})
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
	if n < 10 {
		return append(b, byte('0'+n))
	}
	size := bits.Len64(n) * 1233 >> 12 // 1233/4096 is log10(2)
	if n >= powers[size] {
		size++
	}
	b = room(b, size)
	at := b[len(b) : len(b)+size]
	for n >= 100 {
		p := n % 100
		n /= 100
		size -= 2
		binary.LittleEndian.PutUint16(at[size:], pairs[p])
	}
	if n < 10 {
		at[0] = byte('0' + n)
	} else {
		binary.LittleEndian.PutUint16(at, pairs[n])
	}
	return b[:len(b)+len(at)]
}

// room is b with room for n bytes more.
func room(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		return grow(b, n)
	}
	return b
}

//go:noinline
func grow(b []byte, n int) []byte { return slices.Grow(b, n) }

// putNanos writes ns, below a second, as nine digits.
func putNanos(to *[9]byte, ns uint64) {
	n := uint32(ns)
	hi, lo := n/1e5, n%1e5 // four digits and five
	mid, last := lo/10, lo%10
	binary.LittleEndian.PutUint16(to[0:], pairs[hi/100%100])
	binary.LittleEndian.PutUint16(to[2:], pairs[hi%100])
	binary.LittleEndian.PutUint16(to[4:], pairs[mid/100%100])
	binary.LittleEndian.PutUint16(to[6:], pairs[mid%100])
	to[8] = byte('0' + last)
}

// appendNanos appends ns, below a second, as nine digits.
func appendNanos(b []byte, ns uint64) []byte {
	b = room(b, 9)
	putNanos((*[9]byte)(b[len(b):len(b)+9]), ns)
	return b[:len(b)+9]
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

// Clock writes times. It keeps the text of the latest seconds, as most times of a record, and many of the next one's, are of the same few, and the
// calendar is the expensive part.
type Clock struct{ seconds [8]second }

type second struct {
	at   int64                             // since the Unix epoch
	text [len("2006-01-02T15:04:05.")]byte // zero: none yet
}

// timeSize is how many bytes a time takes.
const timeSize = len("2006-01-02T15:04:05.000000000Z")

// Append appends t in RFC 3339, UTC, with nine digits of seconds.
func (k *Clock) Append(b []byte, t analyzer.Time) []byte {
	at, ns := int64(t)/nsPerSecond, int64(t)%nsPerSecond
	if ns < 0 {
		at, ns = at-1, ns+nsPerSecond
	}
	s := &k.seconds[uint64(at)%uint64(len(k.seconds))]
	if at != s.at || s.text[0] == 0 {
		s.at = at
		time.Unix(at, 0).UTC().AppendFormat(s.text[:0], "2006-01-02T15:04:05.")
	}
	b = room(b, timeSize)
	to := (*[timeSize]byte)(b[len(b) : len(b)+timeSize])
	*(*[len(s.text)]byte)(to[:]) = s.text
	putNanos((*[9]byte)(to[len(s.text):]), uint64(ns))
	to[timeSize-1] = 'Z'
	return b[:len(b)+timeSize]
}
