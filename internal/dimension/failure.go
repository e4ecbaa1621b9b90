package dimension

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/timing"
)

// Failure says how a conversation failed. Its zero value is of one that did not, as far as the capture shows.
type Failure uint8

// The failures. Text says what each one is.
const (
	NoFailure Failure = iota
	Refused
	Unanswered
	HalfOpen
	ResetInHandshake
	Cut
	Undelivered
	TimedOut
	TLSAlert
	Unserved
	NumFailures
)

var failures = [NumFailures]struct{ name, text string }{
	NoFailure:        {"", ""},
	Refused:          {"refused", "an RST answered the SYN"},
	Unanswered:       {"unanswered", "nothing answered the SYN, and its sender tried again, waited for long or gave up"},
	HalfOpen:         {"half-open", "the SYN-ACK was never acknowledged, and its sender tried again or waited for long"},
	ResetInHandshake: {"reset-in-handshake", "an RST ended it before both endpoints were ESTABLISHED"},
	Cut:              {"cut", "an RST ended it that came from a host or a device on the path that did not know it any more, or from somebody else"},
	Undelivered:      {"undelivered", "an RST, or a path that drops large packets, ended it with bytes that were never acknowledged"},
	TimedOut:         {"timed-out", "an endpoint gave up on a peer that no longer answered, or a client on an answer"},
	Unserved:         {"unserved", "the server closed, or reset, without an answer to the request, or the client closed when it had waited for one"},
	TLSAlert:         {"tls-alert", "a fatal alert of TLS, in clear, ended its handshake"},
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
// an RST behind all that was sent, by which many applications close, is no failure, unless it ends the wait for an answer. Nor is a FIN that is
// never acknowledged.
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
	case has("tls-alert"):
		return TLSAlert
	case has("retries-exhausted"), has("keep-alive-timeout"), inVain(c, j):
		return TimedOut
	case lost && (reset || has("mtu-black-hole")):
		return Undelivered
	case unserved(c, j):
		return Unserved
	}
	return NoFailure
}

// soon is how long a request takes, and a server that has no answer, at most.
const soon = time.Second

// unserved reports whether a request was never answered, by a single byte, and who waited for that is known: the server, which closes or resets as soon as it has it; or
// the client, which closes after a while, and speaks a protocol in which every request is answered. Others send what they have and want no answer.
func unserved(c *analyzer.Conversation, j *analyzer.Judgment) bool {
	client, server := &c.Sent[analyzer.Client], &c.Sent[analyzer.Server]
	if c.Roles != analyzer.RolesHandshake || server.Packets == 0 || server.StreamBytes > 0 || client.StreamBytes == 0 || client.DataTime >= soon {
		return false
	}
	if j.Close.Kind == analyzer.CloseReset { // a load balancer that has nobody behind it, a process that dies
		return j.Close.By == analyzer.Server && j.Close.Cause.String() == "aborted" && c.Spent[timing.Server] < soon && c.Spent[timing.Idle] == 0
	}
	if !j.Close.HasFirst || j.Close.Simultaneous {
		return false
	}
	if j.Close.First == analyzer.Server {
		return c.Spent[timing.Server] < soon && c.Spent[timing.Idle] == 0
	}
	name := c.Names[analyzer.Server].Kind.String()
	return c.Spent[timing.Idle] >= soon && (name == "tls-sni" || name == "http-host" || c.ALPN != "")
}

// inVain reports whether an RST of the client ended the wait for an answer of the server.
func inVain(c *analyzer.Conversation, j *analyzer.Judgment) bool {
	return j.Close.Kind == analyzer.CloseReset && j.Close.By == analyzer.Client && j.Close.Cause.String() == "aborted" && c.Sent[analyzer.Server].AwaitedMax > 0
}
