package segment

import (
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/reading"
	"tcptrace/analyzer/internal/turn"
	"tcptrace/analyzer/timing"
	"tcptrace/internal/wire"
)

// Where the time of a conversation goes is decided at each segment: the time since the one before is put to the account of whom, or what,
// all waited for then. The rules, in their order:
//
//   - until the handshake is complete, if both open at once with the second SYN-ACK; also if it was refused, or an older connection reset, and is tried
//     again: opening;
//   - behind the first FIN or RST, unless data is in flight or comes: closing;
//   - of the other side nothing was captured so far: unknown;
//   - until a segment is sent again, and from there on until what was in flight then is acknowledged: repair;
//   - a sender has filled the window, and that has no room for another segment: window;
//   - anything is in flight, but for an answer to it: network;
//   - nothing is, or it is answered: the endpoint that speaks next was waited for, but for the way to it and back, which is network, too;
//     or its peer, if all that it says is an RST, and an answer was due.
//
// The silence before the last of these is one, whatever ACKs are in it.

// longestThought is the longest silence that an application is taken to think in when no answer is due. Behind that it is idle. Web clients
// load the parts of a page within a second, and people take longer (Mah, "An empirical model of HTTP network traffic", INFOCOM 1997; Barford
// and Crovella, "Generating representative web workloads", SIGMETRICS 1998).
const longestThought = conn.Time(time.Second)

// account is what time is put to, beside the network, which has the rest, and Recovery.repairing.
type account uint8

const (
	onUnknown account = iota
	onOpening
	onThought // of direction 0; then of 1
	_
	onWindow
	onIdle
	onClosing
	numAccounts
)

// accounts are how much time was put to each.
type accounts [numAccounts]conn.Time

// takeBack has it be unknown what happened while a connection seemed to be closing that was not.
func (on *accounts) takeBack(c *conn.Conn) {
	if c.OnlySeemedReset() {
		on[onUnknown], on[onClosing] = on[onUnknown]+on[onClosing], 0
	}
}

// spending is a line of what the time of a connection was spent on.
type spending struct {
	on      accounts
	settled conn.Time     // up to when, unless it was the network
	turns   [2]turn.Turns // by direction
	awaited conn.Time     // the longest silence behind which the server greeted, or the client gave an answer up; 0: none was longer than longestThought
}

// spend puts the time since the segment before to an account, before the segment is read. Mostly something is in flight.
func (r *Reader) spend() {
	const said = conn.SentACK | conn.SentFIN | conn.SentRST
	if (r.Tx.Flags|r.Rx.Flags)&said == conn.SentACK && (r.A.flags|r.b.flags)&statsRepairs == 0 && r.A.mode|r.b.mode <= modeTransfer &&
		r.S.Flags&(wire.SYN|wire.FIN|wire.RST) == 0 && r.pos == r.next && r.Rx.Packets != 0 && (r.S.Len == 0 || inFlight(r.Tx, r.Rx)) {
		return
	}
	if r.Tx.Packets|r.Rx.Packets != 0 {
		r.spendRarely(max(r.C.Last, r.spent.settled))
	}
}

// inFlight reports whether bytes of h passed that its peer has not acknowledged, as far as that is heard.
func inFlight(h, peer *conn.Half) bool { return peer.Acked != 0 && h.EndOfBytes() > peer.Acked }

// spendRarely puts the time since from to an account.
func (r *Reader) spendRarely(from conn.Time) {
	s := r.S
	r.spent.on.takeBack(r.C)
	flying := inFlight(r.Tx, r.Rx) || inFlight(r.Rx, r.Tx)
	switch f := r.Tx.Flags | r.Rx.Flags; {
	case s.Flags.Any(wire.SYN) && r.C.Flags.Has(conn.WasRefused), s.Flags&(wire.SYN|wire.ACK) == wire.SYN && f&(conn.SentACK|conn.SentFIN) == 0: // it is tried again
		r.put(onOpening, from)
	case r.C.IsReset():
		r.put(onClosing, from)
		r.undecided = s.Len > 0
	case f&(conn.SentACK|conn.SentFIN) == 0 && f&(conn.SentSYN|conn.SentSYNACK) != 0 && !(r.Tx.Flags & r.Rx.Flags).Has(conn.SentSYNACK):
		if r.Rx.Packets == 0 && r.Tx.Flags.Has(conn.SentSYNACK) { // the opener may have it long since
			r.put(onUnknown, from)
		} else {
			r.put(onOpening, from)
		}
	case f.Has(conn.SentFIN) && !flying && (s.Len == 0 || r.end <= r.next):
		r.put(onClosing, from)
	case r.Rx.Packets == 0:
		r.put(onUnknown, from)
	case (r.A.flags | r.b.flags).has(statsRepairs):
		r.puts(&r.repairer().repairing, from)
		r.undecided = true
	case r.probesWindow():
		r.put(onWindow, r.spent.silentSince(r.C, r.A, r.b))
	case r.pos < r.next && s.SeqLen() > 0:
		r.undecided = true
	case r.A.shutOut(r.b), r.b.shutOut(r.A):
		r.put(onWindow, from)
	case (s.Len > 0 || s.Flags&(wire.FIN|wire.RST) != 0) && !inFlight(r.Tx, r.Rx) && !r.isRejected():
		r.speak()
	}
}

