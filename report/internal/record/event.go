package record

import (
	"encoding/json"
	"io"
	"strconv"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/report/internal/output"
)

// eventSchema names the record of an event.
const eventSchema = "tcptrace.event.v1"

// Events writes events as they happen, a JSON record a line. Lines are held until Flush, at the end of a batch, but no more
// than mostHeld; what is written always ends with a line. Those that are held are written in order of time, as far as those of one
// conversation that follow from packets stay in theirs. EventRecord is the same as Go data.
type Events struct {
	out   output.Buffer
	batch batch
	enc   Encoder
	drops uint64 // that were told
	pace  Pace
	parts parts
	owner *Events // of a part; nil: it is none
}

// mostHeld bounds the lines that are held, in bytes: those of the time between two times that news are told, with thousands of connections a second. A part
// hands on its own before, so that they stay in the processor's cache until then.
const mostHeld = 1 << 20

// NewEvents returns a writer of events to w.
func NewEvents(w io.Writer) *Events { return &Events{out: output.NewBuffer(w), batch: newBatch()} }

// Flush writes the lines that are held.
func (r *Events) Flush() error {
	r.gather()
	return r.write()
}

// write writes the lines of the buffer.
func (r *Events) write() error {
	r.parts.joined = false
	r.out.B = r.batch.sort(r.out.B)
	return r.out.FlushLines()
}

// spill writes them when there are too many to be held.
func (r *Events) spill() error {
	if len(r.out.B) < mostHeld {
		return r.out.Err
	}
	return r.write()
}

// begin appends what all events begin with.
func (r *Events) begin(event string, t analyzer.Time) []byte {
	b := append(append(r.out.B, `{"schema":"`+eventSchema+`","event":"`...), event...)
	return append(r.enc.Clock.Append(append(b, `","time":"`...), t), '"')
}

// end takes the line b, complete but for its last brace.
func (r *Events) end(b []byte) error {
	if r.out.B = append(b, '}', '\n'); r.owner != nil && len(r.out.B) >= output.SpillAt {
		return r.handOver()
	}
	return r.spill()
}

// bodies append what there is to say of an event, by its kind.
var bodies = [analyzer.NumEventKinds]func(*Encoder, []byte, *analyzer.Event) []byte{
	analyzer.EventOpened: (*Encoder).opened, analyzer.EventState: (*Encoder).state, analyzer.EventAnomaly: (*Encoder).raised,
	analyzer.EventClosed: (*Encoder).closed, analyzer.EventCorrection: (*Encoder).correction, analyzer.EventConversation: (*Encoder).whole,
}

// Event writes an event of a conversation.
func (r *Events) Event(ev *analyzer.Event) error {
	if err := r.settle(); err != nil {
		return err
	}
	c := ev.Conversation
	r.batch.line(len(r.out.B), ev.Time, c.Stream)
	b := strconv.AppendUint(append(r.begin(ev.Kind.String(), ev.Time), `,"stream":`...), c.Stream, 10)
	who := r.enc.who.of(c)
	b = append(append(b, who.hosts...), who.communityID...)
	return r.end(bodies[ev.Kind](&r.enc, append(b, ','), ev))
}

func (e *Encoder) opened(b []byte, ev *analyzer.Event) []byte {
	b = append(append(b, `"roles":"`...), ev.Conversation.Roles.String()...)
	return strconv.AppendUint(append(b, `","frame":`...), ev.Conversation.FirstFrame, 10)
}

// state appends a step. Its time is the event's.
func (e *Encoder) state(b []byte, ev *analyzer.Event) []byte {
	b = append(append(b, `"endpoint":"`...), ev.Side.String()...)
	b = append(append(b, `",`...), stateTexts[ev.Step.State]...)
	return e.entered(b, ev.Step, nil)
}

func (e *Encoder) raised(b []byte, ev *analyzer.Event) []byte {
	a := NewAnomalyRecord(ev.Conversation, ev.Anomaly)
	b = e.Anomaly(append(b, `"anomaly":`...), &a)
	if n := ev.Conversation.Dropped; n > 0 {
		b = strconv.AppendUint(append(b, `,"dropped":`...), n, 10)
	}
	return b
}

func (e *Encoder) closed(b []byte, ev *analyzer.Event) []byte {
	b = append(append(append(b, `"outcome":"`...), ev.Conversation.Outcome.String()...), '"')
	if end := &ev.Judgment.Close; end.Kind != analyzer.CloseNone {
		b = e.close(append(b, `,"close":`...), end)
	}
	return b
}

