package state

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// ResetCause says what an RST was the answer to, as far as the capture tells.
type ResetCause uint8

// The causes.
const (
	NoReset              ResetCause = iota
	ResetRefused                    // a SYN, where nobody listens
	ResetProbe                      // a segment that begins no connection, as port scans send
	ResetScan                       // a SYN-ACK, at once: the client only wanted to know, or had given up already
	ResetUnasked                    // a SYN-ACK, to a SYN that was not captured, if there was one
	ResetAbandoned                  // nothing: the client gave up while it connected
	ResetDropped                    // nothing: its sender took its SYN-ACK back
	ResetUnreadData                 // the peer's FIN: bytes were not read, or SO_LINGER 0
	ResetWriteAfterClose            // data, to an endpoint that had closed
	ResetFinWait2                   // the peer's FIN, long awaited: FIN_WAIT_2 had timed out
	ResetAfterFIN                   // nothing: its sender had sent a FIN before
	ResetHalfOpen                   // a segment of a connection that its sender did not know
	ResetOnPath                     // the same, but the endpoint does know it: a device on the path sent it
	ResetChallenge                  // a challenge ACK
	ResetKeepAlive                  // nothing: keep-alive probes went unanswered
	ResetGaveUp                     // nothing: what its sender repeated went unanswered
	ResetInjected                   // nothing: the RST betrays another sender
	ResetAborted                    // nothing: its sender threw the connection away
	NumResetCauses
)

var resetCauses = [...]struct{ name, text string }{
	NoReset:              {"", ""},
	ResetRefused:         {"refused", "it answers the SYN"},
	ResetProbe:           {"probe", "it answers a segment that begins no connection, as port scans send"},
	ResetScan:            {"scan", "it answers the SYN-ACK at once, as a half-open scan does, or a connect() that was given up"},
	ResetUnasked:         {"unasked", "it answers a SYN-ACK that its sender did not ask for, or no longer: the capture does not have the SYN"},
	ResetAbandoned:       {"abandoned", "its sender gave up while it connected"},
	ResetDropped:         {"dropped", "its sender took its SYN-ACK back"},
	ResetUnreadData:      {"unread-data", "it answers a FIN, as close() does with unread data or SO_LINGER 0"},
	ResetWriteAfterClose: {"write-after-close", "it answers data that came after its sender had closed"},
	ResetFinWait2:        {"fin-wait-2-timeout", "its sender had closed, and waited for the other side's FIN no longer"},
	ResetAfterFIN:        {"after-fin", "its sender had sent a FIN before"},
	ResetHalfOpen:        {"half-open", "its sender did not know the connection (any more)"},
	ResetOnPath:          {"unknown-on-path", "a device on the path, such as a NAT, a load balancer or a firewall, did not know the connection, or cut it"},
	ResetChallenge:       {"challenge-ack", "it answers a challenge ACK"},
	ResetKeepAlive:       {"keep-alive-timeout", "its sender gave up: the peer did not answer its keep-alive probes"},
	ResetGaveUp:          {"retries-exhausted", "its sender gave up: the peer did not acknowledge what it sent again and again"},
	ResetInjected:        {"injected", "somebody else sent it in its supposed sender's name"},
	ResetAborted:         {"aborted", "without a FIN: unread data, SO_LINGER 0, or a process that ended"},
}

// String is the cause's name in records, empty for NoReset.
func (c ResetCause) String() string { return resetCauses[min(int(c), len(resetCauses)-1)].name }

// Text is the cause in plain words.
func (c ResetCause) Text() string { return resetCauses[c].text }

// CauseText is a cause in plain words. Of RSTs in both directions at one moment a tap cannot know whether both ends sent theirs.
func CauseText(c ResetCause, bothWays bool) string {
	if bothWays {
		return c.Text() + ", or both ends aborted at one moment"
	}
	return c.Text()
}

