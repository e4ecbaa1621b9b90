package conn

import (
	"math/bits"

	"tcptrace/analyzer/internal/pool"
	"tcptrace/internal/wire"
)

// Incident is an episode that the facts do not hold, since it can happen to any segment. Of each
// kind a direction has at most one; what happens again adds to it.
type Incident struct {
	Time, Last Time // of its first and its latest frame
	Ahead      uint32
	Count      uint32
	Amount     int64 // bytes or ns, by kind
	Hole       Hole  // of IncidentHole; the range that IncidentUnsent is about, or that IncidentUnseen was last (doubt.go); of IncidentKeepAlive passed: dir gave up, by an RST
	Run        run   // of what lasts (episode.go)
	Kind       IncidentKind
	Dir        uint8
	Doubtful   bool  // of IncidentSucceeded: whether who should have sent the SYN did is not known
	TTL, Usual uint8 // of IncidentStrange: its TTL and its sender's; of IncidentBadSum the TTL of the first; of IncidentDuplicate that of the latest copy; of IncidentSlow see package turn
	Causes     uint8 // of IncidentLoss: of the retransmissions that repaired, as bits; of IncidentOutside: a bit if any brought data, one if any was a FIN; of IncidentStrange: one if it is an RST with ACK
}

type IncidentKind uint8

const (
	IncidentDuplicate    IncidentKind = iota // frames of dir captured again
	IncidentReordered                        // bytes of dir captured behind their ACK
	IncidentUnseen                           // bytes of dir acknowledged and not seen: amount
	IncidentClock                            // the clock went back: by amount at most (clock.go): times are run.total later since; last, and by direction run.since and run.longest, are the latest
	IncidentCutOptions                       // the snap length cut options
	IncidentBadSum                           // segments of dir with a wrong checksum: amount is of those of which it is that of the IPv4 header
	IncidentUnsolicited                      // data of dir after its peer's FIN: amount is of what it sent knowing of the FIN
	IncidentPastFIN                          // bytes of dir behind its own FIN: amount
	IncidentChallenge                        // dir answered a segment that it does not accept by a challenge ACK
	IncidentSucceeds                         // the connection has the sockets of an earlier one: amount is since that was last heard of, count is predecessor
	IncidentSucceeded                        // a SYN for the connection that took over these sockets; dir sent it
	IncidentOldAnswer                        // dir answered the connection's SYN by an ACK of the connection before
	IncidentHole                             // bytes of dir that the capture skips: hole, the latest; run.times is how much came behind that, run.longest Conn.run before, run.most how many packets its peer had sent; run.n and amount are of its turns (disown.go)
	IncidentTimer                            // dir's retransmission timer fired: run is the time without progress
	IncidentNeedless                         // retransmissions of dir that were not needed: amount is of proof
	IncidentLate                             // segments of dir that later ones overtook: amount is by how many bytes at most
	IncidentZeroWindow                       // dir offered no window: run is that time, and the probes in it
	IncidentFullWindow                       // dir filled its peer's window
	IncidentShrunk                           // dir took back window: amount at most
	IncidentKeepAlive                        // dir asked whether its peer is there: amount is how often that spoke then, run the time since it did not
	IncidentOutside                          // data or FINs of dir that its peer's window did not allow: amount is how far, negative: before it
	IncidentOldStamp                         // segments of dir with a timestamp older than one that its peer has: by amount at most
	IncidentOldACK                           // ACKs of dir too old for its peer: amount is by how much at most
	IncidentUnsent                           // dir acknowledged what its peer has not sent: amount; 0: that is not proved
	IncidentReneged                          // dir took back what it had selectively acknowledged
	IncidentStrange                          // an RST, FIN or data of dir that another may have sent: amount is of betrayal
	IncidentLoss                             // segments of dir with payload that were lost: amount is of those before the tap, run the longest time until one was sent again
	IncidentBlackHole                        // full segments of dir that vanish: hole is the first of them, amount the size of its pieces
	IncidentStrangeSACK                      // SACK blocks of dir for bytes that its peer cannot have sent: amount is from the ACK to the first of them
	IncidentSYNOptions                       // SYNs, or SYN-ACKs, of dir with other options than the first: amount is of changed options
	IncidentMissing                          // a hole in the bytes of dir that its peer reports, the latest: hole.from is where it begins
	IncidentNoACK                            // segments of dir without SYN, ACK and RST
	IncidentResetText                        // an RST of dir has a text: ttl is how many bytes of it are in run and hole (resettext.go), amount how many there were
	IncidentStray                            // segments of dir that its peer does not take, no RSTs: hole.from is the latest's ACK; if it has none, -1, and hole.to the number behind it
	IncidentConflict                         // segments of dir with other bytes than one before: amount is of bytes, hole the first, run.n how many frames before that was, with TTL ttl, now usual
	IncidentUnreachable                      // ICMP errors about segments of dir (icmp.go): they cannot be delivered
	IncidentTooBig                           // they are too large for a link
	IncidentTimeExceeded                     // they went through too many routers
	IncidentForged                           // those that are not believed: what they quote is not in flight
	IncidentHeld                             // small segments of dir that waited for a delayed ACK: amount is for how long, run.longest at most, run.n how often one did not
	IncidentSlow                             // answers of dir that its peer waited for: amount is for how long in all; what else it has is in package turn
	IncidentAlert                            // fatal alerts of TLS in clear that dir sent: amount is the description of the first
	IncidentBehindRST                        // segments of dir with new data behind an RST that was taken: amount is the data
	NumIncidentKinds
)