// isRejected reports whether the segment is an RST that its receiver does not take: it may be anybody's, and tells nothing of when its supposed
// sender spoke.
func (r *Reader) isRejected() bool {
	if !r.S.Flags.Any(wire.RST) {
		return false
	}
	_, taken := r.C.TakesRST(r.Tx, r.Rx, r.S)
	return !taken
}

// put puts the time since from to an account.
func (r *Reader) put(on account, from conn.Time) { r.puts(&r.spent.on[on], from) }

func (r *Reader) puts(sum *conn.Time, from conn.Time) {
	if r.now > from {
		*sum += r.now - from
		r.spent.settled = r.now
	}
}

// probesWindow reports whether the segment looks whether a closed window has opened: nothing else is sent into one.
func (r *Reader) probesWindow() bool {
	return r.b.flags.has(statsZero) && (r.una == r.next || r.probesFly()) && (r.S.Len > 0 || r.pos < r.next) && !r.S.Flags.Any(wire.SYN|wire.FIN|wire.RST)
}

// probesFly reports whether nothing is in flight but what was sent into the closed window to probe it, and was not taken.
func (r *Reader) probesFly() bool {
	if r.A.recovery == 0 {
		return false
	}
	rp := r.p.Recoveries.At(r.A.recovery)
	return rp.probe != 0 && rp.probe <= r.una && r.next <= rp.probeEnd
}

// shutOut reports whether a has filled the window of its peer, and that has no room for another segment.
func (a *SenderStats) shutOut(peer *SenderStats) bool {
	return a.mode == modeWindow && peer.flags.has(statsHasEdge) && peer.window < a.segmentMax
}

// silentSince is since when nothing happened but ACKs that brought no news.
func (t *spending) silentSince(c *conn.Conn, a, b *SenderStats) conn.Time {
	return max(t.settled, c.First, a.LastData, b.LastData, a.advanced, b.advanced)
}

// speak is what an endpoint sends after a silence.
func (r *Reader) speak() {
	since := r.spent.silentSince(r.C, r.A, r.b)
	r.spent.settled = max(r.now, r.spent.settled)
	if r.A.LastData > r.b.LastData {
		r.holdsBack()
		if r.S.Len > 0 {
			r.speaksOn(r.now-r.A.LastData, r.now-since)
		}
	}
	if r.A.LastData > r.b.LastData && !r.Tx.Pauses(r.now) { // as soon as it heard the ACK, or that the window is open
		if rx := r.b.recovery; rx != 0 && r.Rx.Last > since && r.p.Recoveries.At(rx).zeroSince >= since {
			r.spent.on[onWindow] += r.Rx.Last - since
		}
		return
	}
	from := since
	switch {
	case r.b.advanced == since, r.Tx.Last == since: // it was the last to send before, too
	case r.Tx.Distance > 0:
		from += r.Tx.Distance
	case r.now > since: // how much of that is the way to it and back was not measured so far
		from += min(r.now-since, conn.RoundTrip)
		r.spent.on[onUnknown] += from - since
	}
	length := r.now - from
	on, inVain := r.spent.onSilence(r.C, r.A, r.b, r.S.Dir, length), r.givesUp()
	if on == onIdle && inVain {
		on = r.spent.onSilence(r.C, r.b, r.A, 1-r.S.Dir, length)
	}
	r.put(on, from)
	if length > longestThought && on != onIdle && (inVain || r.b.LastData == 0 && r.S.Len > 0) {
		r.spent.awaited = max(r.spent.awaited, length)
	}
}

