package findings

import (
	"fmt"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// text is what is told of f in one sentence or two; whole: it is of all that its kind affects.
func (f *ranked) text(k *kind, whole bool, s *share, tally *tally, o *Options) string {
	is := k.is[1]
	if f.Conversations == 1 {
		is = k.is[0]
	}
	text := o.some(f.Conversations, f.Of) + " " + is
	if f.Conversations == 1 && f.Stream != nil {
		to := tally.worst.addr[analyzer.Server]
		is := ""
		if o.Services != nil {
			is = o.Services(to.Port())
		}
		if is != "" {
			is += ", "
		}
		text += fmt.Sprintf(": %s to %s (%sstream %d)", tally.worst.addr[analyzer.Client], to, is, tally.worst.stream)
	} else if s != nil {
		text += commonWords(f, s, whole, o)
	} else if !whole {
		text += ", and have nothing in common"
	}
	if f.ID == scan && tally.scans() {
		text += ", at many ports or hosts"
	}
	text += f.times(o)
	if cost := f.cost(k); cost != "" {
		text += "; " + cost
	}
	return text
}

// some is how many of all conversations that were looked at.
func (o *Options) some(n, all uint64) string {
	what := "conversation"
	if o.Selected {
		what = "selected conversation"
	}
	switch {
	case n < all:
		return report.HumanCount(n) + " of " + report.Counted(all, what)
	case n == 1:
		return "the only " + what
	case n == 2:
		return "both " + what + "s"
	}
	return "all " + report.Counted(n, what)
}

// commonWords are what the affected have in common.
func commonWords(f *ranked, s *share, whole bool, o *Options) string {
	text := ", "
	if whole && f.Conversations == 2 {
		text += "both "
	} else if whole {
		text += "all "
	}
	text += fmt.Sprintf(factors[s.factor].words, s.value)
	var more []string
	if service := factors[s.factor].dimension.Service(s.value, o.Services); service != "" {
		more = append(more, service)
	}
	if s.exact {
		more = append(more, fmt.Sprintf("%s of its %s", report.HumanCount(s.n), report.HumanCount(s.of)))
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, "; ") + ")"
	}
	return text
}

// times are since when or until when.
func (f *Finding) times(o *Options) string {
	switch {
	case f.Since != nil && f.Until != nil:
		return ", only from " + o.clock(f.Since) + " to " + o.clock(f.Until)
	case f.Since != nil:
		return ", only since " + o.clock(f.Since)
	case f.Until != nil:
		return ", only until " + o.clock(f.Until)
	}
	return ""
}

// clock is a moment in words: a time of the day, or seconds after the first packet.
func (o *Options) clock(t *report.Time) string {
	text := o.Times.Moment(analyzer.Time(*t), o.begin, 3, o.dated)
	if o.Times == report.Relative || o.Times == report.Delta {
		return "+" + text + " s"
	}
	return text
}

// cost is what it cost in words, "" if nothing.
func (f *ranked) cost(k *kind) string {
	var parts []string
	switch {
	case f.Failed == 1 && f.Conversations == 1:
		parts = append(parts, "failed")
	case f.Failed > 0:
		parts = append(parts, report.HumanCount(f.Failed)+" failed")
	}
	if f.waited > 0 {
		parts = append(parts, report.HumanDuration(time.Duration(f.waited))+" waited")
	}
	if f.AgainBytes > 0 {
		parts = append(parts, report.HumanBytes(f.AgainBytes)+" sent again")
	}
	if k.holds != "" {
		parts = append(parts, report.Counted(f.Conversations, k.holds))
	}
	return strings.Join(parts, ", ")
}

// Healthy is what is said where nothing was found.
func (r *Report) Healthy() string {
	if r.Conversations == 0 {
		return "no conversation to look at"
	}
	return fmt.Sprintf("nothing wrong in %s: looked at how they opened, what was lost, who waited for whom, windows, how they ended, and the capture itself; what limits transfers: tcptrace summary FILE --by limit",
		report.Counted(r.Conversations, "conversation"))
}
