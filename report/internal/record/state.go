package record

// StateRecord is a connection at a moment in Go data: what json.Unmarshal makes of a record of 'tcptrace states --at'.
type StateRecord struct {
	Schema      string         `json:"schema"`
	At          Time           `json:"at"`
	Stream      uint64         `json:"stream"`
	Client      Socket         `json:"client"`
	Server      Socket         `json:"server"`
	Roles       string         `json:"roles"`
	CommunityID string         `json:"community_id"`
	Start       Time           `json:"start"` // its first frame
	Endpoints   StateEndpoints `json:"endpoints"`
}

// StateEndpoints are the two sides of a connection at a moment.
type StateEndpoints struct {
	Client StateEndpoint `json:"client"`
	Server StateEndpoint `json:"server"`
}

// StateEndpoint is an endpoint at a moment. Since, Evidence, Frame, NotBefore and NotAfter are those of the step that
// brought it into its state ([analyzer.Step]); what is not known is left out.
type StateEndpoint struct {
	State     string       `json:"state"`
	Since     Time         `json:"since,omitzero"`
	Evidence  string       `json:"evidence,omitempty"`
	Frame     uint64       `json:"frame,omitempty"`
	NotBefore Time         `json:"not_before,omitzero"`
	NotAfter  Time         `json:"not_after,omitzero"`
	Unsettled bool         `json:"unsettled,omitempty"` // the moment lies within the bounds of this step or the next
	InFlight  *uint64      `json:"in_flight,omitempty"` // payload bytes sent and not acknowledged, as the tap sees it
	Timer     *TimerRecord `json:"timer,omitempty"`
}

// TimerRecord is a timer that runs at an endpoint ([analyzer.Timer]).
type TimerRecord struct {
	Kind    string `json:"kind"`
	Since   Time   `json:"since,omitzero"`
	Until   Time   `json:"until,omitzero"`
	Repeats uint16 `json:"repeats,omitempty"`
}

// StateCountsRecord is a sample of 'tcptrace states --every' in Go data: how many endpoints were in which state. A side that
// is not looked at is left out.
type StateCountsRecord struct {
	Schema      string            `json:"schema"`
	Time        Time              `json:"time"`
	TimeS       float64           `json:"t_s"` // since the first packet
	Connections uint64            `json:"connections"`
	Client      map[string]uint64 `json:"client,omitempty"`
	Server      map[string]uint64 `json:"server,omitempty"`
}
