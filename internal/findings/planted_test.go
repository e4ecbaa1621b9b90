package findings_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"testing"

	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/truth/lab"
)

// planted is a capture that is made for a test: healthy conversations, and some with a fault.
type planted struct {
	t      testing.TB
	rng    *rand.Rand
	port   int
	frames []lab.Frame
}

// The healthy conversations: half an hour of clients in four networks and six services.
const (
	healthy = 200
	span    = 30 * time.Minute
)

func newPlanted(t testing.TB) *planted {
	return &planted{t: t, rng: rand.New(rand.NewPCG(1, 2)), port: 40000}
}

// start is a moment of the capture.
func (p *planted) start() time.Duration { return time.Duration(p.rng.Int64N(int64(span))) }

// client is one of forty.
func (p *planted) client() string {
	return fmt.Sprintf("10.%d.0.%d", 1+p.rng.IntN(4), 1+p.rng.IntN(10))
}

// service is one of six.
func (p *planted) service() string {
	return [...]string{"10.20.0.1:80", "10.20.0.1:443", "10.20.0.2:443", "10.20.0.3:443", "10.20.1.1:5432", "10.20.1.2:22"}[p.rng.IntN(6)]
}

// add puts a conversation into the capture: body is its script without the endpoints.
func (p *planted) add(at time.Duration, client, server, body string) {
	p.t.Helper()
	p.port++
	if !strings.Contains(client, ":") {
		client = fmt.Sprintf("%s:%d", client, p.port)
	}
	text := fmt.Sprintf("client %s\nserver %s\nisn %d %d\n%s", client, server, p.rng.Uint32(), p.rng.Uint32(), body)
	for _, f := range scripts.Frames(p.t, text) {
		f.Time += int64(at)
		p.frames = append(p.frames, f)
	}
}

// addHealthy adds the conversations of which nothing is to be told.
func (p *planted) addHealthy() {
	for range healthy {
		p.add(p.start(), p.client(), p.service(), p.exchange())
	}
}

// exchange is a request, an answer and a close in good order.
func (p *planted) exchange() string {
	return exchange(time.Duration(5+p.rng.IntN(40))*time.Millisecond, time.Duration(1+p.rng.IntN(200))*time.Millisecond)
}

// exchange is one with that round trip behind the tap, and that time until its server answers.
func exchange(rtt, think time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, opened, rtt)
	fmt.Fprintf(&b, "+%v < .  1:1461(1460) ack 201\n+10us < P. 1461:2001(540) ack 201\n+60us > . 201:201(0) ack 2001\n", rtt+think)
	fmt.Fprintf(&b, "+3ms > F. 201:201(0) ack 2001\n+%v < F. 2001:2001(0) ack 202\n+60us > . 202:202(0) ack 2002\n", rtt)
	return b.String()
}

// opened is a handshake and a request; it takes the round trip between the tap and the server.
const opened = `
+0    > S  0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>
+%v   < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
+60us > .  1:1(0) ack 1 win 502
+90us > P. 1:201(200) ack 1
`

// open is opened by twenty milliseconds.
var open = fmt.Sprintf(opened, 20*time.Millisecond)

// capture is the frames in order.
func (p *planted) capture() []lab.Frame {
	slices.SortStableFunc(p.frames, func(a, b lab.Frame) int { return int(a.Time - b.Time) })
	return p.frames
}

// fault is something that goes wrong in some conversations of a capture, and what is to be found of it.
type fault struct {
	name  string
	plant func(p *planted)
	id    string
	n     uint64
	by    string // the factor
	value string
	since bool
	fails uint64 // conversations
	waits bool
	again bool
}

// some plants n conversations.
func some(n int, client, server, body string) func(*planted) {
	return func(p *planted) {
		for range n {
			c, s := client, server
			if c == "" {
				c = p.client()
			} else if strings.HasSuffix(c, ".") {
				c += fmt.Sprint(1 + p.rng.IntN(200))
			}
			if s == "" {
				s = p.service()
			}
			p.add(p.start(), c, s, body)
		}
	}
}

// named is a request by name, over HTTP, that is answered late.
func named(name string) string {
	request := "GET / HTTP/1.1\\r\\nHost: " + name + "\\r\\n\\r\\n"
	n := len("GET / HTTP/1.1\r\nHost: \r\n\r\n") + len(name)
	handshake := open[:strings.LastIndexByte(strings.TrimSpace(open), '\n')+1]
	return handshake + fmt.Sprintf("\n+90us > P. 1:%d(%d) ack 1 \"%s\"\n+2 < P. 1:501(500) ack %[1]d\n+60us > . %[1]d:%[1]d(0) ack 501\n", n+1, n, request)
}

// forgottenWhileIdle is a connection of which a device on the way knows nothing any more after a pause, and drops what comes.
var forgottenWhileIdle = open + `
+20ms  < P. 1:501(500) ack 201
+60us  > .  201:201(0) ack 501
+330   > P. 201:401(200) ack 501
+260ms > P. 201:401(200) ack 501
+520ms > P. 201:401(200) ack 501
+1.04  > P. 201:401(200) ack 501
+2.08  > P. 201:401(200) ack 501
+4.16  > P. 201:401(200) ack 501
+8.32  > R. 401:401(0) ack 501
`