// MayTake reports whether f, an RST with a number that the endpoint which sends in direction me does not expect, lies in that one's window: so it
// ends the connection by RFC 793, and is answered by a challenge ACK since RFC 5961 3.2. Nothing that was captured behind it tells which.
func (m *Inference) MayTake(me uint8, f *conn.Fact) bool {
	self := &m.Sides[me]
	if f.Dir() == me || !conn.IsRST(f) || !f.Bits.Has(conn.FactOutside) || self.Challenged || self.Last > f.Time+self.Margin() {
		return false
	}
	next := f.Seq - uint32(self.Acked)
	return self.Acked == 0 || next < uint32(conn.Farthest) && (self.RightWin == 0 || next < uint32(self.RightWin-self.Acked))
}

// seemsTaken reports whether an RST that the endpoint may have taken was not answered, though the capture goes on for longer than a
// challenge ACK needs; or all that its host says behind it is that there is no such connection (RFC 9293 3.10.7.1).
func (m *Inference) seemsTaken(me uint8, f *conn.Fact) bool {
	if !m.MayTake(me, f) || m.Sides[me].Acked == 0 || m.beginsBehind(me, f) {
		return false
	}
	i := m.first(me, 0, func(g *conn.Fact) bool { return conn.IsRST(g) && g.Ahead > f.Ahead })
	if i >= 0 {
		return conn.IsPlainRST(&m.Facts[i]) && !m.Facts[i].Bits.Has(conn.FactForeign)
	}
	return m.Now-f.Time > max(conn.RoundTrip, 2*m.Sides[me].Distance)
}

// goneBy is when the endpoint answered as a host without the connection, behind an RST that it seems to have taken; 0: it did not.
func (s *walker) goneBy(rst *conn.Fact) conn.Time {
	if i := s.first(s.me, 0, func(f *conn.Fact) bool { return conn.IsPlainRST(f) && f.Ahead > rst.Ahead }); i >= 0 {
		return s.Facts[i].Time
	}
	return 0
}

// isStrange reports whether f, an RST with a number that its receiver does not expect, is none that its supposed sender can have sent: the number
// is less than its ISN, or beyond the window that it was offered, or from before what it sends or answers (isLate); or a challenge ACK answered it,
// and behind that it said nothing any more, as only who has the connection does (RFC 5961 3.2).
func (m *Inference) isStrange(f *conn.Fact) bool {
	if !f.Bits.Has(conn.FactOutside) {
		return false
	}
	me, peer := &m.Sides[f.Dir()], &m.Sides[1-f.Dir()]
	switch {
	case me.KnowsISN && int32(f.Seq-me.ISN) < 0 && conn.Near(me.ISN, f.Seq):
		return true
	case !m.lacks && peer.RightWin != 0 && peer.Acked != 0 && me.End <= peer.RightWin && int32(f.Seq-uint32(peer.RightWin)) >= 0:
		return true
	case !m.lacks && me.Acked != 0 && peer.Acked != 0 && m.isLate(f, peer):
		return true
	}
	answered := peer.Challenged && m.challenged[1-f.Dir()] >= f.Time && m.Now-f.Time > max(conn.RoundTrip, 2*(me.Distance+peer.Distance))
	return answered && m.first(f.Dir(), 0, func(g *conn.Fact) bool { return conn.IsRST(g) && g.Ahead > f.Ahead }) < 0
}

// isLate reports whether peer had acknowledged more than the number of f, an RST, and had said nothing for so long that f answers nothing from
// before that: who ends a connection uses the number that it sends next, who has none that of the ACK which it was sent (RFC 9293 3.10.7.1).
func (m *Inference) isLate(f *conn.Fact, peer *conn.Endpoint) bool {
	acked := uint32(peer.Acked)
	return int32(f.Seq-acked) < 0 && conn.Near(acked, f.Seq) && f.Time-peer.Last > conn.RoundTrip
}

// inHandshake reports whether an RST came before both endpoints were ESTABLISHED. That takes a handshake: of a
// connection whose SYN and SYN-ACK are not in the capture it is not known.
func (s *View) inHandshake(c *Close) bool {
	if !s.Either(IsOpening) || s.goesOn(&c.Rst) {
		return false
	}
	return s.connecting(c.By, c) || s.connecting(c.By.Peer(), c)
}

