package record

import (
	"net/netip"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// EventRecord is a line of the event stream in Go data: what json.Unmarshal makes of it. EventFields says
// which fields a line has.
type EventRecord struct {
	Schema      string `json:"schema"`
	Event       string `json:"event"`
	Time        Time   `json:"time"`
	Stream      uint64 `json:"stream"`
	Client      Host   `json:"client"`
	Server      Host   `json:"server"`
	CommunityID string `json:"community_id"`
	Roles       string `json:"roles"`
	Frame       uint64 `json:"frame"`

	Endpoint   string `json:"endpoint"`
	State      string `json:"state"`
	Cause      string `json:"cause"`
	Evidence   string `json:"evidence"`
	ProofFrame uint64 `json:"proof_frame"`
	NotBefore  Time   `json:"not_before"`
	NotAfter   Time   `json:"not_after"`

	Anomaly AnomalyRecord `json:"anomaly"`
	Dropped uint64        `json:"dropped"` // packets that the capture lost while the conversation was open

	Outcome string      `json:"outcome"`
	Close   CloseRecord `json:"close"`

	Of   string     `json:"of"` // the event that is taken back
	Told ToldRecord `json:"told"`

	Final  bool   `json:"final"` // nothing more will be told of the conversation
	Reason string `json:"reason"`
	Record Record `json:"record"`

	// Of what the kernel of this host says of its endpoint: State is the kernel's.
	Before  string        `json:"before"`
	Socket  bool          `json:"socket"` // a socket stands for it, rather than a request or what is left of a socket
	Process ProcessRecord `json:"process"`

	// Of a connection of this host of which no packet was captured: what its kernel measures.
	Kernel InfoRecord `json:"kernel"`
	Since  Time       `json:"since"` // when it entered State

	// Of the SYN cookies of this host, since they were last told.
	Sent     uint64 `json:"sent"`     // SYN-ACKs with a cookie, which it keeps nothing of
	Accepted uint64 `json:"accepted"` // connections that it made of a cookie that came back
	Refused  uint64 `json:"refused"`  // ACKs in which it found no valid cookie

	// Of a listening socket of this host, Server, that had no room for connections.
	Unanswered uint32 `json:"unanswered"` // SYNs, and ACKs of handshakes, that it dropped since it was last told
	Queue      uint32 `json:"queue"`      // connections that wait to be accepted
	Backlog    uint32 `json:"backlog"`    // as many may wait

	Packets uint64 `json:"packets"` // that the capture lost since it was last told
	Total   uint64 `json:"total"`   // that it lost in all

	Statistics StatisticsRecord `json:"statistics"`
	Summary    SummaryRecord    `json:"summary"`
}

// ToldRecord is what an event said that is taken back, by which it can be found.
type ToldRecord struct {
	Endpoint string `json:"endpoint,omitempty"`
	State    string `json:"state,omitempty"`
	ID       string `json:"id,omitempty"` // of an anomaly
	Outcome  string `json:"outcome,omitempty"`
	Frame    uint64 `json:"frame,omitempty"`
	Time     Time   `json:"time,omitzero"`
}

// StatisticsRecord is what goes on at a moment.
type StatisticsRecord struct {
	Open        uint64                       `json:"open"`   // conversations that are followed
	States      map[string]map[string]uint64 `json:"states"` // of those: how many endpoints of a side are in a state
	PacketsPerS float64                      `json:"packets_per_s"`
	BytesPerS   float64                      `json:"bytes_per_s"`
	DropsPerS   float64                      `json:"drops_per_s"`
}

// KernelState is the state of an endpoint in the words of its own kernel. It stands beside what is inferred, and changes nothing of it.
type KernelState struct {
	Time          analyzer.Time
	Stream        uint64
	Addr          [2]netip.AddrPort // by Side
	Side          analyzer.Side
	Before, State fsm.State // Before is fsm.Unknown if that was not known
	Socket        bool
	Process       host.Process
}

// Silent is an end of a connection that the kernel of this host has, and of which no packet was captured. Its Time is when it is told.
type Silent struct {
	KernelState
	Since analyzer.Time // when it entered State; 0: before the capture began
	Info  *host.Info    // nil: not known
}

// Cookies are the SYN cookies of this host since they were last told.
type Cookies struct {
	Time                    analyzer.Time
	Sent, Accepted, Refused uint64
}

// Overflow is that a listening socket of this host dropped what would have opened connections, because too many wait for its process.
type Overflow struct {
	Time           analyzer.Time
	Server         netip.AddrPort
	Process        host.Process
	Dropped        uint32 // SYNs, and ACKs of handshakes
	Queue, Backlog uint32 // that wait, and as many as may
}

// Events that packets do not tell.
const (
	eventOverflow   = "overflow"
	eventKernel     = "kernel"
	eventSilent     = "silent"
	eventCookies    = "cookies"
	eventDrops      = "drops"
	eventStatistics = "statistics"
	eventSummary    = "summary"
)

// ofConversation are the fields of all events of a conversation.
var ofConversation = []string{"stream", "client", "server", "community_id"}

// EventFields are the fields of the events beside schema, event and time: those that are always there, and
// those that are left out if they are not known or zero.
var EventFields = map[string]struct{ Always, Known []string }{
	analyzer.EventOpened.String(): {Always: with("roles", "frame")},
	analyzer.EventState.String(): {
		Always: with("endpoint", "state", "evidence"),
		Known:  []string{"frame", "cause", "proof_frame", "not_before", "not_after"},
	},
	analyzer.EventAnomaly.String():      {Always: with("anomaly"), Known: []string{"dropped"}},
	analyzer.EventClosed.String():       {Always: with("outcome"), Known: []string{"close"}},
	analyzer.EventCorrection.String():   {Always: with("of", "told")},
	analyzer.EventConversation.String(): {Always: with("final", "record"), Known: []string{"reason"}},
	eventKernel:                         {Always: with("endpoint", "state", "socket"), Known: []string{"before", "process"}},
	eventSilent:                         {Always: []string{"client", "server", "community_id", "endpoint", "state", "socket"}, Known: []string{"before", "process", "kernel", "since"}},
	eventCookies:                        {Always: []string{"sent", "accepted", "refused"}},
	eventOverflow:                       {Always: []string{"server", "unanswered", "queue", "backlog"}, Known: []string{"process"}},
	eventDrops:                          {Always: []string{"packets", "total"}},
	eventStatistics:                     {Always: []string{"statistics", "summary"}},
	eventSummary:                        {Always: []string{"summary"}},
}

func with(names ...string) []string { return append(names, ofConversation...) }

// newStatisticsRecord is the record but for the rates.
func newStatisticsRecord(open int, states *[2][fsm.NumStates]uint64) StatisticsRecord {
	r := StatisticsRecord{Open: uint64(open), States: map[string]map[string]uint64{}}
	for side := range states {
		counts := map[string]uint64{}
		for state, n := range states[side] {
			if n > 0 {
				counts[fsm.State(state).String()] = n
			}
		}
		r.States[analyzer.Side(side).String()] = counts
	}
	return r
}
