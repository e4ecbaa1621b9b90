package findings

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/internal/chance"
	"tcptrace/internal/dimension"
)

// factor is something that conversations have in common.
type factor struct {
	dimension *dimension.Dimension
	key       func(c *analyzer.Conversation) key
	words     string                    // what conversations with a value are: "are to %s"
	where     func(value string) string // the condition that selects them; "" if there is none
}

// The factors, by their place in the table.
const (
	byName = iota
	byService
	byBackend
	byServer
	byClient
	byPort
	byVLAN
	byInterface
	byClientNetwork
	byServerNetwork
	byClientTTL
)

// factors are in the order in which they are preferred if they tell the affected from the others equally well.
var factors = [...]factor{
	byName: {find("name"), func(c *analyzer.Conversation) key { return key{text: c.Names[analyzer.Server].Text} },
		"to %s", func(v string) string { return `server.name == ` + strconv.Quote(v) }},
	byService: {find("service"), service, "to %s", whereService},
	byBackend: {find("backend"), backend, "to %s", whereBackend},
	byServer: {find("server"), func(c *analyzer.Conversation) key { return addrKey(c.Addr[analyzer.Server].Addr()) },
		"to %s", func(v string) string { return `server.ip == ` + strconv.Quote(v) }},
	byClient: {find("client"), func(c *analyzer.Conversation) key { return addrKey(c.Addr[analyzer.Client].Addr()) },
		"from %s", func(v string) string { return `client.ip == ` + strconv.Quote(v) }},
	byPort: {find("port"), func(c *analyzer.Conversation) key { return key{rest: uint64(c.Addr[analyzer.Server].Port())} },
		"to port %s", func(v string) string { return `server.port == ` + v }},
	byVLAN: {find("vlan"), func(c *analyzer.Conversation) key { return key{rest: uint64(c.VLAN[0]) | uint64(c.VLAN[1])<<16} },
		"in VLAN %s", whereVLAN},
	byInterface: {find("interface"), func(c *analyzer.Conversation) key { return key{text: c.Interface} },
		"captured on %s", func(v string) string { return `interface == ` + strconv.Quote(v) }},
	byClientNetwork: {find("client-network"), func(c *analyzer.Conversation) key { return networkKey(c.Addr[analyzer.Client].Addr()) },
		"from %s", whereNetwork("client.ip")},
	byServerNetwork: {find("server-network"), func(c *analyzer.Conversation) key { return networkKey(c.Addr[analyzer.Server].Addr()) },
		"to %s", whereNetwork("server.ip")},
	byClientTTL: {find("client-ttl"), func(c *analyzer.Conversation) key { return key{rest: uint64(c.Sent[analyzer.Client].TTLMin)} },
		"from clients with TTL %s", func(v string) string { return `endpoints.client.sent.ttl_min == ` + v }},
}

// service is the address and port of the server.
func service(c *analyzer.Conversation) key {
	k := addrKey(c.Addr[analyzer.Server].Addr())
	k.rest |= uint64(c.Addr[analyzer.Server].Port())
	return k
}

// backend is the service and the TTL of its server; no value if that has several.
func backend(c *analyzer.Conversation) (k key) {
	if ttl := dimension.ServerTTL(c); ttl > 0 {
		k = service(c)
		k.rest |= uint64(ttl) << 16
	}
	return k
}

func find(name string) *dimension.Dimension {
	d, err := dimension.Find(name)
	if err != nil {
		panic(err) // the table above is wrong
	}
	return d
}

func whereService(value string) string {
	a, err := netip.ParseAddrPort(value)
	if err != nil {
		return ""
	}
	return `server.ip == ` + strconv.Quote(a.Addr().String()) + ` && server.port == ` + strconv.Itoa(int(a.Port()))
}

func whereBackend(value string) string {
	socket, ttl, _ := strings.Cut(value, dimension.WithTTL)
	return whereService(socket) + ` && endpoints.server.sent.ttl_min == ` + ttl + ` && endpoints.server.sent.ttl_max == ` + ttl
}

func whereVLAN(value string) string {
	outer, inner, _ := strings.Cut(value, ".")
	if inner == "" {
		inner = "0"
	}
	return `vlan == ` + outer + ` && inner_vlan == ` + inner
}

