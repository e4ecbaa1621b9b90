package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/wording"
)

// patience is for how long a capture must go on after a SYN or SYN-ACK before its
// silence means something: the first retry comes after a second (RFC 6298 2.1).
const patience conn.Time = 1e9

// Soonest is how long a capture goes on after a SYN, of which nothing more is seen, before anything can be said of that.
const Soonest = patience

// thenClosed is said of an endpoint that waits no more, by the word of its host.
const thenClosed = "; then its host closed it"

// sentTimes is "client waited 3.0 s: SYN sent 3 times, 1.0 s and 2.0 s apart".
func sentTimes(a *Anomaly, what string, waited int64) string {
	n, howOften := counted(a.args[0])
	text := a.Side.String() + " waited " + duration(waited) + ": " + what + " sent " + howOften
	if n > 1 {
		text += ", " + wording.Gaps(a.args[2:]).Text(n-1)
	}
	return text
}

// What a repeated SYN or SYN-ACK says about the one before: args[0] holds it above the count.
const (
	lostUnknown   int64 = iota << 32
	answerLost          // an answer had passed the tap
	refusedBefore       // that was an RST
	answersAgain        // the SYN came again, too
	tooSoon             // it was not a timer
	wrongSum            // its checksum was wrong
	oldAnswer           // an ACK of the connection before had passed
)

// splitBy is the direction that split the handshake, -1 if none did: it acknowledged the SYN before it sent
// its own, or sent that when it must have had the other, and never a SYN-ACK.
func (s *pass) splitBy(a, b *conn.Fact) int {
	if a.Ahead > b.Ahead {
		a, b = b, a
	}
	d := b.Dir()
	acked := s.Find(d, 0, func(f *conn.Fact) bool { return f.Ahead < b.Ahead && covering(s.Sides[1-d].ISN)(f) })
	r := s.Sides[d].Distance
	late := r > 0 && b.Time-a.Time >= r*9/10
	if acked != nil || late && s.Find(d, 0, conn.IsSYNACK) == nil && s.Find(1-d, 0, conn.IsSYNACK) != nil {
		return int(d)
	}
	return -1
}
