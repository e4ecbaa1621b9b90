package capture

import (
	"os"
	"strconv"
	"strings"
)

// losses are frames that an interface or its driver lost, as the system counts them. libpcap counts the same.
type losses struct {
	files  [2]string
	before uint64 // it was opened
}

// newLosses returns nil for AnyInterface, which has no count.
func newLosses(name string) *losses {
	if name == AnyInterface {
		return nil
	}
	dir := "/sys/class/net/" + name + "/statistics/"
	l := &losses{files: [2]string{dir + "rx_missed_errors", dir + "rx_fifo_errors"}}
	l.before = l.count()
	return l
}

func (l *losses) count() (n uint64) {
	for _, file := range l.files {
		if text, err := os.ReadFile(file); err == nil {
			v, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
			n += v
		}
	}
	return n
}

// sinceOpen is 0 if the system does not say.
func (l *losses) sinceOpen() uint64 {
	if l == nil {
		return 0
	}
	if now := l.count(); now > l.before {
		return now - l.before
	}
	return 0
}
