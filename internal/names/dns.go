package names

import (
	"encoding/binary"

	"golang.org/x/net/dns/dnsmessage"

	"tcptrace/internal/wire"
)

// portDNS is that of the DNS, over UDP and TCP.
const portDNS = 53

const (
	maxAnswers = 1 << 16 // that are remembered, at least half of them the latest
	maxRecords = 64      // that are read of one message
)

// pair is a client, and a server that it may connect to.
type pair struct {
	client, server wire.Addr
	v6             bool
}

// answers remembers which name a client asked for when it was told the address of a server: the latest for each pair. When there are
// maxAnswers/2 of them those from before the half are forgotten.
type answers struct {
	latest, before map[pair]string
}

func (a *answers) put(p pair, name string) {
	if a.latest[p] == name {
		return
	}
	if len(a.latest) >= maxAnswers/2 {
		a.latest, a.before = nil, a.latest
	}
	if a.latest == nil {
		a.latest = map[pair]string{}
	}
	a.latest[p] = name
}

func (a *answers) get(p pair) string {
	if name, ok := a.latest[p]; ok {
		return name
	}
	return a.before[p]
}

func (a *answers) empty() bool { return len(a.latest)+len(a.before) == 0 }

// message reads a message of the DNS that client was sent, up to where it was captured. Names of the answer other than that which was asked
// for, as those of a CNAME, are not what the client knows.
func (a *answers) message(client wire.Addr, b []byte) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil || !h.Response || h.RCode != dnsmessage.RCodeSuccess {
		return
	}
	q, err := p.Question()
	if err != nil || q.Class != dnsmessage.ClassINET || p.SkipAllQuestions() != nil {
		return
	}
	name := ""
	for range maxRecords {
		h, err := p.AnswerHeader()
		if err != nil {
			return
		}
		to := pair{client: client}
		switch {
		case h.Class == dnsmessage.ClassINET && h.Type == dnsmessage.TypeA:
			r, err := p.AResource()
			if err != nil {
				return
			}
			to.server.Lo = uint64(binary.BigEndian.Uint32(r.A[:]))
		case h.Class == dnsmessage.ClassINET && h.Type == dnsmessage.TypeAAAA:
			r, err := p.AAAAResource()
			if err != nil {
				return
			}
			to.v6 = true
			to.server = wire.Addr{Hi: binary.BigEndian.Uint64(r.AAAA[:8]), Lo: binary.BigEndian.Uint64(r.AAAA[8:])}
		default:
			if p.SkipAnswer() != nil {
				return
			}
			continue
		}
		if name == "" {
			if name = host(q.Name.Data[:q.Name.Length]); name == "" {
				return
			}
		}
		a.put(to, name)
	}
}
