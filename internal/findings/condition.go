package findings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
	"tcptrace/fsm"
	"tcptrace/internal/dimension"
	"tcptrace/internal/where"
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
	tells   []string // anomalies that are looked for
	enough  []string // those of which one is enough
	resets  bool     // it is about the RST that ended the conversation
}

// never is of kinds that depend on other conversations.
var never = condition{expr: "false", holds: func(*subject) bool { return false }}

// ofAnomaly is that there is an anomaly with that id for which is holds, as the expression says.
func ofAnomaly(id, expr string, is func(a *analyzer.Anomaly) bool) condition {
	return condition{expr: expr, flagged: true, tells: []string{id}, enough: []string{id}, holds: func(s *subject) bool {
		for i := range s.Anomalies {
			if a := &s.Anomalies[i]; a.Kind.ID == id && is(a) {
				return true
			}
		}
		return false
	}}
}

// has is that there is an anomaly with that id.
func has(id string) condition {
	return ofAnomaly(id, `has("`+id+`")`, func(*analyzer.Anomaly) bool { return true })
}

// warns is has, but notes do not count.
func warns(id string) condition {
	return ofAnomaly(id, `any(anomalies, .id == "`+id+`" && .severity != "note")`, func(a *analyzer.Anomaly) bool {
		return a.Kind.Severity != analyzer.SeverityNote
	})
}

// warnsOf is warns of an anomaly of one side.
func warnsOf(side analyzer.Side, id string) condition {
	return ofAnomaly(id, `any(anomalies, .id == "`+id+`" && .severity != "note" && .endpoint == "`+side.String()+`")`, func(a *analyzer.Anomaly) bool {
		return a.Kind.Severity != analyzer.SeverityNote && a.HasSide && a.Side == side
	})
}

// hasOf is has of an anomaly of one side.
func hasOf(side analyzer.Side, id string) condition {
	return ofAnomaly(id, `any(anomalies, .id == "`+id+`" && .endpoint == "`+side.String()+`")`, func(a *analyzer.Anomaly) bool {
		return a.HasSide && a.Side == side
	})
}

// doubled is that a tenth of the packets, or more, are copies of others. A network that doubles packets rarely does so to as many.
var doubled = condition{
	expr: "(endpoints.client.sent.duplicate_packets + endpoints.server.sent.duplicate_packets) * 10 >= packets",
	holds: func(s *subject) bool {
		return 10*(uint64(s.Sent[analyzer.Client].Duplicates)+uint64(s.Sent[analyzer.Server].Duplicates)) >= s.Packets()
	},
}

// unmarked is that there is no anomaly.
var unmarked = condition{expr: "len(anomalies) == 0", holds: func(s *subject) bool { return len(s.Anomalies) == 0 }}

// outcome is that a conversation went so.
func outcome(o analyzer.Outcome) condition {
	return condition{expr: `outcome == "` + o.String() + `"`, holds: func(s *subject) bool { return s.Outcome == o }}
}

// resetBy is that an RST of a side ended it.
func resetBy(side analyzer.Side) condition {
	return condition{expr: `close.by == "` + side.String() + `"`, resets: true, holds: func(s *subject) bool {
		return s.Close.Kind == analyzer.CloseReset && s.Close.By == side
	}}
}

// resetFor is that an RST with one of these causes ended it.
func resetFor(causes ...string) condition {
	is := "close.cause == " + strconv.Quote(causes[0])
	if len(causes) > 1 {
		is = `close.cause in ["` + strings.Join(causes, `", "`) + `"]`
	}
	return condition{expr: is, resets: true, holds: func(s *subject) bool {
		return s.Close.Kind == analyzer.CloseReset && slices.Contains(causes, s.Close.Cause.String())
	}}
}

