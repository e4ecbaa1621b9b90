package condition

import (
	"strings"
	"testing"

	"tcptrace/report/internal/record"
)

func TestAssertion(t *testing.T) {
	records := []record.Record{
		{Stream: 0, Outcome: "closed", Packets: 10},
		{Stream: 1, Outcome: "reset", Packets: 20, Anomalies: []record.AnomalyRecord{{ID: "abortive-close"}}},
		{Stream: 2, Outcome: "closed", Packets: 30},
	}
	for source, want := range map[string]string{
		`all(conversations, .outcome == "closed")`:                                 "false: it fails for stream 1",
		`all(conversations, .packets > 5)`:                                         "true",
		`none(conversations, .packets > 15)`:                                       "false: it fails for stream 1, 2",
		`count(conversations, has(.anomalies, "abortive-close")) <= 0`:             "false: found 1",
		`count(conversations, {.outcome == "closed"}) == 2`:                        "true",
		`len(conversations) == 4`:                                                  "false: found 3",
		`any(conversations, .packets > 100)`:                                       "false",
		`sum(conversations, .packets) < 60`:                                        "false: found 60",
		`conversations[0].outcome == "reset"`:                                      "false: found closed",
		`all(filter(conversations, .stream > 0), .outcome == "closed")`:            "false",
		`all(conversations, any(.anomalies, .severity == "error") || .stream < 3)`: "true",
	} {
		a, err := CompileAssertion(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		holds, why, _, err := a.Check(records)
		got := "true"
		if !holds {
			got = strings.TrimSuffix("false: "+why, ": ")
		}
		if err != nil || got != want {
			t.Errorf("%s: %s (%v), want %s", source, got, err, want)
		}
	}
	for source, want := range map[string]string{
		"":                                   "empty expression",
		`all(conversations, .outcom == "x")`: "did you mean outcome?",
		`all(conversation, true)`:            `unknown field "conversation"`,
		`len(conversations)`:                 "must be a condition",
		`any(conversations, has(.anomalies, "zero-windw"))`: "did you mean zero-window?",
	} {
		if _, err := CompileAssertion(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
	a, err := CompileAssertion(`conversations[7].packets == 1`)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := a.Check(records); err == nil {
		t.Error("an index beyond the end is no error")
	}
}
