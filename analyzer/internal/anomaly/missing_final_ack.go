package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

var _ = register(inClosing, "", &AnomalyKind{
	ID: "missing-final-ack", Severity: SeverityWarning, Varies: true,
	Summary: "a FIN was never acknowledged",
	RFC:     "RFC 9293 3.6, 3.8.3",
	Meaning: "An endpoint sent its FIN and is left waiting for the ACK, in FIN_WAIT_1, CLOSING or LAST_ACK, or gave up there. It repeats the FIN until it gives up " +
		"(Linux: tcp_orphan_retries, about 8 attempts); its bytes may or may not have arrived.",
	Causes:   "The peer or the path vanished during the close; a firewall that removes the connection at the first FIN; the capture ended too early.",
	Next:     "Was the FIN sent again? If so the peer is unreachable or deaf. If not, see how long the capture goes on.",
	Absence:  true,
	Subsumes: "fin-retransmit",
	Missing:  true, waits: 2, needs: triggerClosing | triggerRST, detect: detectMissingFinalACK, detail: detailMissingFinalACK,
})

// Bits of args[0] of missing-final-ack.
const (
	resetInTheEnd = 1 << (48 + iota) // its sender gave up, and sent an RST
	ackUnseen                        // the capture lacks something of its peer that may have brought the ACK
)

// detectMissingFinalACK is a note where the capture ends with the FIN: nothing could have come. A connection that was refused is not closed by a FIN,
// which is of another one.
func detectMissingFinalACK(s *pass) {
	if s.J.Close.Cause == state.ResetRefused {
		return
	}
	for side := range s.J.State {
		side := conn.Side(side)
		in, end := s.J.State[side], s.Now
		c := &s.J.Close
		gaveUp := c.Cause == state.ResetGaveUp && c.By == side
		if gaveUp {
			in, end = c.ByState, c.Time
		}
		if in != fsm.FinWait1 && in != fsm.Closing && in != fsm.LastAck || s.Of(side.Peer()).Unseen {
			continue
		}
		fins := s.copies(s.Dir(side), state.IsOwnFIN)
		if fins.n == 0 {
			continue
		}
		waited := int64(max(0, end-fins.first.Time))
		what := fins.times() | int64(in)<<32
		if gaveUp {
			what |= resetInTheEnd
		}
		unseen := s.endUnseen(s.Dir(side.Peer()))
		if unseen {
			what |= ackUnseen
		}
		a := s.raiseFact(fins.last, args{what, waited, fins.gaps[0], fins.gaps[1]})
		a.onSide(side).from(fins.first.Time).left = gaveUp
		if fins.n == 1 && (unseen || waited <= int64(s.patience(side))) {
			a.as(SeverityNote)
		}
	}
}

func detailMissingFinalACK(a *Anomaly) string {
	state := fsm.State(a.args[0] >> 32 & 0xff).String()
	n, _ := counted(a.args[0])
	switch {
	case a.args[0]&resetInTheEnd != 0:
		return "given up in " + state + ": " + sentTimes(a, "FIN", a.args[1]) + "; then it sent an RST"
	case a.ended && n > 1:
		return "given up in " + state + ": " + sentTimes(a, "FIN", a.args[1]) + thenClosed
	case a.ended:
		return a.Side.String() + " was in " + state + " for " + duration(a.args[1]) + ", without an ACK of its FIN" + thenClosed
	case n > 1:
		return "left in " + state + ": " + sentTimes(a, "FIN", a.args[1])
	case a.args[1] == 0:
		return a.Side.String() + " left in " + state + ": its FIN is the last packet"
	case a.args[0]&ackUnseen != 0:
		return a.Side.String() + " left in " + state + ": no ACK of its FIN was captured, nor were its peer's last bytes, which may have brought it"
	case a.Kind.Severity == SeverityNote:
		return a.Side.String() + " left in " + state + ": no ACK yet, " + duration(a.args[1]) + " after its FIN"
	}
	return a.Side.String() + " left in " + state + ": no ACK in the " + duration(a.args[1]) + " since its FIN"
}
