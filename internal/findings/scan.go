package findings

import (
	"slices"

	"tcptrace/internal/where"
)

// scan is the kind of what is no attempt to use a service, and of many refusals and silences that one client met.
const scan = "scan"

// many is how many services no client tries in vain that looks for none.
const many = 14

// scans reports whether p is what one client met that looked for services.
func (p *part) scans() bool {
	k := &kinds[p.kind]
	return p.share != nil && p.share.factor == byClient && k.fails && !k.again && p.tally.scans()
}

// failsWhole reports whether p is of a kind that tells all of conversations, which have failed.
func (p *part) failsWhole() bool { return kinds[p.kind].whole && kinds[p.kind].fails }

// joinScans makes one part of all that one client met in a scan: some ports refuse, some are silent, and few are open.
func (k *Collector) joinScans(parts []part) []part {
	list := joinClients(parts)
	for i := range list {
		if !list[i].scans() {
			continue
		}
		for j := range list {
			if p := &list[j]; p.whole && p.share == nil && p.failsWhole() {
				k.joinFew(&list[i], p)
			}
		}
	}
	return slices.DeleteFunc(list, func(p part) bool { return p.tally.n == 0 })
}

// joinClients makes one of parts of the same client, if together they are a scan.
func joinClients(parts []part) []part {
	list := parts[:0]
	first := map[string]int{} // of a client, in list
	for _, p := range parts {
		if p.share == nil || p.share.factor != byClient || !p.failsWhole() {
			list = append(list, p)
			continue
		}
		i, known := first[p.share.value]
		if !known {
			first[p.share.value] = len(list)
		} else if one := list[i].with(&p); one.scans() {
			list[i] = one
			continue
		}
		list = append(list, p)
	}
	return list
}

// joinFew moves what rest has of the client that scans to its scan: too few to be told from chance, if that client did nothing else.
func (k *Collector) joinFew(scanned, rest *part) {
	e := k.affected[rest.kind].by[byClient].get(&scanned.share.key)
	if e == nil || e.missed > 0 {
		return
	}
	s, value := *scanned.share, valueOf(byClient, &scanned.share.key)
	is := factors[byClient].where(s.value)
	few := part{kind: rest.kind, tally: &e.count, share: &s, where: where.And(rest.where, is), of: []selector{k.selector(rest.kind)}}
	few.of[0].only = value
	if e.n == rest.tally.n {
		few.where, few.whole = rest.where, true
	}
	*scanned = scanned.with(&few)
	left := *rest.tally
	left.less(&e.count)
	rest.tally, rest.whole, rest.where = &left, false, where.And(rest.where, where.Not(is))
	without := k.selector(rest.kind)
	without.not = append(slices.Clone(rest.of[0].not), value)
	rest.of, rest.shown = []selector{without}, k.affected[rest.kind].exampleWithout(without.not, []share{s})
}

// with is p and q together, which have the same client.
func (p *part) with(q *part) part {
	t, s := *p.tally, *p.share
	t.merge(q.tally)
	s.tally, s.exact = t, s.exact && q.share.exact
	return part{
		kind: p.kind, also: append(p.also[:len(p.also):len(p.also)], q.kind), tally: &t, share: &s, whole: p.whole && q.whole,
		where: where.Or(p.where, q.where), of: append(p.of[:len(p.of):len(p.of)], q.of...),
	}
}
