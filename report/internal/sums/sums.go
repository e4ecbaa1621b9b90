package sums

import (
	"cmp"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
	"tcptrace/internal/octets"
	"tcptrace/report/internal/output"
	"tcptrace/report/internal/record"
)

// MostGroups is how many groups there are at most unless another number is asked for.
const MostGroups = 100_000

// Sums adds conversations up by one to three dimensions.
type Sums struct {
	By   []dimension.Dimension
	most int

	groups map[string]*group
	others group // conversations that found no room
	total  group // each conversation once

	judgment analyzer.Judgment
	values   [dimension.Most]dimension.Values
	key      []byte
	noted    []analyzer.Anomaly // room for those of one of which there is a note (note.go)
}

// New returns sums by one to three dimensions in at most most groups.
func New(by []dimension.Dimension, most int) *Sums {
	return &Sums{By: by, most: most, groups: map[string]*group{}}
}

// In sets the time zone of the minutes, hours and days that conversations are grouped by. It must be called before the first is added.
func (s *Sums) In(zone *time.Location) {
	for i := range s.By {
		s.By[i] = s.By[i].In(zone)
	}
}

// Conversation adds c to the groups that it belongs to.
func (s *Sums) Conversation(c *analyzer.Conversation) error {
	s.judgment.JudgeEnd(c)
	s.Judged(c, &s.judgment)
	return nil
}

// Judged adds a conversation, of which j is the judgment, at least that of JudgeEnd.
func (s *Sums) Judged(c *analyzer.Conversation, j *analyzer.Judgment) {
	s.look(c, j)
	t := take(c, j)
	s.take(&t)
}

// look makes s.values those of c, of which j is the judgment.
func (s *Sums) look(c *analyzer.Conversation, j *analyzer.Judgment) {
	for i := range s.By {
		s.values[i].Reset()
		s.By[i].Values(&s.values[i], c, j)
	}
}

// take adds a conversation to the groups of s.values.
func (s *Sums) take(t *taken) {
	s.total.add(t)
	s.each(0, s.key[:0], t, new(bool))
}

// each adds t to the groups of all combinations of values of the dimensions from i on; key has the values of the dimensions before. If several of
// those groups find no room, t is added to that of the others once.
func (s *Sums) each(i int, key []byte, t *taken, other *bool) {
	if i == len(s.By) {
		if g := s.group(key); g != nil {
			g.add(t)
		} else if !*other {
			*other = true
			s.others.add(t)
		}
		return
	}
	for k := range s.values[i].Len() {
		longer := octets.AppendText(key, s.values[i].At(k))
		s.each(i+1, longer, t, other)
		s.key = longer // which may have grown
	}
}

// group is the group of that key; nil if there is no room for it.
func (s *Sums) group(key []byte) *group {
	if g := s.groups[string(key)]; g != nil {
		return g
	}
	if len(s.groups) >= s.most {
		return nil
	}
	g := &group{}
	s.groups[string(key)] = g
	return g
}

// split is the values of a key.
func split(key string) (values []string) {
	for r := (octets.Reader{Left: []byte(key)}); len(r.Left) > 0; {
		values = append(values, r.Text())
	}
	return values
}

// Overflow is how many conversations are in the group of the others.
func (s *Sums) Overflow() uint64 { return s.others.conversations }

// Conversations is how many conversations were added up.
func (s *Sums) Conversations() uint64 { return s.total.conversations }

// taken is what a group takes of a conversation, read once for all groups that it belongs to.
type taken struct {
	failed          bool
	packets         uint64
	payload         [2]uint64
	lost, sent      uint64
	retransmissions [analyzer.NumCauses]uint64
	handshake       time.Duration // 0: not known
	rtt             [2]time.Duration
	think           time.Duration
	thinks          bool
	zeroWindow      time.Duration
	reset           analyzer.ResetCause
	anomalies       []analyzer.Anomaly
}

func take(c *analyzer.Conversation, j *analyzer.Judgment) taken {
	t := taken{
		failed: dimension.Failed(c, j) != dimension.NoFailure, packets: c.Packets(),
		reset: j.Close.Cause, anomalies: j.Anomalies,
	}
	for side := range c.Sent {
		sent := &c.Sent[side]
		t.payload[side] = sent.PayloadBytes
		lost, of := record.Losses(sent)
		t.lost, t.sent = t.lost+lost, t.sent+of
		for cause, n := range sent.Retransmissions {
			t.retransmissions[cause] += n
		}
		t.rtt[side] = sent.RTT.P50
		t.zeroWindow += sent.ZeroWindowTime
	}
	client, server := &c.Sent[analyzer.Client], &c.Sent[analyzer.Server]
	if client.HandshakeRTT > 0 && server.HandshakeRTT > 0 {
		t.handshake = client.HandshakeRTT + server.HandshakeRTT
	}
	if server.Thinks > 0 {
		t.think, t.thinks = server.ThinkTime/time.Duration(server.Thinks), true
	}
	return t
}

