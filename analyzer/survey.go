package analyzer

import (
	"cmp"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/fsm"
	"tcptrace/internal/topk"
)

// Ranking orders the conversations of a survey.
type Ranking uint8

// The rankings: the most, the fastest, the latest first.
const (
	ByActivity Ranking = iota // the last packet
	ByStart
	ByBytes // of payload
	ByPackets
	ByRate // of payload since the previous survey
)

var rankingNames = [...]string{ByActivity: "activity", ByStart: "start", ByBytes: "bytes", ByPackets: "packets", ByRate: "rate"}

// String is the ranking's name.
func (r Ranking) String() string {
	if int(r) < len(rankingNames) {
		return rankingNames[r]
	}
	return "unknown"
}

// Seen is a conversation in a survey. It is valid only during the call that gets it.
type Seen struct {
	Conversation *Conversation
	Judgment     *Judgment
	Rates        [2]float64 // payload bytes per second that each side sent since the previous survey
}

// maxSurveyed bounds the conversations that a survey visits.
const maxSurveyed = 4096

// survey holds the time of the previous survey, and the candidates of this one.
type survey struct {
	at  Time
	top topk.Top[candidate]
}

type sentBefore struct {
	gen   uint32
	sent  [2]uint64  // payload, by direction
	rates [2]float32 // by direction
}

type candidate struct {
	key    float64
	first  uint64 // frame
	number uint32 // in the ledger
	part   uint8
}

// compareCandidates puts the greatest key first, and among equal ones the conversation that began first.
func compareCandidates(a, b candidate) int {
	return cmp.Or(-cmp.Compare(a.key, b.key), cmp.Compare(a.first, b.first))
}

// Survey visits the conversations that rank highest, highest first, until visit returns false; at most
// 4,096 of them.
func (m *Monitor) Survey(by Ranking, visit func(*Seen) bool) {
	v, now := &m.surveys, Time(0)
	for _, t := range m.trackers {
		now = max(now, t.Now)
	}
	seconds := float64(now-v.at) / 1e9
	v.top.Reset()
	for i, p := range m.parts {
		for slot, sum := range p.tracker.Tallies() {
			number := p.ledger.number(slot)
			b := p.sentBefore(number, p.ledger.all.At(number).gen)
			b.measure(sum, seconds)
			if one := (candidate{b.key(sum, by), sum.FirstFrame, number, uint8(i)}); v.top.Admits(one) {
				v.top.Put(one)
			}
		}
	}
	v.at = now
	for _, one := range v.top.Sorted() {
		p := m.parts[one.part]
		p.judge(p.ledger.all.At(one.number))
		seen := Seen{Conversation: p.conv, Judgment: p.judgment}
		for side := range seen.Rates {
			seen.Rates[side] = float64(p.before[one.number].rates[p.conv.ClientDir^uint8(side)])
		}
		if !visit(&seen) {
			return
		}
	}
}

func (p *part) sentBefore(number, gen uint32) *sentBefore {
	for int(number) >= len(p.before) {
		p.before = append(p.before, sentBefore{})
	}
	b := &p.before[number]
	if b.gen != gen {
		*b = sentBefore{gen: gen}
	}
	return b
}

// measure computes the rates.
func (b *sentBefore) measure(t *flow.Tally, seconds float64) {
	for dir, sent := range t.Payload {
		if seconds > 0 {
			b.rates[dir] = float32(float64(sent-b.sent[dir]) / seconds)
		}
		b.sent[dir] = sent
	}
}

func (b *sentBefore) key(t *flow.Tally, by Ranking) float64 {
	switch by {
	case ByStart:
		return float64(t.FirstFrame)
	case ByBytes:
		return float64(t.Payload[0] + t.Payload[1])
	case ByPackets:
		return float64(t.Packets[0] + t.Packets[1])
	case ByRate:
		return float64(b.rates[0]) + float64(b.rates[1])
	}
	return float64(t.LastFrame)
}

// Open is the number of conversations that are followed.
func (m *Monitor) Open() (n int) {
	for _, t := range m.trackers {
		n += t.Slab.Used
	}
	return n
}

// Bound is the largest number of conversations that can be followed.
func (m *Monitor) Bound() (n int) {
	for _, t := range m.trackers {
		n += t.MaxFlows
	}
	return n
}

// Retransmissions counts those of all conversations so far, including those that are over.
func (m *Monitor) Retransmissions() *[NumCauses]uint64 {
	m.causes = [NumCauses]uint64{}
	for _, t := range m.trackers {
		for cause, n := range t.Recoveries.Causes {
			m.causes[cause] += n
		}
	}
	return &m.causes
}

// States counts the conversations by their endpoints' states, as reported so far.
func (m *Monitor) States() *[2][fsm.NumStates]uint64 {
	m.inState = [2][fsm.NumStates]uint64{}
	for _, p := range m.parts {
		for side := range m.inState {
			for state, n := range p.counts.inState[side] {
				m.inState[side][state] += n
			}
		}
	}
	return &m.inState
}

// Each visits all open conversations, in the order of their numbers.
func (m *Monitor) Each(visit func(*Seen)) {
	for o := range m.open() {
		o.judge(o.ledger.of(o.slot))
		visit(&Seen{Conversation: o.conv, Judgment: o.judgment})
	}
}

// Watch calls f with the reading of every segment from now on, in addition to functions given before. Reading.First names the conversation.
func (m *Monitor) Watch(f func(*Reading)) {
	if before, after := m.watching, f; before != nil {
		f = func(r *Reading) { before(r); after(r) }
	}
	m.watching = f
	for _, t := range m.trackers {
		t.Watch(f)
	}
}
