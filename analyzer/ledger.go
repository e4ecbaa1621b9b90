package analyzer

import (
	"slices"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/analyzer/internal/pool"
	"tcptrace/fsm"
)

// ledger is what a Monitor told of all conversations that are open. It holds no pointers, so that a flood of them costs little.
type ledger struct {
	all       pool.Pool[announced]
	steps     pool.Pool[announcedStep]
	anomalies pool.Pool[announcedAnomaly]
	kinds     []*AnomalyKind // of which any was told
	slots     flow.Slots[uint32]
	tale      tale
}

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
	number := *l.slots.At(from)
	*l.slots.At(to), *l.slots.At(from) = number, 0
	l.all.At(number).slot = to
}

// end forgets the conversation that was in a slot.
func (l *ledger) end(slot uint32) {
	at := l.slots.At(slot)
	t := l.all.At(*at)
	l.release(t)
	t.gen++
	l.all.Put(*at)
	*at = 0
}

// of is what was told of the conversation in a slot.
func (l *ledger) of(slot uint32) *announced { return l.all.At(*l.slots.At(slot)) }

// release forgets the steps and anomalies of t.
func (l *ledger) release(t *announced) {
	l.steps.PutList(t.steps[Client])
	l.steps.PutList(t.steps[Server])
	l.anomalies.PutList(t.anomalies)
	t.steps, t.anomalies = [2]uint32{}, 0
}

// Stocks are those of steps and of anomalies.
func (l *ledger) Stocks() [2]pool.Stock { return [2]pool.Stock{l.steps.Stock(), l.anomalies.Stock()} }

// Has is how many steps, or anomalies, were told of the conversation in a slot.
func (l *ledger) Has(stock int, slot uint32) int {
	number := *l.slots.At(slot)
	switch {
	case number == 0:
		return 0
	case stock == 0:
		t := l.all.At(number)
		return l.steps.Count(t.steps[Client]) + l.steps.Count(t.steps[Server])
	}
	return l.anomalies.Count(l.all.At(number).anomalies)
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
		s.steps[side] = list(&l.steps, t.steps[side], s.steps[side][:0])
	}
	if t.dialed {
		s.steps[Client] = append(s.steps[Client], s.dialed)
	}
	s.anomalies = list(&l.anomalies, t.anomalies, s.anomalies[:0])
	return s
}

// close keeps what has been told by now.
func (s *tale) close() {
	l, t := s.ledger, s.announced
	if t.dialed = len(s.steps[Client]) == 1 && s.steps[Client][0] == s.dialed; t.dialed {
		s.steps[Client] = s.steps[Client][:0]
	}
	for side := range s.steps {
		store(&l.steps, &t.steps[side], s.steps[side])
	}
	store(&l.anomalies, &t.anomalies, s.anomalies)
}

// forget is for a conversation of which all is to be told again, but for the states that it is counted in.
func (s *tale) forget() {
	t := s.announced
	*t = announced{slot: t.slot, dropped: t.dropped, gen: t.gen, steps: t.steps, anomalies: t.anomalies, state: t.state}
	for side := range s.steps {
		s.steps[side] = s.steps[side][:0]
	}
	s.anomalies = s.anomalies[:0]
}

// list appends the values of a list to values.
func list[T any](p *pool.Pool[T], first uint32, values []T) []T {
	for i := first; i != 0; i = *p.Next(i) {
		values = append(values, *p.At(i))
	}
	return values
}

// store makes a list, which begins at first, of values. What is there already is used again.
func store[T any](p *pool.Pool[T], first *uint32, values []T) {
	at := first
	for _, v := range values {
		if *at == 0 {
			*at = p.Get()
		}
		*p.At(*at) = v
		at = p.Next(*at)
	}
	p.PutList(*at)
	*at = 0
}