// group is the sum of some conversations.
type group struct {
	conversations, failures, packets uint64
	payload                          [2]uint64
	lost, sent                       uint64
	retransmissions                  [analyzer.NumCauses]uint64
	zeroWindow                       time.Duration
	handshake, think                 sketch
	rtt                              [2]sketch
	resets                           []counted[analyzer.ResetCause]
	anomalies                        []counted[*analyzer.AnomalyKind]
}

// counted is how many conversations have something.
type counted[T comparable] struct {
	what T
	n    uint64
}

// count adds n to what, of which a group has few.
func count[T comparable](list []counted[T], what T, n uint64) []counted[T] {
	for i := range list {
		if list[i].what == what {
			list[i].n += n
			return list
		}
	}
	return append(list, counted[T]{what, n})
}

func (g *group) add(t *taken) {
	g.conversations++
	if t.failed {
		g.failures++
	}
	g.packets += t.packets
	g.lost, g.sent = g.lost+t.lost, g.sent+t.sent
	for cause, n := range t.retransmissions {
		g.retransmissions[cause] += n
	}
	g.zeroWindow = time.Duration(analyzer.Time(g.zeroWindow).Add(t.zeroWindow))
	for side := range t.rtt {
		g.payload[side] += t.payload[side]
		if t.rtt[side] > 0 {
			g.rtt[side].add(t.rtt[side])
		}
	}
	if t.handshake > 0 {
		g.handshake.add(t.handshake)
	}
	if t.thinks {
		g.think.add(t.think)
	}
	if t.reset.String() != "" {
		g.resets = count(g.resets, t.reset, 1)
	}
	for i := range t.anomalies {
		kind := t.anomalies[i].Kind
		if !slices.ContainsFunc(t.anomalies[:i], func(a analyzer.Anomaly) bool { return a.Kind == kind }) {
			g.anomalies = count(g.anomalies, kind, 1)
		}
	}
}

// worst is the most severe kind of anomaly that a group has, of several the one that most conversations have; nil if it has none.
func (g *group) worst() *counted[*analyzer.AnomalyKind] {
	var worst *counted[*analyzer.AnomalyKind]
	for i := range g.anomalies {
		a := &g.anomalies[i]
		if worst == nil || cmp.Or(cmp.Compare(a.what.Severity, worst.what.Severity), cmp.Compare(a.n, worst.n), cmp.Compare(worst.what.ID, a.what.ID)) > 0 {
			worst = a
		}
	}
	return worst
}

// record is the numbers of a group.
func (g *group) record() record.SumRecord {
	r := record.SumRecord{
		Conversations: g.conversations, Failures: g.failures, Packets: g.packets,
		ClientPayloadBytes: g.payload[analyzer.Client], ServerPayloadBytes: g.payload[analyzer.Server],
		LostPackets:                   g.lost,
		RetransmittedTimeoutPackets:   g.retransmissions[analyzer.CauseTimeout],
		RetransmittedFastPackets:      g.retransmissions[analyzer.CauseFast],
		RetransmittedSACKPackets:      g.retransmissions[analyzer.CauseSACK],
		RetransmittedTailProbePackets: g.retransmissions[analyzer.CauseTailProbe],
		RetransmittedUnknownPackets:   g.retransmissions[analyzer.CauseUnknown],
		ZeroWindowS:                   output.FloatSeconds(g.zeroWindow),
	}
	if g.sent > 0 {
		r.KnowLoss()
		r.LossRatio = output.FloatSeconds(time.Duration(float64(g.lost) / float64(g.sent) * 1e9)) // nine decimals
	}
	for _, n := range g.retransmissions {
		r.RetransmittedPackets += n
	}
	at := func(s *sketch, percent uint64) float64 { return output.FloatSeconds(s.quantile(percent)) }
	client, server := &g.rtt[analyzer.Client], &g.rtt[analyzer.Server]
	r.HandshakeP50S, r.HandshakeP90S, r.HandshakeP99S = at(&g.handshake, 50), at(&g.handshake, 90), at(&g.handshake, 99)
	r.ClientRTTP50S, r.ClientRTTP90S, r.ClientRTTP99S = at(client, 50), at(client, 90), at(client, 99)
	r.ServerRTTP50S, r.ServerRTTP90S, r.ServerRTTP99S = at(server, 50), at(server, 90), at(server, 99)
	r.ServerThinkP50S, r.ServerThinkP99S = at(&g.think, 50), at(&g.think, 99)
	for _, k := range g.resets {
		if r.ResetCauses == nil {
			r.ResetCauses = map[string]uint64{}
		}
		r.Resets += k.n
		r.ResetCauses[k.what.String()] = k.n
	}
	if a := g.worst(); a != nil {
		r.WorstAnomaly, r.WorstAnomalySeverity, r.WorstAnomalyConversations = a.what.ID, a.what.Severity.String(), a.n
	}
	return r
}
