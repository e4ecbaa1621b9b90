package anomaly

import (
	"tcptrace/analyzer/host"
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
	"tcptrace/fsm"
)

// Judgment is what follows from a conversation's facts: the trajectories of its endpoints and its
// anomalies. It is worked out when it is asked for, since many readers want only some of
// the conversations judged. The zero value is ready; use it again to spare allocations.
type Judgment struct {
	state.Course
	Anomalies []Anomaly // in order of frames

	pass pass
}

// Worst is the kind of the first of the gravest anomalies, or of the one that tells more of the same failure; nil if there is none.
// others is how many anomalies there are beside it.
func (j *Judgment) Worst() (worst *AnomalyKind, others int) {
	for i := range j.Anomalies {
		kind := j.Anomalies[i].Kind
		if worst == nil || kind.Severity > worst.Severity || kind.Severity == worst.Severity && kind.Subsumes == worst.ID {
			worst = kind
		}
	}
	return worst, max(len(j.Anomalies)-1, 0)
}

// Judge works out j for c. What j holds is valid until it is used again.
func (j *Judgment) Judge(c *conn.Conversation) {
	Conclude(j, c, false)
}

// JudgeEnd is Judge for who wants nothing but the anomalies, and how the connection ended: Close.Kind and Close.Cause. Of a conversation that is sound
// these are known.
func (j *Judgment) JudgeEnd(c *conn.Conversation) {
	if !c.Sound || c.Hosts != [2]*host.End{} {
		j.Judge(c)
		return
	}
	j.State, j.Trajectory, j.Close = [2]fsm.State{}, [2][]state.Step{}, state.Close{Kind: state.CloseGraceful}
	j.Anomalies = j.Anomalies[:0]
}

// Conclude is Judge where j.Course may be the course of c already: then c was followed, though it may have been stored elsewhere.
func Conclude(j *Judgment, c *conn.Conversation, followed bool) {
	if followed {
		j.View.C = c
	} else {
		j.Follow(c)
	}
	j.pass.View = &j.View
	j.pass.detect()
	j.Anomalies = j.pass.anomalies
	j.Hear(c)
}

// Hear is that of Course, and tells of what the hosts say went wrong.
func (j *Judgment) Hear(c *conn.Conversation) {
	j.Course.Hear(c)
	for side, end := range c.Hosts {
		if end == nil || len(end.Words) == 0 {
			continue
		}
		last := end.Words[len(end.Words)-1]
		for i := range j.Anomalies {
			if a := &j.Anomalies[i]; last.State == fsm.Closed && a.HasSide && a.Side == conn.Side(side) {
				a.end(min(conn.Time(last.Time), c.Now))
			}
		}
	}
	if end := c.Hosts[conn.Server]; end != nil && end.Overflow != nil {
		j.pass.View = &j.View
		j.pass.anomalies = j.Anomalies
		j.pass.overflowed(end.Overflow)
		j.Anomalies = j.pass.anomalies
	}
}
