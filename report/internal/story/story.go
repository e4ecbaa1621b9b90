package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/human"
)

// Tell tells in three to seven sentences what became of c: who opened, what was exchanged, where the time went,
// what went wrong, who closed and how, and what is left. j is the judgment of c; services names ports, and may be nil.
func Tell(c *analyzer.Conversation, j *analyzer.Judgment, services func(port uint16) string) []string {
	t := teller{c, j, services}
	var out []string
	for _, tell := range []func() string{t.opening, t.exchange, t.spent, t.trouble, t.close, t.remains} {
		if s := tell(); s != "" {
			if c.Self() {
				s = ofOneSocket.Replace(c.OneSocket(s))
			}
			out = append(out, strings.ToUpper(s[:1])+s[1:]+".")
		}
	}
	return out
}

// ofOneSocket takes what both sides did out of the story of a socket that is connected to itself.
var ofOneSocket = strings.NewReplacer("both sides closed at once", "it closed", "both FINs were", "its FIN was", "both sides are left", "it is left",
	"both sides have the connection still", "it has the connection still", " on either side", "", "neither side closed", "it did not close")

// teller tells a part of the story by each method: a sentence without its dot, or nothing.
type teller struct {
	c        *analyzer.Conversation
	j        *analyzer.Judgment
	services func(port uint16) string
}

// entered is when side first came into one of states.
func (t *teller) entered(side analyzer.Side, states ...fsm.State) (s *analyzer.Step, ok bool) {
	steps := t.j.Trajectory[side]
	i := slices.IndexFunc(steps, func(s analyzer.Step) bool { return slices.Contains(states, s.State) })
	if i < 0 {
		return nil, false
	}
	return &steps[i], true
}

// opened is when both sides had the connection.
func (t *teller) opened() (at analyzer.Time, ok bool) {
	client, a := t.entered(analyzer.Client, fsm.Established)
	server, b := t.entered(analyzer.Server, fsm.Established)
	if !a || !b || t.c.Completeness&(analyzer.SawSYN|analyzer.SawSYNACK) == 0 {
		return 0, false
	}
	return max(client.Time, server.Time), true
}

// shut is the first FIN of side: the step that it made.
func (t *teller) shut(side analyzer.Side) (s *analyzer.Step, ok bool) {
	return t.entered(side, fsm.FinWait1, fsm.LastAck)
}

// notOpened is what became of attempts that led to no connection.
var notOpened = map[analyzer.Outcome]string{
	analyzer.Refused:    "was refused",
	analyzer.Unanswered: "got no answer",
	analyzer.HalfOpen:   "got a SYN-ACK that nobody acknowledged",
}

// host names the host of a side when it is first told of.
func (t *teller) host(side analyzer.Side) string {
	text := fmt.Sprintf("%s (the %s", t.c.Addr[side], side)
	if name := human.Named(t.c, side); name != "" {
		text += ", " + name
	}
	if service := human.Service(t.services, t.c.Addr[side]); side == analyzer.Server && service != "" {
		text += ", " + service
	}
	return text + ")"
}

func (t *teller) opening() string {
	client, server := t.host(analyzer.Client), t.host(analyzer.Server)
	if t.c.Self() {
		client, server = t.c.Addr[analyzer.Client].String(), "itself"
	}
	at, ok := t.opened()
	who := ""
	switch failed := notOpened[t.c.Outcome]; {
	case t.c.Roles == analyzer.RolesHandshake && t.c.Completeness&analyzer.SawSYN == 0 && !ok:
		who = fmt.Sprintf("%s answered a SYN in the name of %s that is not in the capture", server, client)
		if failed != "" {
			who += "; nobody acknowledged the SYN-ACK"
		}
	case failed != "":
		who = fmt.Sprintf("%s %s %s and %s", client, t.attempt(), server, failed)
		if t.c.Outcome == analyzer.Unanswered && t.c.Sent[analyzer.Server].Packets > 0 {
			who += " that it took"
		}
	case ok:
		who = fmt.Sprintf("%s opened the connection to %s%s", client, server, t.took(at.Sub(t.c.Start)))
	case t.c.Roles == analyzer.RolesHandshake:
		who = fmt.Sprintf("%s began to connect to %s", client, server)
		if _, shut := t.shut(analyzer.Server); shut {
			who = fmt.Sprintf("%s connected to %s, which closed before it heard that the connection is open", client, server)
		}
	case t.c.Self():
		who = fmt.Sprintf("the capture begins in the middle of a connection of %s to itself", client)
	default:
		who = fmt.Sprintf("the capture begins in the middle of a connection between %s, taken for the client, and %s",
			t.c.Addr[analyzer.Client], t.c.Addr[analyzer.Server])
	}
	if missing := t.notCapturedOfOpening(); missing != "" {
		who += "; the " + missing + " was not captured"
	}
	for side, sent := range t.c.Sent {
		if sent.Packets == 0 && t.c.Outcome != analyzer.Unanswered && !t.c.Self() {
			who += fmt.Sprintf("; nothing that the %s sent was captured, so its part is told by what the other side says", analyzer.Side(side))
		}
	}
	return who
}

