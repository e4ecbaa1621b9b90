package kernel

import "tcptrace/fsm"

// states are the states by the kernel's numbers (TCP_ESTABLISHED and so on, net/tcp_states.h).
var states = [...]fsm.State{
	1: fsm.Established, 2: fsm.SynSent, 3: fsm.SynRcvd, 4: fsm.FinWait1, 5: fsm.FinWait2, 6: fsm.TimeWait, 7: fsm.Closed,
	8: fsm.CloseWait, 9: fsm.LastAck, 10: fsm.Listen, 11: fsm.Closing, 12: fsm.SynRcvd,
}

// stateOf is fsm.Unknown for a number that is none.
func stateOf(number uint8) fsm.State {
	if int(number) < len(states) {
		return states[number]
	}
	return fsm.Unknown
}