// goesOn reports whether the supposed sender of an RST sent data of the connection behind it, which acknowledges data of its peer: the handshake
// was done on both sides, whatever of it was captured.
func (m *Inference) goesOn(rst *conn.Fact) bool {
	me, peer := &m.Sides[rst.Dir()], &m.Sides[1-rst.Dir()]
	return m.first(rst.Dir(), 0, func(f *conn.Fact) bool {
		return f.Ahead > rst.Ahead && m.heardMore(f) && f.Ack != peer.ISN+1 && me.KnowsISN && conn.Near(f.Seq, me.ISN)
	}) >= 0
}

func IsOpening(f *conn.Fact) bool { return conn.IsSYN(f) || conn.IsSYNACK(f) }

// connecting reports whether an endpoint was on its way to ESTABLISHED when the RST of c passed, or had not set out. What it does
// not know of its peer's end counts for the RST's sender only: that may have had no socket at all.
func (s *View) connecting(side conn.Side, c *Close) bool {
	state := c.OtherState
	if side == c.By {
		state = c.ByState
	}
	if len(s.life(side)) < len(s.J.Trajectory[side]) && s.Step(side, fsm.Established) != nil {
		return false // what it is asked since is of no connection
	}
	return state == fsm.SynSent || state == fsm.SynRcvd || state == fsm.Listen || state == fsm.Closed && s.Step(side, fsm.Established) == nil ||
		state == fsm.Unknown && s.Step(side, fsm.Established) == nil
}

// causeOf says what an RST that ended a connection was the answer to. A plain RST, one without ACK, is what RFC 9293
// 3.10.7 has an endpoint send that has no such connection; who throws its own away sends one with ACK.
func (s *View) causeOf(c *Close, rst *conn.Fact) ResetCause {
	me, peer := s.Dir(c.By), s.Dir(c.By.Peer())
	before := func(is func(*conn.Fact) bool) func(*conn.Fact) bool {
		return func(f *conn.Fact) bool { return f.Time <= rst.Time && f.Ahead < rst.Ahead && is(f) }
	}
	ownFIN, peerFIN := s.Find(me, 0, before(conn.IsFIN)) != nil, s.Find(peer, 0, before(conn.IsFIN)) != nil
	plain := conn.IsPlainRST(rst)
	switch {
	case rst.Bits.Has(conn.FactOnPath) && s.cutBoth(rst):
		return ResetOnPath
	case s.isForged(rst):
		return ResetInjected
	case rst.Bits.Has(conn.FactOnPath):
		return ResetOnPath
	case c.InHandshake:
		return s.causeInHandshake(c, rst)
	case s.answersProbe(rst):
		return ResetProbe
	case plain && s.answersChallenge(me, rst):
		return ResetChallenge
	case ownFIN && s.wroteBehind(me, rst) && s.Sides[peer].Unacked > 0:
		return ResetWriteAfterClose
	case !plain && s.gaveUpSending(me, rst):
		return ResetGaveUp
	case ownFIN && s.waitedNoMore(c, rst, peerFIN):
		return ResetFinWait2
	case ownFIN:
		return ResetAfterFIN
	case plain || rst.Seq == 0 && me != peer && s.Of(c.By).Last == 0:
		return ResetHalfOpen
	case s.gaveUpAsking(me, rst):
		return ResetKeepAlive
	case peerFIN && (c.ByState == fsm.CloseWait || c.ByState == fsm.Unknown):
		return ResetUnreadData
	}
	return ResetAborted
}

