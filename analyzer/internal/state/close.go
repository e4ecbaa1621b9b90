package state

import (
	"fmt"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/fsm"
)

// CloseKind says how a connection ended.
type CloseKind uint8

// The kinds.
const (
	CloseNone       CloseKind = iota // it did not, as far as the capture shows
	CloseUnfinished                  // a FIN was seen; the close is not complete
	CloseGraceful                    // both FINs were acknowledged
	CloseReset                       // by an RST
)

var closeKindNames = [...]string{CloseNone: "none", CloseUnfinished: "unfinished", CloseGraceful: "graceful", CloseReset: "reset"}

// String is the kind's name in records.
func (k CloseKind) String() string { return closeKindNames[min(int(k), len(closeKindNames)-1)] }

// Close explains how a connection ended.
type Close struct {
	Kind CloseKind
	// First is the side that sent the first FIN, valid with HasFirst; with Simultaneous they crossed.
	First        conn.Side
	HasFirst     bool
	Simultaneous bool
	Segments     uint8 // of a graceful close, repetitions not counted: 3 if the second FIN is also the ACK of the first, else 4; 0: not known

	// Of CloseReset.
	Cause       ResetCause
	BothWays    bool      // of ResetOnPath: RSTs passed in both directions at one moment, and who sent them does not show
	InHandshake bool      // before both endpoints were ESTABLISHED
	By          conn.Side // whose address the RST bears
	ByState     fsm.State // in which its sender was: CLOSED if it had no such connection any more
	OtherState  fsm.State // in which its receiver was
	Frame       uint64    // the RST
	Time        conn.Time

	Behind [2]uint64 // new data of each side that passed behind it, as far as that is known

	Text string // that it carries (RFC 9293 3.5.3), its beginning, escaped (EscapeText)

	Rst conn.Fact
}

// Unexpected reports whether the number of the RST is not the one that its receiver expects.
func (c *Close) Unexpected() bool { return c.Kind == CloseReset && c.Rst.Bits.Has(conn.FactOutside) }

// String is the close in plain words.
func (c *Close) String() string {
	switch c.Kind {
	case CloseGraceful:
		how := fmt.Sprintf("%s closed first", c.First)
		if c.Simultaneous {
			how = "both closed at once"
		}
		if c.Segments > 0 {
			return fmt.Sprintf("%s; graceful, in %d segments", how, c.Segments)
		}
		return how + "; graceful"
	case CloseUnfinished:
		if c.Simultaneous {
			return "both closed at once; not complete"
		}
		return fmt.Sprintf("%s closed first; not complete", c.First)
	case CloseReset:
		in := ""
		if c.ByState != fsm.Unknown {
			in = " in " + c.ByState.String()
		}
		return fmt.Sprintf("RST from the %s%s: %s", c.By, in, CauseText(c.Cause, c.BothWays))
	}
	return "not closed"
}

// explain works out how the conversation ended.
func (s *View) explain() (c Close) {
	s.whoClosed(&c)
	i := s.endingRST()
	switch {
	case s.finished(conn.Client, i) && s.finished(conn.Server, i):
		c.Kind = CloseGraceful
		c.Segments = s.segments(&c)
	case i >= 0:
		s.explainReset(&c, &s.Facts[i])
	case c.HasFirst || c.Simultaneous:
		c.Kind = CloseUnfinished
	}
	return c
}

// finished reports whether an endpoint had come to the regular end of its way, with both FINs acknowledged as far as it knows, when fact
// rst passed, -1 for the end of the capture.
func (s *View) finished(side conn.Side, rst int) bool {
	for i := range s.J.Trajectory[side] {
		st := &s.J.Trajectory[side][i]
		if rst >= 0 && st.Frame >= s.Frame(&s.Facts[rst]) {
			return false
		}
		if st.State == fsm.TimeWait || st.State == fsm.Closed && st.Cause == fsm.RecvAckOfFIN {
			return true
		}
	}
	return false
}

// whoClosed says who sent the first FIN.
func (s *View) whoClosed(c *Close) {
	client, server := s.Step(conn.Client, fsm.FinWait1), s.Step(conn.Server, fsm.FinWait1)
	switch {
	case client != nil && server != nil:
		c.Simultaneous = s.Step(conn.Client, fsm.Closing) != nil && s.Step(conn.Server, fsm.Closing) != nil
		c.HasFirst = !c.Simultaneous
		if server.Time < client.Time {
			c.First = conn.Server
		}
	case client != nil:
		c.HasFirst = true
	case server != nil:
		c.First, c.HasFirst = conn.Server, true
	case s.Step(conn.Client, fsm.CloseWait) != nil && s.Step(conn.Server, fsm.LastAck) == nil: // by a FIN that is hardly from the server
		c.First, c.HasFirst = conn.Server, true
	case s.Step(conn.Server, fsm.CloseWait) != nil:
		c.HasFirst = true
	}
}

