package kernel

import (
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

// counts are those of a namespace since it exists.
type counts struct {
	Cookies
	overflows uint64 // times that a listening socket had no room among those that wait for its process: ListenOverflows
	known     bool   // false: they could not be read
}

// read is what they are now. Without them the rest is still known.
func (c *counters) read() (n counts) {
	if c == nil {
		return n
	}
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return n
	}
	text, err := io.ReadAll(io.LimitReader(c.file, mostNetstat))
	if err != nil {
		return n
	}
	return countsIn(string(text))
}

// countsIn reads /proc/net/netstat: a line of names, and one of numbers. They are known if overflows are among them, as in every Linux.
func countsIn(text string) (n counts) {
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
			to := map[string]*uint64{"SyncookiesSent": &n.Sent, "SyncookiesRecv": &n.Accepted, "SyncookiesFailed": &n.Refused, "ListenOverflows": &n.overflows}[name]
			n.known = n.known || to == &n.overflows
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
	return Cookies{after(c.Sent, before.Sent), after(c.Accepted, before.Accepted), after(c.Refused, before.Refused)}
}

func after(now, before uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// overflows is how often the listening sockets of a namespace had no room between two lists of its endpoints.
type overflows struct {
	n     uint64
	known bool
}

// overflowsSince are those from before one list until now.
func (n counts) overflowsSince(before counts) overflows {
	return overflows{after(n.overflows, before.overflows), n.known && before.known}
}

// of is how many of the drops that a listening socket counts may be for want of room. It counts bare RSTs, FINs and whatever else it does not take, too:
// they are at most as many as its namespace had, and where that is not known, none unless its queue is full now.
func (o overflows) of(l *Listening, drops uint32) uint32 {
	switch {
	case o.known:
		return uint32(min(uint64(drops), o.n))
	case l.Queue > l.Backlog: // as the kernel has it (sk_acceptq_is_full)
		return drops
	}
	return 0
}
