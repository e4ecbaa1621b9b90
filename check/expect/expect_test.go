package expect_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/check"
	"tcptrace/check/expect"
	"tcptrace/report"
)

// sample is a capture as far as the tables below look at it.
func sample() *expect.Capture {
	first := report.Record{
		Stream: 0, Client: report.Host{IP: "10.0.0.1", Port: 40000}, Server: report.Host{IP: "10.0.0.2", Port: 80},
		Roles: "handshake", Outcome: "closed", DurationS: 0.5, Packets: 12, FirstFrame: 1, LastFrame: 20,
		Start: 1772443800000000000,
		Endpoints: report.Endpoints{
			Client: report.Endpoint{State: "TIME_WAIT", Trajectory: []report.StepRecord{
				{State: "SYN_SENT", Frame: 1, Evidence: "sent"},
				{State: "ESTABLISHED", Frame: 2, Evidence: "acknowledged", ProofFrame: 3},
				{State: "TIME_WAIT", Frame: 9, Evidence: "assumed"},
			}},
			Server: report.Endpoint{State: "LISTEN", Trajectory: []report.StepRecord{{State: "LISTEN", Evidence: "assumed"}}},
		},
		Anomalies: []report.AnomalyRecord{
			{ID: "syn-retransmit", Severity: "warning", Endpoint: "client", Frame: 3, Detail: "SYN sent twice"},
			{ID: "zero-window", Severity: "warning", Endpoint: "client", Frame: 5, Detail: "for 1 s"},
			{ID: "zero-window", Severity: "warning", Endpoint: "server", Frame: 7, Detail: "for 2 s"},
		},
		Close: report.CloseRecord{Kind: "graceful", First: "client"},
	}
	second := first
	second.Stream, second.Client.Port, second.Anomalies, second.Close = 1, 40001, nil, report.CloseRecord{}
	third := second
	third.Stream, third.Outcome = 2, "reset"
	return &expect.Capture{
		Conversations: []report.Record{first, second, third},
		Summary:       report.SummaryRecord{Packets: 36, DurationS: "1.5", Outcomes: map[string]uint64{"closed": 2, "reset": 1}},
	}
}

func checked(t *testing.T, text string) string {
	t.Helper()
	e, problems := expect.Parse("x", []byte(text))
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.Error())
	}
	if problems == nil {
		v := (&expect.Check{Expectation: e}).Run(sample())
		for _, p := range v.Problems {
			lines = append(lines, p.Error())
		}
		for _, f := range v.Failures {
			lines = append(lines, f.Origin.String()+": "+f.Text)
		}
	}
	return strings.Join(lines, "\n")
}

