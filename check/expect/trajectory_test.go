package expect_test

import (
	"strings"
	"testing"

	"tcptrace/check/expect"
	"tcptrace/report"
)

// TestTransient holds trajectories against expectations that name FIN_WAIT_2, and that do not. A step found is
// a state, with ! if it is proved.
func TestTransient(t *testing.T) {
	for _, test := range []struct {
		want, found string
		ok          bool
	}{
		{"FIN_WAIT_1 TIME_WAIT", "FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", true},
		{"FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", "FIN_WAIT_1 TIME_WAIT", true},
		{"FIN_WAIT_1 TIME_WAIT", "FIN_WAIT_1 FIN_WAIT_2! TIME_WAIT", false},
		{"FIN_WAIT_1", "FIN_WAIT_1 FIN_WAIT_2", false},
		{"FIN_WAIT_1 FIN_WAIT_2", "FIN_WAIT_1", false},
		{"FIN_WAIT_1 FIN_WAIT_2", "FIN_WAIT_1 TIME_WAIT", false},
		{"FIN_WAIT_1 CLOSED", "FIN_WAIT_1 FIN_WAIT_2 CLOSED", false},
		{"FIN_WAIT_1 FIN_WAIT_2 CLOSED", "FIN_WAIT_1 CLOSED", false},
		{"FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT", "FIN_WAIT_1 CLOSING TIME_WAIT", false},
		{"ESTABLISHED FIN_WAIT_2 TIME_WAIT", "ESTABLISHED TIME_WAIT", false},
	} {
		e, problems := expect.Parse("x", []byte("conversations: [{stream: 0, client: ["+strings.ReplaceAll(test.want, " ", ", ")+"]}]"))
		if problems != nil {
			t.Fatal(problems)
		}
		var steps []report.StepRecord
		for _, state := range strings.Fields(test.found) {
			step := report.StepRecord{State: strings.TrimSuffix(state, "!"), Evidence: "assumed"}
			if step.State != state {
				step.Evidence = "acknowledged"
			}
			steps = append(steps, step)
		}
		capture := sample()
		capture.Conversations[0].Endpoints.Client.Trajectory = steps
		failures := (&expect.Check{Expectation: e}).Run(capture).Failures
		if (len(failures) == 0) != test.ok {
			t.Errorf("want %s, found %s: %v", test.want, test.found, failures)
		}
	}
}
