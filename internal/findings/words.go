package findings

import (
	"fmt"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// text is what is told of f, which p is, in one sentence or two.
func (f *ranked) text(p *part, o *Options) string {
	text := o.some(f.Conversations, f.Of) + " " + p.is()
	if all := kinds[p.kind].all; all != "" {
		shows := " show"
		if f.Conversations == 1 {
			shows = " shows"
		}
		return all + ", as " + o.some(f.Conversations, f.Of) + shows
	}
	if worst := p.example(); f.Conversations == 1 && worst != nil {
		to := worst.addr[analyzer.Server]
		is := ""
		if o.Services != nil {
			is = o.Services(to.Port())
		}
		if is != "" {
			is += ", "
		}
		text += fmt.Sprintf(": %s to %s (%sstream %d)", worst.addr[analyzer.Client], to, is, worst.stream)
	} else if p.share != nil {
		text += commonWords(f, p.share, p.whole, o)
	} else if !p.whole && f.Conversations > 1 {
		text += ", and have nothing in common"
	}
	if f.ID == scan && p.tally.scans() {
		text += ", at many ports or hosts"
	}
	text += f.times(o)
	if cost := f.cost(&kinds[p.kind]); cost != "" {
		text += "; " + cost
	}
	return text
}

// is is what the conversations of p did.
func (p *part) is() string {
	if p.path != nil {
		return fmt.Sprintf("took %s for a round trip instead of %s", report.HumanDuration(p.path.Now), report.HumanDuration(p.path.Base))
	}
	if p.tally.n == 1 {
		return kinds[p.kind].is[0]
	}
	text := kinds[p.kind].is[1]
	for i, also := range p.also {
		text += ", "
		if i == len(p.also)-1 {
			text += "or "
		}
		text += kinds[also].is[1]
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
	case f.Happened && f.ID != outage && *f.Since == *f.Until:
		return ", all at " + o.clock(f.Since)
	case f.Happened && f.ID != outage:
		return ", all within " + report.HumanDuration(time.Duration(*f.Until-*f.Since)) + " from " + o.clock(f.Since)
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

// together says that a number is of several conversations, since what shows the finding, below, is of one.
func (f *ranked) together() string {
	if f.Conversations > 1 {
		return " in all"
	}
	return ""
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
		parts = append(parts, report.HumanDuration(time.Duration(f.waited))+" waited"+f.together())
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
	wrong, warned := "nothing wrong", ""
	if r.Warned > 0 {
		wrong = "nothing that anybody would notice"
		warned = " (" + report.HumanCount(r.Warned) + " with warnings that cost nothing)"
	}
	return fmt.Sprintf("%s in %s%s: looked at openings, loss, waiting, windows, endings and the capture itself",
		wrong, report.Counted(r.Conversations, "conversation"), warned)
}
