package analyzer

import (
	"slices"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/fsm"
)

// ledger is what a Monitor told of all conversations that are open. It holds no pointers, so that a flood of them costs little.
type ledger struct {
	all   pool.Pool[announced]
	told  pool.Pool[tellings]
	kinds []*AnomalyKind     // of which any was told
	slots flow.Slots[uint32] // numbers, with hushed
	tale  tale
}

// hushed is beside the number of a conversation that nothing is told of before its end: its packets need not ask what was told.
const hushed = 1 << 31

// number is that of the conversation in a slot; 0: there is none.
func (l *ledger) number(slot uint32) uint32 { return *l.slots.At(slot) &^ hushed }

// hush has nothing told of the conversation in a slot before its end.
func (l *ledger) hush(slot uint32) { *l.slots.At(slot) |= hushed }

func (l *ledger) unhush(slot uint32) { *l.slots.At(slot) &^= hushed }

// isHushed reports whether hush was called for the conversation in a slot.
func (l *ledger) isHushed(slot uint32) bool { return *l.slots.At(slot)&hushed != 0 }

// begin is for a conversation that begins in a slot. It returns its number.
func (l *ledger) begin(slot uint32, dropped uint64) (number uint32) {
	number = l.all.Get()
	t := l.all.At(number)
	*t = announced{slot: slot, dropped: dropped, gen: t.gen + 1}
	*l.slots.At(slot) = number
	return number
}

// move says that the conversation in a slot is in another one now.
func (l *ledger) move(from, to uint32) {
	*l.slots.At(to), *l.slots.At(from) = *l.slots.At(from), 0
	l.all.At(l.number(to)).slot = to
}

// end forgets the conversation with a number, which is in no slot any more.
func (l *ledger) end(number uint32) {
	t := l.all.At(number)
	l.told.PutList(t.told)
	t.told = 0
	t.gen++
	l.all.Put(number)
}

// of is what was told of the conversation in a slot.
func (l *ledger) of(slot uint32) *announced { return l.all.At(l.number(slot)) }

// Stock is that of what was told.
func (l *ledger) Stock() pool.Stock { return l.told.Stock() }

// Has is how many pieces of the stock the conversation in a slot has.
func (l *ledger) Has(slot uint32) int {
	number := l.number(slot)
	if number == 0 {
		return 0
	}
	return l.told.Count(l.all.At(number).told)
}

// kind is the place of a kind in kinds.
func (l *ledger) kind(k *AnomalyKind) uint8 {
	i := slices.Index(l.kinds, k)
	if i < 0 {
		i = len(l.kinds)
		l.kinds = append(l.kinds, k)
	}
	return uint8(i)
}

// same reports whether a tells of b.
func (l *ledger) same(a *announcedAnomaly, b *Anomaly) bool {
	return l.kinds[a.kind] == b.Kind && a.frame == b.Frame && a.hasSide == b.HasSide && (!a.hasSide || a.side == b.Side)
}

// tale is what was told of one conversation, while more is told.
type tale struct {
	*announced
	ledger    *ledger
	dialed    announcedStep      // that of the client with the conversation's first frame
	steps     [2][]announcedStep // by Side
	anomalies []announcedAnomaly
}

// open is what was told of t, which is c. Only one tale is open at a time.
func (l *ledger) open(t *announced, c *Conversation) *tale {
	s := &l.tale
	s.announced, s.ledger, s.dialed = t, l, announcedStep{c.FirstFrame, c.Start, fsm.SynSent}
	for side := range s.steps {
		s.steps[side] = s.steps[side][:0]
	}
	s.anomalies = s.anomalies[:0]
	if t.is.has(dialed) {
		s.steps[Client] = append(s.steps[Client], s.dialed)
	}
	for i := t.told; i != 0; i = *l.told.Next(i) {
		some := l.told.At(i)
		for k := range some {
			s.take(&some[k])
		}
	}
	return s
}

// take adds a telling, if there is one.
func (s *tale) take(w *telling) {
	switch {
	case w.what == 0:
	case w.isStep():
		side, step := w.step()
		s.steps[side] = append(s.steps[side], step)
	default:
		s.anomalies = append(s.anomalies, w.anomaly())
	}
}

// close keeps what has been told by now. What is there already is used again.
func (s *tale) close() {
	l, t := s.ledger, s.announced
	only := len(s.steps[Client]) == 1 && s.steps[Client][0] == s.dialed
	t.is.set(dialed, only)
	k := keeper{ledger: l, at: &t.told}
	for side := range s.steps {
		if side == int(Client) && only {
			continue
		}
		for i := range s.steps[side] {
			k.put(s.steps[side][i].telling(Side(side)))
		}
	}
	for i := range s.anomalies {
		k.put(s.anomalies[i].telling())
	}
	if k.some != nil {
		clear(k.some[k.n:])
	}
	l.told.PutList(*k.at)
	*k.at = 0
}

// keeper fills a list of tellings.
type keeper struct {
	*ledger
	at   *uint32   // the link to the next
	some *tellings // the last ones; nil: there are none yet
	n    int       // how many of them are valid
}

func (k *keeper) put(w telling) {
	if k.some == nil || k.n == len(k.some) {
		if *k.at == 0 {
			*k.at = k.told.Get()
		}
		k.some, k.n, k.at = k.told.At(*k.at), 0, k.told.Next(*k.at)
	}
	k.some[k.n] = w
	k.n++
}

// forget is for a conversation of which all is to be told again, but for the states that it is counted in.
func (s *tale) forget() {
	t := s.announced
	*t = announced{slot: t.slot, dropped: t.dropped, gen: t.gen, told: t.told, state: t.state}
	for side := range s.steps {
		s.steps[side] = s.steps[side][:0]
	}
	s.anomalies = s.anomalies[:0]
}