// waitedNoMore reports whether an RST whose sender had sent a FIN is the answer of a host on which nothing waited for the peer's FIN any
// more: it has no ACK, or acknowledges that FIN, which TIME_WAIT would answer by an ACK, after longer than who resets to save TIME_WAIT takes.
func (s *View) waitedNoMore(c *Close, rst *conn.Fact, peerFIN bool) bool {
	own := s.Find(s.Dir(c.By), 0, conn.IsFIN)
	timedOut := peerFIN && rst.Covers(s.Of(c.By.Peer()).FIN) && rst.Time-own.Time >= shortestWait
	switch c.ByState {
	case fsm.FinWait2:
		return conn.IsPlainRST(rst) || timedOut
	case fsm.FinWait1:
		return peerFIN && conn.IsPlainRST(rst) || timedOut
	case fsm.LastAck:
		return false
	}
	fin := s.Of(c.By.Peer()).FIN
	took := func(f *conn.Fact) bool { return f.Ahead < rst.Ahead && !conn.IsRST(f) && f.Covers(fin) }
	return peerFIN && conn.IsPlainRST(rst) && s.Find(s.Dir(c.By), 0, took) == nil // else it had it, and TIME_WAIT was over
}

// shortestWait is the least time for which who has closed waits in FIN_WAIT_2.
const shortestWait conn.Time = 1e9

// wasGone reports whether the RST of c shows that the host that sent it had no such connection any more: without ACK it is the
// answer to a segment for which there is no socket (RFC 9293 3.10.7.1), unless an endpoint that had closed resets data.
func (s *View) wasGone(c *Close) bool {
	switch c.Cause {
	case ResetHalfOpen, ResetChallenge, ResetFinWait2:
		return true
	case ResetAfterFIN:
		return conn.IsPlainRST(&c.Rst)
	case ResetWriteAfterClose:
		waited, ok := s.FinWait2(c)
		return ok && conn.IsPlainRST(&c.Rst) && waited >= finWait2Timer
	}
	return false
}

// finWait2Timer is after how long nobody waits in FIN_WAIT_2 any more for what has closed: Linux (tcp_fin_timeout), BSD.
const finWait2Timer conn.Time = 60e9

// answersChallenge reports whether an RST in direction me has the number of a challenge ACK of its receiver, which is the one that this expects, and
// its sender had said nothing since: who has the connection does not reset it for that.
func (s *View) answersChallenge(me uint8, rst *conn.Fact) bool {
	m := s.Incident(conn.IncidentChallenge, 1-me)
	return m != nil && m.Ahead < rst.Ahead && !rst.Bits.Has(conn.FactOutside) && s.Sides[me].Last <= m.Last
}

// wroteBehind reports whether the peer of who sent an RST in direction me had sent data behind that one's FIN: later, not in the moment of that, as
// what a tap captures behind it only.
func (s *View) wroteBehind(me uint8, rst *conn.Fact) bool {
	m, fin := s.Incident(conn.IncidentUnsolicited, 1-me), s.Find(me, 0, conn.IsFIN)
	return m != nil && m.Ahead < rst.Ahead && fin != nil && m.Time > fin.Time
}

// cutBoth reports whether there is an RST that its supposed sender did not send in the other direction, too.
func (s *View) cutBoth(rst *conn.Fact) bool {
	return s.Find(1-rst.Dir(), 0, func(f *conn.Fact) bool { return conn.IsRST(f) && f.Bits.Has(conn.FactOnPath) }) != nil
}

// isForged reports whether the RST itself betrays that its supposed sender did not send it (episode_strange.go).
func (s *View) isForged(rst *conn.Fact) bool {
	m := s.Incident(conn.IncidentStrange, rst.Dir())
	return m != nil && m.Ahead == rst.Ahead && conn.Betrays(m)
}

// gaveUpAsking reports whether the sender of an RST had asked whether its peer is there, at last, and had no answer. Where those are not
// captured, the RST has to come when the next question was due.
func (s *View) gaveUpAsking(dir uint8, rst *conn.Fact) bool {
	m := s.Incident(conn.IncidentKeepAlive, dir)
	if m == nil || m.Unanswered() == 0 || m.Last >= rst.Time || s.Sides[1-dir].Last >= m.Last || s.Sides[dir].Last > m.Last {
		return false
	}
	return !s.Sides[1-dir].Unseen || m.Due(rst.Time) && !rst.Bits.Has(conn.FactOutside)
}

