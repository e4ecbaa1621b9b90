package fsm

import "fmt"

// Event is something that happened at an endpoint and can move its state. It is
// a decided fact, never a mere segment on the wire.
type Event uint8

// The events. An event that repeats (a retransmitted SYN or FIN, sent or received) is the
// same event again.
const (
	NoEvent Event = iota // nothing happened; allowed in no state

	PassiveOpen // the endpoint listens
	SendSYN     // SYN without ACK
	SendSYNACK  // the answer to a SYN
	SendData    // payload, new or again; a keep-alive or window probe is none
	SendFIN     // may carry payload, too
	SendRST     // gave the connection up; an RST that only answers an unacceptable segment is no event
	DeleteTCB   // left without sending anything: CLOSE before a SYN was received, ABORT after both FINs (RFC 9293 3.10.4, 3.10.5)

	RecvSYN       // accepted: opens a connection, or repeats the SYN that did
	RecvSYNACK    // acknowledges our SYN
	RecvAckOfSYN  // the first ACK to cover our SYN
	RecvData      // new payload in order
	RecvAckOfFIN  // the first ACK to cover our FIN
	RecvFIN       // all bytes before it had been received
	RecvFINAndAck // one segment is both: the FIN, and the first ACK to cover ours
	RecvRST       // accepted (RFC 9293 3.5.3, RFC 5961 3.2)

	ReturnToListen  // a passive opener dropped its half-open connection: RST, in-window SYN, or no answer
	UserTimeout     // gave up: no answer to retransmissions or probes, and no RST sent (RFC 9293 3.10.8)
	FinWait2Timeout // no FIN came in time, and nobody was left to read (no RFC asks for it; stacks do it)
	TimeWaitTimeout // 2 MSL passed since the last FIN was received
	NumEvents
)

var eventNames = [NumEvents]string{
	NoEvent:         "none",
	PassiveOpen:     "passive OPEN",
	SendSYN:         "sent SYN",
	SendSYNACK:      "sent SYN,ACK",
	SendData:        "sent data",
	SendFIN:         "sent FIN",
	SendRST:         "sent RST",
	DeleteTCB:       "deleted TCB",
	RecvSYN:         "received SYN",
	RecvSYNACK:      "received SYN,ACK",
	RecvAckOfSYN:    "received ACK of SYN",
	RecvData:        "received data",
	RecvAckOfFIN:    "received ACK of FIN",
	RecvFIN:         "received FIN",
	RecvFINAndAck:   "received FIN and ACK of FIN",
	RecvRST:         "received RST",
	ReturnToListen:  "returned to LISTEN",
	UserTimeout:     "gave up",
	FinWait2Timeout: "FIN_WAIT_2 timeout",
	TimeWaitTimeout: "2 MSL timeout",
}

// String is the event in plain words, such as "received ACK of FIN".
func (e Event) String() string {
	if e < NumEvents {
		return eventNames[e]
	}
	return fmt.Sprintf("Event(%d)", uint8(e))
}

// MarshalText is String. It fails for a value that is no event.
func (e Event) MarshalText() ([]byte, error) {
	if e >= NumEvents {
		return nil, fmt.Errorf("fsm: no such event: %d", uint8(e))
	}
	return []byte(eventNames[e]), nil
}

// UnmarshalText accepts what MarshalText writes.
func (e *Event) UnmarshalText(text []byte) error {
	for i, name := range eventNames {
		if name == string(text) {
			*e = Event(i)
			return nil
		}
	}
	return fmt.Errorf("fsm: no such event: %q", text)
}
