package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// spellings are the names that others give to the states, beside stateNames.
// Hyphens and blanks have become underscores.
var spellings = map[string]State{
	"CLOSE":        Closed,  // Linux netstat
	"UNCONN":       Closed,  // ss
	"LISTENING":    Listen,  // Windows netstat
	"SYN_RECV":     SynRcvd, // Linux netstat, ss
	"SYN_RECEIVED": SynRcvd, // RFC 9293, Windows netstat
	"NEW_SYN_RECV": SynRcvd, // Linux trace points
	"ESTAB":        Established,
	"FINWAIT1":     FinWait1,
	"FIN_WAIT1":    FinWait1,
	"FINWAIT_1":    FinWait1, // RFC 9293, figure 5
	"FINWAIT2":     FinWait2,
	"FIN_WAIT2":    FinWait2,
	"FINWAIT_2":    FinWait2,
}

// ParseState finds the state that name stands for: as String writes it or as RFC
// 9293, netstat, ss or a Linux trace point (TCP_FIN_WAIT1) do, in any case, with
// hyphens, underscores or blanks.
func ParseState(name string) (State, error) {
	key := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(name))
	key = strings.TrimPrefix(key, "TCP_")
	if i := slices.Index(stateNames[:], key); i >= 0 {
		return State(i), nil
	}
	if s, ok := spellings[key]; ok {
		return s, nil
	}
	return Unknown, fmt.Errorf("fsm: no such state: %q", name)
}

// MarshalText is String. It fails for a value that is no state.
func (s State) MarshalText() ([]byte, error) {
	if s >= NumStates {
		return nil, fmt.Errorf("fsm: no such state: %d", uint8(s))
	}
	return []byte(stateNames[s]), nil
}

// UnmarshalText accepts what ParseState does.
func (s *State) UnmarshalText(text []byte) error {
	parsed, err := ParseState(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
