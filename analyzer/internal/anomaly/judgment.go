package anomaly

import (
	"tcptrace/analyzer/internal/conn"
	"tcptrace/analyzer/internal/state"
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

// Conclude is Judge where j.Course may be the course of c already: then c was followed.
func Conclude(j *Judgment, c *conn.Conversation, followed bool) {
	if !followed {
		j.Follow(c)
	}
	j.pass.View = &j.View
	j.pass.detect()
	j.Anomalies = j.pass.anomalies
	j.Hear(c)
}