// Enough is how many attempts without an answer are more than a loss or two.
const Enough = 3

// Exhausted is what an endpoint repeated in vain to its end, as often as shows that it is unanswered: data, or probes of a closed window;
// nil if there is nothing of the kind.
func (s *View) Exhausted(dir uint8) *conn.Incident {
	if m := s.Incident(conn.IncidentTimer, dir); m.Unanswered() >= Enough {
		return m
	}
	if m := s.Incident(conn.IncidentZeroWindow, 1-dir); m.Unanswered() >= Enough {
		return m
	}
	return nil
}

// gaveUpSending reports whether the sender of an RST had repeated data, probes of a closed window or its FIN so often without an answer that
// it gave up.
func (s *View) gaveUpSending(dir uint8, rst *conn.Fact) bool {
	peer := &s.Sides[1-dir]
	if peer.Unseen {
		return false
	}
	if m := s.Exhausted(dir); m != nil {
		return m.Last < rst.Time
	}
	first := s.Find(dir, 0, IsOwnFIN)
	if first == nil || peer.Last > first.Time {
		return false
	}
	fins := 0
	for i := range s.Facts {
		if f := &s.Facts[i]; f.Dir() == dir && f.Ahead < rst.Ahead && IsOwnFIN(f) {
			fins++
		}
	}
	return fins > Enough
}

func (s *View) causeInHandshake(c *Close, rst *conn.Fact) ResetCause {
	me, peer := s.Dir(c.By), s.Dir(c.By.Peer())
	if s.Find(me, 0, conn.IsSYNACK) != nil {
		if s.waitedNot(rst) {
			return ResetHalfOpen
		}
		return ResetDropped
	}
	if s.Find(me, 0, conn.IsSYN) == nil && c.OtherState == fsm.SynSent && rst.Covers(s.Sides[peer].ISN) {
		if Synchronized(c.ByState) {
			return ResetAborted // its SYN-ACK was not captured; only CLOSED refuses (RFC 9293 3.10.7.1)
		}
		return ResetRefused
	}
	if s.unaskedBy(me) {
		return ResetUnasked
	}
	synack := s.Find(peer, 0, conn.IsSYNACK)
	switch {
	case synack == nil || !conn.IsPlainRST(rst):
	case rst.Time-synack.Time <= conn.RoundTrip:
		return ResetScan
	case rst.Seq == synack.Ack && rst.Time-synack.Time > firstTimer+conn.RoundTrip &&
		s.Find(peer, 0, func(f *conn.Fact) bool { return f.Ahead > synack.Ahead && f.Ahead < rst.Ahead }) == nil:
		return ResetHalfOpen
	}
	return ResetAbandoned
}

// firstTimer is after how long a SYN-ACK is sent again, at most (RFC 6298 5.7). A server that does not do so has the ACK, which the capture
// lacks, or is gone; and a plain RST with that number, for which nothing was captured that calls for it, is of a host without such a connection
// (RFC 9293 3.10.7.1): who throws away what it has sends an ACK.
const firstTimer conn.Time = 3e9

// waitedNot reports whether an RST without ACK has the number that its sender's SYN-ACK was acknowledged with, and that had not sent this again for so
// long that it waited for no ACK: it had it, or kept nothing of the SYN, and has no such connection now.
func (m *Inference) waitedNot(rst *conn.Fact) bool {
	waits := func(f *conn.Fact) bool { return conn.IsSYNACK(f) && rst.Time-f.Time <= firstTimer+conn.RoundTrip }
	acks := func(f *conn.Fact) bool { return conn.IsOrdinary(f) && f.Ahead < rst.Ahead && f.Ack == rst.Seq }
	return conn.IsPlainRST(rst) && m.first(rst.Dir(), 0, waits) < 0 && m.first(1-rst.Dir(), 0, acks) >= 0
}