// givesUp reports whether the segment is an RST of who had the last word, and waits for no answer to it any more. Who has no more to say
// sends a FIN.
func (r *Reader) givesUp() bool {
	return r.S.Flags.Has(wire.RST) && r.S.Len == 0 && r.A.LastData > r.b.LastData &&
		(r.spent.turns[r.S.Dir].Asks() || !r.spent.mayACK(r.A, r.Tx, r.S.Dir))
}

// onSilence is the account of a silence that an endpoint, a, ends.
func (t *spending) onSilence(c *conn.Conn, a, b *SenderStats, dir uint8, length conn.Time) account {
	if length > longestThought {
		client, _ := c.Client()
		due := dir != client && (b.LastData > a.LastData && !t.asksNothing(b, &c.Half[1-dir], 1-dir) || a.LastData == 0)
		if !due {
			return onIdle
		}
	}
	return onThought + account(dir)
}

// repairer is the Recovery of the side that repairs a loss.
func (r *Reader) repairer() *Recovery {
	if r.A.flags.has(statsRepairs) {
		return r.p.RecoveryOf(r.A, r.Tx)
	}
	return r.p.RecoveryOf(r.b, r.Rx)
}

// followRepair looks, when the segment was read, whether it begins to repair a loss, goes on, or has the ACK that ends it. Behind an RST nothing
// is repaired.
func (r *Reader) followRepair() {
	switch {
	case !r.undecided:
	case r.C.IsReset():
		if (r.V.Kind == reading.KindData || r.V.Kind == reading.KindRetransmission) && r.end > r.next {
			r.noteIncident(conn.IncidentBehindRST, r.S.Dir).Amount += int64(r.end - max(r.pos, r.next))
		}
	case r.V.Kind == reading.KindRetransmission:
		rp := r.p.RecoveryOf(r.A, r.Tx)
		r.puts(&rp.repairing, max(r.C.Last, r.spent.settled))
		if r.una < r.next {
			rp.repairTo = max(r.next, r.end)
			r.A.flags |= statsRepairs
		}
	}
	if r.b.flags.has(statsRepairs) && r.S.Flags&wire.ACK != 0 && int32(r.S.Ack-uint32(r.p.RecoveryOf(r.b, r.Rx).repairTo)) >= 0 {
		r.b.flags &^= statsRepairs
	}
}

// Spent is where the time of a connection went, of which a direction is the client's.
func (p *Pools) Spent(c *conn.Conn, l *Stats, client uint8) (out timing.Spent) {
	on := l.spent.on
	l.endSilence(c, &on, client)
	out[timing.Opening], out[timing.Closing], out[timing.Unknown] = time.Duration(on[onOpening]), time.Duration(on[onClosing]), time.Duration(on[onUnknown])
	out[timing.Window], out[timing.Idle] = time.Duration(on[onWindow]), time.Duration(on[onIdle])
	out[timing.Client], out[timing.Server] = time.Duration(on[onThought+account(client)]), time.Duration(on[onThought+account(1-client)])
	for i := range l.Of {
		if l.Of[i].recovery != 0 {
			out[timing.Repair] += time.Duration(p.Recoveries.At(l.Of[i].recovery).repairing)
		}
	}
	rest := max(0, c.Last.Sub(c.First))
	for _, d := range out {
		rest -= d
	}
	out[timing.Network] = rest
	return out
}

// endSilence puts to an account the silence that a connection ends with.
func (l *Stats) endSilence(c *conn.Conn, on *accounts, client uint8) {
	a, b := &c.Half[client], &c.Half[1-client]
	since := l.spent.silentSince(c, &l.Of[0], &l.Of[1])
	if c.Last <= since || !(a.Flags | b.Flags).Has(conn.SentACK) || a.Packets == 0 || b.Packets == 0 || inFlight(a, b) || inFlight(b, a) ||
		(l.Of[0].flags | l.Of[1].flags).has(statsRepairs) {
		return
	}
	dir := client
	if l.Of[client].LastData > l.Of[1-client].LastData {
		dir = 1 - client
	}
	on[l.spent.onSilence(c, &l.Of[dir], &l.Of[1-dir], dir, c.Last-since)] += c.Last - since
}
