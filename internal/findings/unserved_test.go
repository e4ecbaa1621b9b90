package findings_test

import (
	"fmt"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// unanswered is a request over HTTP that is never answered; its client closes after some seconds.
func unanswered(host, seconds string) string {
	request := "GET / HTTP/1.1\\r\\nHost: " + host + "\\r\\n\\r\\n"
	n := len("GET / HTTP/1.1\r\nHost: \r\n\r\n") + len(host)
	return handshake + fmt.Sprintf("+90us > P. 1:%d(%d) ack 1 \"%s\"\n+20ms < . 1:1(0) ack %[1]d\n+%[4]s > F. %[1]d:%[1]d(0) ack 1\n+20ms < F. 1:1(0) ack %[5]d\n+60us > . %[5]d:%[5]d(0) ack 2\n",
		n+1, n, request, seconds, n+2)
}

const handshake = "+0 > S 0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>\n+60us > . 1:1(0) ack 1 win 502\n"

// TestUnserved: a request that is closed without an answer has failed, and what wants no answer has not.
func TestUnserved(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"the server closes":               {scripts.Talk(t, "c1 sF20 cF1"), "closed-unserved"},
		"soon":                            {scripts.Talk(t, "c1 sF999 cF1"), "closed-unserved"},
		"after a while":                   {scripts.Talk(t, "c1 sF1001 cF1"), ""},
		"behind an answer":                {scripts.Talk(t, "c1 s20/1 sF1 cF1"), ""},
		"without a request":               {scripts.Talk(t, "sF20 cF1"), ""},
		"while the client sends":          {scripts.Talk(t, "c1 c900 sF20 cF1"), "closed-unserved"},
		"while the client sends for long": {scripts.Talk(t, "c1 c900 c200 sF20 cF1"), ""},
		"after its client":                {scripts.Talk(t, "c1 cF20 sF20"), ""},
		"the server resets":               {scripts.Talk(t, "c1") + "+20ms < R. 1:1(0) ack 2\n", "reset-by-server"},
		"the client closes, by name":      {unanswered("api.example.com", "1.001"), "left-unserved"},
		"at once":                         {unanswered("api.example.com", "1"), ""},
		"who speaks no protocol we know":  {scripts.Talk(t, "c1 cF9000 sF20"), ""},
	} {
		got := ""
		s := look(t, scripts.Frames(t, "client 10.0.0.1:40000\nserver 10.0.0.2:80\n"+c.script))
		s.check(t)
		if len(s.found.Findings) > 0 {
			got = s.found.Findings[0].ID
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
