package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tcptrace/internal/truth/lab"
)

// faults are what is planted among healthy conversations, one at a time.
var faults = []fault{
	{
		name: "a server with loss behind the tap", id: "loss", n: 15, by: "service", value: "10.20.0.9:443", waits: true, again: true,
		plant: some(15, "", "10.20.0.9:443", open+`
+20ms  < .  1:1461(1460) ack 201
+10us  < P. 1461:2001(540) ack 201
+60us  > .  201:201(0) ack 1461
+300ms < P. 1461:2001(540) ack 201
+60us  > .  201:201(0) ack 2001
`+closed),
	}, {
		name: "a server whose accept queue is full", id: "accept-queue", n: 12, by: "service", value: "10.20.0.9:8080", waits: true,
		plant: some(12, "", "10.20.0.9:8080", acceptQueueFull),
	}, {
		name: "a tunnel with a small MTU", id: "mtu", n: 10, by: "client-network", value: "10.9.0.0/24", fails: 10, waits: true, again: true,
		plant: some(10, "10.9.0.", "", open+`
+20ms   < .  1:1461(1460) ack 201
+10us   < P. 1461:2001(540) ack 201
+20.1ms > .  201:201(0) ack 1 <nop,nop,sack 1461:2001>
`+firstInVain),
	}, {
		name: "a tunnel that takes no full segment, where nothing smaller follows", id: "large-segments-lost", n: 10, by: "client-network", value: "10.9.0.0/24", fails: 9, waits: true, again: true,
		plant: some(10, "10.9.0.", "", open+`
+20ms   < .  1:1461(1460) ack 201
+10us   < .  1461:2921(1460) ack 201
+240ms  < .  1461:2921(1460) ack 201
`+firstInVain),
	}, {
		name: "a firewall that drops what is idle", id: "retries-exhausted", n: 10, by: "service", value: "10.20.0.9:5432", fails: 10, waits: true, again: true,
		plant: some(10, "", "10.20.0.9:5432", forgottenWhileIdle),
	}, {
		name: "two hosts with one address", id: "contradicted-answer", n: 8, by: "service", value: "10.20.0.9:80", waits: true,
		plant: func(p *planted) {
			some(6, "", "10.20.0.9:80", answeredByTwo)(p)
			some(2, "", "10.20.0.9:80", strings.Replace(answeredByTwo, "+20ms", "+250ms", 1))(p)
		},
	}, {
		name: "a network card that makes checksums wrong", id: "overlap-conflict", n: 10, by: "client", value: "10.3.0.66", waits: true, again: true,
		plant: some(10, "10.3.0.66", "", open+`
+20ms  < .  1:1(0)      ack 201
+100us > .  201:1661(1460) ack 1 badsum
+230ms > .  201:1661(1460) ack 1
+20ms  < P. 1:501(500)  ack 1661
+60us  > .  1661:1661(0) ack 501
`),
	}, {
		name: "a client that leaks", id: "client-leaks", n: 9, by: "client", value: "10.1.0.77",
		plant: some(9, "10.1.0.77", "", open+`
+20ms < P. 1:501(500) ack 201
+60us > .  201:201(0) ack 501
+5    < F. 501:501(0) ack 201
+40ms > .  201:201(0) ack 502
`),
	}, {
		name: "a NAT that forgets", id: "forgotten", n: 9, by: "client-network", value: "10.9.1.0/24", fails: 9,
		plant: some(9, "10.9.1.", "", open+`
+20ms  < P. 1:501(500) ack 201
+60us  > .  201:201(0) ack 501
+350   > P. 201:401(200) ack 501
+1.1ms < R  501:501(0) win 0 ipid 0
`),
	}, {
		name: "a refused service", id: "refused", n: 12, by: "service", value: "10.20.0.3:8443", fails: 12,
		plant: some(12, "", "10.20.0.3:8443", "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n"),
	}, {
		name: "a host that a router cannot reach", id: "unreachable", n: 9, by: "service", value: "10.20.7.7:443", fails: 9, waits: true,
		plant: some(9, "", "10.20.7.7:443", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < icmp 10.20.255.1 host\n+1 > S 0:0(0) win 64240 <mss 1460>\n+20ms < icmp 10.20.255.1 host\n"),
	}, {
		name: "a router that a loop leads back to", id: "routing-loop", n: 9, by: "service", value: "10.20.7.8:443", fails: 9, waits: true,
		plant: some(9, "", "10.20.7.8:443", "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < icmp 10.20.255.1 ttl\n+1 > S 0:0(0) win 64240 <mss 1460>\n+20ms < icmp 10.20.255.1 ttl\n"),
	}, {
		name: "SYNs that a server leaves unanswered since a moment", id: "no-answer", n: 30, by: "service", value: "10.20.0.5:443", since: true, fails: 30, waits: true,
		plant: func(p *planted) {
			for range 40 {
				p.add(time.Duration(p.rng.Int64N(int64(span/2))), p.client(), "10.20.0.5:443", p.exchange())
			}
			for range 30 {
				p.add(span/2+time.Duration(p.rng.Int64N(int64(span/2))), p.client(), "10.20.0.5:443",
					"+0 > S 0:0(0) win 64240 <mss 1460>\n+1 > S 0:0(0) win 64240 <mss 1460>\n+2 > S 0:0(0) win 64240 <mss 1460>\n")
			}
		},
	}, {
		name: "an application that is slow", id: "slow-server", n: 14, by: "service", value: "10.20.0.9:9200", waits: true,
		plant: some(14, "", "10.20.0.9:9200", open+`
+20ms < .  1:1(0) ack 201
+3.2  < .  1:1461(1460) ack 201
+10us < P. 1461:2001(540) ack 201
+60us > .  201:201(0) ack 2001
`+closed),
	}, {
		name: "one of three hosts behind an address, which is slow", id: "slow-server", n: 8, by: "backend", value: "10.20.0.9:8080 with TTL 61", waits: true,
		plant: func(p *planted) {
			for i := range 24 {
				body := p.exchange()
				if i%3 == 2 {
					body = open + "+2.5 < . 1:501(500) ack 201\n+60us > . 201:201(0) ack 501\n"
				}
				p.add(p.start(), p.client(), "10.20.0.9:8080", fmt.Sprintf("ttl 64 %d\n", 63-i%3)+body)
			}
		},
	}, {
		name: "a firewall that refuses in a server's name", id: "refused", n: 8, by: "backend", value: "10.20.0.9:8080 with TTL 255", fails: 8,
		plant: func(p *planted) {
			for i := range 24 {
				body := "ttl 64 57\n" + p.exchange()
				if i%3 == 2 {
					body = "ttl 64 255\n+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n"
				}
				p.add(p.start(), p.client(), "10.20.0.9:8080", body)
			}
		},
	}, {
		name: "a name whose servers are slow", id: "slow-server", n: 16, by: "name", value: "shop.example.com", waits: true,
		plant: func(p *planted) {
			for i := range 16 {
				p.add(p.start(), p.client(), fmt.Sprintf("10.20.0.%d:80", 30+i%2), named("shop.example.com"))
			}
		},
	}, {
		name: "clients behind another router", id: "retries-exhausted", n: 8, by: "client-ttl", value: "57", fails: 8, waits: true, again: true,
		plant: func(p *planted) {
			for range 8 {
				p.add(p.start(), p.client(), p.service(), "ttl 57 64\n"+forgottenWhileIdle)
			}
		},
	}, {
		name: "a server that takes none of a client's versions of TLS", id: "tls-rejected-by-server", n: 7, by: "client-network", value: "10.3.8.0/24", fails: 7,
		plant: some(7, "10.3.8.", "10.20.0.1:443", open+"+20ms < P. 1:8(7) ack 201 hex 15030100020246\n+10us < F. 8:8(0) ack 201\n+60us > . 201:201(0) ack 8\n"+
			"+90us > F. 201:201(0) ack 9\n+20ms < . 9:9(0) ack 202\n"),
	}, {
		name: "clients that do not trust a certificate", id: "tls-rejected-by-client", n: 8, by: "service", value: "10.20.0.9:8443", fails: 8,
		plant: some(8, "", "10.20.0.9:8443", open+"+20ms < P. 1:1401(1400) ack 201\n+1ms > P. 201:208(7) ack 1401 hex 15030300020230\n+50us > R. 208:208(0) ack 1401\n"),
	}, {
		name: "a server that closes without an answer", id: "closed-unserved", n: 11, by: "service", value: "10.20.0.9:8000", fails: 11,
		plant: some(11, "", "10.20.0.9:8000", open+"+20ms < F. 1:1(0) ack 201\n+60us > . 201:201(0) ack 2\n+100us > F. 201:201(0) ack 2\n+20ms < . 2:2(0) ack 202\n"),
	}, {
		name: "a pool that closes when its clients have given up waiting", id: "server-closes-late", n: 7, by: "service", value: "10.20.0.9:5432",
		plant: some(7, "", "10.20.0.9:5432", open+`
+20ms < P. 1:501(500) ack 201
+60us > F. 201:201(0) ack 501
+20ms < .  501:501(0) ack 202
+75   < F. 501:501(0) ack 202
+60us > R. 202:202(0) ack 502
`),
	}, {
		name: "clients that close after they waited in vain", id: "left-unserved", n: 9, by: "name", value: "api.example.com", fails: 9, waits: true,
		plant: some(9, "", "10.20.0.9:80", unanswered("api.example.com", "8")),
	}, {
		name: "a VPN that takes another exit", id: "longer-path", n: 60, by: "client-network", value: "10.9.3.0/24", since: true, waits: true,
		plant: func(p *planted) {
			for i := range 120 {
				rtt := time.Duration(18+p.rng.IntN(5)) * time.Millisecond
				if i >= 60 {
					rtt += 60 * time.Millisecond
				}
				p.add(time.Duration(i)*15*time.Second, fmt.Sprintf("10.9.3.%d", 1+p.rng.IntN(20)), p.service(), exchange(rtt, 10*time.Millisecond))
			}
		},
	}, {
		name: "a link with a long queue", id: "long-queue-to-client", n: 5, by: "client-network", value: "10.3.9.0/24", waits: true,
		plant: some(5, "10.3.9.", "10.20.0.1:443", queuedDownload(900, 4*time.Millisecond, 200)),
	}, {
		name: "a link whose queue overflows", id: "full-queue-to-client", n: 5, by: "client-network", value: "10.3.9.0/24", waits: true, again: true,
		plant: some(5, "10.3.9.", "10.20.0.1:443", overflowingDownload(900, 4*time.Millisecond, 50, 150)),
	}, {
		name: "paths of different length, packet by packet", id: "reordered-server", n: 6, by: "service", value: "10.20.0.9:443", again: true,
		plant: some(6, "", "10.20.0.9:443", overtaking(8, 4)),
	}, {
		name: "a window that limits a transfer", id: "limited-by-client", n: 8, by: "client", value: "10.2.0.50", waits: true,
		plant: func(p *planted) {
			for range 8 {
				p.add(p.start(), "10.2.0.50", p.service(), limitedTransfer(40, 5840))
			}
		},
	}, {
		name: "a buffer that limits transfers", id: "limited-by-server-buffer", n: 8, by: "service", value: "10.20.0.9:80", waits: true,
		plant: some(8, "", "10.20.0.9:80", limitedTransfer(40, 65000)),
	}, {
		name: "a proxy that sends all twice", id: "sent-twice-by-client", n: 8, by: "client", value: "10.3.0.9", again: true,
		plant: some(8, "10.3.0.9", "", sentTwice(3, 400*time.Microsecond)),
	}, {
		name: "a client that does not read", id: "slow-client-reader", n: 6, by: "client", value: "10.3.0.60", waits: true,
		plant: some(6, "10.3.0.60", "", `
+0      > S  0:0(0) win 2920 <mss 1460,sackOK,nop,wscale 0>
+20ms   < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
+60us   > .  1:1(0) ack 1
+90us   > P. 1:201(200) ack 1
+20ms   < .  1:1461(1460) ack 201 win 509
+12us   < P. 1461:2921(1460) ack 201
+40.1ms > .  201:201(0) ack 2921 win 0
+220ms  < .  2920:2920(0) ack 201
+60us   > .  201:201(0) ack 2921
+440ms  < .  2920:2920(0) ack 201
+60us   > .  201:201(0) ack 2921
+880ms  < .  2920:2920(0) ack 201
+60us   > .  201:201(0) ack 2921
+1.5    > .  201:201(0) ack 2921 win 2920
+20ms   < P. 2921:4001(1080) ack 201
+60us   > .  201:201(0) ack 4001 win 1792
`),
	}, {
		name: "a port scan", id: "scan", n: 60, since: true, by: "client", value: "10.4.0.99", fails: 60,
		plant: func(p *planted) {
			for i := range 60 {
				p.add(time.Minute+time.Duration(i)*40*time.Millisecond, "10.4.0.99", fmt.Sprintf("10.20.0.%d:%d", 1+i%3, 1000+i),
					"+0 > S 0:0(0) win 1024 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n")
			}
		},
	}, {
		name: "a port scan that meets refusals, silence and open ports", id: "scan", n: 62, since: true, by: "client", value: "10.4.0.98", fails: 62,
		plant: func(p *planted) {
			for i := range 62 {
				body := "+0 > S 0:0(0) win 1024 <mss 1460>\n"
				switch {
				case i%31 == 0:
					body += "+9ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+60us > R 1:1(0) win 0\n"
				case i%2 == 0:
					body += "+9ms < R. 0:0(0) ack 1 win 0\n"
				default:
					body += "+1 > S 0:0(0) win 1024 <mss 1460>\n"
				}
				p.add(time.Minute+time.Duration(i)*40*time.Millisecond, "10.4.0.98", fmt.Sprintf("10.20.0.%d:%d", 1+i%3, 1000+i), body)
			}
		},
	}, {
		name: "a server that restarts", id: "refused", n: 10, since: true, by: "service", value: "10.20.0.9:8080", fails: 10,
		plant: func(p *planted) {
			for i := range 50 {
				body := p.exchange()
				if i >= 20 && i < 30 {
					body = "+0 > S 0:0(0) win 64240 <mss 1460>\n+9ms < R. 0:0(0) ack 1 win 0\n"
				}
				p.add(time.Duration(i)*30*time.Second, p.client(), "10.20.0.9:8080", body)
			}
		},
	}, {
		name: "a sender that does not hear of a small MTU", id: "mtu-ignored", n: 8, by: "client-network", value: "10.9.0.0/24", fails: 8, waits: true, again: true,
		plant: some(8, "10.9.0.", "", open+`
+20ms   < .  1:1461(1460) ack 201
+10us   < P. 1461:2001(540) ack 201
+300us  > icmp 10.9.0.254 too-big mtu 1400 seq 1
+20.1ms > .  201:201(0) ack 1 <nop,nop,sack 1461:2001>
+240ms  < .  1:1461(1460) ack 201
+300us  > icmp 10.9.0.254 too-big mtu 1400 seq 1
+480ms  < .  1:1461(1460) ack 201
+300us  > icmp 10.9.0.254 too-big mtu 1400 seq 1
+960ms  < .  1:1461(1460) ack 201
+1.92   < .  1:1461(1460) ack 201
+3.84   < .  1:1461(1460) ack 201
`),
	}, {
		name: "keep-alives that nothing answers", id: "keep-alive", n: 7, by: "service", value: "10.20.1.9:22", fails: 7,
		plant: some(7, "", "10.20.1.9:22", open+`
+20ms < P. 1:22(21) ack 201
+60us > .  201:201(0) ack 22
+600  > .  200:200(0) ack 22
+10   > .  200:200(0) ack 22
+10   > .  200:200(0) ack 22
+10   > R. 201:201(0) ack 22
`),
	}, {
		name: "RSTs that somebody injects", id: "injected", n: 8, by: "service", value: "10.20.0.9:8443", fails: 8,
		plant: some(8, "", "10.20.0.9:8443", "timestamps 283746100 991827300\nttl 64 50\n"+`
+0     > S  0:0(0)        win 64240 <mss 1460,sackOK,TS,nop,wscale 7>
+20ms  < S. 0:0(0)  ack 1 win 65160 <mss 1460,sackOK,TS,nop,wscale 7>
+70us  > .  1:1(0)  ack 1 win 502
+300us > P. 1:101(100) ack 1
+5ms   < R  1:1(0)        win 0 ttl 90 forged
+15ms  < .  1:1(0)  ack 101 win 509
+1ms   < P. 1:501(500) ack 101
+50us  > R  101:101(0)  win 0
+50us  > R  101:101(0) win 0
`),
	}, {
		name: "clients of one network that send again and again", id: "loss", n: 18, by: "client-network", value: "10.9.2.0/24", waits: true, again: true,
		plant: some(18, "10.9.2.", "", open+`
+220ms > P. 1:201(200) ack 1
+440ms > P. 1:201(200) ack 1
+880ms > P. 1:201(200) ack 1
+20ms  < .  1:1461(1460) ack 201
+10us  < P. 1461:2001(540) ack 201
+60us  > .  201:201(0) ack 2001
`+closed),
	}, {
		name: "ports taken again from TIME_WAIT", id: "time-wait", n: 6, by: "client", value: "10.1.0.88", waits: true,
		plant: func(p *planted) {
			for range 6 {
				p.add(p.start(), "10.1.0.88", p.service(), timeWait)
			}
		},
	}, {
		name: "a SYN flood", id: "half-open", n: 40, since: true, by: "service", value: "10.20.0.9:25", fails: 40,
		plant: func(p *planted) {
			for i := range 40 {
				p.add(time.Minute+time.Duration(i)*time.Millisecond, fmt.Sprintf("172.16.%d.%d", p.rng.IntN(200), p.rng.IntN(200)), "10.20.0.9:25",
					"+0 > S 0:0(0) win 64240 <mss 1460>\n+60us < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+1 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+2 < S. 0:0(0) ack 1 win 65160 <mss 1460>\n")
			}
		},
	}, {
		name: "a link that is down for ten seconds", id: "outage", n: 9, since: true, fails: 3, waits: true, again: true,
		plant: func(p *planted) {
			down := 10 * time.Minute
			for i := range 3 {
				p.add(down+time.Duration(i)*time.Second-110*time.Millisecond, p.client(), p.service(), open+"+20ms < . 1:501(500) ack 201\n+50us > . 201:201(0) ack 501\n"+stopped)
				p.add(down+time.Duration(2*i)*time.Second, p.client(), p.service(), "+0 > S 0:0(0) win 64240 <mss 1460>\n+1 > S 0:0(0) win 64240 <mss 1460>\n+2 > S 0:0(0) win 64240 <mss 1460>\n"+
					"+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+60us > . 1:1(0) ack 1\n")
				p.add(down+time.Duration(i)*3*time.Second, p.client(), p.service(), "+0 > S 0:0(0) win 64240 <mss 1460>\n+1 > S 0:0(0) win 64240 <mss 1460>\n+2 > S 0:0(0) win 64240 <mss 1460>\n")
			}
		},
	}, {
		name: "a server that a client leaves in mid-answer", id: "write-after-close", n: 7, by: "client", value: "10.3.0.44", fails: 7,
		plant: some(7, "10.3.0.44", "", open+`
+20ms  < P. 1:501(500) ack 201 win 509
+50us  > .  201:201(0) ack 501 win 501
+90ms  > F. 201:201(0) ack 501
+60ms  < .  501:501(0) ack 202
+24ms  < P. 501:1001(500) ack 202
+40us  > R  202:202(0) win 0 ipid 0
`),
	}, {
		name: "clients that wait for an answer in vain", id: "given-up-waiting", n: 9, by: "service", value: "10.20.0.9:9200", fails: 9, waits: true,
		plant: some(9, "", "10.20.0.9:9200", open+"+20ms < . 1:1(0) ack 201\n+5 > R. 201:201(0) ack 1\n"),
	}, {
		name: "a server that greets late", id: "slow-server", n: 9, by: "service", value: "10.20.0.9:25", waits: true,
		plant: some(9, "", "10.20.0.9:25", `
+0    > S  0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>
+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
+60us > .  1:1(0) ack 1 win 502
+5    < P. 1:81(80) ack 1
+60us > .  1:1(0) ack 81
+1ms  > P. 1:21(20) ack 81
+20ms < P. 81:141(60) ack 21
+60us > F. 21:21(0) ack 141
+20ms < F. 141:141(0) ack 22
+60us > .  22:22(0) ack 142
`),
	}, {
		name: "a server that closes just as it is used again", id: "write-after-close", n: 9, by: "service", value: "10.20.0.9:443", fails: 9,
		plant: some(9, "", "10.20.0.9:443", open+`
+20ms < P. 1:501(500) ack 201
+60us > .  201:201(0) ack 501
+5    > P. 201:401(200) ack 501
+1ms  < F. 501:501(0) ack 201
+60us > .  401:401(0) ack 502
+19ms < R  501:501(0) win 0 ipid 0
+1ms  < R  502:502(0) win 0 ipid 0
`),
	}, {
		name: "a mirror port that copies twice", id: "duplicates", n: 200, plant: func(p *planted) {
			for _, f := range slices.Clone(p.frames) {
				f.Time += 4000
				p.frames = append(p.frames, f)
			}
		},
	}, {
		name: "a snap length that cuts headers", id: "cut-headers", n: 200, plant: func(p *planted) {
			for i := range p.frames {
				f := &p.frames[i]
				f.Data = f.Data[:min(len(f.Data), 56)]
			}
		},
	}, {
		name: "a tap that hears one side", id: "one-sided", n: 200, plant: func(p *planted) {
			p.frames = slices.DeleteFunc(p.frames, fromServer)
		},
	}, {
		name: "a tap that loses packets", id: "capture-loss", n: 200, plant: func(p *planted) {
			p.frames = slices.DeleteFunc(p.frames, func(f lab.Frame) bool { return len(f.Data) > 1400 })
		},
	},
}
