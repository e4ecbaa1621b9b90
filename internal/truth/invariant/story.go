package invariant

import (
	"regexp"
	"strconv"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// claim is a sentence of the story and what must be true for it.
type claim struct {
	text string
	want string
	ok   func(k *checker) bool
}

func ended(some ...analyzer.Outcome) func(k *checker) bool {
	is := outcomes(some...)
	return func(k *checker) bool { return is(k, nil) }
}

func left(states ...fsm.State) func(k *checker) bool {
	return func(k *checker) bool {
		for _, s := range k.j.State {
			ok := false
			for _, want := range states {
				ok = ok || s == want
			}
			if !ok {
				return false
			}
		}
		return true
	}
}

var claims = []claim{
	{"both FINs were acknowledged", "the outcome closed", ended(analyzer.Closed)},
	{"the close was not completed", "the outcome closing", ended(analyzer.Closing)},
	{"neither side closed", "the outcome open", ended(analyzer.Open)},
	{"ended by an RST", "a close by an RST", func(k *checker) bool { return k.j.Close.Kind == analyzer.CloseReset }},
	{"ended at one end only, by an RST", "a close by an RST at one end", func(k *checker) bool {
		return k.j.Close.Kind == analyzer.CloseReset && !left(fsm.Closed, fsm.Listen)(k)
	}},
	{"and was refused", "the outcome refused", ended(analyzer.Refused)},
	{"and got no answer", "the outcome unanswered", ended(analyzer.Unanswered)},
	{"got a SYN-ACK that nobody acknowledged", "the outcome half-open", ended(analyzer.HalfOpen)},
	{"both sides have the connection still", "both ESTABLISHED", left(fsm.Established)},
	{"nothing is left of it on either side", "both CLOSED", left(fsm.Closed, fsm.Listen)},
	{"the capture begins in the middle", "neither SYN nor SYN-ACK", func(k *checker) bool { return !k.saw(opens) }},
	{"(the client) opened the connection", "a SYN or SYN-ACK", func(k *checker) bool { return k.saw(opens) }},
	{"nothing went wrong", "no loss, no retransmission, no reset, no wait", (*checker).allWell},
}

// allWell reports whether nothing was lost, sent again, reset, refused or waited for. Who waited for a window has a warning; who
// has everything needs none.
func (k *checker) allWell() bool {
	for side := range k.c.Sent {
		s := &k.c.Sent[side]
		if s.Retransmitted() > 0 || s.LostBefore+s.LostBehind > 0 {
			return false
		}
	}
	for i := range k.j.Anomalies {
		if k.j.Anomalies[i].Kind.Severity > analyzer.SeverityNote {
			return false
		}
	}
	return ended(analyzer.Open, analyzer.Closed, analyzer.Closing)(k)
}

var (
	repeated = regexp.MustCompile(`the (client|server) sent ([0-9,]+) bytes? \(([0-9,]+) of them more than once\)`)
	negative = regexp.MustCompile(`(^|[ (])[-−][0-9]`)
)

// Story lists what a conversation's story says that its record does not.
func Story(c *analyzer.Conversation, j *analyzer.Judgment, story []string) []string {
	k := checker{c: c, j: j}
	text := strings.ToLower(strings.Join(story, " "))
	for _, claim := range claims {
		if strings.Contains(text, strings.ToLower(claim.text)) && !claim.ok(&k) {
			k.errorf("story: %q without %s (outcome %v, %v and %v)", claim.text, claim.want, c.Outcome, j.State[0], j.State[1])
		}
	}
	for _, m := range repeated.FindAllStringSubmatch(text, -1) {
		side := analyzer.Client
		if m[1] == analyzer.Server.String() {
			side = analyzer.Server
		}
		sent, again := &c.Sent[side], number(m[3])
		if again > number(m[2]) || again > sent.RetransmittedBytes {
			k.errorf("story: %s of %s bytes more than once", m[3], m[2])
		}
		if !c.Quick && sent.Retransmitted()+uint64(sent.ProbePackets) == 0 {
			k.errorf("story: %s bytes of the %v more than once, but it retransmitted nothing", m[3], side)
		}
	}
	if m := negative.FindString(text); m != "" {
		k.errorf("story: a negative number: %s", text)
	}
	return k.found
}

func number(s string) uint64 {
	n, _ := strconv.ParseUint(strings.ReplaceAll(s, ",", ""), 10, 64)
	return n
}
