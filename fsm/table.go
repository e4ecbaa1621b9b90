package fsm

// next holds a row for each state and in it every event that RFC 9293 allows
// there, with the state that follows. Unknown, the zero value, marks all others:
// no event makes a state unknown again.
//
// The self-loops are what repeats without moving anything: retransmissions, data,
// and an RST where there is no connection to end.
var next = [NumStates][NumEvents]State{
	Closed: {
		PassiveOpen: Listen,
		SendSYN:     SynSent,
		SendRST:     Closed, // answers whatever arrives (RFC 9293 3.10.7.1)
		RecvRST:     Closed,
	},
	Listen: {
		SendSYN:     SynSent, // SEND on a passive open makes it active (3.10.2)
		SendSYNACK:  SynRcvd,
		SendRST:     Listen, // answers an ACK (3.10.7.2)
		DeleteTCB:   Closed,
		RecvSYN:     SynRcvd,
		RecvRST:     Listen,
		UserTimeout: Closed,
	},
	SynSent: {
		SendSYN:     SynSent,
		SendSYNACK:  SynRcvd, // simultaneous open (3.5, figure 7)
		SendRST:     Closed,
		DeleteTCB:   Closed,
		RecvSYN:     SynRcvd,
		RecvSYNACK:  Established,
		RecvRST:     Closed,
		UserTimeout: Closed,
	},
	SynRcvd: {
		SendSYNACK:     SynRcvd,
		SendFIN:        FinWait1,
		SendRST:        Closed,
		RecvSYN:        SynRcvd,
		RecvSYNACK:     Established, // the second half of a simultaneous open
		RecvAckOfSYN:   Established,
		RecvFIN:        CloseWait,
		RecvRST:        Closed, // after an active open; else ReturnToListen (figure 5, note 1)
		ReturnToListen: Listen,
		UserTimeout:    Closed,
	},
	Established: {
		SendData:    Established,
		SendFIN:     FinWait1,
		SendRST:     Closed,
		RecvData:    Established,
		RecvFIN:     CloseWait,
		RecvRST:     Closed,
		UserTimeout: Closed,
	},
	FinWait1: {
		SendData:      FinWait1,
		SendFIN:       FinWait1,
		SendRST:       Closed,
		RecvSYNACK:    FinWait1, // our SYN can still be unacknowledged if SYN_RCVD came before
		RecvAckOfSYN:  FinWait1,
		RecvData:      FinWait1,
		RecvAckOfFIN:  FinWait2,
		RecvFIN:       Closing,
		RecvFINAndAck: TimeWait, // figure 5, note 2
		RecvRST:       Closed,
		UserTimeout:   Closed,
	},
	FinWait2: { // half-closed: all that we sent is acknowledged, the peer may go on
		SendRST:         Closed,
		RecvData:        FinWait2,
		RecvFIN:         TimeWait,
		RecvRST:         Closed,
		UserTimeout:     Closed,
		FinWait2Timeout: Closed,
	},
	CloseWait: { // half-closed by the peer: we may go on
		SendData:    CloseWait,
		SendFIN:     LastAck,
		SendRST:     Closed,
		RecvFIN:     CloseWait,
		RecvRST:     Closed,
		UserTimeout: Closed,
	},
	Closing: {
		SendData:     Closing,
		SendFIN:      Closing,
		SendRST:      Closed,
		DeleteTCB:    Closed,
		RecvAckOfFIN: TimeWait,
		RecvFIN:      Closing,
		RecvRST:      Closed,
		UserTimeout:  Closed,
	},
	LastAck: {
		SendData:     LastAck,
		SendFIN:      LastAck,
		SendRST:      Closed,
		DeleteTCB:    Closed,
		RecvAckOfFIN: Closed,
		RecvFIN:      LastAck,
		RecvRST:      Closed,
		UserTimeout:  Closed,
	},
	TimeWait: {
		SendSYNACK:      SynRcvd, // a legal reuse (RFC 1122 4.2.2.13, RFC 6191)
		SendRST:         Closed,
		DeleteTCB:       Closed,
		RecvSYN:         SynRcvd,
		RecvFIN:         TimeWait, // its 2 MSL start again
		RecvRST:         Closed,   // RFC 1337 would rather not
		UserTimeout:     Closed,
		TimeWaitTimeout: Closed,
	},
}

// Next is the state that follows s when e happens. If RFC 9293 does not allow e
// in s, it is s itself and false.
func (s State) Next(e Event) (State, bool) {
	if s >= NumStates || e >= NumEvents || next[s][e] == Unknown {
		return s, false
	}
	return next[s][e], true
}
