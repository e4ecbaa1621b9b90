package baseline

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// took is how long the handshake of a conversation took, as an expression over its record.
const took = "endpoints.client.sent.handshake_rtt_s + endpoints.server.sent.handshake_rtt_s"

// Where is the expression that is true of the conversations of which the change tells.
func (c *Change) Where() string {
	var parts []string
	if len(c.Clients) > 0 {
		parts = append(parts, clientsIn(c.Clients))
	}
	if len(c.Servers) > 0 {
		parts = append(parts, serversIn(c.Servers))
	}
	if len(c.Not) > 0 && c.ByServer {
		parts = append(parts, "!"+clientsIn(c.Not))
	} else if len(c.Not) > 0 {
		parts = append(parts, "!("+serversIn(c.Not)+")")
	}
	parts = append(parts, took+" >= "+seconds(c.Least), `start >= date("`+c.From.Time().UTC().Format(time.RFC3339Nano)+`")`)
	return strings.Join(parts, " && ")
}

func clientsIn(list [][2]uint64) string {
	return `cidr(client.ip, ` + quoted(list, func(a netip.Addr) string {
		bits := 64
		if a.Is4() {
			bits = 24
		}
		return netip.PrefixFrom(a, bits).String()
	}) + `)`
}

func serversIn(list [][2]uint64) string {
	if len(list) == 1 {
		return "server.ip == " + quoted(list, netip.Addr.String)
	}
	return "server.ip in [" + quoted(list, netip.Addr.String) + "]"
}

// WaitedIs is the expression that adds up to Waited.
func (c *Change) WaitedIs() string {
	return "(1 + endpoints.server.sent.think_turns) * (" + took + " - " + seconds(c.Base.Seconds()) + ")"
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'g', -1, 64) }

// quoted are addresses as an expression lists them.
func quoted(list [][2]uint64, text func(netip.Addr) string) string {
	var all []string
	for _, a := range list {
		all = append(all, strconv.Quote(text(addr(a))))
	}
	return strings.Join(all, ", ")
}
