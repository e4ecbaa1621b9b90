package expect

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"tcptrace/report"
)

// Difference is what differs between two captures of the same scenario.
type Difference struct {
	OnlyA, OnlyB []Party

	a, b      *Packed
	pairs     [][2]int // indexes in a and b
	tolerance Tolerance
}

// Change is one thing that differs. A value that is not there is empty.
type Change struct {
	Field string   // as records name it
	A, B  string   // the values
	Lines []string // more for people
}

// Tolerance is how far numbers may be apart and still count as alike.
type Tolerance struct {
	Ratio   float64 // of the greater one
	Seconds float64 // times closer than this are alike
}

// Diff pairs the conversations of two captures. Addresses, the time of day, and frame and stream numbers may differ.
func Diff(a, b *Packed, t Tolerance) *Difference {
	d := &Difference{a: a, b: b, tolerance: t}
	d.pairUp()
	return d
}

// keys tell what makes two conversations the same, the strictest first. A client's port is another one in every
// run, addresses may be; the order stays.
var keys = []func(*Party) [2]report.Socket{
	func(p *Party) [2]report.Socket { return [2]report.Socket{p.Client, p.Server} },
	func(p *Party) [2]report.Socket { return [2]report.Socket{{IP: p.Client.IP}, p.Server} },
	func(p *Party) [2]report.Socket { return [2]report.Socket{{}, p.Server} },
	func(p *Party) [2]report.Socket { return [2]report.Socket{{}, {Port: p.Server.Port}} },
}

func (d *Difference) pairUp() {
	partner := make([]int, d.a.Len())
	for i := range partner {
		partner[i] = -1
	}
	taken := make([]bool, d.b.Len())
	next := make([]int, d.b.Len()) // the next one with the same key
	for _, key := range keys {
		waiting := map[[2]report.Socket]int{} // the first
		for j := d.b.Len() - 1; j >= 0; j-- {
			if k := key(&d.b.index[j].Party); !taken[j] {
				next[j] = -1
				if first, ok := waiting[k]; ok {
					next[j] = first
				}
				waiting[k] = j
			}
		}
		for i := range partner {
			if partner[i] >= 0 {
				continue
			}
			k := key(&d.a.index[i].Party)
			if j, ok := waiting[k]; ok && j >= 0 {
				partner[i], taken[j], waiting[k] = j, true, next[j]
			}
		}
	}
	for i, j := range partner {
		if j < 0 {
			d.OnlyA = append(d.OnlyA, d.a.index[i].Party)
			continue
		}
		d.pairs = append(d.pairs, [2]int{i, j})
	}
	for j := range taken {
		if !taken[j] {
			d.OnlyB = append(d.OnlyB, d.b.index[j].Party)
		}
	}
}

// undiffed are fields that differ between any two captures, or that others say better.
var undiffed = map[owned]bool{
	{recordType, "schema"}: true, {recordType, "stream"}: true, {recordType, "community_id"}: true,
	{recordType, "client"}: true, {recordType, "server"}: true,
	{recordType, "first_frame"}: true, {recordType, "last_frame"}: true,
	{recordType, "completeness"}: true, {recordType, "conn_state"}: true, {recordType, "history"}: true,
	{reflect.TypeFor[report.Endpoint](), "state"}:    true,
	{reflect.TypeFor[report.CloseRecord](), "frame"}: true,
}

// exactNumbers are what endpoints agree on, or how they are: no measurements.
var exactNumbers = []string{"mss_bytes", "window_shift", "ttl_min", "ttl_max", "segments"}

// kind is what a field that is compared holds, and how Packed keeps it.
type kind uint8

const (
	kindUnsigned kind = iota // these are a number, the bits of which are kept
	kindSigned
	kindFloat
	kindTruth
	kindWord // this and what follows is bytes
	kindSteps
	kindAnomalies
	kindICMP
)

var kinds = map[reflect.Type]kind{
	reflect.SliceOf(stepType): kindSteps, reflect.SliceOf(anomalyType): kindAnomalies, reflect.TypeFor[[]report.ICMPRecord](): kindICMP,
}

// kindOf is the kind of a field of a type. There are no others: a test has all of them.
func kindOf(t reflect.Type) kind {
	switch k := t.Kind(); {
	case k == reflect.Bool:
		return kindTruth
	case k <= reflect.Int64:
		return kindSigned
	case k <= reflect.Uintptr:
		return kindUnsigned
	case k <= reflect.Float64:
		return kindFloat
	case k == reflect.String:
		return kindWord
	}
	of, ok := kinds[t]
	if !ok {
		panic(fmt.Sprintf("%v cannot be compared", t))
	}
	return of
}

// compared is a field that Diff compares, and how.
type compared struct {
	path           string // from the record
	kind           kind
	exact, seconds bool // of a number: see exactNumbers; it is a time in seconds
}

// node is a field of a struct: one that is compared, or a struct of such fields.
type node struct {
	index  int // in the struct
	kind   kind
	fields []node // of a struct
}

