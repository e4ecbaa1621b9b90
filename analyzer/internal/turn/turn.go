// Package turn tells late answers that somebody waits for from those that are late by nature: answers to questions that are held until there is
// news or a timer fires, as by long polls, and heartbeats of both sides, each with a clock of its own ([Answer], [NoneDue]). It also keeps what each
// side said last, and whether that asks for an answer ([Turns]).
//
// Not its job: whose turn it is, which package segment knows.
package turn

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/reassembly"
)

// The boundaries of the rules.
const (
	second     conn.Time = 1e9
	timerEarly conn.Time = 10e6  // timers fire that much early, as the distance to their host varies, or
	timerLate  conn.Time = 120e6 // so much late: Redis looks at its own ten times a second
)

const (
	heldAnswer  = 1024 // bytes of an answer that says that there is no news, at most
	heldSeconds = 8    // for which answers were held in all, at least
	beatSize    = 64   // bytes of a heartbeat at most
)

// What tells words that need no answer, and farewells, from others.
const (
	Promptly     conn.Time = 100e6 // what no person does sooner
	SmallWord              = 96    // bytes of an acknowledgement at most: PONG, PUBACK, WINDOW_UPDATE, SETTINGS ACK or Finished within TLS, but hardly a request of HTTP/1
	FarewellSize           = 512   // bytes of a farewell at most
	FarewellTime conn.Time = 100e6 // within which its sender closes
)

// Answer is an answer that took long.
type Answer struct {
	Waited      conn.Time
	Asked, Said uint32 // bytes of the question, and of the first segment of the answer
	AtOnce      bool   // the question came at once behind the answer before
}

// Note adds what an answer shows to an incident of its side, conn.IncidentSlow: Usual is how often the question came at once, among the first 255; TTL how often
// question and answer were not of the same few bytes; Run.Most the most whole seconds after which an answer came, Hole the sizes of question and answer then, Run.N how often that was
// so, and Run.Times how often an answer took as long, and was otherwise.
func (a Answer) Note(m *conn.Incident) {
	if a.AtOnce && m.Count < 1<<8 { // so Usual is less than Count, and does not overflow
		m.Usual++
	}
	if (a.Asked != a.Said || a.Asked > beatSize) && m.TTL < 1<<8-1 {
		m.TTL++
	}
	asked, said := reassembly.Pos(a.Asked), reassembly.Pos(a.Said)
	seconds := uint32((a.Waited + timerEarly) / second)
	timed := (a.Waited+timerEarly)%second <= timerEarly+timerLate
	switch {
	case seconds < m.Run.Most:
	case timed && seconds > m.Run.Most && said <= heldAnswer:
		m.Run.Most, m.Run.N, m.Run.Times = seconds, 1, 0
		m.Hole.From, m.Hole.To = asked, said
	case timed && seconds == m.Run.Most && m.Hole.From == asked && m.Hole.To == said:
		m.Run.N++
	default:
		m.Run.Times++
	}
}

// NoneDue reports whether the answers of an incident were held, or are heartbeats.
func NoneDue(m *conn.Incident) bool {
	held := m.Run.N > 1 && m.Run.Times == 0 && m.Run.N*m.Run.Most >= heldSeconds && 2*uint32(m.Usual) >= min(m.Count, 1<<8)
	return held || m.Count > 1 && m.TTL == 0
}
