package record

import (
	"encoding/json"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// SummaryRecord is the summary of a report as JSON has it. Counts are of packets
// unless they say otherwise.
type SummaryRecord struct {
	Packets        uint64            `json:"packets"`
	Bytes          uint64            `json:"bytes"`
	Start          *Time             `json:"start,omitempty"` // absent, as End, if there was no packet
	End            *Time             `json:"end,omitempty"`
	DurationS      json.Number       `json:"duration_s"`
	TCP            uint64            `json:"tcp"`
	Filtered       uint64            `json:"filtered"`
	NotAnalyzed    []NotAnalyzed     `json:"not_analyzed"`
	FirstFragments uint64            `json:"first_fragments"`
	CutOptions     uint64            `json:"cut_options"`
	BadOptions     uint64            `json:"bad_options"`
	Tunneled       uint64            `json:"tunneled"`
	ICMPErrors     uint64            `json:"icmp_errors,omitempty"` // about TCP segments
	StrayICMP      uint64            `json:"stray_icmp,omitempty"`  // those about connections of which the capture has nothing else
	Conversations  uint64            `json:"conversations"`
	Matched        *uint64           `json:"matched,omitempty"`      // conversations that --where selected
	Outcomes       map[string]uint64 `json:"outcomes"`               // conversations
	Evicted        uint64            `json:"evicted"`                // conversations
	LeftOut        uint64            `json:"left_out,omitempty"`     // conversations of which nothing is said, since the analysis was interrupted
	ReleasedEarly  uint64            `json:"released_early"`         // conversations
	TimedOut       uint64            `json:"timed_out"`              // conversations that were silent for too long
	Shortfalls     []Shortfall       `json:"shortfalls,omitempty"`   // what did not fit
	Drops          *uint64           `json:"drops,omitempty"`        // absent if the capture does not say
	OtherFrames    uint64            `json:"other_frames,omitempty"` // records that hold no packet and have frame numbers all the same
}

// NotAnalyzed is a number of packets and the stable id of why they were not
// analyzed.
type NotAnalyzed struct {
	Reason    string   `json:"reason"`
	Packets   uint64   `json:"packets"`
	LinkTypes []string `json:"link_types,omitempty"` // of unsupported-link-type: the first few, as name (number)
}

// Shortfall is a bound on what is kept of a connection, and how many segments, gaps or letters did not fit.
type Shortfall struct {
	Bound string `json:"bound"`
	Count uint64 `json:"count"`
}

// Selection is how many conversations an expression selected.
type Selection struct {
	Active         bool // there was an expression
	Matched, Total uint64
	Outcomes       [analyzer.NumOutcomes]uint64 // of those that matched
}

// NewSummaryRecord is the record of s.
func NewSummaryRecord(s *analyzer.Summary, sel Selection) SummaryRecord {
	r := SummaryRecord{
		Packets: s.Packets, Bytes: s.Bytes, TCP: s.TCP, Filtered: s.Filtered,
		DurationS:      json.Number(output.AppendSeconds(nil, int64(s.End.Sub(s.Start)))),
		NotAnalyzed:    []NotAnalyzed{},
		FirstFragments: s.FirstFragments, CutOptions: s.CutOptions, BadOptions: s.BadOptions, Tunneled: s.Tunneled,
		ICMPErrors: s.ICMPErrors, StrayICMP: s.StrayICMP,
		Conversations: s.Conversations, Evicted: s.Evicted, ReleasedEarly: s.ReleasedEarly, TimedOut: s.TimedOut,
		OtherFrames: s.OtherFrames, LeftOut: s.LeftOut,
		Outcomes: make(map[string]uint64, analyzer.NumOutcomes),
	}
	if s.Packets > 0 {
		start, end := Time(s.Start), Time(s.End)
		r.Start, r.End = &start, &end
	}
	for _, n := range s.NotAnalyzed() {
		r.NotAnalyzed = append(r.NotAnalyzed, NotAnalyzed{n.Reason, n.Packets, n.LinkTypes})
	}
	for _, short := range s.Shortfalls() {
		r.Shortfalls = append(r.Shortfalls, Shortfall{short.Bound, short.Count})
	}
	for o, n := range s.Outcomes {
		r.Outcomes[analyzer.Outcome(o).String()] = n
	}
	if sel.Active {
		r.Matched = &sel.Matched
	}
	if s.DropsKnown {
		r.Drops = &s.Drops
	}
	return r
}
