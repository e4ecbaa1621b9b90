// Package timing names what the time of a conversation was spent on, and what limited the speed of its transfers.
//
// Not its job: finding that out, which package analyzer does.
package timing

import "time"

// Use is what a part of a conversation's time was spent on.
type Use uint8

// The uses, in the order in which they are reported. Text explains each one.
const (
	Opening Use = iota
	Network
	Server // the server, or its application
	Client
	Repair
	Window
	Idle
	Closing
	Unknown
	NumUses
)

// uses are the texts for them, by Use: the field of the conversation record, its meaning, and a clause for a sentence.
var uses = [NumUses]struct{ name, text, clause string }{
	Opening: {"opening_s", "from the first SYN to the segment that completes the handshake, SYNs that were sent again included",
		"opening the connection"},
	Network: {"network_s", "data or the ACK of it was on its way, or what the sender does as soon as it hears that ACK",
		"with data on its way"},
	Server: {"server_thinking_s", "the server was silent, and an answer, or its greeting, was due; or it paused for up to 1 s in what it sent",
		"waiting for the server's application"},
	Client: {"client_thinking_s", "the client was silent for up to 1 s before it went on",
		"waiting for the client's application"},
	Repair: {"loss_repair_s", "before a segment that was sent again, and from there until all that was in flight then was acknowledged, or to the end; a loss for which nothing was sent again is not in it",
		"repairing losses"},
	Window: {"closed_window_s", "a sender that had filled the window waited for its receiver, whose window had no room for another segment",
		"waiting for the receiver to open its window"},
	Idle: {"idle_s", "a silence of more than 1 s in which no answer was due",
		"idle"},
	Closing: {"closing_s", "from the first FIN or RST on, but for data that the other side still sent",
		"closing the connection"},
	Unknown: {"unknown_s", "nothing tells who was waited for: only one side was captured so far, or how far the side that answered is away had not been measured; or it had seemed to be over, and was not",
		"in a way that the capture does not show"},
}

// String is the name of the use's field in the conversation record.
func (u Use) String() string {
	if u < NumUses {
		return uses[u].name
	}
	return "unknown"
}

// Text says what the use covers.
func (u Use) Text() string { return uses[u].text }

// Clause is the use as part of a sentence that says how much time went by in this way.
func (u Use) Clause() string { return uses[u].clause }

// Spent is where the time of a conversation went, by Use. Its sum is the duration of the conversation, or 0 if the conversation's segments
// were not read.
type Spent [NumUses]time.Duration

// Most is the use that took the most time.
func (s *Spent) Most() Use {
	most := Opening
	for u := range NumUses {
		if s[u] > s[most] {
			most = u
		}
	}
	return most
}

// NotClosing has none of the time be that of a close, where there was none: what seemed to be belongs to the opening, or is unknown if that was over.
func (s *Spent) NotClosing(open bool) {
	if open {
		s[Unknown] += s[Closing]
	} else {
		s[Opening] += s[Closing]
	}
	s[Closing] = 0
}

// Factor is what limits the speed of a transfer.
type Factor uint8

// The factors. Text explains each one.
const (
	NoFactor Factor = iota // there was no transfer
	Application
	ReceiveWindow
	Congestion
	PathRate
	SendBuffer
	SlowStart
	Unclear
	NumFactors
)

// factors are the texts for them, by Factor: the value in the conversation record, its meaning, and what is said about a transfer.
var factors = [NumFactors]struct{ name, text, clause string }{
	Application: {"application", "the sending application had no more to send: it paused with nothing in flight, or most of its segments are not full",
		"by the sending application"},
	ReceiveWindow: {"receive-window", "the receiver's window had no room for another segment",
		"by the receiver's window"},
	Congestion: {"congestion", "a loss was repaired, or a mark of the network answered (RFC 3168), or less was sent than before that",
		"by losses and the congestion window that they leave"},
	PathRate: {"path-rate", "no more came through from one round trip to the next, without gaps, or it came no faster while round trips grew longer",
		"by the rate of the path"},
	SendBuffer: {"send-buffer", "the same amount was sent in each round trip, and then nothing for a quarter of it, with room in the receiver's window and without loss",
		"by the sender's buffer"},
	SlowStart: {"slow-start", "the sender still looked for a limit: it sent more in each round trip, or had not sent the same amount often enough, and nothing was lost",
		"by its start, in which it found no limit"},
	Unclear: {"unclear", "the sender's buffer or the path, or the receiver's window: the capture does not show the scale of windows, or how far away the sender is",
		"by what the capture does not tell apart: windows, buffers or the path"},
}

// String is the factor's name in the conversation record.
func (f Factor) String() string {
	if f < NumFactors {
		return factors[f].name
	}
	return "unknown"
}

// Text is what the factor means.
func (f Factor) Text() string { return factors[f].text }

// Clause is the factor as part of a sentence that says how a transfer was limited.
func (f Factor) Clause() string { return factors[f].clause }

// Limits is how long each factor limited a sender's transfers, by Factor.
type Limits [NumFactors]time.Duration

// Total is the time of all its transfers.
func (l *Limits) Total() (sum time.Duration) {
	for _, d := range l {
		sum += d
	}
	return sum
}

// Most is the factor that limited them for the longest time, and its share of the time; NoFactor if there were no transfers.
func (l *Limits) Most() (most Factor, share float64) {
	for f := range NumFactors {
		if l[f] > l[most] {
			most = f
		}
	}
	if l[most] <= 0 {
		return NoFactor, 0
	}
	return most, float64(l[most]) / float64(l.Total())
}
