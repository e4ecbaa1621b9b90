package analyzer

import "tcptrace/fsm"

// EventKind says what an Event reports.
type EventKind uint8

// The kinds.
const (
	EventOpened       EventKind = iota // a conversation began
	EventState                         // an endpoint entered a state: Step
	EventAnomaly                       // something is wrong, or worth knowing: Anomaly
	EventClosed                        // the connection ended: Conversation.Outcome is closed, reset or refused
	EventCorrection                    // an earlier event does not hold: Correction
	EventConversation                  // everything known about a conversation; the last one has Over
	NumEventKinds
)

var eventKindNames = [NumEventKinds]string{
	EventOpened: "opened", EventState: "state", EventAnomaly: "anomaly", EventClosed: "closed",
	EventCorrection: "correction", EventConversation: "conversation",
}

// String is the kind's name in the event record.
func (k EventKind) String() string {
	if k < NumEventKinds {
		return eventKindNames[k]
	}
	return "unknown"
}

// Event is something that happened in a conversation, reported while it is followed. The events of one
// conversation come in order; those of different conversations between two calls of Monitor.Flush need not.
// It is valid only during the call that gets it.
type Event struct {
	Kind EventKind
	Time Time // when it happened, as the tap saw it; for a correction and a conversation: now

	Conversation *Conversation // as it is now
	Judgment     *Judgment     // of it

	Side       Side       // of EventState, and of a correction of one
	Step       *Step      // of EventState
	Anomaly    *Anomaly   // of EventAnomaly
	Correction Correction // of EventCorrection
	Over       Over       // of EventConversation
}

// Correction retracts something that was reported. What holds instead is reported after it.
type Correction struct {
	Of    EventKind // what was reported: EventOpened if client and server were confused, after which everything is reported again
	Frame uint64    // of what was reported, if it had one
	Time  Time      // likewise

	State   fsm.State    // of EventState
	Anomaly *AnomalyKind // of EventAnomaly
	HasSide bool         // Event.Side is the anomaly's
	Outcome Outcome      // of EventClosed
}

// Over says why a conversation is no longer followed.
type Over uint8

// The reasons.
const (
	NotOver   Over = iota // it is still followed
	OverDone              // nothing more can come: 2 MSL after its end, or another connection has its sockets, or it was given up
	OverIdle              // it was silent for too long (Idle)
	OverFull              // the flow table was full
	OverEnded             // the capture ended
	numOvers
)

var overNames = [numOvers]string{OverDone: "done", OverIdle: "idle", OverFull: "evicted", OverEnded: "end"}

// String is the reason's name in the event record; empty for NotOver.
func (o Over) String() string {
	if o < numOvers {
		return overNames[o]
	}
	return ""
}