// correction appends what was told and does not hold.
func (e *Encoder) correction(b []byte, ev *analyzer.Event) []byte {
	c := &ev.Correction
	b = append(append(append(b, `"of":"`...), c.Of.String()...), `","told":{`...)
	at := len(b)
	if c.Of == analyzer.EventState || c.Of == analyzer.EventAnomaly && c.HasSide {
		b = append(append(append(b, `"endpoint":"`...), ev.Side.String()...), `",`...)
	}
	switch c.Of {
	case analyzer.EventState:
		b = append(append(append(b, `"state":"`...), c.State.String()...), `",`...)
	case analyzer.EventAnomaly:
		b = append(append(append(b, `"id":"`...), c.Anomaly.ID...), `",`...)
	case analyzer.EventClosed:
		b = append(append(append(b, `"outcome":"`...), c.Outcome.String()...), `",`...)
	}
	if c.Frame != 0 {
		b = append(strconv.AppendUint(append(b, `"frame":`...), c.Frame, 10), ',')
	}
	if c.Time != 0 {
		b = append(e.Clock.Append(append(b, `"time":"`...), c.Time), `",`...)
	}
	if len(b) > at {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}

// whole appends all that is known of the conversation.
func (e *Encoder) whole(b []byte, ev *analyzer.Event) []byte {
	b = strconv.AppendBool(append(b, `"final":`...), ev.Over != analyzer.NotOver)
	if ev.Over != analyzer.NotOver {
		b = append(append(append(b, `,"reason":"`...), ev.Over.String()...), '"')
	}
	return e.Judged(append(b, `,"record":`...), ev.Conversation, ev.Judgment)
}

// The lines of a kernel are in order of time among all others, also those of their conversation: they say of themselves what they are about.
const (
	kernelLines   = 1 << 63 // and the stream
	overflowLines = 1 << 62
	silentLines   = 1<<62 + 1
)

// Kernel writes what a kernel says.
func (r *Events) Kernel(k *KernelState) error {
	r.gather()
	r.batch.line(len(r.out.B), k.Time, kernelLines|k.Stream)
	b := strconv.AppendUint(append(r.begin(eventKernel, k.Time), `,"stream":`...), k.Stream, 10)
	b = output.AppendSocket(append(b, `,"client":`...), k.Addr[analyzer.Client])
	b = output.AppendSocket(append(b, `,"server":`...), k.Addr[analyzer.Server])
	b = output.AppendCommunityID(append(b, `,"community_id":"`...), k.Addr[analyzer.Client], k.Addr[analyzer.Server])
	return r.end(appendKernelState(append(b, '"'), k))
}

// Silent writes what a kernel says of a connection without packets.
func (r *Events) Silent(k *Silent) error {
	r.gather()
	r.batch.line(len(r.out.B), k.Time, silentLines)
	b := output.AppendSocket(append(r.begin(eventSilent, k.Time), `,"client":`...), k.Addr[analyzer.Client])
	b = output.AppendSocket(append(b, `,"server":`...), k.Addr[analyzer.Server])
	b = output.AppendCommunityID(append(b, `,"community_id":"`...), k.Addr[analyzer.Client], k.Addr[analyzer.Server])
	b = appendInfo(appendKernelState(append(b, '"'), &k.KernelState), &host.End{Process: k.Process, Info: k.Info})
	if k.Since != 0 {
		b = append(r.enc.Clock.Append(append(b, `,"since":"`...), k.Since), '"')
	}
	return r.end(b)
}

// appendKernelState appends the state of an end and its process.
func appendKernelState(b []byte, k *KernelState) []byte {
	b = append(append(append(b, `,"endpoint":"`...), k.Side.String()...), '"')
	if k.Before != fsm.Unknown {
		b = append(append(append(b, `,"before":"`...), k.Before.String()...), '"')
	}
	b = append(append(append(b, `,"state":"`...), k.State.String()...), '"')
	b = strconv.AppendBool(append(b, `,"socket":`...), k.Socket)
	return appendProcess(b, &host.End{Process: k.Process})
}

// Cookies writes how many SYN cookies there were.
func (r *Events) Cookies(c *Cookies) error {
	r.gather()
	r.batch.last(len(r.out.B))
	b := strconv.AppendUint(append(r.begin(eventCookies, c.Time), `,"sent":`...), c.Sent, 10)
	b = strconv.AppendUint(append(b, `,"accepted":`...), c.Accepted, 10)
	return r.end(strconv.AppendUint(append(b, `,"refused":`...), c.Refused, 10))
}

// Overflow writes that a listening socket had no room.
func (r *Events) Overflow(o *Overflow) error {
	r.gather()
	r.batch.line(len(r.out.B), o.Time, overflowLines)
	b := output.AppendSocket(append(r.begin(eventOverflow, o.Time), `,"server":`...), o.Server)
	b = strconv.AppendUint(append(b, `,"unanswered":`...), uint64(o.Dropped), 10)
	b = strconv.AppendUint(append(b, `,"queue":`...), uint64(o.Queue), 10)
	b = strconv.AppendUint(append(b, `,"backlog":`...), uint64(o.Backlog), 10)
	return r.end(appendProcess(b, &host.End{Process: o.Process}))
}

// Drops tells that the capture has lost total packets so far, if that is news.
func (r *Events) Drops(now analyzer.Time, total uint64) error {
	if total <= r.drops {
		return nil
	}
	r.gather()
	r.batch.last(len(r.out.B))
	b := strconv.AppendUint(append(r.begin(eventDrops, now), `,"packets":`...), total-r.drops, 10)
	r.drops = total
	return r.end(strconv.AppendUint(append(b, `,"total":`...), total, 10))
}

// Statistics tells what goes on: how many conversations are open, their endpoints' states, the rates since
// it was last told, and the summary so far.
func (r *Events) Statistics(now analyzer.Time, open int, states *[2][fsm.NumStates]uint64, s *analyzer.Summary) error {
	record := r.pace.Record(now, open, states, s)
	r.gather()
	r.batch.last(len(r.out.B))
	b, err := appendJSON(append(r.begin(eventStatistics, now), `,"statistics":`...), record)
	if err != nil {
		return err
	}
	return r.summary(b, s, Selection{})
}

// Summary writes the last line and all that is held.
func (r *Events) Summary(now analyzer.Time, s *analyzer.Summary, sel Selection) error {
	r.gather()
	r.batch.last(len(r.out.B))
	if err := r.summary(r.begin(eventSummary, now), s, sel); err != nil {
		return err
	}
	return r.Flush()
}

func (r *Events) summary(b []byte, s *analyzer.Summary, sel Selection) error {
	b, err := appendJSON(append(b, `,"summary":`...), NewSummaryRecord(s, sel))
	if err != nil {
		return err
	}
	return r.end(b)
}

// appendJSON is for what is written seldom.
func appendJSON(b []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(b, text...), err
}
