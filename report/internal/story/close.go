package story

import (
	"fmt"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/human"
)

func (t *teller) close() string {
	cl := &t.j.Close
	switch _, failed := notOpened[t.c.Outcome]; {
	case failed && (cl.Kind == analyzer.CloseNone || t.c.Outcome == analyzer.Refused):
		return ""
	case cl.Kind == analyzer.CloseReset:
		how := "ended by"
		switch {
		case cl.Unexpected() && t.mayBeLost(cl.By.Peer()):
			how = "probably ended by"
		case t.oneEndOnly():
			how = "ended at one end only, by"
		}
		text := fmt.Sprintf("it was %s an %s (frame %d)", how, cl, cl.Frame)
		if cl.Text != "" {
			text += `, which carries the text "` + cl.Text + `"`
		}
		return text
	case cl.Kind == analyzer.CloseNone:
		return "neither side closed"
	}
	text := "both sides closed at once"
	if !cl.Simultaneous {
		text = "the " + t.closes(cl.First) + t.hedged(cl.First) + " closed first"
		if second, ok := t.shut(cl.First.Peer()); ok {
			text += ", the " + t.closes(cl.First.Peer())
			if first, ok := t.shut(cl.First); ok && second.Time > first.Time {
				if !t.c.IsFIN(second.Frame) && t.c.IsFIN(first.Frame) {
					text += " at most"
				}
				text += fmt.Sprintf(" %s later", human.Duration(second.Time.Sub(first.Time)))
			}
		}
	}
	if cl.Kind == analyzer.CloseUnfinished {
		return text + "; the close was not completed"
	}
	return text + "; both FINs were acknowledged"
}

// oneEndOnly reports whether one endpoint has the connection still, and the other does not.
func (t *teller) oneEndOnly() bool {
	for side, state := range t.j.State {
		if gone(t.j.State[1-side]) && !t.mayBeLost(analyzer.Side(side)) && !t.mayHaveReset(analyzer.Side(side)) {
			switch state {
			case fsm.Established, fsm.CloseWait, fsm.FinWait1, fsm.FinWait2, fsm.Closing, fsm.LastAck:
				return true
			}
		}
	}
	return false
}

// hedged is " probably" if it is not certain that the side closed before the other: the step that says so is assumed.
func (t *teller) hedged(side analyzer.Side) string {
	if s, ok := t.entered(side, fsm.FinWait1); !ok || s.Evidence == analyzer.EvidenceAssumed {
		return " probably"
	}
	return ""
}

// closes names a side, with the frame of its FIN.
func (t *teller) closes(side analyzer.Side) string {
	if s, ok := t.shut(side); ok && s.Evidence == analyzer.EvidenceSent && t.c.IsFIN(s.Frame) {
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

// over tells the states in which nothing can come of a connection any more.
func over(s fsm.State) bool { return gone(s) || s == fsm.TimeWait }

func (t *teller) remains() string {
	client, server := t.j.State[analyzer.Client], t.j.State[analyzer.Server]
	by, frame, again := t.j.Succeeded()
	switch {
	case again && !(over(client) && over(server)):
		return fmt.Sprintf("the %s began another connection on the same sockets (frame %d); what became of this one is not known", by, frame)
	case client == fsm.Established && server == fsm.Established:
		return t.goesOn()
	case gone(client) && gone(server):
		return t.nothingLeft()
	case client == server && remainders[client] != "":
		return fmt.Sprintf("both sides are left in %s: %s", client, strings.Replace(remainders[client], "it keeps", "each keeps", 1))
	}
	var parts []string
	for side, state := range t.j.State {
		why := remainders[state]
		if state == fsm.Established && gone(t.j.State[1-side]) {
			why = deserted
		}
		if !gone(state) && (t.mayBeLost(analyzer.Side(side)) || t.mayHaveReset(analyzer.Side(side))) {
			parts = append(parts, fmt.Sprintf("whether the %s has the connection still is not known", analyzer.Side(side)))
			continue
		}
		if why == "" {
			continue
		}
		parts = append(parts, fmt.Sprintf("the %s is %sleft in %s: %s", analyzer.Side(side), t.probably(analyzer.Side(side)), state, why))
	}
	return strings.Join(parts, "; ")
}

// probably is "probably " if the last step of a side is assumed.
func (t *teller) probably(side analyzer.Side) string {
	if steps := t.j.Trajectory[side]; len(steps) > 0 && steps[len(steps)-1].Evidence == analyzer.EvidenceAssumed {
		return "probably "
	}
	return ""
}

// mayBeLost reports whether a side may not have the connection any more, though nothing shows that.
func (t *teller) mayBeLost(side analyzer.Side) bool {
	for i := range t.j.Anomalies {
		if who, ok := t.j.Anomalies[i].MayBeLost(); ok && who == side {
			return true
		}
	}
	return false
}

// mayHaveReset reports whether an RST of a side, beside the one of its peer that ended the connection, may really be its own.
func (t *teller) mayHaveReset(side analyzer.Side) bool {
	if cl := &t.j.Close; cl.Kind != analyzer.CloseReset || cl.By == side || t.c.Sent[side].RSTs == 0 {
		return false
	}
	return !slices.ContainsFunc(t.j.Anomalies, func(a analyzer.Anomaly) bool { return a.Kind.ID == "suspected-injection" && a.Side == side })
}

// goesOn is for a connection that nobody closed. What was not acknowledged may have met nobody.
func (t *teller) goesOn() string {
	var parts []string
	for side := range t.c.Sent {
		side := analyzer.Side(side)
		if n := t.c.Unacknowledged(side); n > 0 {
			parts = append(parts, fmt.Sprintf("%s of the %s", human.Counted(n, "byte"), side))
		}
	}
	for _, side := range [...]analyzer.Side{analyzer.Client, analyzer.Server} {
		if t.mayBeLost(side) {
			return fmt.Sprintf("whether the %s has the connection still is not known", side)
		}
	}
	if len(parts) > 0 {
		return "the capture ends without an ACK of " + list(parts) + ": whether both sides have the connection still is not known"
	}
	return "both sides have the connection still, as far as the capture shows"
}

// nothingLeft is for a connection that is over on both sides, and says what of that is only likely.
func (t *teller) nothingLeft() string {
	for side, steps := range t.j.Trajectory {
		n := len(steps)
		if n < 2 || steps[n-2].State != fsm.TimeWait {
			continue
		}
		switch last := &steps[n-1]; {
		case last.Evidence == analyzer.EvidenceTimer:
			return fmt.Sprintf("nothing is left of it on either side: 2 MSL have passed since the %s came into TIME_WAIT", analyzer.Side(side))
		case last.Cause == fsm.RecvRST && last.Evidence == analyzer.EvidenceAssumed:
			return fmt.Sprintf("probably nothing is left of it: some stacks let an RST end TIME_WAIT, as the %s got one; others wait for 2 MSL", analyzer.Side(side))
		}
	}
	if t.probably(analyzer.Client) != "" || t.probably(analyzer.Server) != "" {
		return "probably nothing is left of it on either side"
	}
	return "nothing is left of it on either side"
}

// gone reports whether nothing of the connection is left at an endpoint in state.
func gone(state fsm.State) bool { return state == fsm.Closed || state == fsm.Listen }