// segments counts those of a graceful close.
func (s *View) segments(c *Close) uint8 {
	if c.Simultaneous {
		return 4
	}
	active, passive := s.Dir(c.First), s.Dir(c.First.Peer())
	if s.Sides[passive].Unseen || s.Sides[active].Unseen || !s.Sides[active].KnowsFIN {
		return 0
	}
	i := s.first(passive, 0, func(f *conn.Fact) bool { return !conn.IsRST(f) && f.Covers(s.Sides[active].FIN) })
	if i >= 0 && conn.IsFIN(&s.Facts[i]) {
		return 3
	}
	return 4
}

// endingRST is the index of the RST that ended the connection, -1 if none did: for each endpoint the last step counts, since
// a refused SYN may be tried again, and of two that ended it the first. One that its receiver does not take ends only its sender's
// side: it counts if none came that was taken, as behind a challenge ACK (RFC 5961 3.2).
func (s *View) endingRST() int {
	if i := s.firstEnding(func(f *conn.Fact) bool { return !f.Bits.Has(conn.FactOutside) }); i >= 0 {
		return i
	}
	return s.firstEnding(conn.IsRST)
}

// firstEnding is the index of the first RST, of those for which ok holds, that ended the connection of an endpoint, -1 if there is none.
func (s *View) firstEnding(ok func(*conn.Fact) bool) int {
	ending := -1
	for side := range s.J.Trajectory {
		steps := s.life(conn.Side(side))
		for i := len(steps) - 1; i >= 0 && steps[i].State <= fsm.Listen; i-- {
			switch st := &steps[i]; st.Cause {
			case fsm.SendRST, fsm.RecvRST, fsm.ReturnToListen:
				rst := s.rstIn(st.Frame)
				if rst >= 0 && (ending < 0 || rst < ending) && ok(&s.Facts[rst]) && (i > 0 || s.concerns(conn.Side(side).Peer(), st.Frame)) {
					ending = rst
				}
			}
		}
	}
	return ending
}

// rstIn is the index of the RST in a frame, -1 if there is none.
func (s *View) rstIn(frame uint64) int {
	for i := range s.Facts {
		if f := &s.Facts[i]; conn.IsRST(f) && s.Frame(f) == frame {
			return i
		}
	}
	return -1
}

// concerns reports whether an RST whose sender never had the connection, as far as is known, ended it for side. One that dials may not
// have taken it, and goes on, or may have been refused again later.
func (s *View) concerns(side conn.Side, frame uint64) bool {
	steps := s.J.Trajectory[side]
	return len(steps) == 0 || steps[0].State != fsm.SynSent || steps[len(steps)-1].Frame == frame
}

// life is the steps of an endpoint in the connection. An old duplicate SYN may have its port answer once more when
// that is over.
func (s *View) life(side conn.Side) []Step {
	steps := s.J.Trajectory[side]
	for i := 1; i < len(steps); i++ {
		if steps[i].State == fsm.SynRcvd && steps[i-1].State == fsm.Closed {
			return steps[:i]
		}
	}
	return steps
}

func (s *View) explainReset(c *Close, rst *conn.Fact) {
	by := s.sender(rst)
	if s.C.Self() {
		by = conn.Client // what it sent is the client's
	}
	c.Kind, c.By, c.Frame, c.Time, c.Rst = CloseReset, by, s.Frame(rst), rst.Time, *rst
	c.ByState, c.OtherState = s.StateBefore(by, rst), s.StateBefore(by.Peer(), rst)
	c.InHandshake = s.inHandshake(c)
	c.Cause = s.causeOf(c, rst)
	c.BothWays = c.Cause == ResetOnPath && s.cutBoth(rst)
	c.Text = s.resetText(rst)
	for dir := range uint8(2) {
		if m := s.Incident(conn.IncidentBehindRST, dir); m != nil && m.Ahead > rst.Ahead { // else part of it passed before the one that ended it
			c.Behind[s.Side(dir)] = uint64(m.Amount)
		}
	}
	if s.wasGone(c) {
		c.ByState = fsm.Closed
	}
}
