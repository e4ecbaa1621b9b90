package report

import (
	"fmt"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

func (t *teller) close() string {
	cl := &t.j.Close
	switch _, failed := notOpened[t.c.Outcome]; {
	case failed && (cl.Kind == analyzer.CloseNone || cl.Cause == analyzer.ResetRefused):
		return ""
	case cl.Kind == analyzer.CloseReset:
		return fmt.Sprintf("it was ended by an %s (frame %d)", cl, cl.Frame)
	case cl.Kind == analyzer.CloseNone:
		return "neither side closed"
	}
	text := "both sides closed at once"
	if !cl.Simultaneous {
		text = "the " + t.closes(cl.First) + " closed first"
		if second, ok := t.shut(cl.First.Peer()); ok {
			text += ", the " + t.closes(cl.First.Peer())
			if first, ok := t.shut(cl.First); ok && second.Time > first.Time {
				text += fmt.Sprintf(" %s later", humanDuration(second.Time.Sub(first.Time)))
			}
		}
	}
	if cl.Kind == analyzer.CloseUnfinished {
		return text + "; the close was not completed"
	}
	return text + "; both FINs were acknowledged"
}

// closes names a side, with the frame of its FIN.
func (t *teller) closes(side analyzer.Side) string {
	if s, ok := t.shut(side); ok && s.Evidence == analyzer.EvidenceSent {
		return fmt.Sprintf("%s (FIN in frame %d)", side, s.Frame)
	}
	return side.String()
}

// remainders say what it means that an endpoint is left in a state.
var remainders = map[fsm.State]string{
	fsm.SynSent:   "it repeats its SYN until it gives up, on Linux after about two minutes",
	fsm.SynRcvd:   "it holds a place in its queue until it has repeated the SYN-ACK often enough",
	fsm.FinWait1:  "it repeats its FIN until it gives up, and cannot know whether all that it sent arrived",
	fsm.FinWait2:  "it waits for the other side's FIN (Linux: for 60 s, if no program holds the socket any more)",
	fsm.CloseWait: "no timer ends that, the socket is there until its application closes it",
	fsm.Closing:   "it waits for the ACK of its FIN",
	fsm.LastAck:   "it repeats its FIN until that is acknowledged or it gives up, and the socket is there as long",
	fsm.TimeWait:  "it keeps the ports for 2 MSL, so that late packets cannot disturb another connection; that is normal",
}

// deserted is what it means that an endpoint is left open by a peer that is not.
const deserted = "it notices that the other side is gone only when it sends something, or by keep-alive"

func (t *teller) remains() string {
	client, server := t.j.State[analyzer.Client], t.j.State[analyzer.Server]
	switch {
	case client == fsm.Established && server == fsm.Established:
		return "both sides have the connection still: it goes on after the last packet"
	case gone(client) && gone(server):
		return "nothing is left of it on either side"
	case client == server && remainders[client] != "":
		return fmt.Sprintf("both sides are left in %s: %s", client, remainders[client])
	}
	var parts []string
	for side, state := range t.j.State {
		why := remainders[state]
		if state == fsm.Established && gone(t.j.State[1-side]) {
			why = deserted
		}
		if why == "" {
			continue
		}
		probably := ""
		if steps := t.j.Trajectory[side]; steps[len(steps)-1].Evidence == analyzer.EvidenceAssumed {
			probably = "probably "
		}
		parts = append(parts, fmt.Sprintf("the %s is %sleft in %s: %s", analyzer.Side(side), probably, state, why))
	}
	return strings.Join(parts, "; ")
}

// gone reports whether nothing of the connection is left at an endpoint in state.
func gone(state fsm.State) bool { return state == fsm.Closed || state == fsm.Listen }