// halfOpened is that both sides were captured, and of the SYN and the SYN-ACK that they opened with one was not.
var halfOpened = condition{
	expr: `outcome in ["open", "closed"] && completeness % 4 in [1, 2] && min(endpoints.client.sent.packets, endpoints.server.sent.packets) > 0`,
	holds: func(s *subject) bool {
		saw := s.Completeness & (analyzer.SawSYN | analyzer.SawSYNACK)
		return (s.Outcome == analyzer.Open || s.Outcome == analyzer.Closed) && (saw == analyzer.SawSYN || saw == analyzer.SawSYNACK) &&
			s.Sent[analyzer.Client].Packets > 0 && s.Sent[analyzer.Server].Packets > 0
	},
}

// undelivered is that an RST ended it with bytes on the way.
var undelivered = condition{expr: `failure == "` + dimension.Undelivered.String() + `"`, holds: func(s *subject) bool {
	return dimension.Failed(s.Conversation, s.Judgment) == dimension.Undelivered
}}

// unservedBy is that a request was never answered, and that a side closed first.
func unservedBy(side analyzer.Side) condition {
	return condition{expr: `failure == "` + dimension.Unserved.String() + `" && close.first == "` + side.String() + `"`, holds: func(s *subject) bool {
		return dimension.Failed(s.Conversation, s.Judgment) == dimension.Unserved && s.Close.HasFirst && s.Close.First == side
	}}
}

// anyPath is how many bytes of payload every path takes: 1,280 bytes of IPv6 (RFC 8200 5), less headers.
const anyPath = 1220

// largeVanished is that nothing that a side sent was acknowledged, and that some of it was larger than every path takes.
var largeVanished = condition{
	expr: "either(segment_max_bytes > " + strconv.Itoa(anyPath) + " && unacknowledged_bytes == stream_bytes)",
	holds: func(s *subject) bool {
		for side := range s.Sent {
			if of := &s.Sent[side]; of.SegmentMax > anyPath && of.Unacknowledged == of.StreamBytes {
				return true
			}
		}
		return false
	},
}

// refusedFirst is that a server answered a SYN by an RST, and a later one as servers do.
var refusedFirst = condition{
	expr: `len(endpoints.server.trajectory) > 1 && endpoints.server.trajectory[0].state == "CLOSED" && endpoints.server.trajectory[1].state == "LISTEN"`,
	holds: func(s *subject) bool {
		t := s.Trajectory[analyzer.Server]
		return len(t) > 1 && t[0].State == fsm.Closed && t[1].State == fsm.Listen
	},
}

// answeredByOld is what syn-retransmit says of a SYN that met an older connection.
const answeredByOld = "an ACK of the connection before had answered the first"

// metOld is that a SYN met an older connection, and was sent again.
var metOld = ofAnomaly("syn-retransmit", `any(anomalies, .id == "syn-retransmit" && .detail contains "`+answeredByOld+`")`, func(a *analyzer.Anomaly) bool {
	return strings.Contains(a.Detail(), answeredByOld)
})

// arrivedTwice is what syn-ack-retransmit says of a SYN-ACK that no timer sent again.
const arrivedTwice = "the SYN arrived twice"

// synTwice is that a SYN arrived twice, though it was sent once.
var synTwice = ofAnomaly("syn-ack-retransmit", `any(anomalies, .id == "syn-ack-retransmit" && .detail contains "`+arrivedTwice+`")`, func(a *analyzer.Anomaly) bool {
	return strings.Contains(a.Detail(), arrivedTwice)
})

// cameTwice is that a side reports bytes that came twice two times more often, or oftener, than its peer sent any again.
func cameTwice(side analyzer.Side) condition {
	return condition{
		expr:  fmt.Sprintf("endpoints.%s.sent.dsack_packets >= endpoints.%s.sent.retransmitted_packets + 2", side, side.Peer()),
		holds: func(s *subject) bool { return s.Sent[side].DSACKs >= s.Sent[side.Peer()].Retransmitted()+2 },
	}
}

// setBack is how clock-backwards ends that tells of a second or more. Taps whose clocks disagree do so by less.
const setBack = " s or more"

// clockSet is that the clock of the capture was set back.
var clockSet = ofAnomaly("clock-backwards", `any(anomalies, .id == "clock-backwards" && .detail endsWith "`+setBack+`")`, func(a *analyzer.Anomaly) bool {
	return strings.HasSuffix(a.Detail(), setBack)
})

