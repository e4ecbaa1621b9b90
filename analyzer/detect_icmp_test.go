package analyzer_test

import (
	"strings"
	"testing"

	"tcptrace/analyzer"
)

// plain is an open connection without timestamps: the client's 100 bytes are acknowledged, its next 1460 in flight. The tap is at the client.
const plain = `
client 10.0.0.1:40000
server 10.0.0.2:80
+0      > S   0:0(0)              win 64240 <mss 1460,sackOK,nop,wscale 7>
+20ms   < S.  0:0(0)       ack 1  win 65160 <mss 1460,sackOK,nop,wscale 7>
+50us   > .   1:1(0)       ack 1  win 502
+1ms    > P.  1:101(100)   ack 1
+20ms   < .   1:1(0)       ack 101 win 509
+1ms    > .   101:1561(1460) ack 1
+5ms    `

const (
	unreachable = "0 icmp-unreachable client 7: the router 10.0.5.1 told the client: port unreachable"
	notAccepted = "0 icmp-not-accepted client 7: 10.0.5.1 told the client: port unreachable; what that quotes is not in flight, so it is forged or late"
)

// TestICMPInFlight: an error is believed whose number is from SND.UNA to SND.NXT (RFC 5927 4.1).
func TestICMPInFlight(t *testing.T) {
	checkCases(t, []detectCase{
		{"the oldest that is in flight", plain + "< icmp 10.0.5.1 port seq 101\n", []string{unreachable}},
		{"acknowledged", plain + "< icmp 10.0.5.1 port seq 100\n", []string{notAccepted}},
		{"behind all that was sent", plain + "< icmp 10.0.5.1 port seq 1561\n", []string{unreachable}},
		{"not sent yet", plain + "< icmp 10.0.5.1 port seq 1562\n", []string{notAccepted}},
		{"the SYN", `
client 10.0.0.1:40000
server 10.0.0.2:80
+0    > S 0:0(0) win 64240
+20ms < icmp 10.0.5.1 port
`, []string{
			"0 no-answer client 1: client waited 20.0 ms: SYN sent once; nothing has come back, but an ICMP error: port unreachable",
			"0 icmp-unreachable client 2: the router 10.0.5.1 told the client: port unreachable",
		}},
		{"before the SYN", `
client 10.0.0.1:40000
server 10.0.0.2:80
+0    > S 0:0(0) win 64240
+20ms < icmp 10.0.5.1 port seq -1
`, []string{"0 icmp-not-accepted client 2: 10.0.5.1 told the client: port unreachable; what that quotes is not in flight, so it is forged or late"}},
	})
}

// TestICMPCounted: what is captured twice counts once, and one of each kind is kept.
func TestICMPCounted(t *testing.T) {
	const told = "< icmp 10.0.5.1 port seq 101\n"
	again := func(n string) string { return strings.Replace(unreachable, "client:", "client "+n+":", 1) }
	checkCases(t, []detectCase{
		{"captured twice", plain + told + "+10ms " + told, []string{unreachable}},
		{"sent twice", plain + told + "+10.1ms " + told, []string{again("twice")}},
		{"by two routers", plain + told + "+1ms < icmp 10.0.5.2 port seq 101\n", []string{again("twice")}},
		{"of two segments", plain + told + "+1ms < icmp 10.0.5.1 port seq 1561\n", []string{again("twice")}},
		{"many", plain + told + strings.Repeat("+20ms "+told, 99), []string{again("100 times")}},
		{"both directions", plain + told + "+1ms > icmp peer prohibited\n", []string{
			unreachable, "0 icmp-unreachable server 8: the client itself told the server: administratively prohibited",
		}},
		{"no segment but errors", "client 10.0.0.1:40000\nserver 10.0.0.2:80\n+0 > S 0:0(0) unseen\n+1ms < icmp peer port\n", nil},
	})
}

