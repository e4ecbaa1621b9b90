package names

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"

	"github.com/spf13/pflag"
)

// Choice is which names the user wants: the flags --names, -n and --hosts.
type Choice struct {
	off, numeric bool
	hosts        map[netip.Addr]string
}

// AddTo adds the flags to f. open opens a file of hosts.
func (c *Choice) AddTo(f *pflag.FlagSet, open func(path string) (io.ReadCloser, error)) {
	f.Func("names", "names of servers: `auto` takes them from the capture (DNS, TLS, HTTP), off shows none", func(s string) error {
		if s != "auto" && s != "off" {
			return fmt.Errorf("is auto or off, not %q", s)
		}
		c.off = s == "off"
		return nil
	})
	f.BoolVarP(&c.numeric, "numeric", "n", false, "the same as --names off")
	f.Func("hosts", "names of hosts from this `file`, as /etc/hosts has them; they go before those in the capture", func(path string) error {
		file, err := open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		return c.read(file, path)
	})
}

// Off reports whether no names are to be shown.
func (c *Choice) Off() bool { return c.off || c.numeric }

// Hosts gives the names of the file; nil where there is none.
func (c *Choice) Hosts() func(netip.Addr) string {
	if c.hosts == nil || c.Off() {
		return nil
	}
	return func(a netip.Addr) string { return c.hosts[a] }
}

// maxHostsLine bounds a line of a file of hosts.
const maxHostsLine = 1 << 16

// read reads a file of hosts (hosts(5)), which has the name path: of each line the address, and its first name. Of several lines for an address the first counts.
func (c *Choice) read(file io.Reader, path string) error {
	if c.hosts == nil {
		c.hosts = map[netip.Addr]string{}
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxHostsLine)
	n := 0
	for lines.Scan() {
		n++
		line, _, _ := bytes.Cut(lines.Bytes(), []byte{'#'})
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		addr, err := netip.ParseAddr(string(fields[0]))
		switch {
		case err != nil:
			return fmt.Errorf("%s:%d: %q is no IP address", path, n, fields[0])
		case len(fields) < 2:
			return fmt.Errorf("%s:%d: %s has no name", path, n, addr)
		}
		if addr = addr.Unmap().WithZone(""); c.hosts[addr] == "" {
			c.hosts[addr] = string(fields[1]) // who shows it cleans it
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", path, n+1, err)
	}
	return nil
}
