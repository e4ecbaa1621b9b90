package intake

// Bound is a limit on what is kept of a connection. What does not fit is given up, never the segments
// themselves; Summary counts it.
type Bound uint8

// The bounds. Those on conversations have counts of their own: Summary.Evicted and ReleasedEarly.
const (
	BoundFacts   Bound = iota // MaxFacts, maxOpening: what a segment of an opening or a close shows
	BoundHeld                 // reuse.MaxHeld: copies of a SYN that may begin another connection, SYN-ACKs with other ISNs
	BoundFlight               // the rings: when each segment in flight was sent
	BoundResent               // MaxResent: retransmissions that may still prove unneeded
	BoundRanges               // reassembly.MaxRanges, rangesPerFlow: gaps in what was captured, or in what SACK blocks report
	BoundHistory              // letters of a History
	BoundNames                // names.Table: texts of names
	BoundReading              // flow.Tracker.Spares: statistics of conversations that began while the analysis fell behind
	NumBounds
)

var bounds = [NumBounds]struct{ id, noun, text string }{
	BoundFacts:   {"facts", "segment", "of openings and closes not kept: the states may say less"},
	BoundHeld:    {"held-syns", "repeated SYN", "given to the connection that had its sockets"},
	BoundFlight:  {"flight", "segment", "in flight whose time was not kept: its round trip is not measured, and why it was sent again may be wrong"},
	BoundResent:  {"resent", "retransmission", "forgotten too soon to know whether they were needed"},
	BoundRanges:  {"ranges", "gap", "closed in the account of bytes: missed and unique bytes may be wrong"},
	BoundNames:   {"names", "name", "for which there was no room: their conversations have none"},
	BoundReading: {"reading", "conversation", "whose segments were not read, to keep up with the packets: they have no statistics, and fewer anomalies"},
	BoundHistory: {"history", "letter", "left out of Zeek histories, which hold 24"},
}

// Shortfall is how often a bound was met.
type Shortfall struct {
	Bound string // stable id
	Count uint64
	Noun  string // what is counted, one of them
	Text  string // what became of it, and what that means
}

// Shortfalls lists the bounds that were met.
func (s *Summary) Shortfalls() []Shortfall {
	var out []Shortfall
	for b, n := range s.Bounds {
		if n > 0 {
			out = append(out, Shortfall{bounds[b].id, n, bounds[b].noun, bounds[b].text})
		}
	}
	return out
}

// AddBound counts n more of what did not fit in a bound that Shortfalls gives. It reports whether there is that bound.
func (s *Summary) AddBound(id string, n uint64) bool {
	for b := range bounds {
		if bounds[b].id == id {
			s.Bounds[b] += n
			return true
		}
	}
	return false
}
