package record

import (
	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/internal/dimension"
	"tcptrace/report/internal/output"
)

// conversationSchema names the conversation record (docs/records.md).
const conversationSchema = "tcptrace.conversation.v1"

// Encoder writes conversation records as JSON, without reflection and, unless there are
// anomalies, without allocation. No string but an anomaly's detail needs escaping: all are
// numbers, addresses, times, base64 and names from fixed tables. Record is the same document
// as Go data, and a test holds the two together.
type Encoder struct {
	Clock    output.Clock
	judgment analyzer.Judgment
	who      who
}

// Conversation appends the record of c.
func (e *Encoder) Conversation(b []byte, c *analyzer.Conversation) []byte {
	e.judgment.Judge(c)
	return e.Judged(b, c, &e.judgment)
}

// Judged appends the record of c, of which j is the judgment.
func (e *Encoder) Judged(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
	return e.Unnumbered(AppendHead(b, c.Stream), c, j)
}

// AppendHead appends what a record of that stream begins with.
func AppendHead(b []byte, stream uint64) []byte {
	return output.AppendCount(append(b, `{"schema":"`+conversationSchema+`","stream":`...), stream)
}

// Unnumbered appends what follows the head of the record of c, of which j is the judgment.
func (e *Encoder) Unnumbered(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
	who := e.who.of(c)
	b = append(b, who.hosts...)
	b = append(append(b, `,"roles":"`...), c.Roles.String()...)
	b = append(append(b, '"'), who.communityID...)
	b = e.Clock.Append(append(b, `,"start":"`...), c.Start)
	b = e.Clock.Append(append(b, `","end":"`...), c.End)
	b = output.AppendSeconds(append(b, `","duration_s":`...), int64(c.Duration()))
	b = output.AppendCount(append(b, `,"first_frame":`...), c.FirstFrame)
	b = output.AppendCount(append(b, `,"last_frame":`...), c.LastFrame)
	b = output.AppendCount(append(b, `,"packets":`...), c.Packets())
	b = append(append(b, `,"outcome":"`...), c.Outcome.String()...)
	b = append(b, '"')
	b = appendOrigin(b, c)
	if c.ALPN != "" {
		b = output.AppendString(append(b, `,"alpn":`...), c.ALPN)
	}
	b = appendProcess(b, c.Owner())
	b = output.AppendCount(append(b, `,"completeness":`...), uint64(c.Completeness))
	b = append(append(b, `,"conn_state":"`...), c.ConnState.String()...)
	b = c.History.Append(append(b, `","history":"`...))
	b = e.endpoint(append(b, `","endpoints":{"client":`...), c, j, analyzer.Client)
	b = e.endpoint(append(b, `,"server":`...), c, j, analyzer.Server)
	b = append(b, `},"anomalies":[`...)
	for i := range j.Anomalies {
		if i > 0 {
			b = append(b, ',')
		}
		a := NewAnomalyRecord(c, &j.Anomalies[i])
		b = e.Anomaly(b, &a)
	}
	b = e.icmp(append(b, ']'), c)
	if j.Close.Kind != analyzer.CloseNone {
		b = e.close(append(b, `,"close":`...), &j.Close)
	}
	if failure := dimension.Failed(c, j); failure != dimension.NoFailure {
		b = append(append(append(b, `,"failure":"`...), failure.String()...), '"')
	}
	b = appendLimit(appendTime(b, &c.Spent), c)
	if c.Evicted {
		b = append(b, `,"evicted":true`...)
	}
	if c.Quick {
		b = append(b, `,"quick":true`...)
	}
	if c.Dropped != 0 {
		b = output.AppendCount(append(b, `,"dropped":`...), c.Dropped)
	}
	return append(b, '}')
}

// appendOrigin appends where the first frame was captured, as far as that is known.
func appendOrigin(b []byte, c *analyzer.Conversation) []byte {
	if c.VLAN[0] != 0 {
		b = output.AppendCount(append(b, `,"vlan":`...), uint64(c.VLAN[0]))
	}
	if c.VLAN[1] != 0 {
		b = output.AppendCount(append(b, `,"inner_vlan":`...), uint64(c.VLAN[1]))
	}
	if c.Interface != "" {
		b = output.AppendString(append(b, `,"interface":`...), c.Interface)
	}
	return b
}

// appendHost appends the socket of a side and the name of its host, if that is known.
func appendHost(b []byte, c *analyzer.Conversation, side analyzer.Side) []byte {
	b = output.AppendSocket(b, c.Addr[side])
	name := &c.Names[side]
	if name.Text == "" {
		return b
	}
	b = output.AppendString(append(b[:len(b)-1], `,"name":`...), name.Text)
	return append(append(append(b, `,"name_source":"`...), name.Kind.String()...), `"}`...)
}

