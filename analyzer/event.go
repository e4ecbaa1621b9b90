package analyzer

import "tcptrace/fsm"

// EventKind says what an Event tells.
type EventKind uint8

// The kinds.
const (
	EventOpened       EventKind = iota // a conversation began
	EventState                         // an endpoint entered a state: Step
	EventAnomaly                       // something is wrong, or worth knowing: Anomaly
	EventClosed                        // the connection ended: Conversation.Outcome is closed, reset or refused
	EventCorrection                    // what was told before does not hold: Correction
	EventConversation                  // all that is known of a conversation: for the last time with Over, else on the way
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

// Event is something that happened in a conversation, told while it is followed. The events of one
// conversation come in their order; those of several between two calls of Monitor.Flush need not.
// It is valid during the call that gets it.
type Event struct {
	Kind EventKind
	Time Time // of what happened, as the tap saw it; of a correction and a conversation: now

	Conversation *Conversation // as it is now
	Judgment     *Judgment     // of it

	Side       Side       // of EventState, and of a correction of one
	Step       *Step      // of EventState
	Anomaly    *Anomaly   // of EventAnomaly
	Correction Correction // of EventCorrection
	Over       Over       // of EventConversation
}

// Correction is a belief that was told and is taken back. What holds instead is told behind it.
type Correction struct {
	Of    EventKind // what was told: EventOpened if client and server are the other way round, after which all is told again
	Frame uint64    // of what was told, if it had one
	Time  Time      // likewise

	State   fsm.State    // of EventState
	Anomaly *AnomalyKind // of EventAnomaly
	HasSide bool         // Event.Side is the anomaly's
	Outcome Outcome      // of EventClosed
}

// Over says why a conversation is not followed any longer.
type Over uint8

// The reasons.
const (
	NotOver   Over = iota // it is followed on
	OverDone              // nothing more can come: 2 MSL after its end, or its sockets have another, or it was given up
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
