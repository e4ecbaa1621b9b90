package record

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/dimension"
	"tcptrace/report/internal/human"
	"tcptrace/report/internal/output"
)

// Record is a conversation as the conversation record (docs/records.md) has it, in Go data: what
// --where sees, and what json.Unmarshal makes of a record.
type Record struct {
	Schema       string          `json:"schema" expr:"schema"`
	Stream       uint64          `json:"stream" expr:"stream"`
	Client       Host            `json:"client" expr:"client"`
	Server       Host            `json:"server" expr:"server"`
	Roles        string          `json:"roles" expr:"roles"`
	CommunityID  string          `json:"community_id" expr:"community_id"`
	Start        Time            `json:"start" expr:"start"`
	End          Time            `json:"end" expr:"end"`
	DurationS    float64         `json:"duration_s" expr:"duration_s"`
	FirstFrame   uint64          `json:"first_frame" expr:"first_frame"`
	LastFrame    uint64          `json:"last_frame" expr:"last_frame"`
	Packets      uint64          `json:"packets" expr:"packets"`
	Outcome      string          `json:"outcome" expr:"outcome"`
	VLAN         uint16          `json:"vlan,omitempty" expr:"vlan"`             // id of the outermost VLAN tag of the first frame
	InnerVLAN    uint16          `json:"inner_vlan,omitempty" expr:"inner_vlan"` // id of its innermost tag, if there are several
	Interface    string          `json:"interface,omitempty" expr:"interface"`   // that captured the first frame
	ALPN         string          `json:"alpn,omitempty" expr:"alpn"`             // offered by the client, in TLS
	Process      ProcessRecord   `json:"process,omitzero" expr:"process"`        // of the endpoint on this host, of two the server's; live
	Completeness uint8           `json:"completeness" expr:"completeness"`
	ConnState    string          `json:"conn_state" expr:"conn_state"`
	History      string          `json:"history" expr:"history"`
	Endpoints    Endpoints       `json:"endpoints" expr:"endpoints"`
	Anomalies    []AnomalyRecord `json:"anomalies" expr:"anomalies"`
	ICMP         []ICMPRecord    `json:"icmp,omitempty" expr:"icmp"`       // ICMP errors that quote its segments
	Close        CloseRecord     `json:"close,omitzero" expr:"close"`      // absent: it did not end
	Failure      string          `json:"failure,omitempty" expr:"failure"` // how it failed; absent: it did not, as far as the capture shows
	Went         TimeRecord      `json:"time,omitzero" expr:"time"`
	Limit        LimitRecord     `json:"limit,omitzero" expr:"limit"` // absent: nothing was transferred that was long enough
	Evicted      bool            `json:"evicted,omitempty" expr:"evicted"`
	Quick        bool            `json:"quick,omitempty" expr:"quick"`     // what needs every segment to be read is left out
	Dropped      uint64          `json:"dropped,omitempty" expr:"dropped"` // packets that the capture lost meanwhile, of whatever conversations
}

// Socket is an address and a port.
type Socket struct {
	IP   string `json:"ip" expr:"ip"`
	Port uint16 `json:"port" expr:"port"`
}

// Host is a socket, and the name of its host, if that is known. A name is lower case and printable ASCII, anything else in it escaped.
type Host struct {
	IP         string `json:"ip" expr:"ip"`
	Port       uint16 `json:"port" expr:"port"`
	Name       string `json:"name,omitempty" expr:"name"`
	NameSource string `json:"name_source,omitempty" expr:"name_source"`
}

func newHost(c *analyzer.Conversation, side analyzer.Side) Host {
	addr, name := c.Addr[side], &c.Names[side]
	return Host{addr.Addr().String(), addr.Port(), name.Text, name.Kind.String()}
}

// Endpoints are the two sides of a conversation.
type Endpoints struct {
	Client Endpoint `json:"client" expr:"client"`
	Server Endpoint `json:"server" expr:"server"`
}

// Endpoint is what is known of one side.
type Endpoint struct {
	State      string        `json:"state" expr:"state"`
	Trajectory []StepRecord  `json:"trajectory" expr:"trajectory"`
	Sent       SentRecord    `json:"sent" expr:"sent"`
	Process    ProcessRecord `json:"process,omitzero" expr:"process"` // that it belongs to; live, on its host
	Kernel     InfoRecord    `json:"kernel,omitzero" expr:"kernel"`   // what its kernel measures; live, on its host
}