const _ = uint(48 - NumIncidentKinds) // a Conn has a bit for each

// HasKind reports whether there is an incident of that kind.
func (c *Conn) HasKind(k IncidentKind) bool {
	if k < 32 {
		return c.kinds>>k&1 != 0
	}
	return c.kindsAbove>>(k-32)&1 != 0
}

// Kinds is how many kinds of incidents there are.
func (c *Conn) Kinds() int { return bits.OnesCount32(c.kinds) + bits.OnesCount16(c.kindsAbove) }

func (c *Conn) setKind(k IncidentKind, on bool) {
	set := uint64(c.kinds) | uint64(c.kindsAbove)<<32
	if set &^= 1 << k; on {
		set |= 1 << k
	}
	c.kinds, c.kindsAbove = uint32(set), uint16(set>>32)
}

// IncidentList is a connection's list of incidents: the first; 0: none.
type IncidentList uint32

// IncidentPool holds the incidents of a tracker's connections, without pointers.
type IncidentPool struct {
	pool.Pool[Incident]
	News uint64 // how often an incident was added, or something to one that is worth telling

	Sparse    bool     // of a conversation that is not read nobody asks for anomalies
	discarded Incident // what is not kept
}

// moves reports whether the trajectories depend on incidents of this kind.
func (k IncidentKind) moves() bool {
	return k == IncidentChallenge || k == IncidentSucceeded || k == IncidentHole || k == IncidentUnseen || k == IncidentOldAnswer
}

func (p *IncidentPool) Release(l *IncidentList) {
	p.PutList(uint32(*l))
	*l = 0
}

// remove drops the incident of a kind and a direction from l.
func (p *IncidentPool) remove(l *IncidentList, kind IncidentKind, dir uint8) {
	for at := (*uint32)(l); *at != 0; at = p.Next(*at) {
		if i := *at; p.At(i).Kind == kind && p.At(i).Dir == dir {
			*at = *p.Next(i)
			p.Put(i)
			return
		}
	}
}

func (p *IncidentPool) AppendTo(l IncidentList, buf []Incident) []Incident {
	for i := uint32(l); i != 0; i = *p.Next(i) {
		buf = append(buf, *p.At(i))
	}
	return buf
}

// Find is the incident of a kind and a direction, nil if there is none.
func (c *Conn) Find(p *IncidentPool, kind IncidentKind, dir uint8) *Incident {
	if !c.HasKind(kind) {
		return nil
	}
	for i := uint32(c.Incidents); i != 0; i = *p.Next(i) {
		if m := p.At(i); m.Kind == kind && m.Dir == dir {
			return m
		}
	}
	return nil
}

// Note adds one more of a kind that s shows.
func (c *Conn) Note(p *IncidentPool, kind IncidentKind, dir uint8, s *wire.Segment, amount int64) *Incident {
	if p.Sparse && !c.Flags.Has(IsRead) && !kind.moves() {
		p.discarded = Incident{Kind: kind, Dir: dir}
		return &p.discarded
	}
	m := c.Find(p, kind, dir)
	if m == nil {
		i := p.Get()
		m = p.At(i)
		*m = Incident{Time: Time(s.Time), Ahead: c.Ahead(s), Kind: kind, Dir: dir}
		*p.Next(i) = uint32(c.Incidents)
		c.Incidents = IncidentList(i)
		c.setKind(kind, true)
	}
	m.Last = Time(s.Time)
	m.Count++
	if m.Count&(m.Count-1) == 0 {
		p.News++ // of what goes on and on, not every time
	}
	m.Amount += amount
	return m
}

