package analyzer

// Judgment is what follows from a conversation's facts: the trajectories of its endpoints and its
// anomalies. It is worked out when it is asked for, since many readers want only some of
// the conversations judged. The zero value is ready; use it again to spare allocations.
type Judgment struct {
	Course
	Anomalies []Anomaly // in order of frames

	scene scene
}

// Judge works out j for c. What j holds is valid until it is used again.
func (j *Judgment) Judge(c *Conversation) {
	j.follow(c)
	j.scene.view = &j.view
	j.scene.detect()
	j.Anomalies = j.scene.anomalies
}