func TestCheck(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		// Values. 'of' stands for the first conversation.
		{"of: {outcome: closed, packets: 12, duration_s: 0.5, start: 2026-03-02T09:30:00Z}", ""},
		{"of: {outcome: reset}", "x:1: outcome is closed, expected reset"},
		{"of: {packets: 13}", "x:1: packets is 12, expected 13"},
		{"of: {packets: '<12'}", "x:1: packets is 12, expected <12"},
		{"of: {packets: <=12, first_frame: '>=1', last_frame: 10..20, duration_s: 0.45 +- 20%}", ""},
		{"of: {packets: '>12'}", "x:1: packets is 12, expected >12"},
		{"of: {packets: 13.., last_frame: ..19}", "x:1: packets is 12, expected 13..\nx:1: last_frame is 20, expected ..19"},
		{"of: {duration_s: 0.45 +- 10%}", "x:1: duration_s is 0.5, expected 0.45 +- 10%"},
		{"of: {duration_s: 0.4 ± 0.2}", ""},
		{"of: {start: 2026-03-02T09:30:01Z}", "x:1: start is 2026-03-02T09:30:00.000000000Z, expected 2026-03-02T09:30:01.000000000Z"},
		{"of: {evicted: true}", "x:1: evicted is false, expected true"},
		{"of: {client: {port: 1, ip: 10.0.0.1}}", "x:1: client.port is 40000, expected 1"},
		{"of: {close: {kind: graceful, simultaneous: false, segments: 0, cause: ~}}", ""},
		{"of: {close: ~}", `x:1: close is {"kind":"graceful","first":"client"}, expected nothing`},
		{"conversations: [{stream: 1, close: {kind: reset}, anomalies: []}]", "x:1: close.kind is nothing, expected reset"},
		{"summary: {packets: 36, duration_s: 1.5, outcomes: {closed: 2, open: 0}, start: ~}", ""},
		{"summary: {duration_s: <1, outcomes: {closed: 3}}", "x:1: summary.duration_s is 1.5, expected <1\nx:1: summary.outcomes.closed is 2, expected 3"},

		// Trajectories.
		{"of: {client: [SYN_SENT, ESTABLISHED, TIME_WAIT], server: [LISTEN]}", ""},
		{"of: {endpoints: {client: {trajectory: [SYN_SENT, {state: ESTABLISHED, frame: 2, proof_frame: 3}, TIME_WAIT]}}}", ""},
		{"of: {client: [SYN_SENT, ESTABLISHED]}", "x:1: client trajectory step 3 is TIME_WAIT (frame 9, assumed), expected no more steps"},
		{"of: {server: [LISTEN, SYN_RCVD]}", "x:1: server trajectory ends with LISTEN, expected SYN_RCVD as step 2"},
		{"of: {client: [SYN_SENT, CLOSED, TIME_WAIT]}", "x:1: client trajectory step 2 is ESTABLISHED (frame 2, acknowledged), expected CLOSED"},
		{"of: {client: [SYN_SENT, {state: ESTABLISHED, evidence: sent, frame: 4}, TIME_WAIT]}",
			"x:1: client step 2, ESTABLISHED: evidence is acknowledged, expected sent\nx:1: client step 2, ESTABLISHED: frame is 2, expected 4"},

		// Anomalies.
		{"of: {anomalies: [zero-window, syn-retransmit, zero-window]}", ""},
		{"of: {anomalies: [{id: zero-window}, {endpoint: client}, {frame: 3}]}", ""},
		{"of: {anomalies: [zero-window, zero-window]}", "x:1: anomaly syn-retransmit (warning, client, frame 3) was found and is not expected: SYN sent twice"},
		{"of: {anomalies: [zero-window, zero-window, syn-retransmit, no-answer]}", "x:1: anomaly no-answer is expected and was not found"},
		{"of: {anomalies: [zero-window, {id: zero-window, frame: 8}, syn-retransmit]}", "x:1: anomaly zero-window: frame is 7, expected 8"},
		{"of: {anomalies_include: [{id: zero-window, endpoint: server}]}", ""},
		{"of: {anomalies_include: [no-answer]}", "x:1: anomaly no-answer is expected and was not found"},
		{"of: {anomalies_exclude: [no-answer, syn-retransmit]}", "x:1: anomaly syn-retransmit (warning, client, frame 3) was found and is excluded: SYN sent twice"},

		// Which conversation.
		{"conversations: [{stream: 3}]", "x:1: there is no stream 3: the capture has 3 conversations"},
		{"conversations: [{client: {ip: 10.0.0.1, port: 40000}, server: {ip: 10.0.0.2, port: 80}, packets: 1}]", "x:1: packets is 12, expected 1"},
		{"conversations: [{client: {ip: 10.0.0.1, port: 40001}, server: {ip: 10.0.0.2, port: 80}, outcome: closed}, {client: {ip: 10.0.0.1, port: 40001}, server: {ip: 10.0.0.2, port: 80}, outcome: open}]",
			"x:1: outcome is reset, expected open"},
		{"conversations: [{client: {port: 40001}, outcome: closed}, {client: {port: 40001}, outcome: reset}]", ""},
		{"conversations: [{server: {port: 80}}]", "x:1: 3 conversations are between any client and server port 80: name the ports, or a stream"},
		{"conversations: [{server: {port: 81}}]", "x:1: no conversation is between any client and server port 81: there are streams 0 (10.0.0.1:40000 > 10.0.0.2:80), 1 (10.0.0.1:40001 > 10.0.0.2:80), 2 (10.0.0.1:40001 > 10.0.0.2:80)"},
		{"complete: true\nconversations: [{stream: 0}, {stream: 1}]", "x: stream 2 (10.0.0.1:40001 > 10.0.0.2:80, reset) is not in the expectation"},

		// Rules. What is expected is not denied.
		{"assert: all(conversations, .outcome == 'closed')", `x:1: all(conversations, .outcome == 'closed') does not hold: it fails for stream 2`},
		{"assert: [len(conversations) == 3, 'conversations[9].packets == 1']", "x:1: \"conversations[9].packets == 1\" could not be evaluated: index out of range: 9 (array length is 3) (1:14)\n | conversations[9].packets == 1\n | .............^"},
		{"deny: syn-retransmit", "x:1: anomaly syn-retransmit (warning, client, frame 3) is denied (syn-retransmit): SYN sent twice"},
		{"deny: [warning]\nof: {anomalies_include: [syn-retransmit, zero-window, zero-window]}", ""},
		{"deny: error", ""},
		{"budget: {syn-retransmit: 0}", "x:1: anomaly syn-retransmit was found 1 times, its budget is 0"},
		{"budget: {syn-retransmit: 1}", ""},
	} {
		text := strings.Replace(test.text, "of: {", "conversations: [{stream: 0, ", 1)
		if text != test.text {
			text += "]"
		}
		if got := checked(t, text); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, test.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "it expects nothing",
		"conversations: []": "it expects nothing",
		"conversations:\n- {stream: 0, outcom: open}":                 `x:2: unknown field "outcom": did you mean outcome?`,
		"conversations: [{stream: 0, state: CLOSED}]":                 "did you mean",
		"conversations: [{stream: 0, outcome: opn}]":                  `unknown outcome "opn": did you mean open?`,
		"conversations: [{stream: 0, client: [SYN_SENT, ESTAB]}]":     `unknown state "ESTAB": did you mean ESTABLISHED?`,
		"conversations: [{stream: 0, client: [{frame: 1}]}]":          "a step names its state",
		"conversations: [{stream: 0, anomalies: [no-anser]}]":         `unknown anomaly "no-anser": did you mean no-answer?`,
		"conversations: [{stream: 0, anomalies: [{idd: no-answer}]}]": `unknown field "idd": did you mean id?`,
		"conversations: [{stream: 0, anomaly: []}]":                   "unknown field \"anomaly\"",
		"conversations: [{stream: 0, packets: many}]":                 `packets: "many": want a number`,
		"conversations: [{stream: 0, packets: 9..3}]":                 "nothing is in this range",
		"conversations: [{stream: 0, packets: [1]}]":                  "packets is a single value, not a list",
		"conversations: [{stream: 0, client: x}]":                     `client is a record of fields, not "x"`,
		"conversations: [{stream: 0, start: yesterday}]":              "is no time such as",
		"conversations: [{stream: 0, evicted: maybe}]":                "evicted is true or false",
		"conversations: [{stream: 0}, {stream: 0}]":                   "stream 0 was listed on line 1",
		"conversations: [{outcome: open}]":                            "which conversation is it?",
		"conversations: [{stream: <3}]":                               "stream is a number",
		"conversations: {stream: 0}":                                  "conversations is a list, not a record",
		"conversations: [{stream: 0, duration_s: &a 1}]":              "an anchor",
		"conversations:\n  - stream: 0\n    duration_s: >=3":          `x:3: not YAML: invalid header option: "=": a value that begins with > needs quotes`,
		"outcome: closed":                          "it stands in an entry of conversations",
		"conversation: []":                         "did you mean conversations?",
		"summary: {outcomes: {shut: 1}}":           `unknown outcome "shut"`,
		"summary: {packet: 1}":                     "did you mean packets?",
		"deny: [fatal]":                            "neither note, warning or error nor an anomaly",
		"budget: {error: 1}":                       "is a severity",
		"budget: {no-answer: few}":                 "is not ID=N",
		"assert: all(conversations, .outcom == 1)": "did you mean outcome?",
		"assert: 1 + 1":                            "must be a condition",
		"complete: true\n---\ncomplete: false":     "a second document",
		"complete: true\ncomplete: false":          "already defined",
		"\tcomplete: true":                         "not YAML",
		"- 1":                                      "an expectation is a record of fields, not a list",
	} {
		_, problems := expect.Parse("x", []byte(text))
		got := ""
		for _, p := range problems {
			got += p.Error() + "\n"
		}
		if !strings.Contains(got, want) || got == "" {
			t.Errorf("%q: %s\nwant %s", text, got, want)
		}
	}
}

