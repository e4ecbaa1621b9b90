package expect

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"tcptrace/report"
)

// Difference is what differs between two captures of the same scenario.
type Difference struct {
	Pairs        []Pair
	OnlyA, OnlyB []*report.Record
}

// Pair is a conversation in both captures.
type Pair struct {
	A, B    *report.Record
	Changes []Change // empty: they are alike
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

// Diff pairs the conversations of two captures and finds what differs. Addresses, the time of day, and
// frame and stream numbers may differ.
func Diff(a, b *Capture, t Tolerance) *Difference {
	d := &Difference{}
	pairUp(d, a.Conversations, b.Conversations)
	for i := range d.Pairs {
		p := &d.Pairs[i]
		x := differ{tolerance: t, a: p.A, b: p.B}
		x.record("", reflect.ValueOf(p.A).Elem(), reflect.ValueOf(p.B).Elem())
		p.Changes = x.out
	}
	return d
}

// keys tell what makes two conversations the same, the strictest first. A client's port is another one in every
// run, addresses may be; the order stays.
var keys = []func(*report.Record) string{
	func(r *report.Record) string { return Endpoints(r) },
	func(r *report.Record) string { return r.Client.IP + " > " + socket(r.Server) },
	func(r *report.Record) string { return socket(r.Server) },
	func(r *report.Record) string { return fmt.Sprint(r.Server.Port) },
}

func pairUp(d *Difference, a, b []report.Record) {
	partner := make([]int, len(a))
	for i := range partner {
		partner[i] = -1
	}
	taken := make([]bool, len(b))
	for _, key := range keys {
		waiting := map[string][]int{}
		for j := range b {
			if !taken[j] {
				waiting[key(&b[j])] = append(waiting[key(&b[j])], j)
			}
		}
		for i := range a {
			k := key(&a[i])
			if partner[i] < 0 && len(waiting[k]) > 0 {
				partner[i] = waiting[k][0]
				taken[partner[i]] = true
				waiting[k] = waiting[k][1:]
			}
		}
	}
	for i, j := range partner {
		if j < 0 {
			d.OnlyA = append(d.OnlyA, &a[i])
			continue
		}
		d.Pairs = append(d.Pairs, Pair{A: &a[i], B: &b[j]})
	}
	for j := range b {
		if !taken[j] {
			d.OnlyB = append(d.OnlyB, &b[j])
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

var stepsType, anomaliesType = reflect.SliceOf(stepType), reflect.SliceOf(anomalyType)

type differ struct {
	tolerance Tolerance
	a, b      *report.Record
	out       []Change
}

func (x *differ) record(path string, a, b reflect.Value) {
	for _, f := range fieldsOf[a.Type()] {
		if undiffed[owned{a.Type(), f.name}] || f.typ == timeType {
			continue
		}
		v, w := a.Field(f.index), b.Field(f.index)
		if k := v.Kind(); (k <= reflect.Float64 || k == reflect.String) && v.Equal(w) {
			continue // as most are
		}
		at := f.name
		if path != "" {
			at = path + "." + f.name
		}
		x.value(at, f.name, v, w)
	}
}

func (x *differ) value(path, name string, a, b reflect.Value) {
	switch {
	case a.Kind() == reflect.Struct:
		x.record(path, a, b)
	case a.Type() == stepsType:
		x.trajectory(path, a.Interface().([]report.StepRecord), b.Interface().([]report.StepRecord))
	case a.Type() == anomaliesType:
		x.anomalies(path, a.Interface().([]report.AnomalyRecord), b.Interface().([]report.AnomalyRecord))
	case a.CanFloat(), a.CanUint(), a.CanInt():
		x.number(path, name, a, b)
	case !reflect.DeepEqual(a.Interface(), b.Interface()):
		x.change(path, fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	}
}

func (x *differ) change(path, a, b string, lines ...string) {
	x.out = append(x.out, Change{path, a, b, lines})
}

func (x *differ) number(path, name string, a, b reflect.Value) {
	v, before := numberIn(a)
	w, after := numberIn(b)
	if v == w || !slices.Contains(exactNumbers, name) && x.alike(v, w, strings.HasSuffix(name, "_s") && a.CanFloat()) {
		return
	}
	x.change(path, before, after)
}

// alike reports whether two measurements are within the tolerance.
func (x *differ) alike(v, w float64, seconds bool) bool {
	apart := math.Abs(v - w)
	return apart <= x.tolerance.Ratio*max(math.Abs(v), math.Abs(w)) || seconds && apart <= x.tolerance.Seconds
}

// trajectory compares the states; if they are the same, when each was entered.
func (x *differ) trajectory(path string, a, b []report.StepRecord) {
	states := func(steps []report.StepRecord) (out []string) {
		for _, s := range steps {
			out = append(out, s.State)
		}
		return out
	}
	before, after := states(a), states(b)
	if !slices.Equal(before, after) {
		lines := sideBySide(before, after)
		x.change(path, strings.Join(before, " "), strings.Join(after, " "),
			"A"+strings.TrimPrefix(lines[0], "expected"), "B"+strings.TrimPrefix(lines[1], "found   "))
		return
	}
	for i := range a {
		v, w := seconds(a[i].Time, x.a.Start), seconds(b[i].Time, x.b.Start)
		if !x.alike(v, w, true) {
			// Later steps are late, too: the first one tells where time went.
			x.change(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%s at %s s", a[i].State, decimal(v)), fmt.Sprintf("%s at %s s", b[i].State, decimal(w)))
			return
		}
	}
}

func seconds(t, since report.Time) float64 { return float64(t-since) / 1e9 }

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
		} else {
			x.change(path, anomalyText(&a[i]), "", a[i].Detail)
		}
	}
	for i := len(b) - 1; i >= 0; i-- { // the first ones have a partner
		if k := key(&b[i]); left[k] > 0 {
			left[k]--
			x.change(path, "", anomalyText(&b[i]), b[i].Detail)
		}
	}
}
