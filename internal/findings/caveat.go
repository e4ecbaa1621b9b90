package findings

import (
	"fmt"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// caveat is what the summary of a capture says of what it cannot show.
type caveat struct {
	id   string
	n    func(s *analyzer.Summary) uint64
	text func(n uint64, s *analyzer.Summary) string
	why  string
	next string
}

var caveats = []caveat{
	{
		"drops", func(s *analyzer.Summary) uint64 { return s.Drops },
		func(n uint64, s *analyzer.Summary) string {
			return fmt.Sprintf("the capture lost %s beside the %s that it has, by its own count", report.Counted(n, "packet"), report.HumanCount(s.Packets))
		},
		"the capturing machine was too slow: what seems missing may have been there", "a larger buffer (-B), a shorter snap length (-s 128), or a filter",
	}, {
		"cut", func(s *analyzer.Summary) uint64 { return skipped(s, "truncated") },
		func(n uint64, s *analyzer.Summary) string {
			return fmt.Sprintf("%s cut before the end of the TCP header, and not analyzed, of %s", was(n), report.HumanCount(s.Packets))
		},
		"the snap length is too short", "capture at least 128 bytes of each frame (-s 128)",
	}, {
		"fragments", func(s *analyzer.Summary) uint64 { return skipped(s, "ip-fragment") + skipped(s, "ip-fragment-overlap") },
		func(n uint64, s *analyzer.Summary) string {
			return fmt.Sprintf("%s not analyzed, of %s: IP fragments of which no packet can be made, and which may be of TCP", was(n), report.HumanCount(s.Packets))
		},
		"a filter by port, which later fragments lack, or somebody who hides an RST or data in them", "capture without a filter by port",
	}, {
		"evicted", func(s *analyzer.Summary) uint64 { return s.Evicted },
		func(n uint64, _ *analyzer.Summary) string {
			return report.Counted(n, "conversation") + " ended early, since the flow table was full: the rest of each is another"
		},
		"more conversations at once than --max-flows", "a larger --max-flows",
	},
}

func was(n uint64) string {
	if n == 1 {
		return "1 packet was"
	}
	return report.HumanCount(n) + " packets were"
}

// skipped is how many packets were not analyzed for that reason.
func skipped(s *analyzer.Summary, reason string) uint64 {
	for _, n := range s.NotAnalyzed() {
		if n.Reason == reason {
			return n.Packets
		}
	}
	return 0
}

// caveats are what the capture cannot show.
func (k *Collector) caveats(s *analyzer.Summary) (list []ranked) {
	for _, c := range caveats {
		if n := c.n(s); n > 0 {
			list = append(list, ranked{capture: true, Finding: Finding{ID: c.id, Text: c.text(n, s), Of: k.total, Lies: InCapture, Why: c.why, Next: c.next}})
		}
	}
	return list
}
