package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

var _ = register(inClosing, "half-close", &AnomalyKind{
	ID: "close-wait-lingering", Severity: SeverityWarning, Varies: true,
	Summary: "an endpoint stayed in CLOSE_WAIT: its application has not closed",
	RFC:     "RFC 9293 3.6",
	Meaning: "The peer closed, the kernel acknowledged that, and the application did nothing: it neither sends nor closes. No timer ends CLOSE_WAIT; the " +
		"peer waits in FIN_WAIT_2 (an orphaned socket for tcp_fin_timeout, 60 s on Linux).",
	Causes:  "A program that does not read the end of the stream: a leaked socket, a blocked thread, a connection pool that does not test its idle connections.",
	Next:    "On that endpoint: ss -tnp state close-wait shows the process. Look for missing close() on an error path.",
	Absence: true,
	waits:   1, needs: triggerCloseWait, detect: detectCloseWait, detail: detailCloseWait,
})

// dawdles is what lingers is for one that did close later: it may have been busy.
const dawdles conn.Time = 3e9

// How an endpoint left CLOSE_WAIT, or did not: args[1] of close-wait-lingering.
const (
	wentOn       int64 = iota // it closed, or reset, in the end
	stayed                    // to the end of the capture
	endedByReset              // until the connection was reset, not by it
	midstream                 // to the end, but it may have closed before the capture began
	unseenFIN                 // to the end, but its FIN may be among what the capture lacks
	unseenEnd                 // until another connection took the sockets: what ended this one was not captured
)

// detectCloseWait warns of an application that never closed. One that did later is worth a note, and so is one that may have
// closed before the capture began, or where the capture lacks something.
func detectCloseWait(s *pass) {
	begun := s.Either(state.IsOpening)
	_, _, replaced := s.J.Succeeded()
	for side, steps := range s.J.Trajectory {
		for i := range steps {
			last := i+1 == len(steps)
			waited, fin := s.waited(conn.Side(side), i), s.Find(s.Dir(conn.Side(side).Peer()), 0, conn.IsFIN)
			if steps[i].State != fsm.CloseWait || fin == nil || waited < lingers || !last && waited < dawdles {
				continue
			}
			reset := !last && s.wasReset(conn.Side(side), &steps[i+1])
			how := wentOn
			switch {
			case !last && !reset:
			case !begun:
				how = midstream
			case s.endUnseen(s.Dir(conn.Side(side))):
				how = unseenFIN
			case last && replaced:
				how = unseenEnd
			case reset:
				how = endedByReset
			default:
				how = stayed
			}
			a := s.raiseFact(fin, args{int64(waited), how}).onSide(conn.Side(side))
			if a.left = !last; last {
				a.from(s.Now - waited)
			}
			if how != stayed && how != endedByReset {
				a.as(SeverityNote)
			}
		}
	}
}

// wasReset reports whether a step out of CLOSE_WAIT is not the application's doing: its peer's RST, or that of keep-alives that gave up.
func (s *pass) wasReset(side conn.Side, step *state.Step) bool {
	c := &s.J.Close
	return step.Cause == fsm.RecvRST || step.Cause == fsm.SendRST && c.By == side && (c.Cause == state.ResetKeepAlive || c.Cause == state.ResetGaveUp)
}

func detailCloseWait(a *Anomaly) string {
	text := " silent in CLOSE_WAIT for " + duration(a.args[0])
	side := "the " + a.Side.String()
	switch a.args[1] {
	case stayed:
		if a.ended {
			return side + " was" + text + ", until its host closed it: its application had not closed"
		}
		return side + " has been" + text + ": its application has not closed"
	case endedByReset:
		return side + " was" + text + ", until the connection was reset: its application had not closed"
	case midstream:
		return side + " has been" + text + "; the capture begins in mid-connection: it may have closed before"
	case unseenFIN:
		return side + " has been" + text + "; its last bytes were not captured: its FIN may be among them"
	case unseenEnd:
		return side + " was" + text + ", or for less: then another connection took the sockets, and what ended this one was not captured"
	}
	return side + " was" + text + " before it went on"
}