// StepRecord is a state that an endpoint entered, as [analyzer.Step] defines it. What is not
// known is zero, and left out of JSON.
type StepRecord struct {
	State      string `json:"state" expr:"state"`
	Time       Time   `json:"time" expr:"time"`
	Frame      uint64 `json:"frame,omitempty" expr:"frame"`
	Cause      string `json:"cause,omitempty" expr:"cause"`
	Evidence   string `json:"evidence" expr:"evidence"`
	ProofFrame uint64 `json:"proof_frame,omitempty" expr:"proof_frame"`
	NotBefore  Time   `json:"not_before,omitzero" expr:"not_before"`
	NotAfter   Time   `json:"not_after,omitzero" expr:"not_after"`
}

// AnomalyRecord is something worth knowing in a conversation, as [analyzer.Anomaly] defines it.
type AnomalyRecord struct {
	ID       string `json:"id" expr:"id"`
	Severity string `json:"severity" expr:"severity"`
	Endpoint string `json:"endpoint,omitempty" expr:"endpoint"` // none: it is about both, or the capture
	Frame    uint64 `json:"frame,omitempty" expr:"frame"`
	Time     Time   `json:"time" expr:"time"`
	Detail   string `json:"detail" expr:"detail"`
	Evidence string `json:"evidence,omitempty" expr:"evidence"` // kernel: the endpoint's host says so; none: packets show it
}

// CloseRecord is how a conversation ended, as [analyzer.Close] defines it. What does not apply or
// is not known is zero, and left out of JSON.
type CloseRecord struct {
	Kind         string `json:"kind" expr:"kind"`
	First        string `json:"first,omitempty" expr:"first"`
	Simultaneous bool   `json:"simultaneous,omitempty" expr:"simultaneous"`
	Segments     uint8  `json:"segments,omitempty" expr:"segments"`
	Cause        string `json:"cause,omitempty" expr:"cause"`
	By           string `json:"by,omitempty" expr:"by"`
	ByState      string `json:"by_state,omitempty" expr:"by_state"`
	OtherState   string `json:"other_state,omitempty" expr:"other_state"`
	Frame        uint64 `json:"frame,omitempty" expr:"frame"`
	Time         Time   `json:"time,omitzero" expr:"time"`
	Text         string `json:"text,omitempty" expr:"text"` // that the RST carries, escaped
}

// Time is a moment of the capture's clock. As text it is RFC 3339 in UTC with nine
// digits of seconds.
type Time analyzer.Time

// MarshalText is the time as records spell it.
func (t Time) MarshalText() ([]byte, error) {
	var k output.Clock
	return k.Append(nil, analyzer.Time(t)), nil
}

// UnmarshalText reads any RFC 3339 time.
func (t *Time) UnmarshalText(text []byte) error {
	u, err := time.Parse(time.RFC3339Nano, string(text))
	*t = Time(u.UnixNano())
	return err
}

// AsTime is the time as the standard library has it, in UTC. Expressions call it
// by this name.
func (t Time) AsTime() time.Time { return analyzer.Time(t).Time() }

// NewRecord is the record of c, of which j is the judgment.
func NewRecord(c *analyzer.Conversation, j *analyzer.Judgment) Record {
	var r Record
	Fill(&r, c)
	FillJudgment(&r, c, j)
	return r
}