// nothingSince is what retransmission-timeout says where the last attempts had no answer to the end.
const nothingSince = "nothing came back since"

// silent is that a side sent again and again to the end of the capture, and heard nothing more.
var silent = ofAnomaly("retransmission-timeout", `any(anomalies, .id == "retransmission-timeout" && .detail contains "`+nothingSince+`")`, func(a *analyzer.Anomaly) bool {
	return strings.Contains(a.Detail(), nothingSince)
})

// lasts is that a time of the record is so long or longer.
func lasts(m measure, least time.Duration) condition {
	return condition{expr: m.expr + " >= " + strconv.FormatFloat(least.Seconds(), 'f', -1, 64), holds: func(s *subject) bool { return m.of(s) >= least }}
}

// takesHalf is that a time of the record is half of the conversation's, or more.
func takesHalf(m measure) condition {
	return condition{expr: m.expr + " * 2 >= duration_s", holds: func(s *subject) bool { return m.of(s)*2 >= s.Duration() }}
}

// one is that at least one condition holds.
func one(of ...condition) condition {
	c := combined(of, where.Or)
	c.flagged = !slices.ContainsFunc(of, func(c condition) bool { return !c.flagged })
	for i := range of {
		c.enough = append(c.enough, of[i].enough...)
	}
	c.holds = func(s *subject) bool { return slices.ContainsFunc(of, func(c condition) bool { return c.holds(s) }) }
	return c
}

// both is that all conditions hold.
func both(of ...condition) condition {
	c := combined(of, where.And)
	c.flagged = slices.ContainsFunc(of, func(c condition) bool { return c.flagged })
	c.holds = func(s *subject) bool { return !slices.ContainsFunc(of, func(c condition) bool { return !c.holds(s) }) }
	return c
}

// none is that no condition holds.
func none(of ...condition) condition {
	any := one(of...)
	return condition{expr: where.Not(any.expr), holds: func(s *subject) bool { return !any.holds(s) }}
}

