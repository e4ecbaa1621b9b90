package conn

import "testing"

func TestLosing(t *testing.T) {
	c := Conversation{ClientDir: 1, Incidents: []Incident{{Kind: IncidentLate, Dir: 1, Time: 1, Last: 2}, {Kind: IncidentLoss, Dir: 1, Time: 5, Last: 9}, {Kind: IncidentLoss, Dir: 0, Time: 7}}}
	if first, last, ok := c.Losing(Client); first != 5 || last != 9 || !ok {
		t.Error(first, last, ok)
	}
	if first, last, ok := c.Losing(Server); first != 7 || last != 7 || !ok {
		t.Error("lost once:", first, last, ok)
	}
	c.Incidents = c.Incidents[:1]
	if _, _, ok := c.Losing(Client); ok {
		t.Error("late is not lost")
	}
}
