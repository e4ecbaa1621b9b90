package condition

import (
	"regexp"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

// goWords are what no message to people has in it.
var goWords = regexp.MustCompile(`strconv|record\.|interface|\bu?int\d|float64|\[\]|vm\.|%!`)

func TestWhereFunctions(t *testing.T) {
	c := sample.Conversations()[0] // 10.0.0.1:40000 to 10.0.0.2:80
	c.Names[analyzer.Server].Text = "www.example.com"
	c.Sent[analyzer.Server].RTT.P95 = 90e6
	six := sample.Conversations()[1]
	for source, want := range map[string]bool{
		`cidr(client.ip, "10.0.0.0/31")`:                           true,
		`cidr(client.ip, "10.0.0.2/31")`:                           false,
		`cidr(client.ip, "10.0.0.1")`:                              true,
		`cidr(client.ip, "::/0")`:                                  false,
		`cidr(ip, "10.0.0.0/8")`:                                   true,
		`cidr(ip, "10.0.0.1/32")`:                                  true,
		`cidr(ip, "10.0.0.2/32")`:                                  true,
		`cidr(ip, "10.0.0.3/32")`:                                  false,
		`cidr(ip, '10.0.0.2')`:                                     true,
		`cidr("10.0.0.2/32")`:                                      true,
		`cidr("10.0.0.3/32")`:                                      false,
		`cidr(ip, "192.0.2.0/24", "10.0.0.2/32")`:                  true,
		`cidr(server.ip, "192.0.2.0/24", "10.0.0.1/32")`:           false,
		`not cidr(ip, "10.0.0.0/8")`:                               false,
		`let net = "10.0.0.2/32"; cidr(ip, net)`:                   true,
		`either(cidr(ip, "10.0.0.2/32") && port == 80)`:            true,
		`either(cidr(ip, "10.0.0.1/32") && port == 80)`:            false,
		`either(cidr("10.0.0.1/32") && port == 80)`:                false,
		`either(host("10.0.0.2") && port(80))`:                     true,
		`either(host("10.0.0.1") && port(80))`:                     false,
		`host("10.0.0.1") && port(80)`:                             true,
		`host("10.0.0.3", "10.0.0.2")`:                             true,
		`host("10.0.0.3", "10.0.0.4")`:                             false,
		`host("[10.0.0.2]")`:                                       true,
		`host(server.ip)`:                                          true,
		`port(443, 80)`:                                            true,
		`port(443, 81)`:                                            false,
		`port(server.port)`:                                        true,
		`port(server.port + 1)`:                                    false,
		`has("no-answer", "port-reused")`:                          false,
		`has(anomalies, "no-answer", "port-reused")`:               false,
		`host("10.0.0.2")`:                                         true,
		`host("10.0.0.1")`:                                         true,
		`host("10.0.0.3")`:                                         false,
		`host("10.0.0.2/32")`:                                      true,
		`host("WWW.example.com")`:                                  true,
		`host("example.com")`:                                      false,
		`port(80)`:                                                 true,
		`port(40000)`:                                              true,
		`port(81)`:                                                 false,
		`either(rtt_p95_s >= 0.09)`:                                true,
		`either(rtt_p95_s > 0.09)`:                                 false,
		`either(ip == "10.0.0.2" && port == 80)`:                   true,
		`either(ip == "10.0.0.1" && port == 80)`:                   false,
		`either(state == "TIME_WAIT" && packets > 0) || true`:      true,
		`either(any([80], # == port))`:                             true,
		`has("no-answer")`:                                         false,
		`has(anomalies, "no-answer") == has("no-answer")`:          true,
		`!host("10.0.0.2") or not port(80)`:                        false,
		`stream in [0, 1] and any(anomalies, .severity != "note")`: false,
		`failure == "" and outcome in ["closed", "closing"]`:       true,
	} {
		w, err := CompileWhere(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := w.Match(&c); err != nil || got != want {
			t.Errorf("%s: %v, %v", source, got, err)
		}
	}
	for _, source := range []string{
		`cidr(client.ip, "2001:db8::/32") && host("2001:db8::1")`, `cidr(ip, "2001:DB8::/32") && host("[2001:db8::1]")`, `!cidr(ip, "2001:db9::/32", "0.0.0.0/0")`,
	} {
		if w, err := CompileWhere(source); err != nil {
			t.Error(err)
		} else if got, err := w.Match(&six); !got || err != nil {
			t.Errorf("%s: %v, %v", source, got, err)
		}
	}
}

// has in its short form is judged too, and so are states that either names.
func TestShorthandIsJudged(t *testing.T) {
	for _, source := range []string{`has("no-answer")`, `either(state == "CLOSED")`} {
		if w, err := CompileWhere(source); err != nil || !w.judges {
			t.Errorf("%s: %v", source, err)
		}
	}
	if w, err := CompileWhere(`either(packets > 1) && host("10.0.0.1")`); err != nil || w.judges {
		t.Errorf("judged for nothing: %v", err)
	}
}

// Errors say what was meant, and nothing of how the program is written.
func TestWhereErrorsArePlain(t *testing.T) {
	for source, want := range map[string]string{
		`outcome = "reset"`:                      `= compares nothing: did you mean ==?`,
		`outcome == "rst"`:                       `outcome is never "rst": did you mean "reset"?`,
		`"rst" != outcome`:                       `outcome is never "rst"`,
		`outcome in ["closed", "opened"]`:        `outcome is never "opened": did you mean open?`,
		`outcome == "x"`:                         `outcome is never "x": it is open, closed`,
		`endpoints.client.state == "TIMEWAIT"`:   `did you mean TIME_WAIT?`,
		`any(anomalies, .severity == "fatal")`:   `severity is never "fatal": it is note, warning or error`,
		`either(state == "ESTAB")`:               `state is never "ESTAB": did you mean ESTABLISHED?`,
		`packets == "many"`:                      `== is between a number and text: numbers have no quotes`,
		`client.ip == 5`:                         `== is between text and a number: text has quotes`,
		`anomalies == "x"`:                       `== is between a list and text: has("no-answer")`,
		`start > "2026"`:                         `> is between a time and text: date(`,
		`packets > 100 and`:                      `the expression ends too early`,
		`foo(1)`:                                 `there is no function foo`,
		`hast("no-answer")`:                      `there is no function hast: did you mean last or has`,
		`has("no-anser")`:                        `did you mean no-answer?`,
		`has()`:                                  `has takes the id of an anomaly`,
		`cidr(client.ip)`:                        `cidr takes an address and a network`,
		`cidr(client.ip, "10.0.0.0/33")`:         `"10.0.0.0/33" is neither a network`,
		`host("10.0.0/8")`:                       `"10.0.0/8" is neither a network`,
		`host()`:                                 `host takes an address, a network or a name`,
		`host("10.0.0.1:80")`:                    `either(ip == "10.0.0.1" && port == 80)`,
		`host("[2001:db8::1]:80")`:               `either(ip == "2001:db8::1" && port == 80)`,
		`host(client, "10.0.0.1")`:               `the client's is client.ip`,
		`port(server, 443)`:                      `the server's is server.port`,
		`port([80, 443])`:                        `cannot use a list`,
		`port in [80]`:                           `host("10.0.0.1") and port(443) are functions`,
		`cidr()`:                                 `cidr takes an address and a network`,
		`cidr(ip)`:                               `cidr takes an address and a network`,
		`cidr(client, "10.0.0.0/8")`:             `cidr takes an address: client.ip`,
		`cidr("10.0.0.0/8", ip)`:                 `cidr takes the address first: cidr(ip, "10.0.0.0/8")`,
		`cidr(ip, "10.0.0.0/33")`:                `"10.0.0.0/33" is neither a network`,
		`cidr(ip, "10.0.0.0/8", "10.0.0.0/33")`:  `"10.0.0.0/33" is neither a network`,
		`cidr(ip, 8)`:                            `cannot use a number as argument (type text) to call cidr`,
		`ip == "10.0.0.1"`:                       `either(ip == "...") asks of either side`,
		`either("10.0.0.1")`:                     `host("10.0.0.1") is for a host`,
		`has("no-answer", "no-anser")`:           `did you mean no-answer?`,
		`has(5)`:                                 `cannot use a number`,
		`port("80")`:                             `a port is a number, without quotes: port(80)`,
		`nonsense_field > 1`:                     `unknown field "nonsense_field": 'tcptrace fields'`,
		`packets`:                                `must be a condition`,
		`either(either(packets > 1))`:            `either cannot be within either`,
		`either(nonsense > 1)`:                   `unknown field "nonsense"`,
		`tcp.port == 80`:                         `that is a display filter of Wireshark's: did you mean 'port(80)'?`,
		`ip.addr == 10.0.0.1`:                    `did you mean 'host("10.0.0.1")'?`,
		`server.ip == 10.0.0.2`:                  `addresses have quotes: "10.0.0.2"`,
		`client.ip in [10.0.0.1]`:                `addresses have quotes: "10.0.0.1"`,
		`server.ip == 2001:db8::1`:               `addresses have quotes: "2001:db8::1"`,
		`server.ip == 10.0.0.0/8`:                `cidr(ip, "10.0.0.0/8") for either side`,
		`server.ip == 10.0.0`:                    `unexpected .0`,
		`server.name == "10.0.0.1" && packets >`: `the expression ends too early`,
		`port 80`:                                `that is a capture filter`,
		`tcp`:                                    `that is a capture filter`,
		`outcome == reset`:                       `words have quotes: "reset"`,
		`rst == outcome`:                         `words have quotes, and outcome is never "rst": did you mean "reset"?`,
		`outcome in [closed, "reset"]`:           `words have quotes: "closed"`,
		`any(anomalies, .severity == x)`:         `severity is never "x": it is note, warning or error`,
		`server.name == example`:                 `text has quotes: "example"`,
		`packets == many`:                        `unknown field "many"`,
		`has(no-answer)`:                         `has("no-answer")`,
		`has(reset)`:                             `there is no "reset"`,
		`duration > 1`:                           `unknown field "duration": did you mean duration_s?`,
		`count > 1`:                              `count is a function`,
		`host == "x"`:                            `host("10.0.0.1") and port(443) are functions`,
		`loss > 0`:                               `did you mean either(loss_ratio > 0.01)?`,
		`anomaly == "no-answer"`:                 `did you mean has("no-answer")?`,
		`client_packets > 2`:                     `did you mean endpoints.client.sent.packets?`,
		`server_state == "CLOSED"`:               `did you mean endpoints.server.state?`,
		`rtt_p95_s > 1`:                          `either(rtt_p95_s > 0)`,
		`duration_s > 1s`:                        `durations are in seconds: 1, not 1s`,
		`duration_s > 500ms`:                     `durations are in seconds: 0.5, not 500ms`,
		`packets > 1k`:                           `numbers have no unit`,
		`either(.packets > 1)`:                   `unexpected .`,
		`packets > 0x1g`:                         `numbers have no unit`,
		`packets > 1 AND stream > 1`:             `unexpected AND: did you mean and?`,
		`client == "10.0.0.1"`:                   `its parts are ip, port and name`,
		`close.cause == "` + "unread" + `" && 1`: `cause is never "unread"`,
	} {
		_, err := CompileWhere(source)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
			continue
		}
		message, _, _ := strings.Cut(err.Error(), "\n")
		if goWords.MatchString(message) || len(message) > 400 {
			t.Errorf("%s: %s", source, message)
		}
	}
}

// What looks like a slip and is none is no error.
func TestWhereSlipsAreNone(t *testing.T) {
	for _, source := range []string{
		`server.name == "tcp.port"`, `server.name != "10.0.0.1"`, `duration_s > 1e3`, `packets > 0x1f`, `duration_s > 1.5 ? true : false`,
		`start - start > duration("1s")`, `let id = "no-answer"; has(id)`, `packets > 1_000`,
	} {
		if _, err := CompileWhere(source); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}
