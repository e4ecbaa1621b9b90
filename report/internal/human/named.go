package human

import (
	"net/netip"

	"tcptrace/analyzer"
)

// Named is the name of a side's host for people; "" if it is not known.
func Named(c *analyzer.Conversation, side analyzer.Side) string {
	return PlainText(c.Names[side].Text, true)
}

// Host is the socket of a side, and how its host is called if that is known.
func Host(c *analyzer.Conversation, side analyzer.Side) string {
	if name := Named(c, side); name != "" {
		return c.Addr[side].String() + " (" + name + ")"
	}
	return c.Addr[side].String()
}

// Service is what the port of a socket is meant for, "" if that is not known; named gives names of ports, nil: none is to be shown.
func Service(named func(port uint16) string, socket netip.AddrPort) string {
	if named == nil {
		return ""
	}
	return PlainText(named(socket.Port()), true)
}

// nameWidth is how much of a name a table shows.
const nameWidth = 32

// CutName is a name as a table shows it.
func CutName(name string) string { return CutNameTo(name, nameWidth) }

// CutNameTo is a name in at most width columns, 3 or more: of a long one the end, which says whose it is.
func CutNameTo(name string, width int) string {
	const cut = ".."
	if len(name) <= width {
		return name
	}
	return cut + name[len(name)-width+len(cut):]
}