// Fill makes r the record of c without what a judgment says. It uses the memory of the one that
// r was before.
func Fill(r *Record, c *analyzer.Conversation) {
	client, server := c.Addr[analyzer.Client], c.Addr[analyzer.Server]
	*r = Record{
		Schema:       conversationSchema,
		Stream:       c.Stream,
		Client:       newHost(c, analyzer.Client),
		Server:       newHost(c, analyzer.Server),
		Roles:        c.Roles.String(),
		CommunityID:  output.CommunityID(client, server),
		Start:        Time(c.Start),
		End:          Time(c.End),
		DurationS:    output.FloatSeconds(c.Duration()),
		FirstFrame:   c.FirstFrame,
		LastFrame:    c.LastFrame,
		Packets:      c.Packets(),
		Outcome:      c.Outcome.String(),
		VLAN:         c.VLAN[0],
		InnerVLAN:    c.VLAN[1],
		Interface:    c.Interface,
		ALPN:         c.ALPN,
		Process:      newProcessRecord(c.Owner()),
		Completeness: uint8(c.Completeness),
		ConnState:    c.ConnState.String(),
		History:      c.History.String(),
		Endpoints: Endpoints{
			Client: Endpoint{Trajectory: emptied(r.Endpoints.Client.Trajectory), Process: newProcessRecord(c.Hosts[analyzer.Client]), Kernel: newInfoRecord(c.Hosts[analyzer.Client])},
			Server: Endpoint{Trajectory: emptied(r.Endpoints.Server.Trajectory), Process: newProcessRecord(c.Hosts[analyzer.Server]), Kernel: newInfoRecord(c.Hosts[analyzer.Server])},
		},
		Anomalies: emptied(r.Anomalies),
		ICMP:      newICMPRecords(c),
		Went:      newTimeRecord(&c.Spent),
		Limit:     newLimitRecord(c),
		Evicted:   c.Evicted,
		Quick:     c.Quick,
		Dropped:   c.Dropped,
	}
	r.Endpoints.Client.Sent.set(c, &c.Sent[analyzer.Client])
	r.Endpoints.Server.Sent.set(c, &c.Sent[analyzer.Server])
}

// emptied is s without elements, but not nil: as JSON it is [], not null.
func emptied[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s[:0]
}

// FillJudgment adds what a judgment says. It is no method, as Fill is none: expressions would see it.
func FillJudgment(r *Record, c *analyzer.Conversation, j *analyzer.Judgment) {
	r.Endpoints.Client.judged(j, analyzer.Client)
	r.Endpoints.Server.judged(j, analyzer.Server)
	for i := range j.Anomalies {
		r.Anomalies = append(r.Anomalies, NewAnomalyRecord(c, &j.Anomalies[i]))
	}
	r.Close = newCloseRecord(&j.Close)
	r.Failure = dimension.Failed(c, j).String()
}

func (e *Endpoint) judged(j *analyzer.Judgment, side analyzer.Side) {
	e.State = j.State[side].String()
	for i := range j.Trajectory[side] {
		e.Trajectory = append(e.Trajectory, NewStepRecord(&j.Trajectory[side][i]))
	}
}

// NewStepRecord is the record of s.
func NewStepRecord(s *analyzer.Step) StepRecord {
	r := StepRecord{
		State: s.State.String(), Time: Time(s.Time), Frame: s.Frame, Evidence: s.Evidence.String(),
		ProofFrame: s.ProofFrame, NotBefore: Time(s.NotBefore), NotAfter: Time(s.NotAfter),
	}
	if s.Cause != 0 {
		r.Cause = s.Cause.String()
	}
	return r
}

// NewAnomalyRecord is the record of a, an anomaly of c.
func NewAnomalyRecord(c *analyzer.Conversation, a *analyzer.Anomaly) AnomalyRecord {
	r := AnomalyRecord{ID: a.Kind.ID, Severity: a.Kind.Severity.String(), Frame: a.Frame, Time: Time(a.Time), Detail: human.Detail(c, a)}
	if a.HasSide {
		r.Endpoint = a.Side.String()
	}
	if a.Kernel {
		r.Evidence = analyzer.EvidenceKernel.String()
	}
	return r
}

func newCloseRecord(c *analyzer.Close) CloseRecord {
	if c.Kind == analyzer.CloseNone {
		return CloseRecord{}
	}
	r := CloseRecord{Kind: c.Kind.String(), Simultaneous: c.Simultaneous, Segments: c.Segments}
	if c.HasFirst {
		r.First = c.First.String()
	}
	if c.Kind == analyzer.CloseReset {
		r.Cause, r.By, r.Frame, r.Time = c.Cause.String(), c.By.String(), c.Frame, Time(c.Time)
		r.ByState, r.OtherState, r.Text = c.ByState.String(), c.OtherState.String(), c.Text
	}
	return r
}