func TestSuppressions(t *testing.T) {
	p, problems := expect.ParseProject("p", []byte(`
deny: [warning]
suppress:
  - {anomaly: zero-window, endpoint: client, reason: slow reader}
  - {anomaly: syn-retransmit, captures: 'a/*.pcap', reason: lossy}
  - {anomaly: zero-window, stream: 1, reason: none}
`))
	if problems != nil {
		t.Fatal(problems)
	}
	e, _ := expect.Parse("x", []byte("conversations: [{stream: 0, anomalies: [{id: zero-window, endpoint: server}]}]"))
	for path, want := range map[string]string{
		"a/x.pcap": "",
		"b/x.pcap": "anomaly syn-retransmit (warning, client, frame 3) was found and is not expected: SYN sent twice; anomaly syn-retransmit (warning, client, frame 3) is denied (warning): SYN sent twice",
	} {
		v := (&expect.Check{Expectation: e, Project: p.Rules, Suppressions: p.For(path)}).Run(sample())
		var got []string
		for _, f := range v.Failures {
			got = append(got, f.Text)
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s: %s\nwant %s", path, s, want)
		}
		if len(v.Suppressed) == 0 || v.Suppressed[0].Reason != "slow reader" || v.Suppressed[0].Anomalies != 1 {
			t.Errorf("%s: suppressed: %v", path, v.Suppressed)
		}
	}
	for text, want := range map[string]string{
		"suppress: [{anomaly: zero-window}]":                                                   "names the anomaly and the reason",
		"suppress: [{anomaly: zero-windw, reason: x}]":                                         "did you mean zero-window?",
		"suppress: [{anomaly: zero-window, reasn: x}]":                                         "did you mean reason?",
		"suppress: [{anomaly: zero-window, reason: x, captures: '[', stream: y, endpoint: z}]": "is no pattern",
		"conversations: []": "unknown field",
	} {
		if _, problems := expect.ParseProject("p", []byte(text)); len(problems) == 0 || !strings.Contains(problems[0].Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, problems, want)
		}
	}
}

