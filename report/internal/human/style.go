package human

import (
	"net/netip"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/internal/console"
)

// The styles.
var (
	Bold   = console.Bold
	Red    = console.Red
	Yellow = console.Yellow
	Reset  = console.Reset
)

// SeverityColors are the colours of anomalies by their severity.
var SeverityColors = [...]string{
	analyzer.SeverityNote: "", analyzer.SeverityWarning: Yellow, analyzer.SeverityError: Red,
}

// MinWidth is the width of the narrowest terminal that a table is made for.
const MinWidth = 40

// Gap is what stands between two columns where there is room.
const Gap = "  "

// Widths of addresses that are cut: to make room for another column, so that any IPv4
// address stays whole; and at least, so that something is left on either side of the cut.
const (
	ComfortableAddr = len("255.255.255.255:65535")
	MinAddrWidth    = len("[f..f]:65535")
)

// ShortAddr cuts the middle out of an address, as its ends (network and host) tell
// more, and never the port.
func ShortAddr(a netip.AddrPort, width int) string {
	ip, port := a.Addr().String(), ":"+strconv.Itoa(int(a.Port()))
	if a.Addr().Is6() {
		ip, port = "["+ip, "]"+port
	}
	room := max(width-len(port)-len(".."), 2)
	tail := room / 2
	return ip[:room-tail] + ".." + ip[len(ip)-tail:] + port
}
