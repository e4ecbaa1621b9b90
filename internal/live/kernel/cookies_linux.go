package kernel

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// counters are those that the kernel keeps of a network namespace. The file is read again without rights.
type counters struct{ file *os.File }

// openCounters is for the network namespace of this thread.
func openCounters() (*counters, error) {
	f, err := os.Open("/proc/thread-self/net/netstat")
	if err != nil {
		return nil, err
	}
	return &counters{f}, nil
}

// mostNetstat bounds what is read of it.
const mostNetstat = 1 << 16

// cookies are all since the namespace exists.
func (c *counters) cookies() (n Cookies, err error) {
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return n, err
	}
	text, err := io.ReadAll(io.LimitReader(c.file, mostNetstat))
	if err != nil {
		return n, fmt.Errorf("counting SYN cookies: %w", err)
	}
	return cookiesIn(string(text)), nil
}

// cookiesIn reads /proc/net/netstat: a line of names, and one of numbers.
func cookiesIn(text string) (n Cookies) {
	var names []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TcpExt:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for i, name := range names[:min(len(names), len(fields))] {
			to := map[string]*uint64{"SyncookiesSent": &n.Sent, "SyncookiesRecv": &n.Accepted, "SyncookiesFailed": &n.Refused}[name]
			if to != nil {
				*to, _ = strconv.ParseUint(fields[i], 10, 64) // the kernel writes numbers
			}
		}
		return n
	}
	return n
}

// since is how many there were after before. Counters that have begun anew count from 0.
func (c Cookies) since(before Cookies) Cookies {
	diff := func(now, before uint64) uint64 {
		if now < before {
			return now
		}
		return now - before
	}
	return Cookies{diff(c.Sent, before.Sent), diff(c.Accepted, before.Accepted), diff(c.Refused, before.Refused)}
}