// TestICMPTooBig: the client, which is near the tap, heeds the message if no segment is larger from then on.
func TestICMPTooBig(t *testing.T) {
	const (
		told = plain + "< icmp 10.0.5.1 too-big mtu 1400 seq 101\n"
		says = "0 icmp-too-big client 7: the router 10.0.5.1 told the client: packet too big, the next link takes 1,400 bytes; "
		// The server is 20 ms from the tap, there and back.
		far     = plain + "< . 1:1461(1460) ack 101\n+1ms > icmp 10.0.5.1 too-big mtu 1400 seq 1\n"
		farSays = "0 icmp-too-big server 8: the router 10.0.5.1 told the server: packet too big, the next link takes 1,400 bytes; RESULT"
		mute    = says + "it sent nothing later that shows whether it heeds that"
	)
	heeds, one := says+"it heeds that: no later segment is larger", says+"it does not heed that: a later segment is larger"
	unknown := says + "whether it heeds that is not known: what makes packets of its segments is behind the tap"
	checkCases(t, []detectCase{
		{"nothing sent", told, []string{mute}},
		{"no data sent", told + "+30ms > . 1561:1561(0) ack 1\n", []string{mute}},
		{"as large as the link takes", told + "+30ms > . 1561:2921(1360) ack 1\n", []string{heeds}},
		{"larger by one", told + "+30ms > . 1561:2922(1361) ack 1\n", []string{one}},
		{"as large as the packet that is quoted", told + "+30ms > . 1561:3021(1460) ack 1\n", []string{one}},
		{"cut behind the tap", told + "+30ms > . 1561:3022(1461) ack 1\n", []string{unknown}},
		{"that routers may cut", told + "+30ms > . 1561:2922(1361) ack 1 nodf\n", []string{unknown}},
		{"once of several", told + "+30ms > . 1561:2921(1360) ack 1\n+1ms > . 2921:4381(1460) ack 1\n+1ms > . 4381:5841(1460) ack 1\n", []string{
			says + "it does not heed that: 2 later segments are larger",
		}},
		{"sent when it cannot have heard of it", far + "+22ms < . 1461:2921(1460) ack 101\n", []string{strings.ReplaceAll(farSays, "RESULT", "it sent nothing later that shows whether it heeds that")}},
		{"sent when it can have", far + "+22001us < . 1461:2921(1460) ack 101\n", []string{strings.ReplaceAll(farSays, "RESULT", "it does not heed that: a later segment is larger")}},
		{"without a size", plain + "< icmp 10.0.5.1 too-big seq 101\n+30ms > . 1561:3020(1459) ack 1\n", []string{
			"0 icmp-too-big client 7: the router 10.0.5.1 told the client: packet too big; it heeds that: no later segment is larger",
		}},
		{"less than the packet by one", plain + "< icmp 10.0.5.1 too-big mtu 1499 seq 101\n", []string{strings.Replace(mute, "1,400", "1,499", 1)}},
		{"as much as the packet", plain + "< icmp 10.0.5.1 too-big mtu 1500 seq 101\n", []string{
			"0 icmp-not-accepted client 7: 10.0.5.1 told the client: packet too big; what that quotes is not in flight, so it is forged or late",
		}},
	})
}

// TestICMPOfEarlier: an error belongs to the connection that can have sent what it quotes.
func TestICMPOfEarlier(t *testing.T) {
	const refused = `
client 10.0.0.1:40000
server 10.0.0.2:80
isn 1000 5000
+0    > S   0:0(0) win 64240
+20ms < R.  0:0(0) ack 1 win 0
+2    > S   raw 900000:900000(0) win 64240
+1ms  `
	others := []string{
		"0 rst-in-handshake client 2: refused: the server answered the SYN by an RST 20.0 ms after the first segment",
		"0 connection-refused client 2: the server answered the SYN by an RST after 20.0 ms",
	}
	const reused = "1 port-reused client 3: the connection before on these sockets was last heard of 2.0 s earlier, reset"
	checkCases(t, []detectCase{
		{"the earlier one", refused + "< icmp 10.0.5.1 host seq 0\n", append(others, "0 icmp-unreachable client 4: the router 10.0.5.1 told the client: host unreachable", reused)},
		{"the later one", refused + "< icmp 10.0.5.1 host\n", append(others,
			"1 no-answer client 3: client waited 1.0 ms: SYN sent once; nothing has come back, but an ICMP error: host unreachable",
			reused,
			"1 icmp-unreachable client 4: the router 10.0.5.1 told the client: host unreachable")},
	})
}

// TestICMPOfHeldSYN: an error about a SYN of which it is not clear whether it begins a connection waits with that.
func TestICMPOfHeldSYN(t *testing.T) {
	const held = plain + "> S 900000:900000(0) win 64240 forged\n+1ms < icmp 10.0.5.1 host seq 900000\n"
	checkCases(t, []detectCase{
		{"it began none", held + "+1ms < . 1:1(0) ack 1561\n+1 > . 1561:1661(100) ack 1\n+20ms < . 1:1(0) ack 1661\n", []string{
			"0 syn-in-connection server 7: a SYN with another ISN came into the open connection, as if from the client",
			"0 icmp-not-accepted client 8: 10.0.5.1 told the client: host unreachable; what that quotes is not in flight, so it is forged or late",
		}},
		{"it began one", held + "+20ms < S. 7777777:7777777(0) ack 900001 win 65160 forged\n", []string{
			"1 port-reused client 7: the connection before on these sockets was last heard of 5.0 ms earlier, not closed",
			"1 icmp-unreachable client 8: the router 10.0.5.1 told the client: host unreachable",
		}},
	})
}

func TestStrayICMPIsCounted(t *testing.T) {
	_, sum := analyze(t, analyzer.Options{}, `
client 10.0.0.1:40000
server 10.0.0.2:80
conn b client 10.0.0.1:40001
+0    > S  0:0(0) win 64240
+1ms  < icmp 10.0.5.1 host
+0    b> S 0:0(0) win 64240 unseen
+20ms b< icmp 10.0.5.1 host
`)
	if sum.Conversations != 1 || sum.ICMPErrors != 2 || sum.StrayICMP != 1 {
		t.Errorf("%d conversations, %d errors of which %d are stray; want 1, 2 and 1", sum.Conversations, sum.ICMPErrors, sum.StrayICMP)
	}
}
