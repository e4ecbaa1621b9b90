package analyzer_test

import "testing"

// TestAlert: a fatal alert of TLS in clear is told of, whoever sends it, and nothing that looks almost so.
func TestAlert(t *testing.T) {
	const script = stamped + opened + "+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:201(200) ack 101 win 509\n"
	checkEdges(t, []edge{
		{"a record with an alert", script + "+1ms > P. 101:108(7) ack 201 hex @\n", says("tls-alert"), []string{
			"15030100020246", "warning", "15030400020246", "warning", "15030500020246", "no", "15020000020246", "no", "16030100020246", "no",
			"15030100020146", "no", "15030101020246", "no", "15030100030246", "no",
		}},
		{"and nothing else", script + "+1ms > P. 101:@ ack 201 hex 15030100020246\n", says("tls-alert"), []string{"108(7)", "warning"}},
		{"a longer one is encrypted", script + "+1ms > P. 101:@ ack 201 hex 1503010002024600\n", says("tls-alert"), []string{"109(8)", "no"}},
		{"what was not captured is not read", script + "+1ms > P. 101:108(7) ack 201 hex 15030100020246@\n", says("tls-alert"), []string{"", "warning", " cap 72", "no"}},
	})
	checkEdges(t, []edge{{"and says which", script + "+1ms < P. 201:208(7) ack 101 hex 150301000202@\n", detail("tls-alert"), []string{
		"70", "the server ended the handshake of TLS by the fatal alert 112, unrecognized_name", "ff", "the server ended the handshake of TLS by the fatal alert 255",
	}}})
}
