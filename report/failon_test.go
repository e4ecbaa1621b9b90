package report

import (
	"strings"
	"testing"
)

func TestParseFailOn(t *testing.T) {
	for text, want := range map[string]string{
		"error":                    "",
		"note warning":             "",
		"no-answer syn-retransmit": "",
		"no-anser":                 "did you mean no-answer?",
		"fatal":                    "neither note, warning or error nor an anomaly",
	} {
		_, err := ParseFailOn(strings.Fields(text))
		if got := ""; err != nil {
			got = err.Error()
			if want == "" || !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", text, got, want)
			}
		} else if want != "" {
			t.Errorf("%s: accepted, want %s", text, want)
		}
	}
}