// Faulty notes what is wrong with a captured frame, whatever it means. It reports whether the segment does
// not count: a checksum is wrong, and its sender does compute them.
func (c *Conn) Faulty(p *IncidentPool, s *wire.Segment) bool {
	if s.Bits&wire.CutOptions != 0 {
		c.Note(p, IncidentCutOptions, 0, s, 0)
	}
	if s.Bits&wire.FirstFragment != 0 {
		c.Half[s.Dir].Flags |= Fragmented
	}
	if s.Bits&wire.ACKsFragment != 0 {
		c.Half[1-s.Dir].Flags |= Fragmented
	}
	tx, headers := &c.Half[s.Dir], int64(0)
	if s.Bits&wire.BadHeader != 0 && tx.Flags.Has(goodHeader) {
		headers = 1
	}
	switch {
	case headers == 0 && s.Bits&wire.BadSum == 0:
		return false
	case headers > 0 || tx.Flags.Has(GoodSum):
		m := c.Note(p, IncidentBadSum, s.Dir, s, headers)
		c.History.repeat(s.Dir, 'c', m.Count)
		c.Count(tx, s)
		return true
	}
	tx.Flags |= badSum // of a sender that leaves them to its network card every one is wrong
	if m := c.Note(p, IncidentBadSum, s.Dir, s, 0); m.Count == 1 {
		m.TTL = s.TTL
	}
	return false
}

// SettleSums drops what was noted of wrong checksums of a connection that is over, if they were left to a network card: what
// was sent with them was acknowledged. Of a capture at the sender's host that is every connection.
func (c *Conn) SettleSums(p *IncidentPool) {
	for dir := range uint8(2) {
		if h := &c.Half[dir]; h.Flags&(badSum|GoodSum) == badSum && c.Half[1-dir].Acked > h.Start && c.wrongHeaders(p, dir) == 0 {
			c.drop(p, IncidentBadSum, dir)
		}
	}
}

// wrongHeaders is how many segments of a direction do not count because the checksum of their IPv4 header is wrong.
func (c *Conn) wrongHeaders(p *IncidentPool, dir uint8) int64 {
	if m := c.Find(p, IncidentBadSum, dir); m != nil {
		return m.Amount
	}
	return 0
}

// drop takes back the incident of a kind and a direction, if there is one.
func (c *Conn) drop(p *IncidentPool, kind IncidentKind, dir uint8) {
	if !c.HasKind(kind) {
		return
	}
	p.remove(&c.Incidents, kind, dir)
	if c.Find(p, kind, 1-dir) == nil {
		c.setKind(kind, false)
	}
}

// run is what an incident counts of something that lasts and comes again: a time without progress, a closed
// window, probes without an answer.
type run struct {
	Since          Time // when it began; 0: it is over
	Total, Longest Time
	Times          uint32 // it began
	N, Most        uint32 // timers or probes since anything answered, now and at most
	Ahead          uint32 // of the first of these
	At             Time   // and when that was
}

func (r *run) Begin(t Time) {
	r.Since = max(t, 1)
	r.Times++
	r.N = 0
}

func (r *run) End(t Time) {
	d := max(t-r.Since, 0)
	r.Total += d
	r.Longest = max(r.Longest, d)
	r.Since, r.N = 0, 0
}

// Again counts a timer or a probe.
func (r *run) Again(t Time, ahead uint32) {
	if r.N == 0 {
		r.At, r.Ahead = t, ahead
	}
	r.N++
	r.Most = max(r.Most, r.N)
}

// Stopped reports whether an endpoint that had asked some times whether its peer is there no longer did so at t. What comes
// then is no answer: it may have given up.
func (m *Incident) Stopped(t Time) bool {
	return m.Run.N > 1 && t-m.Last > 2*(m.Last-m.Run.Since)/Time(m.Run.N-1)
}

// Unanswered is how many timers or probes there were since anything answered.
func (m *Incident) Unanswered() uint32 {
	if m == nil || m.Run.Since == 0 {
		return 0
	}
	return m.Run.N
}

// Betrays reports whether what does not fit is enough: two things, one of them the TTL, or that the endpoint goes on. That alone does
// not tell whoever sent the segment from a device that has the right to.
func Betrays(m *Incident) bool {
	return m.Amount&(BadTTL|BadEnd) != 0 && m.Amount&(m.Amount-1) != 0
}

// Betrayal is what does not fit the endpoint that a segment says it is from.
type Betrayal = int64

const (
	BadTTL       Betrayal = 1 << iota // far from all of its sender's
	BadID                             // an IP ID out of the order in which its sender counts them
	BadTimestamp                      // none, or out of order, where all of the others have one
	BadPosition                       // a number that the receiver does not expect
	BadEnd                            // the sender goes on behind what would have ended it
	BadTiming                         // it acknowledges sooner than its sender can have received
	BadFlags                          // a FIN without ACK
	BadOctet                          // its sender uses a FIN's number for something else, or is going to
)

// Due reports whether who asks at even intervals whether its peer is there would ask again at t, give or take a quarter.
func (m *Incident) Due(t Time) bool {
	if m.Run.N < 2 {
		return false
	}
	interval := (m.Last - m.Run.Since) / Time(m.Run.N-1)
	after := t - m.Last
	return after >= interval/4*3 && after <= interval/4*5
}