// recordPlan is the fields of a record that are compared, and all compared those in the same order.
var recordPlan, allCompared = planOf(recordType, "", nil)

func planOf(t reflect.Type, prefix string, all []compared) ([]node, []compared) {
	var plan []node
	for _, f := range fieldsOf[t] {
		if undiffed[owned{t, f.name}] || f.typ == timeType {
			continue
		}
		n := node{index: f.index}
		if f.typ.Kind() == reflect.Struct {
			n.fields, all = planOf(f.typ, prefix+f.name+".", all)
		} else {
			n.kind = kindOf(f.typ)
			all = append(all, compared{
				path: prefix + f.name, kind: n.kind,
				exact: slices.Contains(exactNumbers, f.name), seconds: n.kind == kindFloat && strings.HasSuffix(f.name, "_s"),
			})
		}
		plan = append(plan, n)
	}
	return plan, all
}

// stateNames are the names of states, by themselves.
var stateNames = func() map[string]string {
	names := map[string]string{}
	for _, name := range vocabulary(reflect.TypeFor[report.Endpoint](), "state") {
		names[name] = name
	}
	return names
}()

type differ struct {
	tolerance Tolerance
	most      int // changes that are spelled out; 0: all
	out       []Change
	more      int // others

	room [2][]entry
}

// records compares two packed records.
func (x *differ) records(a, b []byte) {
	v, w := newCursor(a), newCursor(b)
	for {
		at := min(v.at, w.at)
		if at == len(allCompared) {
			return
		}
		from, to := v.value(at), w.value(at)
		if from.bits != to.bits || !bytes.Equal(from.text, to.text) {
			x.value(&allCompared[at], from, to)
		}
	}
}

func (x *differ) value(f *compared, a, b packedValue) {
	switch f.kind {
	case kindSteps:
		x.room[0], x.room[1] = a.steps(x.room[0][:0]), b.steps(x.room[1][:0])
		x.trajectory(f.path, x.room[0], x.room[1])
	case kindAnomalies:
		x.anomalies(f.path, a.anomalies(), b.anomalies())
	case kindWord, kindICMP:
		if !x.full() {
			x.change(f.path, string(a.text), string(b.text))
		}
	default:
		if v, w := a.number(f.kind), b.number(f.kind); f.kind != kindTruth && (v == w || !f.exact && x.alike(v, w, f.seconds)) || x.full() {
			return
		}
		x.change(f.path, a.digits(f.kind), b.digits(f.kind))
	}
}

// full reports whether as many changes are spelled out as are wanted, and counts one more if so.
func (x *differ) full() bool {
	if x.most == 0 || len(x.out) < x.most {
		return false
	}
	x.more++
	return true
}

func (x *differ) change(path, a, b string, lines ...string) {
	x.out = append(x.out, Change{path, a, b, lines})
}

// alike reports whether two measurements are within the tolerance.
func (x *differ) alike(v, w float64, seconds bool) bool {
	apart := math.Abs(v - w)
	return apart <= x.tolerance.Ratio*max(math.Abs(v), math.Abs(w)) || seconds && apart <= x.tolerance.Seconds
}

// trajectory compares the states; if they are the same, when each was entered.
func (x *differ) trajectory(path string, a, b []entry) {
	if !slices.EqualFunc(a, b, func(v, w entry) bool { return v.state == w.state }) {
		if x.full() {
			return
		}
		before, after := states(a), states(b)
		lines := sideBySide(before, after)
		x.change(path, strings.Join(before, " "), strings.Join(after, " "),
			"A"+strings.TrimPrefix(lines[0], "expected"), "B"+strings.TrimPrefix(lines[1], "found   "))
		return
	}
	for i := range a {
		v, w := float64(a[i].since)/1e9, float64(b[i].since)/1e9
		if !x.alike(v, w, true) {
			// Later steps are late, too: the first one tells where time went.
			if !x.full() {
				x.change(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%s at %s s", a[i].state, decimal(v)), fmt.Sprintf("%s at %s s", b[i].state, decimal(w)))
			}
			return
		}
	}
}

func states(list []entry) (out []string) {
	for _, s := range list {
		out = append(out, s.state)
	}
	return out
}

func decimal(v float64) string {
	_, text := numberIn(reflect.ValueOf(v))
	return text
}

// anomalies compares kinds and endpoints: how often each occurs.
func (x *differ) anomalies(path string, a, b []report.AnomalyRecord) {
	left := map[string]int{}
	key := func(v *report.AnomalyRecord) string { return v.ID + " " + v.Endpoint }
	for i := range b {
		left[key(&b[i])]++
	}
	for i := range a {
		if k := key(&a[i]); left[k] > 0 {
			left[k]--
		} else if !x.full() {
			x.change(path, anomalyText(&a[i]), "", a[i].Detail)
		}
	}
	for i := len(b) - 1; i >= 0; i-- { // the first ones have a partner
		if k := key(&b[i]); left[k] > 0 {
			left[k]--
			if !x.full() {
				x.change(path, "", anomalyText(&b[i]), b[i].Detail)
			}
		}
	}
}
