package condition

import (
	"strings"
	"testing"

	"tcptrace/report/internal/record"
	"tcptrace/report/internal/sample"
)

func TestWhere(t *testing.T) {
	for expression, want := range map[string]string{
		`packets > 10`:                                     "0 2",
		`packets > 10 && server.port == 80`:                "0",
		`server.port in [80, 443]`:                         "0 1 3",
		`client.ip == "10.0.0.1"`:                          "0",
		`client.ip startsWith "10."`:                       "0 3",
		`duration_s > 1`:                                   "0 2",
		`duration_s > 1.203`:                               "2",
		`duration_s == 1.203`:                              "0",
		`start > date("2026-11-21T01:02:03.5Z")`:           "2",
		`start >= date("2026-11-21T01:02:03.5Z")`:          "1 2",
		`start < date("2000-01-01")`:                       "3",
		`end - start > duration("1h")`:                     "2",
		`start.Hour() == 1`:                                "0 1 2",
		`outcome in ["refused", "unanswered"]`:             "1 3",
		`roles == "inferred"`:                              "2",
		`evicted`:                                          "3",
		`not evicted and conn_state == "SF"`:               "0",
		`endpoints.server.sent.payload_bytes > 1_000_000`:  "0 2",
		`endpoints.client.sent.packets * 2 == packets`:     "0 1",
		`community_id == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="`: "",
		`true`:                             "0 1 2 3",
		`stream == 1 or first_frame == 20`: "1 3",
		`(completeness % 2) == 1 && (packets | int()) > 10`: "0",
	} {
		w, err := CompileWhere(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		var got []string
		for i, c := range sample.Conversations() {
			ok, err := w.Match(&c)
			if err != nil {
				t.Errorf("%s: %v", expression, err)
			}
			if ok {
				got = append(got, string(rune('0'+i)))
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s selects %q, want %q", expression, s, want)
		}
	}
}

func TestWhereErrors(t *testing.T) {
	for expression, want := range map[string]string{
		``:                            "empty expression",
		`packts > 100`:                `unknown field "packts": did you mean packets`,
		`client.prt == 1`:             `unknown field "prt": did you mean client.port?`,
		`process.nam == "x"`:          `unknown field "nam": did you mean process.name?`,
		`port == 80`:                  "port(443) are functions; the fields are client.ip, client.port",
		`duration > 1`:                "",
		`durations > 1`:               `unknown field "durations": did you mean duration_s?`,
		`xyzzy`:                       `unknown field "xyzzy": 'tcptrace fields' explains`,
		`packets`:                     "must be a condition",
		`state == "CLOSED"`:           "did you mean endpoints.client.state or",
		`has(anomalie, "x")`:          `unknown field "anomalie": did you mean anomalies?`,
		`has(anomalies, "no-answr")`:  `unknown anomaly "no-answr": did you mean no-answer?`,
		`has(anomalies, "x")`:         `unknown anomaly "x": 'tcptrace anomalies' lists them`,
		`has(anomalies)`:              "cannot use a list as argument",
		`start.Equal(ende)`:           `unknown field "ende": did you mean end?`,
		`has(anomalies, 1)`:           "cannot use a number",
		`any(anomalies, .zzz == "x")`: `unknown field "zzz": `,
		`packets >`:                   "ends too early",
		`outcome > 3`:                 "> is between text and a number",
		`client.port == "80"`:         "numbers have no quotes",
		`start > "2026-11-21"`:        "is a time",
		`start.Hours() == 1`:          "no method Hours",
		`record.packets == 1`:         `unknown field "record"`,
		`client.AsTime() == nil`:      "no method AsTime",
	} {
		_, err := CompileWhere(expression)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", expression, err, want)
		}
	}
}

func TestWhereRuntimeError(t *testing.T) {
	c := sample.Conversations()[0]
	w, err := CompileWhere(`outcome[100:101] == "x" || [outcome][packets] == "x"`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Match(&c); err == nil || !strings.Contains(err.Error(), "stream 0") {
		t.Errorf("error %v does not name the stream", err)
	}
}

// What a conversation is judged for, and only that.
func TestWhereJudgesOnlyWhenItMust(t *testing.T) {
	for expression, want := range map[string]bool{
		`packets > 10 && outcome == "reset"`:                                         false,
		`endpoints.client.sent.packets > endpoints["server"].sent.packets`:           false,
		`endpoints.client.state == "TIME_WAIT"`:                                      true,
		`endpoints.client.sent.packets > 1 && endpoints.server.state == "TIME_WAIT"`: true,
		`let e = endpoints; e.server.state == "CLOSED"`:                              true,
		`any(endpoints.server.trajectory, .state == "CLOSING")`:                      true,
		`has(anomalies, "no-answer")`:                                                true,
		`close.kind == "reset"`:                                                      true,
		`any(icmp, .kind == "too-big")`:                                              false,
		`len(anomalies) > 0`:                                                         true,
		`$env["anomalies"][0].id == "no-answer"`:                                     true,
		`$env["close"] != nil`:                                                       true,
	} {
		w, err := CompileWhere(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		} else if w.judges != want {
			t.Errorf("%s: judges %v", expression, w.judges)
		}
	}
}

func TestWhereOfAnomalies(t *testing.T) {
	of := record.Record{Anomalies: []record.AnomalyRecord{
		{ID: "syn-retransmit", Severity: "warning", Endpoint: "client", Frame: 3, Time: record.Time(sample.At("2026-11-21T01:02:03Z"))},
		{ID: "no-answer", Severity: "error", Endpoint: "client", Frame: 4},
	}}
	for expression, want := range map[string]bool{
		`has(anomalies, "no-answer")`:                           true,
		`has(anomalies, "half-close")`:                          false,
		`not has(anomalies, "half-close")`:                      true,
		`any(anomalies, .id == "no-answer")`:                    true,
		`any(anomalies, .severity == "error" && .frame == 3)`:   false,
		`count(anomalies, .endpoint == "client") == 2`:          true,
		`anomalies[0].time > date("2026-11-21")`:                true,
		`any(anomalies, .time == date("2026-11-21T01:02:03Z"))`: true,
		`any(["half-close", "no-answer"], has(anomalies, #))`:   true,
		`none(anomalies, .severity == "note")`:                  true,
	} {
		w, err := CompileWhere(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got, err := w.vm.Run(w.program, &of); err != nil || got != want {
			t.Errorf("%s: %v, %v", expression, got, err)
		}
	}
}

// TestWhereAsksProcess: whatever way a condition asks whose a conversation is, and no other asks.
func TestWhereAsksProcess(t *testing.T) {
	for source, want := range map[string]bool{
		`process.name == "nginx"`: true, `either(process.user == 1000)`: true, `endpoints.server.process.pid > 0`: true, `$env["process"].pid == 1`: true,
		`packets > 3`: false, `endpoints.client.state == "CLOSED"`: false, `len(anomalies) > 0 && anomalies[0].id == "no-answer"`: false, `client.name == "process"`: false,
	} {
		w, err := CompileWhere(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if w.AsksProcess() != want {
			t.Errorf("%s: asks %t", source, !want)
		}
	}
}
