package human

import (
	"fmt"
	"strconv"
	"time"
)

// Bytes is n in decimal units (1 kB is 1000 bytes) with one decimal: "999 B",
// "1.2 MB". It cuts and does not round: 999,999 B are not a MB.
func Bytes(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	unit := 0
	for n >= 1_000_000 {
		n /= 1000
		unit++
	}
	return fmt.Sprintf("%d.%d %cB", n/1000, n/100%10, "kMGTPE"[unit])
}

// Count is n with commas between thousands.
func Count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted is a number and a noun in the right number: "1 packet", "2 packets".
func Counted(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// Duration is d with three or four significant digits, in the unit that fits:
// "87 us", "12.3 ms", "1.203 s", "12m03s", "5h12m", "3d04h".
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-max(d, -1<<62))
	}
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < time.Millisecond:
		return fmt.Sprintf("%d us", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d.%d ms", d.Milliseconds(), d.Microseconds()/100%10)
	case d < time.Minute:
		return fmt.Sprintf("%d.%03d s", d/time.Second, d.Milliseconds()%1000)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d/time.Second%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d/time.Hour%24)
}
