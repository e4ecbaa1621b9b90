package findings

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

// subject is a judged conversation.
type subject struct {
	*analyzer.Conversation
	*analyzer.Judgment
}

// condition is what a conversation meets or not, as code and as an expression over its record.
type condition struct {
	expr    string
	flagged bool // it takes an anomaly
	holds   func(s *subject) bool
}

// has is that there is an anomaly with that id.
func has(id string) condition {
	return condition{`has(anomalies, "` + id + `")`, true, anomaly(func(a *analyzer.Anomaly) bool { return a.Kind.ID == id })}
}

// warns is has, but notes do not count.
func warns(id string) condition {
	return condition{`any(anomalies, .id == "` + id + `" && .severity != "note")`, true, anomaly(func(a *analyzer.Anomaly) bool {
		return a.Kind.ID == id && a.Kind.Severity != analyzer.SeverityNote
	})}
}

// warnsOf is warns of an anomaly of one side.
func warnsOf(side analyzer.Side, id string) condition {
	return condition{`any(anomalies, .id == "` + id + `" && .severity != "note" && .endpoint == "` + side.String() + `")`, true, anomaly(func(a *analyzer.Anomaly) bool {
		return a.Kind.ID == id && a.Kind.Severity != analyzer.SeverityNote && a.HasSide && a.Side == side
	})}
}

func anomaly(is func(a *analyzer.Anomaly) bool) func(*subject) bool {
	return func(s *subject) bool {
		for i := range s.Anomalies {
			if is(&s.Anomalies[i]) {
				return true
			}
		}
		return false
	}
}

// outcome is that a conversation went so.
func outcome(o analyzer.Outcome) condition {
	return condition{`outcome == "` + o.String() + `"`, false, func(s *subject) bool { return s.Outcome == o }}
}

// resetFor is that an RST with one of these causes ended it.
func resetFor(causes ...string) condition {
	list := make([]string, len(causes))
	for i, c := range causes {
		list[i] = strconv.Quote(c)
	}
	return condition{"close.cause in [" + strings.Join(list, ", ") + "]", false, func(s *subject) bool {
		return s.Close.Kind == analyzer.CloseReset && slices.Contains(causes, s.Close.Cause.String())
	}}
}

// lasts is that a time of the record is so long or longer.
func lasts(m measure, least time.Duration) condition {
	return condition{m.expr + " >= " + strconv.FormatFloat(least.Seconds(), 'f', -1, 64), false, func(s *subject) bool { return m.of(s) >= least }}
}

// one is that at least one condition holds.
func one(of ...condition) condition {
	return condition{joined(of, " || "), !slices.ContainsFunc(of, func(c condition) bool { return !c.flagged }), func(s *subject) bool {
		return slices.ContainsFunc(of, func(c condition) bool { return c.holds(s) })
	}}
}

// both is that all conditions hold.
func both(of ...condition) condition {
	return condition{"(" + joined(of, ") && (") + ")", slices.ContainsFunc(of, func(c condition) bool { return c.flagged }), func(s *subject) bool {
		return !slices.ContainsFunc(of, func(c condition) bool { return !c.holds(s) })
	}}
}

// none is that no condition holds.
func none(of ...condition) condition {
	any := one(of...)
	return condition{not(any.expr), false, func(s *subject) bool { return !any.holds(s) }}
}

func joined(of []condition, operator string) string {
	parts := make([]string, len(of))
	for i, c := range of {
		parts[i] = c.expr
	}
	return strings.Join(parts, operator)
}

// measure is a time of a conversation, as code and as an expression over its record.
type measure struct {
	expr string
	of   func(s *subject) time.Duration
}

// sent is a time of what a side sent.
func sent(side analyzer.Side, field string, of func(*analyzer.Sent) time.Duration) measure {
	return measure{"endpoints." + side.String() + ".sent." + field, func(s *subject) time.Duration { return of(&s.Sent[side]) }}
}

var duration = measure{"duration_s", func(s *subject) time.Duration { return s.Duration() }}

// spent is the time that was used so.
func spent(u timing.Use) measure {
	return measure{"time." + u.String(), func(s *subject) time.Duration { return s.Spent[u] }}
}

// zeroWindow is for how long a side's window was closed.
func zeroWindow(side analyzer.Side) measure {
	return sent(side, "zero_window_s", func(s *analyzer.Sent) time.Duration { return s.ZeroWindowTime })
}

// limitedByWindow is for how long the peer's window limited what a side transferred.
func limitedByWindow(side analyzer.Side) measure {
	return sent(side, "limited_receive_window_s", func(s *analyzer.Sent) time.Duration { return s.Limits[timing.ReceiveWindow] })
}

// thinkingLongest is the longest of these times.
func thinkingLongest(side analyzer.Side) measure {
	return sent(side, "think_max_s", func(s *analyzer.Sent) time.Duration { return s.ThinkMax })
}

// repeated is how many bytes both sides sent again: endpoints.*.sent.retransmitted_bytes.
func repeated(s *subject) uint64 {
	return s.Sent[analyzer.Client].RetransmittedBytes + s.Sent[analyzer.Server].RetransmittedBytes
}