// TestWrite: what is written of a capture holds for it, and is written again as it was.
func TestWrite(t *testing.T) {
	texts, err := filepath.Glob(filepath.Join(goldenDir, "*"+check.ExpectationExt))
	if err != nil || len(texts) == 0 {
		t.Fatal(texts, err)
	}
	for _, path := range texts {
		c := captureOf(t, path)
		text := expect.Write(c, nil)
		e, problems := expect.Parse(path, text)
		if problems != nil {
			t.Fatalf("%s: %v\n%s", path, problems, text)
		}
		if v := (&expect.Check{Expectation: e}).Run(c); v.Failures != nil {
			t.Errorf("%s: %v", path, texted(v.Failures))
		}
		if again := expect.Write(c, text); !bytes.Equal(text, again) {
			t.Errorf("%s: written over itself it becomes\n%s\nwas\n%s", path, again, text)
		}
		if changed := bytes.Replace(text, []byte("packets: "), []byte("packets: 1"), 1); !expect.Unchanged(c, text) || expect.Unchanged(c, changed) {
			t.Errorf("%s: it is not known whether the expectation is as it was written", path)
		}
	}
	old := "# About this capture.\n\n# More.\nconversations:\n- stream: 0\ndeny:\n- error\n# gone\nassert: x\n"
	got := string(expect.Write(&expect.Capture{}, []byte(old)))
	want := "# About this capture.\n\n# More.\ncomplete: true\ndeny:\n- error\n# gone\nassert: x\nconversations: []\nsummary:\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestProblemsAreBrief: no problem and no failure quotes more of a file than it takes to find the place.
func TestProblemsAreBrief(t *testing.T) {
	word := func(n int) string { return strings.Repeat("s", n) }
	for _, format := range []string{
		"%s: 1", "conversations: [{stream: 0, %s: 1}]", "conversations: [{stream: 0, outcome: %s}]", "conversations: %s",
		"conversations: [{stream: 0, packets: %s}]", "deny: [%s]", "budget: {%s: 1}", "assert: %s",
		"conversations: [{stream: 0, client: [%s]}]", "conversations: [{stream: 0, anomalies: [%s]}]", "%[1]s: 1\n%[1]s: 2", "complete: %s",
	} {
		_, problems := expect.Parse("x", fmt.Appendf(nil, format, word(60)))
		if len(problems) == 0 || !strings.Contains(problems[0].Text, word(60)) {
			t.Errorf("%s with 60 characters: %q", format, problems)
		}
		_, problems = expect.Parse("x", fmt.Appendf(nil, format, word(61)))
		if len(problems) == 0 || strings.Contains(problems[0].Text, word(61)) || !strings.Contains(problems[0].Text, word(60)+"...") {
			t.Errorf("%s with 61 characters: %q", format, problems)
		}
	}
	secret := strings.Repeat("PATH=/root SECRET ", 10)
	_, problems := expect.Parse("x", []byte("assert: "+secret))
	if text := fmt.Sprint(problems); strings.Count(text, "SECRET") > 3 {
		t.Errorf("words with blanks: %s", text)
	}
	for _, text := range []string{"assert: len(conversations) == 7 || '" + secret + "' == ''", "conversations: [{stream: 0, history: '" + secret + "'}]"} {
		e, problems := expect.Parse("x", []byte(text))
		if problems != nil {
			t.Fatal(problems)
		}
		c := &expect.Capture{Conversations: []report.Record{{}}}
		for _, f := range (&expect.Check{Expectation: e}).Run(c).Failures {
			if strings.Count(f.Text, "SECRET") > 3 || !strings.Contains(f.Text, "...") {
				t.Errorf("a failure: %s", f.Text)
			}
		}
	}
}
