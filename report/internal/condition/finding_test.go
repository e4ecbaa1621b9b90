package condition

import (
	"strings"
	"testing"

	"tcptrace/report/internal/sample"
)

// define gives conditions names until the test is over.
func define(t *testing.T, conditions map[string]string) {
	was := Findings
	t.Cleanup(func() { Findings = was })
	Findings = conditions
}

func TestFinding(t *testing.T) {
	define(t, map[string]string{
		"http":   "port(80)",
		"https":  "port(443)",
		"longer": `packets > 1000000 || either(ip == "10.0.0.2" && port == 80)`,
		"marked": `has("no-answer")`,
		"broken": "port(80",
	})
	c := sample.Conversations()[0] // 10.0.0.1:40000 to 10.0.0.2:80
	for source, want := range map[string]string{
		`finding("http")`:                              "true",
		`finding("https")`:                             "false",
		`!finding("https")`:                            "true",
		`finding("https", "http")`:                     "true",
		`finding("https", "marked")`:                   "false",
		`finding("longer")`:                            "true",
		`!finding("longer")`:                           "false", // it stays whole, whatever stands around it
		`finding("longer") && finding("https")`:        "false",
		`finding("http") == (server.port == 80)`:       "true",
		`finding("htp")`:                               `there is no finding "htp": did you mean http?`,
		`finding("surely not")`:                        `there is no finding "surely not": 'tcptrace findings --help'`,
		`finding("packet-loss")`:                       `there is no finding "packet-loss", but an anomaly: has("packet-loss")`,
		`finding()`:                                    "finding takes the id of a finding",
		`finding(1)`:                                   "finding takes the id of a finding",
		`finding(outcome)`:                             "finding takes the id of a finding",
		`finding("broken")`:                            "finding",
		`finding == "http"`:                            `did you mean finding("loss")?`,
		`findings("http")`:                             "did you mean finding?",
		`either(finding("http"))`:                      "true",
		`finding("http") && any(anomalies, .id == "")`: "false",
	} {
		w, err := CompileWhere(source)
		if err != nil {
			if !strings.Contains(err.Error(), want) || goWords.MatchString(err.Error()) {
				t.Errorf("%s: %v, want %s", source, err, want)
			}
			continue
		}
		got := "false"
		if ok, err := w.Match(&c); err != nil {
			got = err.Error()
		} else if ok {
			got = "true"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
	if w, err := CompileWhere(`finding("marked")`); err != nil || !w.judges {
		t.Errorf("a condition on anomalies by its name is no reason to judge (%v)", err)
	}
	if w, err := CompileWhere(`finding("http")`); err != nil || w.judges {
		t.Errorf("a condition on ports by its name is a reason to judge (%v)", err)
	}
	if _, err := CompileAssertion(`all(conversations, finding("http"))`); err == nil || !strings.Contains(err.Error(), "one conversation") {
		t.Errorf("an assertion: %v", err)
	}
}
