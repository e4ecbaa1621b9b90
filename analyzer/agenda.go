package analyzer

import "tcptrace/analyzer/internal/flow"

// agenda is which conversations are to be looked at, and when, in the order in which that was decided. Those of one moment have it once.
type agenda struct {
	dues    flow.FIFO[due]
	moments flow.FIFO[moment]
}

// due is a conversation: its number in the ledger, and announced.gen.
type due struct{ number, gen uint32 }

// moment is when the next n are due.
type moment struct {
	at Time
	n  int
}

// add enters a conversation behind the others. at is not before theirs.
func (a *agenda) add(at Time, d due) {
	if last := a.moments.Last(); last != nil && last.at == at {
		last.n++
	} else {
		a.moments.Push(moment{at, 1})
	}
	a.dues.Push(d)
}

// due reports whether there is one to look at by now.
func (a *agenda) due(now Time) bool { return a.moments.N > 0 && a.moments.Peek().at <= now }

// next takes out the first one.
func (a *agenda) next() due {
	if m := a.moments.Peek(); m.n > 1 {
		m.n--
	} else {
		a.moments.Pop()
	}
	return a.dues.Pop()
}