// whereNetwork selects the IPv4 network /24 of a field.
func whereNetwork(field string) func(string) string {
	return func(value string) string {
		p, err := netip.ParsePrefix(value)
		if err != nil || !p.Addr().Is4() || p.Bits() != 24 {
			return ""
		}
		text := p.Addr().String()
		return field + ` startsWith ` + strconv.Quote(text[:strings.LastIndexByte(text, '.')+1])
	}
}

// share is the affected conversations with a value of a factor.
type share struct {
	factor int
	key    key
	value  string
	tally
	of      uint64 // conversations with the value
	exact   bool   // of is
	score   float64
	perfect bool // all with the value are affected, and no others
}

const (
	// surely is the least G of a factor: by chance, one value in 10,000 has as much (chi-square, one degree of freedom).
	surely = 15.1
	// lift is how much more often conversations with a common factor are affected than others, at least.
	lift = 2
	// nearly is which share of the best score a client must have to be told in place of that, if it alone met all and looks for services.
	nearly = 0.8
	// common is which share of the affected a factor must explain.
	common = 0.2
)

// shares are the values that tell what kind i affects from the others, the best first.
func (k *Collector) shares(i int) []share { return k.sharesOf(&k.affected[i], kinds[i].fails) }

// sharesOf is shares of those that a has, which fail or not.
func (k *Collector) sharesOf(a *affected, fails bool) []share {
	var list []share
	for f := range a.by {
		for e := range a.by[f].entries {
			in := &a.by[f].entries[e]
			of := k.all[f].get(&in.key)
			if in.missed > 0 || of == nil || in.n < 2 {
				continue // not counted exactly
			}
			s := share{factor: f, key: in.key, tally: in.count, of: of.most(), exact: of.missed == 0}
			if !s.rate(a.n, k.total) {
				continue
			}
			if s.value = factors[f].value(&s.key); s.value != "" && (s.n == a.n || factors[f].where(s.value) != "") { // "": nothing in common
				list = append(list, s)
			}
		}
	}
	slices.SortStableFunc(list, func(x, y share) int {
		return cmp.Or(-cmp.Compare(x.score, y.score), cmp.Compare(x.factor, y.factor), strings.Compare(x.value, y.value))
	})
	if fails && len(list) > 0 { // who looks for services says more than the hosts where there were none
		scanner := slices.IndexFunc(list, func(s share) bool {
			return s.factor == byClient && s.n == a.n && s.scans() && s.score >= nearly*list[0].score
		})
		if scanner > 0 {
			list[0], list[scanner] = list[scanner], list[0]
		}
	}
	return list
}

// rate works out how well the value tells affected conversations from the others, of all, and reports whether it does.
func (s *share) rate(affected, all uint64) bool {
	s.perfect = s.n == affected && s.of == affected && all > affected
	with, without := float64(s.n)/float64(s.of), 0.0
	if all > s.of {
		without = float64(affected-s.n) / float64(all-s.of)
	} else {
		return false
	}
	s.score = chance.G(s.n, s.of, affected, all)
	return float64(s.n) >= common*float64(affected) && (s.perfect || s.score >= surely && with >= lift*without)
}

// since reports whether what is affected began only after some time, or only before some, as t says; started is when all began that
// might have been affected. What ends is told with its beginning, unless that is the beginning of all. Where both the time before and the
// time after are long, neither needs to be so long that chance alone leaves it out: both together are.
func since(t *tally, started interface {
	Outside(first, last analyzer.Time) (before, after uint64)
}, of uint64) (begins, ends bool) {
	if t.n < 2 || of <= t.n {
		return false, false
	}
	spared := 1 - float64(t.n)/float64(of)
	before, after := started.Outside(t.first, t.last)
	by := func(n uint64) float64 { return math.Pow(spared, float64(n)) }
	stretch := max(by(before), by(after)) < math.Sqrt(chance.Unlikely)
	begins, ends = stretch || by(before) < chance.Unlikely, stretch || by(after) < chance.Unlikely
	return begins || ends && before > 0, ends
}
