package findings

import (
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/baseline"
)

// longerPath is the kind of what took longer for each round trip from some moment on, between the same two places. The record of a conversation does not say
// so; what others took does.
var longerPath = kind{
	id: "longer-path", when: never, lies: OnNetwork,
	is:   [2]string{"took longer for a round trip than others before", "took longer for a round trip than others before"},
	why:  "the path is another one since then: a route changed, a detour, a VPN with another exit; or a queue that stays full",
	next: "traceroute both ways; who changed routes, tunnels or links then? do TTLs differ before and after (--by client-ttl)?",
}

// trip is the first round trip of c, which was counted last.
func (k *Collector) trip(c *analyzer.Conversation) baseline.Trip {
	return baseline.Trip{Pair: k.pair(), Start: c.Start, Halves: baseline.Halves{c.Sent[analyzer.Client].HandshakeRTT, c.Sent[analyzer.Server].HandshakeRTT}}
}

// pair is the places of the conversation that was counted last.
func (k *Collector) pair() baseline.Pair {
	return baseline.Pair{Client: k.keys[byClientNetwork].addr, Server: k.keys[byServer].addr}
}

// fills reports whether a transfer of s filled a queue, for a second at least: round trips grew to four times the shortest while no more came through, or
// until segments were lost.
func (s *subject) fills() bool {
	return slices.ContainsFunc(s.Sent[:], func(of analyzer.Sent) bool {
		held := of.Limits[timing.PathRate]
		if len(s.Anomalies) > 0 {
			held += of.Limits[timing.Congestion]
		}
		return held >= time.Second && of.RTT.P95 >= bloat*of.RTT.Min
	})
}

// longerPaths are the parts that tell of paths.
func (k *Collector) longerPaths() (list []part) {
	for _, c := range k.paths.Changes() {
		p := part{kind: lengthened, path: &c, whole: true, where: c.Where(), of: []selector{{kind: lengthened, path: &c}}}
		x := example{order: c.Example.Order, stream: c.Example.Stream, addr: c.Example.Addr, waited: uint64(c.Cost)}
		p.tally = &tally{n: c.N, waited: uint64(c.Waited), first: c.From, last: c.From, worst: x}
		for side, grew := range c.Near {
			p.tally.near[side] = uint64(max(0, grew))
		}
		if !c.Anywhere {
			p.share = k.shareOf(&c, p.tally)
		}
		list = append(list, p)
	}
	return list
}

// shareOf is what the conversations have in common.
func (k *Collector) shareOf(c *baseline.Change, t *tally) *share {
	s := &share{factor: byClientNetwork, key: networkKey(t.worst.addr[analyzer.Client].Addr()), tally: *t}
	if c.ByServer {
		s.factor, s.key = byServer, addrKey(t.worst.addr[analyzer.Server].Addr())
	}
	s.value = factors[s.factor].value(&s.key)
	if of := k.all[s.factor].get(&s.key); of != nil {
		s.of, s.exact = of.most(), of.missed == 0
	}
	return s
}
