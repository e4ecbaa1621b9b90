package findings_test

import (
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
)

// TestTold: what is told of a conversation, on both sides of what tells two kinds apart.
func TestTold(t *testing.T) {
	const (
		conn   = "client 10.0.0.1:40000\nserver 10.0.0.2:80\n"
		syn    = "+0 > S 0:0(0) win 64240 <mss 1460>\n"
		again  = "+1s > S 0:0(0) win 64240 <mss 1460>\n"
		synACK = "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n"
		ack    = "+50us > . 1:1(0) ack 1 win 64240\n"
		ask    = "+1ms > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101 win 65160\n"
		closed = "+1ms > F. 101:101(0) ack 1\n+20ms < F. 1:1(0) ack 102\n+50us > . 102:102(0) ack 2\n"
	)
	for name, c := range map[string]struct{ script, want string }{
		"no answer":                       {syn + again, "no-answer"},
		"RSTs that it does not take":      {syn + "+80us < R. 0:0(0) ack 41 win 0\n" + again, "answered-in-vain"},
		"an RST that it takes":            {syn + "+80us < R. 0:0(0) ack 1 win 0\n", "refused"},
		"wrong checksums":                 {syn + "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460> badsum\n" + again + "+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460> badsum\n", "damaged-opening"},
		"no ACK":                          {syn + synACK + "+1s < S. 0:0(0) ack 1 win 65160 <mss 1460>\n", "half-open"},
		"an RST at once by the client":    {syn + synACK + "+50us > R 1:1(0) win 0\n", "reset-when-answered"},
		"a later RST by the client":       {syn + synACK + "+3s > R. 1:1(0) ack 1 win 0\n", "given-up-opening"},
		"an RST by the server":            {syn + synACK + "+50us > . 1:1(0) ack 1 win 64240\n+20ms < R 1:1(0) win 0\n", "taken-back-opening"},
		"an abort by the client":          {syn + synACK + ack + ask + "+1s > R. 101:101(0) ack 1 win 0\n", "reset-by-client"},
		"an abort by the server":          {syn + synACK + ack + ask + "+1s < R. 1:1(0) ack 101 win 0\n", "reset-by-server"},
		"a late SYN-ACK":                  {syn + "+400ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n" + ack + ask + closed, "slow-answer"},
		"a SYN that a timer sent again":   {syn + again + synACK + ack + ask + closed, "slow-opening"},
		"a SYN after an RST":              {syn + "+20ms < R. 0:0(0) ack 1 win 0\n" + again + synACK + ack + ask + closed, "refused-at-first"},
		"a SYN after an RST of no SYN":    {syn + "+20ms < R. 0:0(0) ack 41 win 0\n" + again + synACK + ack + ask + closed, "slow-opening"},
		"a SYN-ACK that was not captured": {syn + "+20ms > . 1:1(0) ack 1 win 64240\n" + ask + closed, "opening-not-captured"},
		"a SYN that was not captured":     {synACK + ack + ask + closed, "opening-not-captured"},
		"neither was":                     {"+0 > . 1:1(0) ack 1 win 64240\n" + ask + closed, "mid-connection"},
		"both were":                       {syn + synACK + ack + ask + closed, ""},
		"segments without ACK":            {syn + synACK + ack + "+1ms > - 1:101(100) win 64240\n+1s > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101 win 65160\n" + closed, "no-ack-flag"},
		"a peer that is silent":           {syn + synACK + ack + "+1ms > P. 1:101(100) ack 1\n" + strings.Repeat("+1s > P. 1:101(100) ack 1\n", 6), "silent-peer"},
		"for a short time":                {syn + synACK + ack + "+1ms > P. 1:101(100) ack 1\n" + strings.Repeat("+1s > P. 1:101(100) ack 1\n", 3), "loss"},
		"a clock set back by a second":    {syn + synACK + ack + ask + "-1s < . 1:1(0) ack 101 win 65160\n+2s > . 101:101(0) ack 1\n" + closed, "clock-set-back"},
		"by less":                         {syn + synACK + ack + ask + "-0.9s < . 1:1(0) ack 101 win 65160\n+2s > . 101:101(0) ack 1\n" + closed, "disordered"},
		"a loss":                          {syn + synACK + ack + "+1ms > P. 1:101(100) ack 1\n+1s > P. 1:101(100) ack 1\n+20ms < . 1:1(0) ack 101 win 65160\n" + closed, "loss"},
	} {
		got := ""
		if s := look(t, scripts.Frames(t, conn+c.script)); len(s.found.Findings) > 0 {
			got = s.found.Findings[0].ID
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
