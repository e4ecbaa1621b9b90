// Package record is what package verify found, as Go data, as a JSON document, as tables for people, and as the rows of the tables in README.md and
// docs/accuracy.md.
//
// Not its job: to find it.
package record

import (
	"cmp"
	"fmt"
	"slices"
)

// Tap is where the packets were captured that something was inferred from, as the endpoint sees it that it is about.
type Tap string

// The taps.
const (
	Endpoint Tap = "endpoint"  // at the host of the endpoint
	Middle   Tap = "middle"    // between both hosts
	OtherEnd Tap = "other_end" // at the host of its peer
	BothEnds Tap = "both_ends" // both endpoints are on one host, and so is the tap
)

// Taps are all of them, in the order in which they are shown.
var Taps = []Tap{Endpoint, Middle, OtherEnd, BothEnds}

// The places where connections are made.
const (
	Namespaces = "namespaces" // network namespaces of their own, and a link between them
	Loopback   = "loopback"
	Interface  = "interface" // none are made: those that an interface has
)

// Report is how often inference and kernel agreed.
type Report struct {
	Schema    string       `json:"schema"`
	System    string       `json:"system"` // and its release
	Source    string       `json:"source"` // how the kernel tells: bpf, or sock_diag
	Place     string       `json:"place"`
	Interface string       `json:"interface,omitempty"`
	Rounds    int          `json:"rounds,omitempty"`
	Lacks     []string     `json:"lacks"`    // what could not be had, and why: less is compared then
	LeftOut   int          `json:"left_out"` // endpoints at taps that lost packets meanwhile, or while this program did not run
	Taps      []AtTap      `json:"taps"`
	States    []Line       `json:"states"`
	Missed    []Missed     `json:"missed"`       // states that were not inferred
	Proofs    int          `json:"proofs"`       // steps that were said to be proved, at all taps
	Wrong     int          `json:"wrong_proofs"` // of these, those that the kernel does not say; must be 0
	False     []FalseProof `json:"false_proofs"` // the first of them
	Shown     *Shown       `json:"shown,omitempty"`
	Scenarios []Scenario   `json:"scenarios,omitempty"`
}

// AtTap is what the comparison gave at one tap.
type AtTap struct {
	Tap       Tap `json:"tap"`
	Endpoints int `json:"endpoints"` // that the kernel said something of
	Equal     int `json:"equal"`     // of these, those whose states are the same, in order
	Proofs    int `json:"proofs"`
	Wrong     int `json:"wrong_proofs"`
	Moments   int `json:"moments"` // at which the kernel entered a state that was inferred; none that were only found
	Within    int `json:"within"`  // of these, those between not_before and not_after
}

// Line counts the steps into a state for which there is some evidence at a tap, and those of them that the kernel confirms.
type Line struct {
	Tap      Tap    `json:"tap"`
	State    string `json:"state"`
	Evidence string `json:"evidence"`
	Steps    int    `json:"steps"`
	Agreed   int    `json:"agreed"`
}

// Missed counts how often the kernel was in a state for longer than it takes to handle a segment, and that was not inferred at a tap.
type Missed struct {
	Tap   Tap    `json:"tap"`
	State string `json:"state"`
	Times int    `json:"times"`
}

// Shown is what an analysis on the endpoints' hosts has that is told the kernel's word.
type Shown struct {
	Endpoints int        `json:"endpoints"`
	Always    int        `json:"always"` // of these, those that it has in the kernel's state at every moment
	Otherwise []NotShown `json:"otherwise"`
}

// NotShown is an endpoint that is not shown as the kernel has it.
type NotShown struct {
	Endpoint string `json:"endpoint"`
	Socket   string `json:"socket"`
	Scenario string `json:"scenario,omitempty"`
	Shown    string `json:"shown"`
	Kernel   string `json:"kernel"`
}