// took says how long the opening took, of which d was captured. Without the SYN that is only a part, and without anything from the client it is
// not even known when its ACK came.
func (t *teller) took(d time.Duration) string {
	switch {
	case t.c.Completeness&analyzer.SawSYN != 0:
		return ", which took " + human.Duration(d)
	case t.c.Sent[analyzer.Client].Packets == 0:
		return ""
	}
	return ", which took at least " + human.Duration(d)
}

// notCapturedOfOpening says which of SYN and SYN-ACK was not captured of an opening that succeeded: "" if both were, or neither was, or one side
// was not captured at all.
func (t *teller) notCapturedOfOpening() string {
	if t.c.Outcome != analyzer.Open && t.c.Outcome != analyzer.Closed || t.c.Sent[analyzer.Client].Packets == 0 || t.c.Sent[analyzer.Server].Packets == 0 {
		return ""
	}
	switch t.c.Completeness & (analyzer.SawSYN | analyzer.SawSYNACK) {
	case analyzer.SawSYN:
		return "SYN-ACK"
	case analyzer.SawSYNACK:
		return "SYN"
	}
	return ""
}

// attempt is what led to no connection: without a SYN it was a probe.
func (t *teller) attempt() string {
	if t.c.Completeness&(analyzer.SawSYN|analyzer.SawSYNACK) == 0 {
		return "probed"
	}
	return "tried to connect to"
}

// share is how many n of all are: the number, or "all".
func share(n, all uint64) string {
	if n == all && all > 1 {
		return "all"
	}
	return human.Count(n)
}

func (t *teller) exchange() string {
	var parts []string
	for side := range t.c.Sent {
		sent := &t.c.Sent[side]
		if sent.StreamBytes == 0 && sent.PayloadBytes == 0 {
			continue
		}
		part := fmt.Sprintf("the %s sent %s", analyzer.Side(side), human.Counted(sent.StreamBytes, "byte"))
		if sent.StreamBytes == 0 && sent.ProbeBytes > 0 {
			part = fmt.Sprintf("the %s sent no data, only %s in probes", analyzer.Side(side), human.Counted(sent.ProbeBytes, "byte"))
		}
		var of []string
		if n := sent.RepeatedBytes; n > 0 && sent.Retransmitted() > 0 {
			of = append(of, share(n, sent.StreamBytes)+" of them more than once")
		}
		if n := t.j.Close.Behind[side]; n > 0 {
			of = append(of, share(min(n, sent.StreamBytes), sent.StreamBytes)+" of them behind the RST that ended it")
		}
		if n := t.notCaptured(sent); n > 0 {
			of = append(of, share(n, sent.StreamBytes)+" of them not captured")
		}
		if len(of) > 0 {
			part += " (" + strings.Join(of, ", ") + ")"
		}
		parts = append(parts, part)
	}
	if _, ok := notOpened[t.c.Outcome]; ok && len(parts) == 0 {
		return ""
	}
	if len(parts) == 0 {
		parts = append(parts, "no data was sent")
	}
	return strings.Join(parts, ", ") + t.times()
}

// notCaptured is how many bytes of a stream the capture does not have.
func (t *teller) notCaptured(sent *analyzer.Sent) uint64 {
	got := sent.UniqueBytes
	if t.c.Quick {
		got = sent.PayloadBytes
	}
	return sent.StreamBytes - min(got, sent.StreamBytes)
}

