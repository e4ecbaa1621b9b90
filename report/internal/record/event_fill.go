package record

import (
	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
	"tcptrace/report/internal/output"
)

// NewEventRecord is the record of ev.
func NewEventRecord(ev *analyzer.Event) EventRecord {
	c := ev.Conversation
	r := newEventRecord(ev.Kind.String(), ev.Time)
	r.Stream, r.Client, r.Server = c.Stream, newHost(c, analyzer.Client), newHost(c, analyzer.Server)
	r.CommunityID = output.CommunityID(c.Addr[analyzer.Client], c.Addr[analyzer.Server])
	switch ev.Kind {
	case analyzer.EventOpened:
		r.Roles, r.Frame = c.Roles.String(), c.FirstFrame
	case analyzer.EventState:
		s := NewStepRecord(ev.Step)
		r.Endpoint, r.State, r.Frame, r.Cause, r.Evidence = ev.Side.String(), s.State, s.Frame, s.Cause, s.Evidence
		r.ProofFrame, r.NotBefore, r.NotAfter = s.ProofFrame, s.NotBefore, s.NotAfter
	case analyzer.EventAnomaly:
		r.Anomaly, r.Dropped = NewAnomalyRecord(c, ev.Anomaly), c.Dropped
	case analyzer.EventClosed:
		r.Outcome, r.Close = c.Outcome.String(), newCloseRecord(&ev.Judgment.Close)
	case analyzer.EventCorrection:
		r.Of, r.Told = ev.Correction.Of.String(), newToldRecord(ev)
	case analyzer.EventConversation:
		if r.Final = ev.Over != analyzer.NotOver; r.Final {
			r.Reason = ev.Over.String()
		}
		r.Record = NewRecord(c, ev.Judgment)
	}
	return r
}

func newEventRecord(event string, t analyzer.Time) EventRecord {
	return EventRecord{Schema: eventSchema, Event: event, Time: Time(t)}
}

func newToldRecord(ev *analyzer.Event) ToldRecord {
	c := &ev.Correction
	r := ToldRecord{Frame: c.Frame, Time: Time(c.Time)}
	if c.Of == analyzer.EventState || c.Of == analyzer.EventAnomaly && c.HasSide {
		r.Endpoint = ev.Side.String()
	}
	switch c.Of {
	case analyzer.EventState:
		r.State = c.State.String()
	case analyzer.EventAnomaly:
		r.ID = c.Anomaly.ID
	case analyzer.EventClosed:
		r.Outcome = c.Outcome.String()
	}
	return r
}

// NewKernelRecord is the record of what a kernel says.
func NewKernelRecord(k *KernelState) EventRecord {
	r := newEventRecord(eventKernel, k.Time)
	client, server := k.Addr[analyzer.Client], k.Addr[analyzer.Server]
	r.Stream, r.Client, r.Server = k.Stream, Host{IP: client.Addr().String(), Port: client.Port()}, Host{IP: server.Addr().String(), Port: server.Port()}
	r.CommunityID = output.CommunityID(client, server)
	r.Endpoint, r.State, r.Socket = k.Side.String(), k.State.String(), k.Socket
	if k.Before != fsm.Unknown {
		r.Before = k.Before.String()
	}
	r.Process = newProcessRecord(&host.End{Process: k.Process})
	return r
}

// NewSilentRecord is the record of a connection without packets.
func NewSilentRecord(k *Silent) EventRecord {
	r := NewKernelRecord(&k.KernelState)
	r.Event, r.Kernel, r.Since = eventSilent, newInfoRecord(&host.End{Info: k.Info}), Time(k.Since)
	return r
}

// NewCookiesRecord is the record of SYN cookies.
func NewCookiesRecord(c *Cookies) EventRecord {
	r := newEventRecord(eventCookies, c.Time)
	r.Sent, r.Accepted, r.Refused = c.Sent, c.Accepted, c.Refused
	return r
}

// NewOverflowRecord is the record of a listening socket that had no room.
func NewOverflowRecord(o *Overflow) EventRecord {
	r := newEventRecord(eventOverflow, o.Time)
	r.Server = Host{IP: o.Server.Addr().String(), Port: o.Server.Port()}
	r.Unanswered, r.Queue, r.Backlog = o.Dropped, o.Queue, o.Backlog
	r.Process = newProcessRecord(&host.End{Process: o.Process})
	return r
}

// NewDropsRecord tells that a capture has lost packets, and how many in all.
func NewDropsRecord(now analyzer.Time, packets, total uint64) EventRecord {
	r := newEventRecord(eventDrops, now)
	r.Packets, r.Total = packets, total
	return r
}

// NewSummaryEvent is the last of the events.
func NewSummaryEvent(now analyzer.Time, s *analyzer.Summary, sel Selection) EventRecord {
	r := newEventRecord(eventSummary, now)
	r.Summary = NewSummaryRecord(s, sel)
	return r
}

// Pace tells what goes on. The rates are those since it last told.
type Pace struct {
	time                  analyzer.Time
	packets, bytes, drops uint64
}

// Record is what goes on now: how many conversations are open, their endpoints' states, and the rates.
func (p *Pace) Record(now analyzer.Time, open int, states *[2][fsm.NumStates]uint64, s *analyzer.Summary) StatisticsRecord {
	r := newStatisticsRecord(open, states)
	if p.time == 0 {
		p.time = s.Start
	}
	if d := output.FloatSeconds(now.Sub(p.time)); d > 0 {
		r.PacketsPerS = float64(s.Packets-p.packets) / d
		r.BytesPerS = float64(s.Bytes-p.bytes) / d
		r.DropsPerS = float64(s.Drops-p.drops) / d
	}
	*p = Pace{now, s.Packets, s.Bytes, s.Drops}
	return r
}

// NewStatisticsEvent tells what goes on, and the summary so far.
func NewStatisticsEvent(now analyzer.Time, going StatisticsRecord, s *analyzer.Summary) EventRecord {
	r := newEventRecord(eventStatistics, now)
	r.Statistics, r.Summary = going, NewSummaryRecord(s, Selection{})
	return r
}
