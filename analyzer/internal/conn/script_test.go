package conn

import (
	"fmt"
	"strings"
	"testing"

	"tcptrace/internal/testutil/scripts"
	"tcptrace/internal/wire"
)

// edge is the boundary of a rule. In its script @ stands for a value; at lists values on both sides of the boundary,
// each with what is then known.
type edge struct {
	why    string
	script string
	ask    ask
	at     []string // value, answer, value, answer...
}

// ask is a question about a connection of which the segments of a script passed, but the last, which it may have pass, too.
type ask func(c *Conn, p *FactPool, last *wire.Segment) string

// after asks what is known when all have passed.
func after(question func(c *Conn, p *FactPool) string) ask {
	return func(c *Conn, p *FactPool, last *wire.Segment) string {
		c.Segment(p, last)
		return question(c, p)
	}
}

func checkEdges(t *testing.T, edges []edge) {
	t.Helper()
	for _, e := range edges {
		scripts.Edge(t, e.why, e.script, e.at, func(t *testing.T, script string) string { return e.ask(pass(t, script)) })
	}
}

// pass has the segments of a script pass, but the last. Both ISNs are 0; the client's direction is 0.
func pass(t *testing.T, text string) (c *Conn, p *FactPool, last *wire.Segment) {
	t.Helper()
	frames := scripts.Frames(t, "isn 0 0\n"+text)
	var d wire.Decoder
	c, p, last = &Conn{FirstFrame: 1, Flags: Watching}, &FactPool{}, &wire.Segment{}
	for i, f := range frames {
		if i > 0 {
			c.DisownFIN(p, last)
			c.Segment(p, last)
		} else {
			c.First = Time(f.Time)
		}
		d.Decode(wire.LinkType(f.Link), f.Data, uint32(f.WireLen), last)
		last.Time, last.Frame = f.Time, uint64(i+1)
		c.Key = last.Key
	}
	return c, p, last
}

// Parts of scripts. The tap is at the client; the way to the server and back takes 20 ms.
const (
	opened  = "+0 > S 0:0(0) win 64240 <mss 1460>\n+20ms < S. 0:0(0) ack 1 win 65160 <mss 1460>\n+50us > . 1:1(0) ack 1\n"
	request = opened + "+1ms > P. 1:101(100) ack 1\n+20ms < P. 1:201(200) ack 101\n+50us > . 101:101(0) ack 201\n"
)

// acked asks for how far a direction has acknowledged its peer.
func acked(dir uint8) ask {
	return after(func(c *Conn, _ *FactPool) string { return fmt.Sprint(uint32(c.Half[dir].Acked)) })
}

// framesWith asks for the frames that are facts and have one of the bits; all that are facts if there are none to have.
func framesWith(bits FactBits) ask {
	return after(func(c *Conn, p *FactPool) string { return c.framesWith(p, bits) })
}

func (c *Conn) framesWith(p *FactPool, bits FactBits) string {
	var frames []string
	for f := range c.Facts.All(p) {
		if bits == 0 || f.Bits.Has(bits) {
			frames = append(frames, fmt.Sprint(1+f.Ahead))
		}
	}
	return strings.Join(frames, " ")
}
