package findings

import (
	"math"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/chance"
)

// What happens to conversations may do so long after they began. Where it happens to all within a short time, that is told: a host restarts, a firewall
// forgets, a link is cut.

// happened is when what a kind tells of happened to s, which meets it; 0: that is not known.
func (s *subject) happened(kind int) analyzer.Time {
	if at := showed(kind, s.Judgment); at != 0 || !kinds[kind].when.resets || s.Close.Kind != analyzer.CloseReset {
		return at
	}
	return s.Close.Time
}

// leastBurst is of how many conversations it is told that the same happened to them at once.
const leastBurst = 3

// bursts reports whether what t counts happened within a short time, to conversations that began in one more than twice as long: so short that chance would
// bring so many together less than once in 1,000 times, be it spread over the capture or over its conversations.
func (k *Collector) bursts(t *tally, o *Options) bool {
	h := &t.happened
	if t.n < leastBurst || h.N != t.n || h.To-h.From >= (t.last-t.first)/2 {
		return false
	}
	before, after := k.start.Outside(h.From, h.To)
	share := max(float64(h.To-h.From)/float64(o.end-o.begin), 1-float64(before+after)/float64(k.total))
	return float64(t.n)*math.Pow(share, float64(t.n-1)) < chance.Unlikely
}

// restarts are the kinds that tell what became of the connections to a process that ended.
var restarts = map[string]bool{"reset-by-server": true, "forgotten": true, "write-after-close": true}

// upon is how soon after a process ended its socket refuses somebody, if it is asked for often enough to be told of.
const upon = time.Minute

// tellRestarts says of what one process reset at once, and of what was refused there from then on, that it ended.
func tellRestarts(list []ranked, o *Options) {
	for i := range list {
		end := &list[i]
		if !end.Happened || !restarts[end.ID] {
			continue
		}
		for j := range list {
			then := &list[j]
			if then.ID != "refused" || then.Since == nil || then.to != end.to {
				continue
			}
			if after := time.Duration(*then.Since - *end.Since); after < 0 || after > upon {
				continue
			}
			end.Why = "its process ended, or was restarted: what was open was reset, and new connections were refused from then on"
			then.Why = "its process ended, or was restarted: what was open to it was reset just before"
			end.Next = "its log at " + o.clock(end.Since) + ": why did it end?"
			then.Next, end.Lies = end.Next, then.Lies
		}
	}
}