// Scenario is a kind of connection that was made, and what was found.
type Scenario struct {
	Name      string      `json:"name"`
	Endpoints int         `json:"endpoints"` // that the kernel said something of
	Equal     map[Tap]int `json:"equal"`     // of these, those whose states are the same, inferred at a tap
	Shown     int         `json:"shown"`     // of these, those that are shown as the kernel has them at every moment
	Processes int         `json:"processes"` // of these, those that are shown with the right process
	Wrong     int         `json:"wrong_proofs"`
}

// FalseProof is an endpoint of which something was said to be proved that its kernel does not say.
type FalseProof struct {
	Tap      Tap    `json:"tap"`
	Endpoint string `json:"endpoint"`
	Socket   string `json:"socket"`
	Scenario string `json:"scenario,omitempty"`
	State    string `json:"state"`
	Evidence string `json:"evidence"`
	Inferred string `json:"inferred"`
	Kernel   string `json:"kernel"`
}

// MostShown bounds the endpoints of which one list has each.
const MostShown = 100

// New is a report of nothing yet.
func New() *Report {
	return &Report{Schema: "tcptrace.verify.v1", Lacks: []string{}, Taps: []AtTap{}, States: []Line{}, Missed: []Missed{}, False: []FalseProof{}}
}

// At is what is known of a tap.
func (r *Report) At(tap Tap) *AtTap {
	return of(&r.Taps, func(a *AtTap) bool { return a.Tap == tap }, AtTap{Tap: tap})
}

// Line is that of a state and its evidence at a tap.
func (r *Report) Line(tap Tap, state, evidence string) *Line {
	return of(&r.States, func(l *Line) bool { return l.Tap == tap && l.State == state && l.Evidence == evidence },
		Line{Tap: tap, State: state, Evidence: evidence})
}

// Miss counts a state that was not inferred.
func (r *Report) Miss(tap Tap, state string) {
	of(&r.Missed, func(m *Missed) bool { return m.Tap == tap && m.State == state }, Missed{Tap: tap, State: state}).Times++
}

// Scenario is the one of a name.
func (r *Report) Scenario(name string) *Scenario {
	return of(&r.Scenarios, func(s *Scenario) bool { return s.Name == name }, Scenario{Name: name, Equal: map[Tap]int{}})
}

// of is the member of a list that is meant, or else a new one.
func of[T any](list *[]T, is func(*T) bool, anew T) *T {
	for i := range *list {
		if is(&(*list)[i]) {
			return &(*list)[i]
		}
	}
	*list = append(*list, anew)
	return &(*list)[len(*list)-1]
}

// Sort puts the lines in order.
func (r *Report) Sort() {
	slices.SortFunc(r.Taps, func(a, b AtTap) int { return compareTaps(a.Tap, b.Tap) })
	slices.SortFunc(r.States, func(a, b Line) int {
		return cmp.Or(compareTaps(a.Tap, b.Tap), cmp.Compare(a.State, b.State), cmp.Compare(a.Evidence, b.Evidence))
	})
	slices.SortFunc(r.Missed, func(a, b Missed) int { return cmp.Or(compareTaps(a.Tap, b.Tap), cmp.Compare(a.State, b.State)) })
}

func compareTaps(a, b Tap) int { return cmp.Compare(slices.Index(Taps, a), slices.Index(Taps, b)) }

// Nothing is why there is a tap at which nothing was compared; "": there is none.
func (r *Report) Nothing() string {
	i := slices.IndexFunc(r.Taps, func(a AtTap) bool { return a.Endpoints == 0 })
	if i < 0 {
		return ""
	}
	text := "nothing was compared " + r.Taps[i].Tap.String() + ": "
	switch {
	case r.LeftOut > 0:
		return text + fmt.Sprintf("while all %d endpoints were followed packets or time were lost; try again when the machine has less to do", r.LeftOut)
	case r.Place == Interface:
		return text + "no connection that this host's kernel tells of had packets on " + r.Interface + "; try a longer --for, or another -i"
	}
	return text + "the kernel said nothing of the connections that were made"
}
