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

// Judge works out j for c. What j holds is valid until it is used again.
func (j *Judgment) Judge(c *conn.Conversation) {
	j.Follow(c)
	j.pass.View = &j.View
	j.pass.detect()
	j.Anomalies = j.pass.anomalies
}
