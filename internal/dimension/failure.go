package dimension

import "tcptrace/analyzer"

// Failure says how a conversation failed. Its zero value is of one that did not, as far as the capture shows.
type Failure uint8

// The failures.
const (
	NoFailure        Failure = iota
	Refused                  // an RST answered the SYN
	Unanswered               // nothing answered the SYN, and its sender tried again, waited for long or gave up
	HalfOpen                 // the SYN-ACK was never acknowledged, and its sender tried again or waited for long
	ResetInHandshake         // an RST ended it before both endpoints were ESTABLISHED
	Cut                      // an RST ended it in the midst: of a host that did not know it, of a device on the path, of somebody else
	Undelivered              // an RST, or a path that drops what is large, ended it, and bytes that had been sent were never acknowledged
	TimedOut                 // an endpoint gave up, since its peer did not answer any more
	NumFailures
)

var failures = [NumFailures]struct{ name, text string }{
	NoFailure:        {"", ""},
	Refused:          {"refused", "the server refused the connection"},
	Unanswered:       {"unanswered", "nothing answered the client"},
	HalfOpen:         {"half-open", "the client never acknowledged the server's answer"},
	ResetInHandshake: {"reset-in-handshake", "an RST ended it while it was being opened"},
	Cut:              {"cut", "an RST ended it by which its sender, or a device on the path, did not know it any more"},
	Undelivered:      {"undelivered", "it ended with bytes on the way that never arrived"},
	TimedOut:         {"timed-out", "an endpoint gave up on a peer that did not answer any more"},
}

// String is the failure's name, empty for NoFailure.
func (f Failure) String() string { return failures[min(f, NumFailures-1)].name }

// Text is the failure in plain words.
func (f Failure) Text() string { return failures[min(f, NumFailures-1)].text }

// resets are the causes of an RST that are failures whatever had been delivered before, by name. The others, by which applications
// end what they are done with, are failures only if they lose something.
var resets = map[string]Failure{
	"half-open": Cut, "unknown-on-path": Cut, "challenge-ack": Cut, "injected": Cut, "keep-alive-timeout": TimedOut,
}

// Failed says how c failed, of which j is the judgment: whether what it was opened for, opening included, did not come about, and the
// capture shows that. A SYN at the end of a capture has not failed, nor has the segment of a port scan that begins no connection; and
// an RST behind all that was sent, by which many applications close, is no failure. Nor is a FIN that is never acknowledged.
func Failed(c *analyzer.Conversation, j *analyzer.Judgment) Failure {
	has := func(id string) bool {
		for i := range j.Anomalies {
			if j.Anomalies[i].Kind.ID == id {
				return true
			}
		}
		return false
	}
	lost := c.Unacknowledged(analyzer.Client)+c.Unacknowledged(analyzer.Server) > 0
	reset := j.Close.Kind == analyzer.CloseReset
	switch {
	case has("port-scan"):
		return NoFailure
	case c.Outcome == analyzer.Refused:
		return Refused
	case has("no-answer"):
		return Unanswered
	case has("handshake-incomplete"):
		return HalfOpen
	case has("rst-in-handshake"):
		return ResetInHandshake
	case reset && resets[j.Close.Cause.String()] != NoFailure:
		return resets[j.Close.Cause.String()]
	case has("retries-exhausted"), has("keep-alive-timeout"):
		return TimedOut
	case lost && (reset || has("mtu-black-hole")):
		return Undelivered
	}
	return NoFailure
}