// combined is what conditions have together, but for what holds.
func combined(of []condition, join func(...string) string) (c condition) {
	parts := make([]string, len(of))
	for i := range of {
		parts[i] = of[i].expr
		c.tells, c.resets = append(c.tells, of[i].tells...), c.resets || of[i].resets
	}
	c.expr = join(parts...)
	return c
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

// lateOpening is how long it took to open, if so long that a timer had to go off.
var lateOpening = measure{"(time.opening_s >= 0.2 ? time.opening_s : 0)", func(s *subject) time.Duration {
	if d := s.Spent[timing.Opening]; d >= leastTimer {
		return d
	}
	return 0
}}

// limitedByWindow is for how long the peer's window limited what a side transferred.
func limitedByWindow(side analyzer.Side) measure {
	return sent(side, "limited_receive_window_s", func(s *analyzer.Sent) time.Duration { return s.Limits[timing.ReceiveWindow] })
}

// awaited is how long its greeting was awaited, or an answer in vain.
var awaited = sent(analyzer.Server, "awaited_max_s", func(s *analyzer.Sent) time.Duration { return s.AwaitedMax })

// slowTurns is that the server took a second or more to answer a client that waited.
var slowTurns = condition{
	expr:  "endpoints.server.sent.slow_turns > 0",
	holds: func(s *subject) bool { return s.Sent[analyzer.Server].SlowTurns > 0 },
}

// overtaken is that some of what a side sent was overtaken, and sent again in vain for that; or that so much was, a twentieth, that it need not have been.
func overtaken(side analyzer.Side) condition {
	of := "endpoints." + side.String() + ".sent."
	return condition{
		expr: of + "out_of_order_packets >= 3 && " + of + "spurious_packets > 0 || " + of + "out_of_order_packets >= 10 && " + of + "out_of_order_packets * 20 >= " + of + "data_packets",
		holds: func(s *subject) bool {
			sent := &s.Sent[side]
			n := uint64(sent.OutOfOrderPackets)
			return n >= 3 && sent.SpuriousPackets > 0 || n >= 10 && n*20 >= sent.DataPackets
		},
	}
}

// anyTimer is how long the shortest timers take.
const anyTimer = 10 * time.Millisecond

// twice is that a side sent two segments or more again for which nothing called, a quarter of its segments, in which they count, and that they follow at once, sooner
// than any timer fires.
func twice(side analyzer.Side) condition {
	of := "endpoints." + side.String() + ".sent."
	again := of + "retransmitted_tail_probe_packets + " + of + "retransmitted_unknown_packets"
	return condition{
		expr: again + " >= 2 && (" + again + ") * 4 >= " + of + "data_packets && " + of + "retransmission_interval_avg_s < 0.01",
		holds: func(s *subject) bool {
			sent := &s.Sent[side]
			n := sent.Retransmissions[analyzer.CauseTailProbe] + sent.Retransmissions[analyzer.CauseUnknown]
			return n >= 2 && n*4 >= sent.DataPackets && sent.Interval.Avg < anyTimer
		},
	}
}

// What a round trip grows by in a queue that is too long: it takes so many times the least, and people notice (ITU-T G.114 has 150 ms for a call).
const (
	bloat             = 4
	leastBloat        = "0.2"
	leastBloatSeconds = 0.2
)

// queued is by how much longer round trips of what a side sent were than the shortest: 19 of 20 are below that.
func queued(side analyzer.Side) measure {
	of := "endpoints." + side.String() + ".sent."
	return measure{of + "rtt_p95_s - " + of + "rtt_min_s", func(s *subject) time.Duration { return s.Sent[side].RTT.P95 - s.Sent[side].RTT.Min }}
}

// bloated is that round trips of a side became much longer while its transfer came no faster.
func bloated(side analyzer.Side) condition {
	of := "endpoints." + side.String() + ".sent."
	return both(
		lasts(sent(side, "limited_path_rate_s", func(s *analyzer.Sent) time.Duration { return s.Limits[timing.PathRate] }), time.Second),
		condition{expr: queued(side).expr + " >= " + leastBloat + " && " + of + "rtt_p95_s >= " + strconv.Itoa(bloat) + " * " + of + "rtt_min_s", holds: func(s *subject) bool {
			rtt := &s.Sent[side].RTT
			most, least := float64(rtt.P95)/float64(time.Second), float64(rtt.Min)/float64(time.Second) // rounded once, as in the record
			return most-least >= leastBloatSeconds && most >= bloat*least
		}},
	)
}

// overflows is that a side filled a queue until it dropped segments: half of its round trips or more, while what it sent was limited by that, were three
// times the shortest. What is lost on the way leaves the median as it is.
func overflows(side analyzer.Side) condition {
	of := "endpoints." + side.String() + ".sent."
	limited := measure{of + "limited_path_rate_s + " + of + "limited_congestion_s", func(s *subject) time.Duration {
		return s.Sent[side].Limits[timing.PathRate] + s.Sent[side].Limits[timing.Congestion]
	}}
	return both(one(warnsOf(side, "packet-loss"), hasOf(side, "retransmission-timeout")), lasts(limited, time.Second), condition{
		expr: of + "rtt_samples >= 20 && " + of + "rtt_p50_s >= 3 * " + of + "rtt_min_s && " + of + "rtt_p50_s - " + of + "rtt_min_s >= 0.05",
		holds: func(s *subject) bool {
			rtt := &s.Sent[side].RTT
			half, least := rtt.P50.Seconds(), rtt.Min.Seconds() // rounded once, as in the record
			return rtt.Samples >= 20 && half >= 3*least && half-least >= 0.05
		},
	})
}

// repeated is how many bytes both sides sent again: endpoints.*.sent.retransmitted_bytes.
func repeated(s *subject) uint64 {
	return s.Sent[analyzer.Client].RetransmittedBytes + s.Sent[analyzer.Server].RetransmittedBytes
}
