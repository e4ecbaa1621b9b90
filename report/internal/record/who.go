package record

import (
	"net/netip"

	"tcptrace/analyzer"
	"tcptrace/internal/names"
	"tcptrace/report/internal/output"
)

// who is whose conversation the latest one was, as its record and all its events have it: several of them are mostly written in a row.
type who struct {
	addr        [2]netip.AddrPort
	names       [2]names.Name
	hosts       []byte // the fields client and server
	communityID []byte // likewise
}

// of is who for c.
func (w *who) of(c *analyzer.Conversation) *who {
	if w.addr == c.Addr && w.names == c.Names && len(w.hosts) > 0 {
		return w
	}
	w.addr, w.names = c.Addr, c.Names
	w.hosts = appendHost(append(w.hosts[:0], `,"client":`...), c, analyzer.Client)
	w.hosts = appendHost(append(w.hosts, `,"server":`...), c, analyzer.Server)
	w.communityID = append(w.communityID[:0], `,"community_id":"`...)
	w.communityID = append(output.AppendCommunityID(w.communityID, c.Addr[analyzer.Client], c.Addr[analyzer.Server]), '"')
	return w
}