// endpoint appends what is known of one side.
func (e *Encoder) endpoint(b []byte, c *analyzer.Conversation, j *analyzer.Judgment, side analyzer.Side) []byte {
	b = append(append(b, `{"state":"`...), j.State[side].String()...)
	b = append(b, `","trajectory":[`...)
	for i := range j.Trajectory[side] {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.step(b, &j.Trajectory[side][i])
	}
	b = appendSent(append(b, `],"sent":`...), c, &c.Sent[side])
	return append(appendInfo(appendProcess(b, c.Hosts[side]), c.Hosts[side]), '}')
}

// bound appends t. One of a step's two bounds is mostly its time, whose text there is already; nil: there is not.
func (e *Encoder) bound(b []byte, t, time analyzer.Time, text []byte) []byte {
	if t == time && text != nil {
		return append(b, text...)
	}
	return e.Clock.Append(b, t)
}

// What fixed tables say of a step, as it stands in the record: there are ten steps in one.
var (
	stateTexts    = texts(`"state":"`, fsm.State.String, `"`, fsm.NumStates)
	causeTexts    = texts(`,"cause":"`, fsm.Event.String, `"`, fsm.NumEvents)
	evidenceTexts = texts(`,"evidence":"`, analyzer.Evidence.String, `"`, analyzer.EvidenceKernel+1)
)

// texts is the names of the values below n, between what comes before and after them.
func texts[T ~uint8](before string, name func(T) string, after string, n T) []string {
	list := make([]string, n)
	for v := range n {
		list[v] = before + name(v) + after
	}
	return list
}

// step appends one step of a trajectory.
func (e *Encoder) step(b []byte, s *analyzer.Step) []byte {
	b = append(append(b, '{'), stateTexts[s.State]...)
	b = append(b, `,"time":"`...)
	at := len(b)
	b = e.Clock.Append(b, s.Time)
	text := b[at:]
	return append(e.entered(append(b, '"'), s, text), '}')
}

// entered appends how a state was entered, and how that is known. What is not known is left out.
func (e *Encoder) entered(b []byte, s *analyzer.Step, text []byte) []byte {
	if s.Frame != 0 {
		b = output.AppendCount(append(b, `,"frame":`...), s.Frame)
	}
	if s.Cause != fsm.NoEvent {
		b = append(b, causeTexts[s.Cause]...)
	}
	b = append(b, evidenceTexts[s.Evidence]...)
	if s.ProofFrame != 0 {
		b = output.AppendCount(append(b, `,"proof_frame":`...), s.ProofFrame)
	}
	if s.NotBefore != 0 {
		b = append(e.bound(append(b, `,"not_before":"`...), s.NotBefore, s.Time, text), '"')
	}
	if s.NotAfter != 0 {
		b = append(e.bound(append(b, `,"not_after":"`...), s.NotAfter, s.Time, text), '"')
	}
	return b
}

// Anomaly appends one Anomaly.
func (e *Encoder) Anomaly(b []byte, a *AnomalyRecord) []byte {
	b = append(append(b, `{"id":"`...), a.ID...)
	b = append(append(b, `","severity":"`...), a.Severity...)
	if a.Endpoint != "" {
		b = append(append(b, `","endpoint":"`...), a.Endpoint...)
	}
	b = append(b, '"')
	if a.Frame != 0 {
		b = output.AppendCount(append(b, `,"frame":`...), a.Frame)
	}
	b = e.Clock.Append(append(b, `,"time":"`...), analyzer.Time(a.Time))
	b = output.AppendString(append(b, `","detail":`...), a.Detail)
	if a.Evidence != "" {
		b = append(append(append(b, `,"evidence":"`...), a.Evidence...), '"')
	}
	return append(b, '}')
}

// close appends how the conversation ended.
func (e *Encoder) close(b []byte, c *analyzer.Close) []byte {
	b = append(append(append(b, `{"kind":"`...), c.Kind.String()...), '"')
	if c.HasFirst {
		b = append(append(append(b, `,"first":"`...), c.First.String()...), '"')
	}
	if c.Simultaneous {
		b = append(b, `,"simultaneous":true`...)
	}
	if c.Segments != 0 {
		b = output.AppendCount(append(b, `,"segments":`...), uint64(c.Segments))
	}
	if c.Kind == analyzer.CloseReset {
		b = append(append(b, `,"cause":"`...), c.Cause.String()...)
		b = append(append(b, `","by":"`...), c.By.String()...)
		b = append(append(b, `","by_state":"`...), c.ByState.String()...)
		b = append(append(b, `","other_state":"`...), c.OtherState.String()...)
		b = output.AppendCount(append(b, `","frame":`...), c.Frame)
		b = append(e.Clock.Append(append(b, `,"time":"`...), c.Time), '"')
		if c.Text != "" {
			b = output.AppendString(append(b, `,"text":`...), c.Text)
		}
	}
	return append(b, '}')
}
