package report

import (
	"strconv"
	"time"

	"tcptrace/analyzer"
)

const (
	nsPerSecond   = int64(time.Second)
	secondsPerDay = 24 * 60 * 60
)

// appendNanos appends ns, below a second, as nine digits.
func appendNanos(b []byte, ns uint64) []byte {
	var digits [9]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + ns%10)
		ns /= 10
	}
	return append(b, digits[:]...)
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

// clock writes times. It keeps the date of the last one, as nearly all times of a
// capture are of the same day and the calendar is the expensive part.
type clock struct {
	day  int64
	date [len("2006-01-02T")]byte // zero: no day yet
}

// append appends t in RFC 3339, UTC, with nine digits of seconds.
func (k *clock) append(b []byte, t analyzer.Time) []byte {
	sec, ns := int64(t)/nsPerSecond, int64(t)%nsPerSecond
	if ns < 0 {
		sec, ns = sec-1, ns+nsPerSecond
	}
	day, sec := sec/secondsPerDay, sec%secondsPerDay
	if sec < 0 {
		day, sec = day-1, sec+secondsPerDay
	}
	if day != k.day || k.date[0] == 0 {
		k.day = day
		time.Unix(day*secondsPerDay, 0).UTC().AppendFormat(k.date[:0], "2006-01-02T")
	}
	b = append(b, k.date[:]...)
	h, m, s := byte(sec/3600), byte(sec/60%60), byte(sec%60)
	b = append(b, '0'+h/10, '0'+h%10, ':', '0'+m/10, '0'+m%10, ':', '0'+s/10, '0'+s%10, '.')
	return append(appendNanos(b, uint64(ns)), 'Z')
}