const closed = `
+3ms  > F. 201:201(0) ack 2001
+20ms < F. 2001:2001(0) ack 202
+60us > .  202:202(0) ack 2002
`

// fromServer reports whether a frame comes from one of the servers: IPv4 without options.
func fromServer(f lab.Frame) bool { return f.Data[14+12] == 10 && f.Data[14+13] == 20 }

// timeWait is a connection from whose port another comes too soon.
const timeWait = `
conn again isn 1 2404001777
+0      > S   0:0(0)              win 64240 <mss 1460,sackOK,nop,nop,nop,wscale 7>
+20.1ms < S.  0:0(0)       ack 1  win 65160 <mss 1460,sackOK,nop,nop,nop,wscale 7>
+70us   > .   1:1(0)       ack 1  win 502
+300us  > P.  1:101(100)   ack 1
+20.2ms < P.  1:201(200)   ack 101 win 509
+30us   < F.  201:201(0)   ack 101
+60us   > F.  101:101(0)   ack 202 win 501
+20.2ms < .   202:202(0)   ack 102
+3      again> S  0:0(0)          win 64240 <mss 1460,sackOK,nop,nop,nop,wscale 7>
+20.1ms < .   202:202(0)   ack 102
+50us   > R   102:102(0)          win 0 ipid 0
+1.0041 again> S  0:0(0)          win 64240 <mss 1460,sackOK,nop,nop,nop,wscale 7>
+20.1ms again< S. 0:0(0)   ack 1  win 65160 <mss 1460,sackOK,nop,nop,nop,wscale 7>
+70us   again> .  1:1(0)   ack 1  win 502
+300us  again> P. 1:101(100) ack 1
+20.2ms again< P. 1:201(200) ack 101 win 509
`

// limitedTransfer is a download of so many round trips whose sender sends four segments in each, over a long round trip behind the tap; its receiver offers such a window.
func limitedTransfer(trips, window int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
+0     > S  0:0(0) win %d <mss 1460,sackOK>
+100us < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK>
+100ms > .  1:1(0) ack 1 win %[1]d
+90us  > P. 1:201(200) ack 1
+100us < .  1:1(0) ack 201
`, window)
	at := 1
	for range trips {
		for i := range 4 {
			fmt.Fprintf(&b, "+%dus < . %d:%d(1460) ack 201\n", 10+i, at, at+1460)
			at += 1460
		}
		fmt.Fprintf(&b, "+100ms > . 201:201(0) ack %d\n", at)
	}
	fmt.Fprintf(&b, "+3ms < F. %d:%d(0) ack 201\n+100ms > F. 201:201(0) ack %d\n+100us < . %d:%d(0) ack 202\n", at, at, at+1, at+1, at+1)
	return b.String()
}

// firstInVain is the server's first full segment, sent again and again.
const firstInVain = `
+240ms  < .  1:1461(1460) ack 201
+480ms  < .  1:1461(1460) ack 201
+960ms  < .  1:1461(1460) ack 201
+1.92   < .  1:1461(1460) ack 201
+3.84   < .  1:1461(1460) ack 201
`

// stopped is a request that nothing acknowledges for 6.3 s, and its answer.
const stopped = `
+100ms > P. 201:401(200) ack 501
+220ms > P. 201:401(200) ack 501
+440ms > P. 201:401(200) ack 501
+880ms > P. 201:401(200) ack 501
+1.76  > P. 201:401(200) ack 501
+3.52  > P. 201:401(200) ack 501
+20ms  < P. 501:1001(500) ack 401
+60us  > .  401:401(0) ack 1001
`

// answeredByTwo is a SYN that two hosts answer; the client takes the first answer.
const answeredByTwo = `
+0     > S  0:0(0) win 64240 <mss 1460,sackOK,nop,wscale 7>
+20ms  < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
+1ms   < S. raw 77777:77777(0) ack 1 win 8192 <mss 1460> ttl 128 forged
+60us  > .  1:1(0) ack 1 win 502
+90us  > P. 1:201(200) ack 1
+20ms  < R  raw 77778:77778(0) ttl 128 forged
+1ms   < P. 1:501(500) ack 201
+60us  > .  201:201(0) ack 501
+3ms   > F. 201:201(0) ack 501
+20ms  < F. 501:501(0) ack 202
+60us  > .  202:202(0) ack 502
`

// acceptQueueFull is a connection that its server does not accept at first.
var acceptQueueFull = open + `
+220ms > P. 1:201(200) ack 1
+780ms < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
+50us  > .  201:201(0) ack 1 win 502
+600ms > P. 1:201(200) ack 1
+1.4   < S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,nop,wscale 7>
+50us  > .  201:201(0) ack 1 win 502
+400ms > P. 1:201(200) ack 1
+20ms  < .  1:1461(1460) ack 201 win 509
+10us  < P. 1461:2001(540) ack 201
+60us  > .  201:201(0) ack 2001
` + closed