// times says where the time went, from one milestone to the next, if there are some.
func (t *teller) times() string {
	opened, ok := t.opened()
	if !ok || t.c.Duration() <= 0 { // the clock may go back
		return ""
	}
	first, second := t.c.End, t.c.End // FINs
	client, a := t.shut(analyzer.Client)
	server, b := t.shut(analyzer.Server)
	if a {
		first = client.Time
	}
	if b {
		first = min(first, server.Time)
	}
	if a && b {
		second = max(client.Time, server.Time)
	}
	first = max(first, opened) // who is slow to accept may be sent a FIN before
	second = max(second, first)
	var parts []string
	for _, phase := range []struct {
		length time.Duration
		what   string
	}{
		{opened.Sub(t.c.Start), "to open"},
		{first.Sub(opened), "open"},
		{second.Sub(first), "half closed"},
		{t.c.End.Sub(second), "until the last packet"},
	} {
		if phase.length > t.c.Duration()/1000 { // less is not worth telling
			parts = append(parts, human.Duration(phase.length)+" "+phase.what)
		}
	}
	if len(parts) < 2 {
		return ""
	}
	return "; it lasted " + human.Duration(t.c.Duration()) + ": " + list(parts)
}

// brings is how many of the others come of a.
func brings(a *analyzer.Anomaly, others []*analyzer.Anomaly) (n int) {
	for _, b := range others {
		if slices.Contains(a.Kind.Explains, b.Kind.ID) {
			n++
		}
	}
	return n
}

// mostTroubles are told, the gravest.
const mostTroubles = 2

// trouble tells what went wrong.
func (t *teller) trouble() string {
	superfluous := map[string]bool{}
	var bad []*analyzer.Anomaly
	for i := range t.j.Anomalies {
		a := &t.j.Anomalies[i]
		superfluous[a.Kind.Subsumes] = true
		if a.Kind.Severity > analyzer.SeverityNote {
			bad = append(bad, a)
		}
	}
	if len(bad) == 0 {
		if _, failed := notOpened[t.c.Outcome]; failed {
			return ""
		}
		return t.littleTrouble()
	}
	bad = slices.DeleteFunc(bad, func(a *analyzer.Anomaly) bool { return a.Kind.ToldByClose || superfluous[a.Kind.ID] })
	slices.SortStableFunc(bad, func(a, b *analyzer.Anomaly) int {
		return cmp.Or(cmp.Compare(brings(b, bad), brings(a, bad)), int(b.Kind.Severity)-int(a.Kind.Severity))
	})
	var parts []string
	for _, a := range bad[:min(len(bad), mostTroubles)] {
		parts = append(parts, fmt.Sprintf("%s (frame %d)", human.Detail(t.c, a), a.Frame))
	}
	if rest := uint64(len(bad) - len(parts)); rest > 0 {
		parts = append(parts, "and "+human.Counted(rest, "thing")+" more")
	}
	if len(parts) == 0 {
		return ""
	}
	return "what went wrong: " + strings.Join(parts, "; ")
}

// hindered are the notes of what was lost, sent again, late, waited for or forged, though nobody may have noticed.
var hindered = map[string]bool{
	"packet-loss": true, "slow-handshake": true, "spurious-retransmission": true, "reordering": true, "window-full": true, "missing-final-ack": true,
	"close-wait-lingering": true, "icmp-too-big": true, "icmp-not-accepted": true, "challenge-ack": true,
}

// littleTrouble tells what did no great harm, or that there was nothing of it.
func (t *teller) littleTrouble() string {
	var parts []string
	for i := range t.j.Anomalies {
		if a := &t.j.Anomalies[i]; hindered[a.Kind.ID] {
			parts = append(parts, fmt.Sprintf("%s (frame %d)", human.Detail(t.c, a), a.Frame))
		}
	}
	again := t.c.Sent[analyzer.Client].Retransmitted() + t.c.Sent[analyzer.Server].Retransmitted()
	switch {
	case len(parts) > 0:
		return "no more went wrong than this: " + strings.Join(parts[:min(len(parts), mostTroubles)], "; ")
	case again > 0:
		return human.Counted(again, "segment") + " had to be sent again, and nobody waited long for that"
	case t.j.Close.Kind == analyzer.CloseReset:
		return ""
	}
	if !t.c.Self() && min(t.c.Sent[analyzer.Client].Packets, t.c.Sent[analyzer.Server].Packets) == 0 {
		return "nothing went wrong that one direction shows"
	}
	return "nothing went wrong that the capture shows"
}

// list is "a", "a and b", "a, b and c".
func list(parts []string) string {
	n := len(parts)
	if n < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
}
