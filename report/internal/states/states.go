package states

import (
	"fmt"
	"net/netip"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/human"
)

// StateFilter selects connections by the states of their endpoints at a moment. The zero value is for all
// that are there.
type StateFilter struct {
	states [fsm.NumStates]bool
	chosen bool // states were named
	side   analyzer.Side
	one    bool // only side is looked at
}

// ParseStateFilter reads the names of states, as RFC 9293, netstat or ss spell them, and a side: "client",
// "server" or "" for both.
func ParseStateFilter(states []string, side string) (f StateFilter, err error) {
	for _, name := range states {
		s, err := fsm.ParseState(name)
		if err != nil {
			return f, fmt.Errorf("unknown state %q: %s", name, suggestState(name))
		}
		f.states[s], f.chosen = true, true
	}
	switch side {
	case "":
	case analyzer.Client.String(), analyzer.Server.String():
		f.one = true
		if side == analyzer.Server.String() {
			f.side = analyzer.Server
		}
	default:
		return f, fmt.Errorf("--side is client or server, not %q", side)
	}
	return f, nil
}

// suggestState says which states are spelled most like name, or else which exist.
func suggestState(name string) string {
	names := StateNames()
	if near := human.Nearest(strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(name)), names); near != "" {
		return near
	}
	return "the states are " + strings.Join(names, ", ") + ", also as netstat and ss spell them"
}

// StateNames are the states of RFC 9293 as ParseStateFilter takes them.
func StateNames() []string {
	names := make([]string, fsm.NumStates)
	for s := range fsm.NumStates {
		names[s] = s.String()
	}
	return names
}

// has reports whether one of the endpoints that are looked at is in a state that is wanted. Without states
// any connection will do, but of one side any that this side has.
func (f *StateFilter) has(states [2]fsm.State) bool {
	if !f.one && !f.chosen {
		return true
	}
	for side, s := range states {
		if f.looksAt(analyzer.Side(side)) && f.wants(s) {
			return true
		}
	}
	return false
}

func (f *StateFilter) looksAt(side analyzer.Side) bool { return !f.one || side == f.side }

func (f *StateFilter) wants(s fsm.State) bool {
	if f.chosen {
		return f.states[s]
	}
	return !f.one || s != fsm.Closed && s != fsm.Listen && s != fsm.Unknown
}

// Match reports whether a connection is selected that is as m says.
func (f *StateFilter) Match(m *analyzer.Moment) bool {
	return f.has(statesOf(m))
}

// StatesAt is the connections that were there at one moment of a capture.
type StatesAt struct {
	Time       analyzer.Time
	Begin, End analyzer.Time // of the capture: its first packet, and the latest time in it
	Empty      bool          // the capture holds no packets
	Filter     StateFilter
	Width      int           // columns of the terminal; 0: unlimited
	Times      human.Times   // in a table; Delta is from what is shown to Time
	Rows       []*Connection // in order of stream; a table may be short of some

	total tally
}

// Count counts a connection that Filter selects, be it one of Rows or not.
func (s *StatesAt) Count(m *analyzer.Moment) { s.total.add(&s.Filter, statesOf(m), 1) }

// Connection is one connection at a moment.
type Connection struct {
	Stream uint64
	Addr   [2]netip.AddrPort // by Side
	Roles  analyzer.Roles
	Start  analyzer.Time
	Moment analyzer.Moment
	Flight analyzer.Flight
}

func (c *Connection) timer(side analyzer.Side) analyzer.Timer {
	return c.Flight.Timer(side, &c.Moment[side])
}

func (c *Connection) bytes(side analyzer.Side) (n uint64, known bool) {
	return c.Flight.Bytes(side, &c.Moment[side])
}

// tally counts connections, and their endpoints by state.
type tally struct {
	connections int32
	endpoints   [2][fsm.NumStates]int32 // by Side
}

// add counts a connection n times if the filter selects it.
func (t *tally) add(f *StateFilter, states [2]fsm.State, n int32) {
	if !f.has(states) {
		return
	}
	t.connections += n
	for side, s := range states {
		if f.shows(analyzer.Side(side), s) {
			t.endpoints[side][s] += n
		}
	}
}

// shows reports whether endpoints of a side in a state are counted.
func (f *StateFilter) shows(side analyzer.Side, s fsm.State) bool {
	return f.looksAt(side) && (!f.chosen || f.states[s])
}

func statesOf(m *analyzer.Moment) [2]fsm.State {
	return [2]fsm.State{m[analyzer.Client].State, m[analyzer.Server].State}
}
