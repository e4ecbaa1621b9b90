package invariant

import (
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// verdict is what an outcome allows beside it.
type verdict struct {
	close  []analyzer.CloseKind
	states []zeekState
	needs  analyzer.Completeness // one of these kinds of segments was captured
	ends   func(k *checker) bool // the final states fit
	text   string                // what ends wants
}

// zeekState is a conn_state and where else than by the outcome it depends on what was captured.
type zeekState struct {
	state string
	when  func(k *checker) bool // nil: always
}

const opens = analyzer.SawSYN | analyzer.SawSYNACK

// verdicts is the whole of what outcome, close.kind, conn_state and the final states can be together. conn_state is Zeek's:
// what each side sent, not what the other received of it. So an RST behind two FINs leaves SF, and a side that was not
// captured did not send anything.
var verdicts = [analyzer.NumOutcomes]verdict{
	analyzer.Open: {
		close: []analyzer.CloseKind{analyzer.CloseNone},
		states: []zeekState{{"S1", nil}, {"OTH", nil}, {"S0", (*checker).noSYNACK},
			{"S2", (*checker).aFINIsNotTaken}, {"S3", (*checker).aFINIsNotTaken},
			{"SH", (*checker).aFINIsNotTaken}, {"SHR", (*checker).aFINIsNotTaken}},
		ends: func(k *checker) bool { return !k.over(analyzer.Client) && !k.over(analyzer.Server) },
		text: "neither side closed, by FIN or RST",
	},
	analyzer.Closed: {
		close: []analyzer.CloseKind{analyzer.CloseGraceful},
		states: []zeekState{
			{"SF", nil}, {"SH", (*checker).aSideIsMissing}, {"SHR", (*checker).aSideIsMissing},
			{"OTH", (*checker).aFINIsMissing}, {"S2", (*checker).aFINIsMissing}, {"S3", (*checker).aFINIsMissing},
		},
		needs: analyzer.SawFIN | analyzer.SawRST,
		ends:  func(k *checker) bool { return k.finished(analyzer.Client) && k.finished(analyzer.Server) },
		text:  "both sides in TIME_WAIT or CLOSED, by FINs",
	},
	analyzer.Closing: {
		close: []analyzer.CloseKind{analyzer.CloseUnfinished},
		states: []zeekState{
			{"S2", nil}, {"S3", nil}, {"SF", (*checker).bothSentFIN},
			{"SH", nil}, {"SHR", nil}, {"OTH", (*checker).aFINIsMissing},
		},
		ends: func(k *checker) bool {
			return !(k.finished(analyzer.Client) && k.finished(analyzer.Server)) && (k.closes(analyzer.Client) || k.closes(analyzer.Server)) && !k.byRST()
		},
		text: "one side behind a FIN, not both at the end, none by RST",
	},
	analyzer.Reset: {
		close: []analyzer.CloseKind{analyzer.CloseReset},
		states: []zeekState{
			{"RSTO", nil}, {"RSTR", nil}, {"RSTRH", nil}, {"RSTOS0", nil}, {"OTH", (*checker).midstream},
			{"REJ", (*checker).bothSentRST}, {"SF", (*checker).bothSentFIN},
		},
		needs: analyzer.SawRST,
		ends:  (*checker).byRST,
		text:  "one side ended by an RST",
	},
	analyzer.Refused: {
		close:  []analyzer.CloseKind{analyzer.CloseReset},
		states: []zeekState{{"REJ", nil}},
		needs:  analyzer.SawSYN | analyzer.SawRST,
		ends: func(k *checker) bool {
			return k.endedBy(analyzer.Client, fsm.RecvRST) || k.probed() && k.only(analyzer.Client) && k.endedBy(analyzer.Server, fsm.SendRST)
		},
		text: "the client CLOSED by the RST that it received, or a port scan answered by one",
	},
	analyzer.Unanswered: {
		close: []analyzer.CloseKind{analyzer.CloseNone, analyzer.CloseReset}, // its client may give up by an RST
		states: []zeekState{
			{"S0", nil}, {"SH", nil}, {"RSTOS0", nil}, {"OTH", nil},
		},
		ends: func(k *checker) bool {
			return (k.saw(analyzer.SawSYN) || k.probed()) && k.only(analyzer.Client, fsm.SynSent, fsm.Closed) && k.only(analyzer.Server, fsm.SynSent, fsm.Closed)
		},
		text: "a SYN, or a port scan, and both in no other state than SYN_SENT and CLOSED",
	},
	analyzer.HalfOpen: {
		close: []analyzer.CloseKind{analyzer.CloseNone},
		states: []zeekState{
			{"S1", nil}, {"OTH", nil}, {"S2", (*checker).aFINIsNotTaken}, {"S3", (*checker).aFINIsNotTaken},
			{"SH", (*checker).aFINIsNotTaken}, {"SHR", (*checker).aFINIsNotTaken},
		},
		needs: analyzer.SawSYNACK,
		ends: func(k *checker) bool {
			return slices.Contains([]fsm.State{fsm.SynRcvd, fsm.Listen}, k.j.State[analyzer.Server])
		},
		text: "the server in SYN_RCVD or LISTEN again",
	},
}

// outcome holds outcome, close, conn_state and final states against each other.
func (k *checker) outcome() {
	c := k.c
	if c.Outcome >= analyzer.NumOutcomes {
		k.errorf("outcome %d", c.Outcome)
		return
	}
	v := &verdicts[c.Outcome]
	if !slices.Contains(v.close, k.j.Close.Kind) {
		k.errorf("outcome %v beside close %v, want %v", c.Outcome, k.j.Close.Kind, v.close[0])
	}
	i := slices.IndexFunc(v.states, func(z zeekState) bool { return z.state == c.ConnState.String() })
	if i < 0 || v.states[i].when != nil && !c.Quick && !v.states[i].when(k) {
		k.errorf("outcome %v beside conn_state %v", c.Outcome, c.ConnState)
	}
	if v.needs != 0 && !k.saw(v.needs) {
		k.errorf("outcome %v, but no segment was captured that shows it (completeness %d)", c.Outcome, c.Completeness)
	}
	if !v.ends(k) {
		k.errorf("outcome %v beside final states %v and %v: want %s", c.Outcome, k.j.State[analyzer.Client], k.j.State[analyzer.Server], v.text)
	}
	if c.Roles == analyzer.RolesHandshake && !k.saw(opens) {
		k.errorf("a handshake shows the roles, but there is neither SYN nor SYN-ACK (completeness %d)", c.Completeness)
	}
	k.answered()
}

// answered checks that what was never answered was not.
func (k *checker) answered() {
	client, server := &k.c.Sent[analyzer.Client], &k.c.Sent[analyzer.Server]
	switch k.c.Outcome {
	case analyzer.Unanswered:
		// What the client did not accept answers nothing: a SYN-ACK of another connection, an ACK of what it did not send, data of an old
		// connection. Nor does a SYN that crossed its own, be it with data: a SYN-ACK would acknowledge them.
		if k.saw(analyzer.SawSYNACK) || server.StreamBytes > 0 && !k.raised("half-open-discovered") && !k.raisedOf("syn-data", analyzer.Server) {
			k.errorf("outcome %v, but the server sent %d segments (completeness %d)", k.c.Outcome, server.Packets, k.c.Completeness)
		}
	case analyzer.HalfOpen:
		if server.StreamBytes > 0 && client.StreamBytes > 0 && !k.raised("syn-data") { // a fast open sends before its handshake is over
			k.errorf("outcome %v, but both sides sent data", k.c.Outcome)
		}
	}
}

// probed: a port scan without SYN and ACK, of which nothing counts for the completeness but the RST that answers, and its text.
func (k *checker) probed() bool {
	return k.c.Completeness&^(analyzer.SawRST|analyzer.SawACK|analyzer.SawData) == 0 && k.raised("port-scan")
}

// only reports whether an endpoint was never in another state than these.
func (k *checker) only(side analyzer.Side, states ...fsm.State) bool {
	return !slices.ContainsFunc(k.j.Trajectory[side], func(s analyzer.Step) bool { return !slices.Contains(states, s.State) })
}

func (k *checker) aSideIsMissing() bool {
	return k.c.Sent[analyzer.Client].Packets == 0 || k.c.Sent[analyzer.Server].Packets == 0
}

// midstream: the handshake was not captured, or not both sides of it, or not before what came of it. Zeek wants both, first.
func (k *checker) midstream() bool {
	return k.c.Completeness&opens != opens || k.aSideIsMissing() || strings.IndexAny(strings.TrimPrefix(k.c.History.String(), "^"), "SsHh") != 0
}

// aFINIsNotTaken: a FIN was captured that closes nothing, without ACK, out of place or forged. Zeek counts it.
func (k *checker) aFINIsNotTaken() bool {
	return !k.saw(analyzer.SawFIN) || k.raised("suspected-injection")
}

// noSYNACK: a SYN that was answered by something else, such as a challenge ACK, or by what was not captured.
func (k *checker) noSYNACK() bool { return !k.saw(analyzer.SawSYNACK) }

func (k *checker) aFINIsMissing() bool { return !k.bothSentFIN() }

func (k *checker) bothSentFIN() bool {
	return k.c.Self() && k.c.Sent[analyzer.Client].FINs > 0 || k.c.Sent[analyzer.Client].FINs > 0 && k.c.Sent[analyzer.Server].FINs > 0
}

func (k *checker) bothSentRST() bool {
	return k.c.Sent[analyzer.Client].RSTs > 0 && k.c.Sent[analyzer.Server].RSTs > 0
}

// life is an endpoint's trajectory in this connection: without what the listener does that a late SYN meets when it is over.
func (k *checker) life(side analyzer.Side) []analyzer.Step {
	steps := k.j.Trajectory[side]
	for i := 1; i < len(steps); i++ {
		if steps[i].State == fsm.SynRcvd && steps[i-1].State == fsm.Closed {
			return steps[:i]
		}
	}
	return steps
}

// closes reports whether an endpoint's trajectory has a FIN, sent or received.
func (k *checker) closes(side analyzer.Side) bool {
	return slices.ContainsFunc(k.life(side), func(s analyzer.Step) bool { return s.Cause == fsm.SendFIN || s.Cause == fsm.RecvFIN })
}

// finished reports whether an endpoint came to the end of a graceful close: TIME_WAIT, or CLOSED from LAST_ACK.
func (k *checker) finished(side analyzer.Side) bool {
	steps := k.life(side)
	return slices.ContainsFunc(steps, func(s analyzer.Step) bool {
		return s.State == fsm.TimeWait || s.State == fsm.Closed && s.Cause == fsm.RecvAckOfFIN
	})
}

// resets are the causes of steps that are an RST's.
var resets = []fsm.Event{fsm.SendRST, fsm.RecvRST, fsm.ReturnToListen}

// byRST reports whether an RST ended the connection for an endpoint.
func (k *checker) byRST() bool {
	return k.endedBy(analyzer.Client, resets...) || k.endedBy(analyzer.Server, resets...)
}

// over reports whether an endpoint closed, or was closed.
func (k *checker) over(side analyzer.Side) bool {
	return k.closes(side) || k.endedBy(side, resets...)
}

// endedBy reports whether an endpoint's way ends by one of these.
func (k *checker) endedBy(side analyzer.Side, causes ...fsm.Event) bool {
	steps := k.life(side)
	return len(steps) > 0 && slices.Contains(causes, steps[len(steps)-1].Cause)
}
