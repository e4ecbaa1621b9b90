package story

import (
	"fmt"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/report/internal/human"
)

// spent says what most of the time was spent on, if it was one thing, and what limited the transfers, if there were any.
func (t *teller) spent() string {
	var s string
	duration, most := t.c.Duration(), t.c.Spent.Most()
	if _, failed := notOpened[t.c.Outcome]; !failed && most != timing.Unknown && t.c.Spent[most] > duration/2 {
		s = fmt.Sprintf("it spent %s of %s %s", human.Duration(t.c.Spent[most]), human.Duration(duration), most.Clause())
	}
	side, limits := t.c.Limit()
	factor, share := limits.Most()
	if factor == timing.NoFactor {
		return s
	}
	if s != "" {
		s += "; "
	}
	return s + fmt.Sprintf("what the %s transferred was limited %s, for %.0f %% of %s", analyzer.Side(side), factor.Clause(), 100*share, human.Duration(limits.Total()))
}
