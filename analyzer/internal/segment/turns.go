package segment

import (
	"time"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/turn"
	"tcptrace/internal/wire"
)

// Who keeps silent for long keeps its peer waiting only if that waits for an answer. What follows tells the words that no answer is due to from
// those that ask for one, by what both do in this conversation:
//
//   - who goes on by itself after a silence, without having been asked, pushes: what its peer says to that at once, and in few bytes, is an
//     acknowledgement (PONG, PUBACK), and what comes later is the next push. Unless such words are answered at once, too: then they ask.
//   - where both go on by themselves, each sends what it has (WebSocket, chats);
//   - who goes on by itself three times or more, and twice as often as it speaks late behind a word of its peer, has news, not an answer (subscriptions,
//     WebSockets that push to a client that says something now and then);
//   - what is said just before its sender closes, when the last word of its peer was no more than an acknowledgement, is a farewell (GOAWAY,
//     close_notify, 408);
//   - a question that is asked again as soon as it is answered, and whose answer comes after the same whole number of seconds again and again, is held
//     until there is news or a timer fires (long polls, BRPOP);
//   - few bytes that answer as many are heartbeats of both, each with its own clock (BGP, AMQP).

// mayACK reports whether the last word of dir, a and h, may be an acknowledgement.
func (t *spending) mayACK(a *SenderStats, h *conn.Half, dir uint8) bool {
	said := t.turns[dir].Said
	return (said == turn.Quick || said == turn.Replied) && uint32(h.EndOfBytes())-a.turn <= turn.SmallWord
}

// asksNothing reports whether no answer is due to the last word of dir.
func (t *spending) asksNothing(a *SenderStats, h *conn.Half, dir uint8) bool {
	return t.turns[dir].Said == turn.Replied && !t.turns[dir].Asks() && t.mayACK(a, h, dir)
}

// hasWord takes the first bytes of a sender behind those of its peer, which had waited so long for them.
func (r *Reader) hasWord(waited conn.Time) {
	dir := r.S.Dir
	own, peer := &r.spent.turns[dir], &r.spent.turns[1-dir]
	mayACK := r.spent.mayACK(r.b, r.Rx, 1-dir)
	if waited >= longestThought {
		switch {
		case r.spent.asksNothing(r.b, r.Rx, 1-dir):
			own.Said = turn.Pushed
			return
		case mayACK:
			own.Said = turn.LateToACK
		default:
			own.Said = turn.Late
		}
		conn.Tick(&own.Slow)
		if client, _ := r.C.Client(); dir != client {
			r.keepsWaiting(waited)
		}
		return
	}
	if mayACK {
		peer.Answered()
	}
	switch {
	case waited > turn.Promptly:
		own.Said = turn.Plain
		return
	case peer.Said == turn.Pushed:
		own.Said = turn.Replied
	default:
		own.Said = turn.Quick
	}
	if r.S.Len <= turn.SmallWord {
		own.Count()
	}
}

// speaksOn takes what a sender says that had the last word before, that long after it and after a silence.
func (r *Reader) speaksOn(after, silence conn.Time) {
	own := &r.spent.turns[r.S.Dir]
	switch {
	case silence > longestThought && r.Tx.Pauses(r.now):
		if own.Asks() || !r.spent.mayACK(r.A, r.Tx, r.S.Dir) { // else it had not asked
			conn.Tick(&own.Unprompted)
		}
		own.Said = turn.Pushed
	case after > turn.Promptly:
		own.Said = turn.Plain
	}
}

// keepsWaiting notes of a slow answer what tells whether a timer, or a clock of its own, sent it.
func (r *Reader) keepsWaiting(waited conn.Time) {
	a, b := r.A, r.b
	turn.Answer{
		Waited: waited, Asked: uint32(r.Rx.EndOfBytes()) - b.turn, Said: r.S.Len, AtOnce: a.LastData != 0 && b.LastData-a.LastData-r.Rx.Distance <= turn.Promptly,
	}.Note(r.C.Note(&r.p.Facts.Incidents, conn.IncidentSlow, r.S.Dir, r.S, int64(waited)))
}

// slowTurns is how often an endpoint kept its peer waiting for an answer; 0 if that waits for none.
func (p *Pools) slowTurns(c *conn.Conn, l *Stats, dir uint8) uint16 {
	own, peer := &l.spent.turns[dir], &l.spent.turns[1-dir]
	alone, slow := uint32(own.Unprompted), uint32(own.Slow)
	switch m := c.Find(&p.Facts.Incidents, conn.IncidentSlow, dir); {
	case slow == 0, peer.Unprompted > 0 && 2*(alone+uint32(peer.Unprompted)) >= slow, peer.Unprompted == 0 && alone >= max(leastNews, subscribed*slow), m != nil && turn.NoneDue(m):
		return 0
	case own.Said == turn.LateToACK && p.bidsFarewell(c, &l.Of[dir], dir):
		slow--
	}
	return uint16(slow)
}

// Who has news, and no answers, goes on by itself at least so many times as often as it keeps its peer waiting, and at least so often in all.
const (
	subscribed = 2
	leastNews  = 3
)

// bidsFarewell reports whether an endpoint said little in its last turn, and closed at once.
func (p *Pools) bidsFarewell(c *conn.Conn, a *SenderStats, dir uint8) bool {
	return uint32(c.Half[dir].EndOfBytes())-a.turn <= turn.FarewellSize && c.Facts.Find(&p.Facts, func(f *conn.Fact) bool {
		return f.Dir() == dir && f.Any(wire.FIN|wire.RST) && f.Time >= a.LastData && f.Time-a.LastData <= turn.FarewellTime
	}) != nil
}

// Awaited is the longest silence behind which the server greeted, or the client gave an answer up; 0 if none was longer than longestThought, or the
// client had said nothing when the server closed.
func (p *Pools) Awaited(c *conn.Conn, l *Stats) time.Duration {
	if l.spent.awaited > 0 {
		for dir := range uint8(2) {
			if l.Of[1-dir].LastData == 0 && p.bidsFarewell(c, &l.Of[dir], dir) {
				return 0
			}
		}
	}
	return time.Duration(l.spent.awaited)
}
