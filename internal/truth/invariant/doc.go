// Package invariant lists what an analysis can never say together: about a conversation (Check), in its story (Story)
// and about its segments (Segments). Tests check every analysis against it, whatever the capture.
//
// It reads only what users read: outcome, trajectories, anomalies, counts. It does not know how they are computed, so that a
// mistake made there is not repeated here.
//
// Not its job: whether an answer is right. It only checks whether its parts agree.
package invariant

import (
	"fmt"

	"tcptrace/analyzer"
)

// Check lists what contradicts itself in what is said of c, of which j is the judgment.
func Check(c *analyzer.Conversation, j *analyzer.Judgment) []string {
	k := checker{c: c, j: j}
	k.outcome()
	for side := range analyzer.Server + 1 {
		k.trajectory(side)
		k.brackets(side)
		k.order(side)
		if !c.Quick {
			k.sent(side)
		}
	}
	k.close()
	k.opening()
	k.sound()
	k.anomalies()
	return k.found
}

// checker collects what is found wrong with a conversation.
type checker struct {
	c     *analyzer.Conversation
	j     *analyzer.Judgment
	found []string
}

func (k *checker) errorf(format string, args ...any) {
	k.found = append(k.found, fmt.Sprintf(format, args...))
}

// saw reports whether the capture has a segment of one of these kinds.
func (k *checker) saw(kinds analyzer.Completeness) bool { return k.c.Completeness&kinds != 0 }
